// `npm run figures`: prints what is measured about the release page, with the budgets: sizes, the
// times until it can be seen and used, the longest time it blocked, and the simulator's own times,
// in a browser and natively. Times are medians over several runs, each in a fresh profile.
// `--json` prints one JSON object a line instead. `--runs=N` sets the number of runs.
//
// The simulator's own figures come from two places, both in the same form, one JSON object a line
// with the fields name, value, unit, and budget where there is one:
//   - the page, opened with the fragment #bench, makes its core run the benchmarks and leaves the
//     lines in the attribute `data-bench` of <body>; the last line is {"done": true};
//   - `cargo run --release -- bench` prints them.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import os from "node:os";
import { launch } from "./browser.mjs";
import { at, giveUp, output, root, say } from "./lib.mjs";
import { buildPage } from "./page.mjs";
import { serve } from "./server.mjs";
import { setUp } from "./setup.mjs";
import { asLine, pageSizes } from "./sizes.mjs";

const options = process.argv.slice(2);
const json = options.includes("--json");
const runs = Number(options.find((option) => option.startsWith("--runs="))?.slice(7) ?? 9);
const BENCH_PATIENCE_MS = 180_000;

await setUp();
const dist = await buildPage("release");
const server = await serve(dist, { base: "/some/sub/path/" });
const browser = await launch();

/** Runs in the page before its own scripts: notes when which stage was reached. */
function observe() {
  const seen = (globalThis.seen = { stages: {}, longest: 0 });
  new PerformanceObserver((list) => {
    for (const task of list.getEntries()) seen.longest = Math.max(seen.longest, task.duration);
  }).observe({ type: "longtask", buffered: true });
  const note = () => {
    for (const stage of document.body?.dataset.ready?.split(" ") ?? []) {
      seen.stages[stage] ??= performance.now();
    }
  };
  new MutationObserver(note).observe(document, {
    subtree: true,
    childList: true,
    attributeFilter: ["data-ready"],
  });
}

async function withPage(hash, act) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  await context.addInitScript(observe);
  const page = await context.newPage();
  try {
    await page.goto(server.url + hash);
    return await act(page);
  } finally {
    await context.close();
  }
}

async function oneStart() {
  return withPage("", async (page) => {
    await page.waitForSelector('body[data-ready~="map"]', { timeout: 30_000 });
    // The editor comes after the first paint; what it blocks is seen as well.
    await page.waitForTimeout(1500);
    return page.evaluate(() => ({
      paint: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? null,
      page: seen.stages.page ?? seen.stages.map,
      map: seen.stages.map,
      longest: seen.longest,
    }));
  });
}

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

async function startFigures() {
  const starts = [];
  for (let run = 0; run <= runs; run++) starts.push(await oneStart());
  starts.shift(); // the first one warms the machine up
  const over = (field) => median(starts.map((start) => start[field]));
  const figure = (name, value, budget) => ({ name, value, unit: "ms", budget });
  return [
    figure("first contentful paint", over("paint"), 1000),
    figure("the page is drawn by its own code", over("page"), 1000),
    figure("the map can be used", over("map"), 2000),
    // The browser reports no task that is shorter than 50 ms.
    figure("longest task of the main thread while starting", over("longest")),
  ];
}

const parse = (text) =>
  (text ?? "")
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line));

/** The core's own figures in the browser, or null where the page has no benchmarks. */
async function coreFigures() {
  return withPage("#bench", async (page) => {
    await page.waitForSelector('body[data-ready~="map"], body[data-bench]', { timeout: 30_000 });
    await page.waitForTimeout(500);
    const text = () => page.getAttribute("body", "data-bench");
    if ((await text()) === null) return null;
    await page.evaluate(() => (seen.longest = 0));
    const done = () => document.body.dataset.bench.includes('"done"');
    await page.waitForFunction(done, null, { timeout: BENCH_PATIENCE_MS, polling: 200 });
    const longest = await page.evaluate(() => seen.longest);
    const name = "longest task of the main thread meanwhile";
    const own = parse(await text()).filter((line) => !line.done);
    return [...own, { name, value: longest, unit: "ms", budget: 50 }];
  });
}

function nativeFigures() {
  say("Building and running the native benchmarks");
  const args = ["run", "--release", "--quiet", "--bin", "kube-orrery", "--", "bench"];
  const stdio = ["ignore", "pipe", "inherit"];
  const { status, stdout } = spawnSync("cargo", args, { cwd: root, encoding: "utf8", stdio });
  const lines = parse(stdout);
  return status === 0 && lines.length > 0 ? lines : null;
}

const groups = [];
groups.push(["Sizes (brotli 11)", pageSizes(dist)]);
say(`Measuring the start of the page (${runs} runs)`);
groups.push(["The page's start, from localhost", await startFigures()]);
say("Running the benchmarks in the browser");
groups.push(["The core, as wasm in a worker", await coreFigures()]);
const version = browser.version();
await browser.close();
await server.close();
groups.push(["The core, natively", nativeFigures()]);

if (json) {
  for (const [group, figures] of groups) {
    for (const figure of figures ?? []) console.log(JSON.stringify({ group, ...figure }));
  }
} else {
  const { devDependencies } = JSON.parse(readFileSync(at("package.json"), "utf8"));
  console.log(`\n${os.cpus().length} cores (${os.cpus()[0]?.model.trim() ?? "unknown"}), ` +
    `Chromium ${version}, ${output("rustc", ["-V"])}, Monaco ${devDependencies["monaco-editor"]}, medians of ${runs}`);
  for (const [group, figures] of groups) {
    console.log(`\n${group}`);
    for (const figure of figures ?? []) console.log(asLine(figure));
    if (figures === null) console.log("  no benchmarks here yet");
  }
}
if (groups.some(([, figures]) => figures?.some(({ value }) => value === null))) {
  giveUp("A figure is missing.");
}
