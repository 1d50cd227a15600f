// The page as a whole: it starts, says what it lacks, keeps to itself, looks right at every size.

import assert from "node:assert/strict";
import test from "node:test";
import { openPage, screenshot, SIZES, sooner } from "./lib.mjs";

test("the page starts and its core answers", async (t) => {
  const page = await openPage(t);
  assert.equal(await page.title(), "Kube Orrery");
  const cores = page.workers().filter((worker) => worker.url().includes("core-worker"));
  assert.ok(cores.length >= 1, "a worker runs the simulator");
});

test("the watch over the page sees every kind of trouble", async (t) => {
  const troubles = [/on purpose/, /security policy|Content Security Policy/, /another host/, /ERR_/];
  const page = await openPage(t, { expect: troubles });
  await page.evaluate(async () => {
    console.error("said on purpose");
    setTimeout(() => {
      throw new Error("thrown on purpose");
    });
    await fetch("https://elsewhere.example/").catch(() => {});
    const script = document.createElement("script");
    script.textContent = "1";
    document.head.append(script);
  });
  await sooner(() => page.troubles.some((text) => text.includes("thrown")));
  await page.evaluate(() => location.assign("https://elsewhere.example/"));
  await sooner(() => page.troubles.some((text) => text.includes("another host")));
  const seen = page.troubles.join("\n");
  assert.match(seen, /console: said on purpose/);
  assert.match(seen, /uncaught: Error: thrown on purpose/);
  assert.match(seen, /violates the following Content Security Policy directive: "connect-src/);
  assert.match(seen, /violates the following Content Security Policy directive 'script-src/);
  assert.match(seen, /request to another host: https:..elsewhere.example/);
});

test("the watch sees into workers", async (t) => {
  const page = await openPage(t, { expect: [/on purpose/, /404 for .*nothing\.js/] });
  const [core] = page.workers();
  await core.evaluate(() => {
    console.error("said on purpose");
    setTimeout(() => {
      throw new Error("thrown on purpose");
    });
  });
  await page.evaluate((home) => new Worker(`${home}nothing.js`), page.home);
  await sooner(() => page.troubles.some((text) => text.includes("404")));
  const seen = page.troubles.join("\n");
  assert.match(seen, /said on purpose/);
  assert.match(seen, /thrown on purpose/);
  assert.match(seen, /404 for/);
});

test("Monaco loads when it is asked for, with all that the page uses", async (t) => {
  const page = await openPage(t);
  await page.evaluate(async () => {
    const { editor } = await kubeOrrery.loadMonaco();
    const place = document.createElement("div");
    place.id = "place";
    place.style.cssText = "position: fixed; inset: 0 0 auto 0; height: 200px; z-index: 9";
    document.body.append(place);
    globalThis.trial = editor.create(place, { value: "kind: Pod\n", language: "yaml" });
  });
  const text = () => page.evaluate(() => trial.getValue());

  await page.waitForSelector("#place .view-line span span:nth-child(2)");
  const actions = await page.evaluate(() => trial.getSupportedActions().map(({ id }) => id));
  for (const name of ["triggerSuggest", "showHover", "marker.next", "commentLine"]) {
    assert.ok(actions.includes(`editor.action.${name}`), name);
  }
  assert.ok(actions.includes("actions.find") && actions.includes("editor.foldAll"));

  await page.evaluate(() => trial.focus());
  await page.keyboard.press("Control+a");
  await page.keyboard.press("Control+c");
  await page.keyboard.press("Control+End");
  await page.keyboard.press("Control+v");
  assert.equal(await text(), "kind: Pod\nkind: Pod\n", "copies and pastes");

  const focused = () => page.evaluate(() => trial.hasTextFocus());
  await page.keyboard.press("Tab");
  assert.match(await text(), /\n +$/, "Tab indents");
  await page.keyboard.press("Control+m");
  await page.keyboard.press("Tab");
  assert.equal(await focused(), false, "after Ctrl+M, Tab leaves the editor");
});

for (const [global, word] of [["WebAssembly", "WebAssembly"], ["Worker", "web workers"]]) {
  test(`a browser without ${word} gets a clear message`, async (t) => {
    const page = await openPage(t, { ready: null });
    await page.addInitScript((name) => delete globalThis[name], global);
    await page.reload();
    const message = page.getByRole("alert");
    await message.waitFor();
    assert.match(await message.textContent(), new RegExp(word));
  });
}

for (const size of Object.keys(SIZES)) {
  for (const dark of [false, true]) {
    const look = dark ? "dark" : "light";
    test(`at ${size} size nothing sticks out sideways (${look})`, async (t) => {
      const page = await openPage(t, { size, dark });
      await screenshot(page, `start-${size}-${look}`);
      const [inner, scroll] = await page.evaluate(() => [
        document.documentElement.clientWidth,
        document.documentElement.scrollWidth,
      ]);
      assert.ok(scroll <= inner, `${scroll} px of page in ${inner} px of window`);
    });
  }
}
