// `npm run build`: the release page in dist/, static files that any host serves from any path.

import { at, filesBelow, say } from "./lib.mjs";
import { setUp } from "./setup.mjs";
import { buildPage } from "./page.mjs";

await setUp();
await buildPage("release");
say(`dist/ holds ${filesBelow(at("dist")).length} files; copy them to any static host.`);
