// A small static file server on localhost, for `npm start`, the browser tests and the figures. It
// serves a folder below any path, as a static host would, and can tell open pages to reload.

import { createReadStream, statSync } from "node:fs";
import http from "node:http";
import path from "node:path";

const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".ttf": "font/ttf",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".woff2": "font/woff2",
};

// In development only: a page that listens for a new build. It is added to the HTML on its way
// out and is no part of what is built.
const RELOAD_TAG = '<script src="@reload.js"></script>';
const RELOAD_CODE =
  'new EventSource("@builds").onmessage = () => location.reload();\n';

/**
 * Serves `folder` below `base` (with a slash at both ends). Port 0 takes a free one.
 * Resolves to { url, close(), reload() }.
 */
export async function serve(folder, { base = "/", port = 0, live = false } = {}) {
  const listeners = new Set();

  const server = http.createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    const refuse = (code, text) => {
      response.writeHead(code, { "content-type": "text/plain" }).end(text);
    };
    if (request.method !== "GET" && request.method !== "HEAD") return refuse(405, "GET only");
    if (!pathname.startsWith(base)) return refuse(404, `Served from ${base}`);
    const name = decodeURIComponent(pathname.slice(base.length)) || "index.html";

    if (live && name === "@builds") {
      response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
      response.write(": listening\n\n");
      listeners.add(response);
      request.on("close", () => listeners.delete(response));
      return;
    }
    if (live && name === "@reload.js") {
      response.writeHead(200, { "content-type": TYPES[".js"] }).end(RELOAD_CODE);
      return;
    }

    const file = path.join(folder, name);
    let size;
    try {
      const about = statSync(file);
      if (!about.isFile() || path.relative(folder, file).startsWith("..")) throw new Error();
      size = about.size;
    } catch {
      return refuse(404, `No file ${name}`);
    }
    const extra = live && name === "index.html" ? RELOAD_TAG : "";
    response.writeHead(200, {
      "content-type": TYPES[path.extname(file)] ?? "application/octet-stream",
      "content-length": size + extra.length,
      "cache-control": "no-cache",
    });
    if (request.method === "HEAD") return response.end();
    createReadStream(file)
      .on("error", () => response.destroy())
      .on("end", () => response.end(extra))
      .pipe(response, { end: false });
  });

  await new Promise((resolve, reject) => {
    server.once("error", reject).listen(port, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${server.address().port}${base}`,
    reload() {
      for (const listener of listeners) listener.write("data: new\n\n");
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
