// Builds the page with trunk: "release" (small and fast, dist/), "dev" (quick to build, for the
// tests, target/page) or "live" (the same, for `npm start`, which rebuilds it all the time). When
// nothing that the page is made of has changed since the last build, it does nothing: that keeps
// the second run of the tests short.

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { at, digest, must, say, since, targetDir } from "./lib.mjs";

const SOURCES = [
  "Cargo.toml",
  "Cargo.lock",
  "Trunk.toml",
  "index.html",
  "package-lock.json",
  "src",
  "static",
  ".dev/monaco.mjs",
  ".dev/finish.mjs",
  ".dev/document.mjs",
  "docs/FIDELITY.md",
  ".cargo",
];

/** The folder that a kind of build writes to. */
export const pageDir = (kind) =>
  ({
    release: at("dist"),
    dev: path.join(targetDir, "page"),
    live: path.join(targetDir, "page-live"),
  })[kind];

/** The arguments for trunk, without the subcommand. */
export const trunkArgs = (kind) => [
  ...(kind === "release" ? ["--release"] : []),
  "--dist",
  pageDir(kind),
];

/** Builds the page of this kind where needed; resolves to its folder. */
export async function buildPage(kind) {
  const dist = pageDir(kind);
  const stamp = path.join(targetDir, `page-${kind}.digest`);
  const wanted = digest(...SOURCES.map((name) => at(name)));
  if (existsSync(path.join(dist, "index.html")) && existsSync(stamp)) {
    if (readFileSync(stamp, "utf8") === wanted) {
      say(`The ${kind} page is up to date.`);
      return dist;
    }
  }
  const start = performance.now();
  rmSync(stamp, { force: true });
  mkdirSync(dist, { recursive: true });
  await must("trunk", ["build", ...trunkArgs(kind)]);
  mkdirSync(targetDir, { recursive: true });
  writeFileSync(stamp, wanted);
  say(`Built the ${kind} page in ${since(start)}.`);
  return dist;
}
