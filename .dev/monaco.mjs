// Trunk's hook before a build: bundles the Monaco editor into target/monaco, from where trunk
// copies it into the page. Only the editor core, YAML's colours and the features that the page
// uses are taken (static/monaco-entry.js lists them). Does nothing when nothing has changed.

import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { at, digest } from "./lib.mjs";

// index.html names this folder, and trunk knows no variables there: so it does not move with
// CARGO_TARGET_DIR.
const out = at("target/monaco");
const stamp = at("target/monaco.digest");
const wanted = digest(
  at("static/monaco-entry.js"),
  at(".dev/monaco.mjs"),
  at("node_modules/monaco-editor/package.json"),
  at("node_modules/esbuild/package.json"),
);

const fresh = existsSync(stamp) && readFileSync(stamp, "utf8") === wanted;
if (!fresh || !existsSync(path.join(out, "monaco.js"))) {
  const { build } = await import("esbuild");
  rmSync(out, { recursive: true, force: true });
  const shared = { bundle: true, minify: true, outdir: out, target: "es2022", logLevel: "warning" };
  await build({
    ...shared,
    entryPoints: { monaco: at("static/monaco-entry.js") },
    format: "esm",
    loader: { ".ttf": "file" },
    assetNames: "[name]",
    legalComments: "none",
  });
  await build({
    ...shared,
    entryPoints: { "editor.worker": at("node_modules/monaco-editor/esm/vs/editor/editor.worker.js") },
    format: "iife",
    legalComments: "none",
  });
  // The licences travel with the code.
  for (const name of ["LICENSE", "ThirdPartyNotices.txt"]) {
    copyFileSync(at("node_modules/monaco-editor", name), path.join(out, `${name.split(".")[0]}.txt`));
  }
  writeFileSync(stamp, wanted);
}
