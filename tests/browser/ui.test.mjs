// The page under a visitor's hands: keys, the draft, links, the way from pane to pane.

import assert from "node:assert/strict";
import test from "node:test";
import { openPage, SIZES, whenReady } from "./lib.mjs";

const clock = (page) =>
  page.evaluate(() => Number(document.querySelector("[data-clock]").dataset.clock));
const playing = (page) => page.getAttribute("[data-play]", "data-play");

test("a first visit plays at 1x with seed 1, and says when it starts", async (t) => {
  const page = await openPage(t);
  await page.getByText("starts at 2026-01-05T09:00:00Z").waitFor();
  assert.equal(await page.getAttribute("[data-seed]", "data-seed"), "1");
  assert.equal(await page.getAttribute("[data-speed]", "data-speed"), "1");
  const before = await clock(page);
  await page.waitForFunction(
    (then) => Number(document.querySelector("[data-clock]").dataset.clock) > then,
    before,
  );
  await page.locator("[data-hint]").getByText("Apply this manifest").waitFor();
  for (const name of ["k8s-master", "k8s-node1", "k8s-node2"]) {
    await page.locator(`[data-node="${name}"]`).waitFor();
  }
});

test("the console knows the editor's file, and answers questions about pods", async (t) => {
  const page = await openPage(t);
  const said = page.locator("[data-console-output]");
  const type = async (line) => {
    await page.locator("[data-console-input]").fill(line);
    await page.keyboard.press("Enter");
  };
  await type("what-if kubectl apply -f nginx.yml");
  await said.getByText("A tie of k8s-node1, k8s-node2").first().waitFor();
  assert.equal(await page.locator("[data-pod]").count(), 0, "nothing came of the question");
  await type("kubectl apply -f nginx.yml");
  await said.getByText("deployment.apps/nginx-deployment created").waitFor();
  const name = await page.locator("[data-pod]").first().getAttribute("data-pod");
  await type(`why pod/${name}`);
  // The question was answered with the very name that the pod then got: the world is clockwork.
  await said.getByText(`Pod ${name} went to k8s-node`).nth(1).waitFor();
});

test("keys move the clock, but not while somebody types", async (t) => {
  const page = await openPage(t);
  await page.locator("h1").click();
  await page.keyboard.press("Space");
  await page.waitForSelector('[data-play="false"]');
  const paused = await clock(page);
  await page.keyboard.press("2");
  await page.waitForFunction(
    (then) => Number(document.querySelector("[data-clock]").dataset.clock) === then + 10_000_000,
    paused,
  );
  await page.keyboard.press("/");
  await page.keyboard.type("a b.1");
  assert.equal(await page.inputValue("[data-console-input]"), "a b.1");
  assert.equal(await playing(page), "false");
  assert.equal(await clock(page), paused + 10_000_000);
  await page.locator("h1").click();
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.keyboard.press(".");
  await page.waitForSelector('[data-play="true"]');
});

test("the draft is there again after a reload, and no other tab writes over it", async (t) => {
  const page = await openPage(t, { size: "phone" });
  await page.locator("[data-show=editor]:visible").click();
  const area = page.locator("textarea");
  await area.fill("kind: Pod # mine\n");
  await page.waitForFunction(() =>
    Object.values(localStorage).some((kept) => kept.includes("mine")),
  );
  const other = await page.context().newPage();
  await other.goto(page.home);
  await whenReady(other, "map");
  await other.locator("[data-show=editor]:visible").click();
  assert.equal(await other.locator("textarea").inputValue(), "kind: Pod # mine\n");
  await other.locator("textarea").fill("kind: Pod # theirs\n");
  await other.waitForFunction(() =>
    Object.values(localStorage).some((kept) => kept.includes("theirs")),
  );
  await page.reload();
  await whenReady(page, "map");
  assert.equal(await area.inputValue(), "kind: Pod # mine\n");
});

test("Monaco takes over the text, and gives Tab back when asked", async (t) => {
  const page = await openPage(t);
  await page.waitForSelector('[data-editor="monaco"] .view-line');
  await page.locator(".editor-host .view-lines").click();
  await page.getByText("Ctrl+M, then Tab").waitFor();
  const lines = await page.locator(".editor-host .view-lines").textContent();
  assert.match(lines.replaceAll("\u00a0", " "), /nginx-deployment/);
});

test("a bad link says so and leaves the draft alone", async (t) => {
  const page = await openPage(t, { hash: "#v1.nonsense" });
  await page.getByRole("alert").getByText("cannot be opened").waitFor();
  await page.locator("[data-node]").first().waitFor();
  const text = page.locator(".editor-host");
  await text.getByText("web_server").first().waitFor();
});

test("a paste above 5 MB is refused with a message", async (t) => {
  const page = await openPage(t, { size: "phone" });
  await page.locator("[data-show=editor]:visible").click();
  await page.evaluate(() => {
    const data = new DataTransfer();
    data.setData("text/plain", "x".repeat(5_000_001));
    const paste = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
    document.querySelector("textarea").dispatchEvent(paste);
  });
  await page.getByRole("alert").getByText("longer than 5 MB").waitFor();
});

test("colours follow the system until the visitor chooses, and the choice is kept", async (t) => {
  const page = await openPage(t, { dark: true });
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const dark = await ground();
  await page.locator("[data-theme-button=system]").click();
  await page.waitForSelector("[data-theme-button=light]");
  assert.notEqual(await ground(), dark);
  await page.reload();
  await whenReady(page, "map");
  assert.notEqual(await ground(), dark);
});

for (const size of Object.keys(SIZES)) {
  test(`every pane can be reached at ${size} size`, async (t) => {
    const page = await openPage(t, { size });
    const panes = { editor: "Editor", console: "Console", details: "Details", events: "Events" };
    for (const [name, label] of Object.entries(panes)) {
      const tab = page.locator(`[data-show=${name}]:visible`);
      if (await tab.count()) await tab.first().click();
      await page.getByRole("region", { name: label, exact: true }).waitFor();
    }
    await page.locator("[data-play]").waitFor();
  });
}
