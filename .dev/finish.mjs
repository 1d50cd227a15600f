// Trunk's hook after a build: makes the release's JavaScript small, and gives every address in
// index.html the build's own mark (?v=...), so that a browser never mixes the files of two builds
// even where a host lets it keep old ones.

import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { documentPage } from "./document.mjs";
import { digest, filesBelow } from "./lib.mjs";

const staging = process.env.TRUNK_STAGING_DIR;
const index = path.join(staging, "index.html");
const fidelity = path.join(staging, "fidelity.html");
writeFileSync(fidelity, documentPage("FIDELITY.md"));

if (process.env.TRUNK_PROFILE === "release") {
  const { transform } = await import("esbuild");
  for (const file of filesBelow(staging)) {
    if (file.includes(`${path.sep}monaco${path.sep}`)) continue; // small already
    const loader = { ".js": "js", ".css": "css" }[path.extname(file)];
    if (!loader) continue;
    const options = { loader, minify: true, target: "es2022", legalComments: "none" };
    writeFileSync(file, (await transform(readFileSync(file, "utf8"), options)).code);
  }
}

const mark = digest(staging);
const html = readFileSync(index, "utf8")
  .replaceAll("?v=BUILD", `?v=${mark}`)
  .replace(/^\s*<link data-trunk .*>\n/gm, "")
  .replace(/^\s*<!--.*-->\n/gm, "")
  .replace(/^\s*\n/gm, "");
writeFileSync(index, html);
writeFileSync(fidelity, readFileSync(fidelity, "utf8").replaceAll("?v=BUILD", `?v=${mark}`));
