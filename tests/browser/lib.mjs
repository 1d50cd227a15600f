// What the browser tests share: the page served below a path on localhost, a Chromium with a fresh
// profile, and a watch that fails a test on anything the page should not do (an error on the
// console, an uncaught exception, a breach of the page's security policy, a request to another
// host). docs/TESTING.md says how a test is written.

import assert from "node:assert/strict";
import { existsSync, mkdirSync } from "node:fs";
import { after } from "node:test";
import { launch } from "../../.dev/browser.mjs";
import { at } from "../../.dev/lib.mjs";
import { pageDir } from "../../.dev/page.mjs";
import { serve } from "../../.dev/server.mjs";

/** Long runs do full counts. */
export const long = process.env.KUBE_ORRERY_LONG === "1";

/** The window sizes that every screen is looked at in. */
export const SIZES = {
  desktop: { width: 1440, height: 900 },
  tablet: { width: 1024, height: 768 },
  phone: { width: 390, height: 844 },
};

/** The folder of the built page: what `npm test` built, else the quick page, built before. */
const pageFolder = process.env.KUBE_ORRERY_PAGE || pageDir("dev");

/** One server and one browser for all tests of a file, started by the first that needs them. */
let shared = null;

async function start() {
  assert.ok(existsSync(`${pageFolder}/index.html`), `no page in ${pageFolder}: run npm test`);
  const server = await serve(pageFolder, { base: "/some/sub/path/" });
  return { server, browser: await launch() };
}

after(async () => {
  if (!shared) return;
  const { server, browser } = await shared;
  await browser.close();
  await server.close();
});

/**
 * Opens the page in a fresh profile, for the test `t`; everything is closed when it ends, and the
 * test fails if the page did what it should not. The page has two properties more than
 * Playwright's: `home`, its address, and `troubles`, what it has done wrong so far.
 *
 * Options: `size` (a name of SIZES), `dark`, `hash` (the address's fragment), `ready` (what to wait
 * for: "page", "map", or null), `expect` (patterns of console errors that this test provokes).
 */
export async function openPage(t, options = {}) {
  const { size = "desktop", dark = false, hash = "", ready = "map", expect = [] } = options;
  shared ??= start();
  const { server, browser } = await shared;
  const context = await browser.newContext({
    viewport: SIZES[size],
    colorScheme: dark ? "dark" : "light",
    reducedMotion: "no-preference",
  });
  const troubles = watch(context, new URL(server.url).origin);
  const page = await context.newPage();
  t.after(async () => {
    await context.close();
    const unexpected = troubles.filter((text) => !expect.some((pattern) => pattern.test(text)));
    assert.deepEqual(unexpected, [], "the page did what it should not");
  });
  page.home = server.url;
  page.troubles = troubles;
  await page.goto(server.url + hash);
  if (ready) await whenReady(page, ready);
  return page;
}

/** Waits until the page says that it has come this far: "page", then "map". */
export async function whenReady(page, what) {
  const stages = what === "page" ? ["page", "map"] : [what];
  const selector = stages.map((stage) => `body[data-ready~="${stage}"]`).join(", ");
  await page.waitForSelector(selector, { timeout: 20_000 });
}

/** Waits until a condition holds, but not for ever; what comes of it is for the test to judge. */
export async function sooner(condition, patience = 5000) {
  const end = performance.now() + patience;
  while (!(await condition()) && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Collects what the pages of a context do wrong, as sentences. */
function watch(context, origin) {
  const troubles = [];
  context.on("console", (message) => {
    if (message.type() === "error") troubles.push(`console: ${message.text()}`);
  });
  context.on("weberror", (error) => troubles.push(`uncaught: ${error.error()}`));
  context.on("request", (request) => {
    const url = new URL(request.url());
    const local = url.origin === origin || ["data:", "blob:"].includes(url.protocol);
    if (!local) troubles.push(`request to another host: ${request.url()}`);
  });
  context.on("response", (response) => {
    if (response.status() >= 400) troubles.push(`${response.status()} for ${response.url()}`);
  });
  return troubles;
}

/** Saves a picture as target/screenshots/NAME.png, for people to look at. */
export async function screenshot(page, name) {
  const folder = at("target/screenshots");
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: `${folder}/${name}.png` });
}
