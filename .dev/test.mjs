// `npm test`: every test, browser tests included, with small counts; `npm test -- --long` runs the
// full counts and tests the release page instead of the quick one. `--only=NAME` runs one step
// (its name is the first word that is printed for it), for work on that step.

import { existsSync, readdirSync } from "node:fs";
import { findBrowser, findDriver } from "./browser.mjs";
import { at, giveUp, run, say, since } from "./lib.mjs";
import { buildPage } from "./page.mjs";
import { setUp } from "./setup.mjs";
import { checkSizes } from "./sizes.mjs";

const options = process.argv.slice(2);
const long = options.includes("--long");
const only = options.find((option) => option.startsWith("--only="))?.slice("--only=".length);
const unknown = options.filter((option) => option !== "--long" && !option.startsWith("--only="));
if (unknown.length > 0) giveUp(`Unknown option ${unknown[0]}: there are --long and --only=STEP.`);

if (long) process.env.KUBE_ORRERY_LONG = "1";
const kind = long ? "release" : "dev";
const locked = process.env.CI ? ["--locked"] : [];
const WASM = ["--target", "wasm32-unknown-unknown"];
const STRICT = ["--", "-D", "warnings"];

const cargo = (args, env) => run("cargo", args, { env });

async function wasmTests() {
  const env = {
    CHROMEDRIVER: await findDriver(),
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER: "wasm-bindgen-test-runner",
    WASM_BINDGEN_TEST_TIMEOUT: long ? "600" : "60",
  };
  return cargo(["test", ...locked, ...WASM, "--test", "web"], env);
}

async function browserTests() {
  const files = readdirSync(at("tests/browser"))
    .filter((name) => name.endsWith(".test.mjs"))
    .sort()
    .map((name) => `tests/browser/${name}`);
  const env = { CHROME: await findBrowser(), KUBE_ORRERY_PAGE: await buildPage(kind) };
  const reporter = ["--test-reporter=spec", "--test-concurrency=1"];
  return run(process.execPath, ["--test", ...reporter, ...files], { env });
}

const sizes = async () => (checkSizes(await buildPage(kind)) ? 0 : 1);

const steps = [
  ["format", "is every Rust file formatted", () => cargo(["fmt", "--check"])],
  ["lint", "clippy, natively", () => cargo(["clippy", ...locked, "--all-targets", ...STRICT])],
  ["lint-wasm", "clippy, for the page", () => cargo(["clippy", ...locked, ...WASM, ...STRICT])],
  ["rust", "the Rust tests, natively", () => cargo(["test", ...locked, "--no-fail-fast"])],
  ...(existsSync(at("tests/web.rs")) ? [["wasm", "the Rust tests in a browser", wasmTests]] : []),
  ["page", `the page builds (${kind})`, async () => ((await buildPage(kind)) ? 0 : 1)],
  // Only the release page has the sizes that visitors see.
  ...(long ? [["size", "the page keeps within its budgets", sizes]] : []),
  ["browser", "the page in a real browser", browserTests],
];

const chosen = steps.filter(([name]) => !only || name === only);
if (chosen.length === 0) giveUp(`No step ${only}: there are ${steps.map(([n]) => n).join(", ")}.`);

const begun = performance.now();
await setUp({ tests: true });
// What is missing is better said now than after minutes of compiling.
const needs = (step) => chosen.some(([name]) => name === step);
if (needs("browser")) await findBrowser();
if (needs("wasm")) await findDriver();

const failed = [];
for (const [index, [name, what, act]] of chosen.entries()) {
  const start = performance.now();
  say(`${index + 1}/${chosen.length} ${name}: ${what}`);
  const good = (await act()) === 0;
  if (!good) failed.push(name);
  say(`${index + 1}/${chosen.length} ${name} ${good ? "passed" : "FAILED"} in ${since(start)}`);
}
if (failed.length > 0) giveUp(`FAILED: ${failed.join(", ")} (after ${since(begun)})`);
say(`Every step passed in ${since(begun)}${long ? " (full counts)" : ""}.`);
