// `npm start`: sets up what is missing, builds the page in its quick form, serves it on localhost
// and builds it again whenever a source changes. Open pages reload by themselves. PORT sets the
// port.

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, statSync } from "node:fs";
import path from "node:path";
import { giveUp, root, say } from "./lib.mjs";
import { setUp } from "./setup.mjs";
import { pageDir, trunkArgs } from "./page.mjs";
import { serve } from "./server.mjs";

await setUp();

const dist = pageDir("live");
const index = path.join(dist, "index.html");
mkdirSync(dist, { recursive: true });

const builtAt = () => (existsSync(index) ? statSync(index).mtimeMs : 0);
const before = builtAt();

say("Building the page; after this it is built again on every change (Ctrl-C ends it)");
const trunk = spawn("trunk", ["watch", ...trunkArgs("live")], { cwd: root, stdio: "inherit" });
trunk.on("error", (error) => giveUp(`trunk: ${error.message}`));
trunk.on("close", (code) => process.exit(code ?? 1));
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => {
    trunk.kill();
    process.exit(0);
  });
}

// Trunk swaps the folder's content at the end of a good build; a new index.html is the sign.
let last = before;
let server = null;
setInterval(async () => {
  const now = builtAt();
  if (now === 0 || now === last) return;
  last = now;
  if (server) return server.reload();
  const options = { live: true, port: Number(process.env.PORT ?? 8080) };
  server = { reload() {} };
  server = await serve(dist, options).catch(() => serve(dist, { ...options, port: 0 }));
  say(`The page is at ${server.url}`);
}, 200);
