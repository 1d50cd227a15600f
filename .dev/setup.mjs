// Sets up what is missing: Rust's wasm target, the npm packages, trunk and wasm-bindgen. What is
// on PATH in a fitting version is used as it is. Run by the other scripts; alone it does no harm.

import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { at, digest, giveUp, must, onPath, output, root, say, targetDir } from "./lib.mjs";

const TRUNK = "0.21.14";
const isTrunk = (version) => /^0\.21\./.test(version ?? "");

/** wasm-bindgen's tool must have the very version of the library, so Cargo.lock decides. */
function bindgenVersion() {
  const lock = readFileSync(at("Cargo.lock"), "utf8");
  return /name = "wasm-bindgen"\s+version = "([^"]+)"/.exec(lock)[1];
}

// The tools are small and run for a second or two, so they are compiled for a short wait now
// rather than for speed later: four CPU minutes instead of thirteen.
const QUICK_BUILD = {
  CARGO_PROFILE_RELEASE_OPT_LEVEL: "0",
  CARGO_PROFILE_RELEASE_LTO: "off",
  CARGO_PROFILE_RELEASE_CODEGEN_UNITS: "64",
  CARGO_PROFILE_RELEASE_STRIP: "true",
};

/** The version number a tool prints, or null. */
function versionOf(tool) {
  return output(tool, ["--version"])?.split(/\s+/)[1] ?? null;
}

async function installTool(tool, crate, version, fits, features = []) {
  const found = versionOf(tool);
  if (fits(found)) return;
  // A tool of another version on PATH is somebody's: leave it, and put ours beside it.
  const place = found === null ? [] : ["--root", at(".tools")];
  const why = found === null ? "is not here" : `is here as ${found}, which does not fit`;
  say(`${tool} ${why}: compiling ${crate} ${version} (some minutes, once)`);
  const build = ["--target-dir", path.join(targetDir, "tools")];
  await must(
    "cargo",
    ["install", "--locked", crate, "--version", version, ...features, ...place, ...build],
    { env: QUICK_BUILD },
  );
  if (!fits(versionOf(tool))) giveUp(`${crate} was installed, but ${tool} does not run.`);
}

/** Makes everything ready that building the page needs. */
export async function setUp({ tests = false } = {}) {
  if (Number(process.versions.node.split(".")[0]) < 20) {
    giveUp(`Node ${process.versions.node} is too old: 20 or newer is needed.`);
  }
  if (!onPath("cargo")) giveUp("Rust is missing: install it with rustup, then try again.");

  const sysroot = output("rustc", ["--print", "sysroot"]);
  if (!existsSync(path.join(sysroot, "lib/rustlib/wasm32-unknown-unknown/lib"))) {
    say("Adding Rust's target wasm32-unknown-unknown");
    await must("rustup", ["target", "add", "wasm32-unknown-unknown"]);
  }
  if (tests && !(output("cargo", ["fmt", "--version"]) && output("cargo", ["clippy", "-V"]))) {
    say("Adding rustfmt and clippy");
    await must("rustup", ["component", "add", "rustfmt", "clippy"]);
  }

  const stamp = at("node_modules/.lock-digest");
  const wanted = digest(at("package-lock.json"));
  if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== wanted) {
    say("Installing the npm packages (Monaco, esbuild, wasm-opt, playwright-core, axe-core)");
    await must("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
    writeFileSync(stamp, wanted);
  }

  // Trunk builds offline, so the crates have to be here before. In CI the lock file is law.
  const locked = process.env.CI ? ["--locked"] : [];
  await must("cargo", ["fetch", "--quiet", ...locked]);

  const bindgen = bindgenVersion();
  const rustls = ["--no-default-features", "--features", "rustls"];
  await installTool("trunk", "trunk", TRUNK, isTrunk, rustls);
  await installTool("wasm-bindgen", "wasm-bindgen-cli", bindgen, (found) => found === bindgen);
  rmSync(path.join(targetDir, "tools"), { recursive: true, force: true });
}

if (process.argv[1] === at(".dev/setup.mjs")) {
  await setUp({ tests: true });
  say(`Everything is ready in ${path.basename(root)}.`);
}
