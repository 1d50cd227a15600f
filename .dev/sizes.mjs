// How much a visitor's browser has to load: the brotli sizes of the release page's parts, and
// their budgets. A budget that is missed says so wherever it is printed; `most` is then what the
// tests hold the page to, so that it does not get worse.

import { readFileSync } from "node:fs";
import path from "node:path";
import { brotliCompressSync } from "node:zlib";
import { filesBelow } from "./lib.mjs";

// What the first screen is painted with. Everything else comes while it is being looked at.
const STYLES = ["style.css", "map.css", "panes.css"];
const FIRST_PAINT = ["index.html", "boot.js", ...STYLES, "kube-orrery.js", "kube-orrery_bg.wasm"];

/** Figures of a release page: a list of { name, value, unit, budget }. */
export function pageSizes(dist) {
  const files = filesBelow(dist).map((file) => ({
    name: path.relative(dist, file).replaceAll(path.sep, "/"),
    // Node's default is brotli's best quality, 11.
    bytes: brotliCompressSync(readFileSync(file)).length,
  }));
  const kilobytes = (wanted) =>
    files.filter(({ name }) => wanted(name)).reduce((sum, { bytes }) => sum + bytes, 0) / 1000;

  const isMonaco = (name) => name.startsWith("monaco/");
  const isCode = (name) => /\.(js|css|wasm|html)$/.test(name) && name !== "fidelity.html";
  const figure = (name, wanted, budget, most = budget) => ({
    name,
    value: kilobytes(wanted),
    unit: "KB",
    budget,
    most,
  });
  return [
    figure("the page's wasm", (name) => name === "kube-orrery_bg.wasm"),
    figure("the core's wasm", (name) => name === "kube-orrery-worker_bg.wasm"),
    figure("needed for the first paint", (name) => FIRST_PAINT.includes(name), 250),
    // docs/decisions/0011 says why it is missed.
    figure("all own code, without Monaco", (name) => isCode(name) && !isMonaco(name), 900, 1350),
    figure("everything else that is ours", (name) => !isCode(name) && !isMonaco(name)),
    figure("Monaco, after the first paint", (name) => isMonaco(name) && !name.endsWith(".txt")),
  ];
}

/** One figure as a line of text. */
export function asLine({ name, value, unit, budget }) {
  const number = value === null ? "-" : value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);
  const limit = budget === undefined ? "" : `under ${budget} ${unit}`;
  const verdict = budget === undefined || value === null ? "" : value < budget ? "ok" : "OVER";
  return `  ${name.padEnd(58)} ${number.padStart(9)} ${unit.padEnd(8)} ${limit.padEnd(18)} ${verdict}`;
}

/** Prints the sizes; true if none is above the most that it may be. */
export function checkSizes(dist) {
  const sizes = pageSizes(dist);
  for (const size of sizes) console.log(asLine(size));
  return sizes.every(({ value, most }) => most === undefined || value < most);
}
