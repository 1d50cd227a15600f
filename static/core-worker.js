// The shell of the simulator's worker: loads the wasm (src/worker) and hands it every message,
// those included that came while it was loading. The Rust side sets `self.onmessage` when it
// starts. If the wasm cannot be loaded the error goes to the page's `onerror` handler.

const early = [];
self.onmessage = (event) => early.push(event);

const address = (name) => new URL(name + self.location.search, import.meta.url).href;

async function start() {
  const core = await import(address("kube-orrery-worker.js"));
  await core.default({ module_or_path: address("kube-orrery-worker_bg.wasm") });
  for (const event of early) self.onmessage(event);
}

start().catch((error) => {
  // Thrown outside the promise, so that it reaches Worker.onerror.
  setTimeout(() => {
    throw error;
  });
});
