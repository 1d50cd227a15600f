// The four stories that the page exists for, by a visitor's own means.

import assert from "node:assert/strict";
import test from "node:test";
import { openPage, screenshot, sooner, whenReady } from "./lib.mjs";

/** The pods on the map: name, node, look, status. */
const pods = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll("[data-pod]")].map((pod) => ({
      name: pod.dataset.pod,
      node: pod.closest("[data-node]")?.dataset.node ?? "",
      look: pod.dataset.look,
    })),
  );

const count = (list, node, look) =>
  list.filter((pod) => pod.node === node && (!look || pod.look === look)).length;

/** Waits until the pods on the map are as they should be; says how they are if that never comes. */
async function until(page, right, what, patience = 30_000) {
  let list = [];
  await sooner(async () => right((list = await pods(page))), patience);
  assert.ok(right(list), `${what}: ${JSON.stringify(list)}`);
  return list;
}

const running = (many) => (list) =>
  list.length === many && list.every((pod) => pod.look === "running");

const fastest = (page) => page.locator(".speed input").fill("360");

async function apply(page) {
  await page.locator("[data-apply]").click();
}

async function onNode(page, name, item) {
  await page.locator(`[data-node="${name}"] .node-head`).click();
  await page.getByRole("menuitem", { name: item }).click();
}

test("a pasted manifest becomes two moving pods", async (t) => {
  const page = await openPage(t);
  await apply(page);
  const said = page.locator("[data-console-output]");
  await said.getByText("kubectl apply -f nginx.yml").waitFor();
  await said.getByText("deployment.apps/nginx-deployment created").waitFor();
  const list = await until(page, running(2), "two pods run");
  assert.equal(count(list, "k8s-node1"), 1);
  assert.equal(count(list, "k8s-node2"), 1);
  await page.locator('[data-workload="nginx-deployment"]').getByText("2/2").first().waitFor();
  await page.locator("[data-pod]").first().click();
  const why = page.locator("[data-why]");
  await why.getByText("kubectl apply").first().waitFor();
  await screenshot(page, "story-apply");
});

test("five replicas, then three", async (t) => {
  const page = await openPage(t, { size: "phone" });
  const show = (tab) => page.locator(`[data-show=${tab}]:visible`).click();
  const write = async (replicas) => {
    await show("editor");
    const area = page.locator("textarea");
    const text = await area.inputValue();
    await area.fill(text.replace(/replicas: \d+/, `replicas: ${replicas}`));
    await apply(page);
    await show("map");
  };
  await fastest(page);
  await write(5);
  const five = await until(page, running(5), "five pods run");
  assert.equal(count(five, "k8s-master"), 0, "none on the master");
  await write(3);
  const three = await until(page, running(3), "three pods stay");
  const names = new Set(five.map((pod) => pod.name));
  assert.ok(three.every((pod) => names.has(pod.name)), "those that stay are old ones");
});

test("a node dies by a click, and comes back", async (t) => {
  const page = await openPage(t);
  await fastest(page);
  await apply(page);
  await until(page, running(2), "two pods run");
  await onNode(page, "k8s-node2", "Switch off");
  await page.waitForSelector('[data-node="k8s-node2"][data-powered="false"]');
  await page.waitForSelector('[data-node="k8s-node2"][data-ready="false"]', { timeout: 30_000 });
  const failed = (list) =>
    count(list, "k8s-node1", "running") === 2 && count(list, "k8s-node2") === 1;
  const list = await until(page, failed, "a replacement runs on node1");
  const lost = list.find((pod) => pod.node === "k8s-node2");
  assert.ok(["terminating", "lost"].includes(lost.look), lost.look);
  await screenshot(page, "story-failover");
  await onNode(page, "k8s-node2", "Switch on");
  await until(page, running(2), "the lost pod goes, the running ones stay");
});

test("a link opens the same moment in another profile, and time goes both ways", async (t) => {
  const page = await openPage(t);
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await fastest(page);
  await apply(page);
  await until(page, running(2), "two pods run");
  await onNode(page, "k8s-node2", "Switch off");
  await page.waitForSelector('[data-node="k8s-node2"][data-ready="false"]', { timeout: 30_000 });
  await page.locator('[data-play="true"]').click();
  await page.waitForSelector('[data-play="false"]');
  const moment = (from) =>
    from.evaluate(() => ({
      clock: document.querySelector("[data-clock]").dataset.clock,
      hash: document.querySelector("[data-hash]").dataset.hash,
    }));
  await page.getByRole("button", { name: "Share" }).click();
  await page.getByText("Link copied").waitFor();
  const before = await moment(page);
  const map = await pods(page);

  const other = await openPage(t, { hash: new URL(page.url()).hash });
  await other.getByText("The link is open").waitFor();
  assert.deepEqual(await moment(other), before);
  assert.deepEqual(await pods(other), map);

  // Back before the click, and on again without it.
  await other.locator("h1").click();
  for (let step = 0; step < 60; step++) {
    if (await other.locator('[data-node="k8s-node2"][data-powered="true"]').count()) break;
    const then = (await moment(other)).clock;
    await other.keyboard.press("ArrowLeft");
    await other.waitForFunction(
      (then) => document.querySelector("[data-clock]").dataset.clock !== then,
      then,
    );
  }
  await other.waitForSelector('[data-node="k8s-node2"][data-powered="true"]');
  await other.getByText("in the past").waitFor();
  await other.locator("[data-console-input]").fill("kubectl scale deployment nginx-deployment --replicas=3");
  await other.keyboard.press("Enter");
  await other.getByText("another future starts here").waitFor();
  await other.locator('[data-play="false"]').click();
  await until(other, running(3), "three pods run, and no node is off");
  await whenReady(other, "map");
});
