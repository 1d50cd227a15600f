// The shell of the simulator's worker: loads the wasm (src/worker) and hands it every message,
// those included that came while it was loading. The Rust side sets `self.onmessage` when it
// starts. If the wasm cannot be loaded the error goes to the page's `onerror` handler.

import init from "./kube-orrery-worker.js";

const early = [];
self.onmessage = (event) => early.push(event);

const wasm = new URL("kube-orrery-worker_bg.wasm" + self.location.search, import.meta.url);
init({ module_or_path: wasm }).then(
  () => {
    for (const event of early) self.onmessage(event);
  },
  (error) => {
    // Thrown outside the promise, so that it reaches Worker.onerror.
    setTimeout(() => {
      throw error;
    });
  },
);
