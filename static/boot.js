// The page's first script. It checks what the browser can do, starts the simulator's worker and
// the page's own wasm at the same time, and offers the page (Rust, src/ui) two functions that are
// easier to write here. The contract, on `globalThis.kubeOrrery`:
//
//   startCore() -> Worker
//     A worker that runs the simulator (static/core-worker.js). The first call hands over the one
//     that was started while the page was loading; every later call makes a new one, for a second
//     instance or to replace one that died. A worker never speaks before it is spoken to, and what
//     is posted to it while it is loading is kept: so attach handlers first, then post.
//
//   loadMonaco() -> Promise of the Monaco namespace
//     Loads the editor on first call (call it after the first paint). It also adds the editor's
//     style sheet to the document and waits for it. What the namespace holds is listed in
//     static/monaco-entry.js.
//
//   startupFailed(text)
//     Replaces the page by a message for the visitor. For failures that leave nothing to show.

// The mark of this build, which every further address carries (see .dev/finish.mjs).
const mark = new URL(import.meta.url).search;
const address = (name) => new URL(name + mark, import.meta.url).href;

const newCore = () => new Worker(address("core-worker.js"), { type: "module", name: "core" });
let firstCore = null;

function startCore() {
  const core = firstCore ?? newCore();
  firstCore = null;
  return core;
}

let monaco = null;

function loadMonaco() {
  monaco ??= (async () => {
    globalThis.MonacoEnvironment = {
      getWorker: () => new Worker(address("monaco/editor.worker.js"), { name: "editor" }),
    };
    const sheet = document.createElement("link");
    sheet.rel = "stylesheet";
    const styled = new Promise((resolve, reject) => {
      sheet.onload = resolve;
      sheet.onerror = () => reject(new Error("the editor's style sheet did not load"));
    });
    sheet.href = address("monaco/monaco.css");
    document.head.append(sheet);
    const [namespace] = await Promise.all([import(address("monaco/monaco.js")), styled]);
    return namespace;
  })();
  // A failed load (say, a lost connection) may be tried again.
  monaco.catch(() => (monaco = null));
  return monaco;
}

function startupFailed(text) {
  const main = document.createElement("main");
  main.className = "start";
  const heading = document.createElement("h1");
  heading.textContent = "Kube Orrery";
  const message = document.createElement("p");
  message.setAttribute("role", "alert");
  message.textContent = text;
  main.append(heading, message);
  document.getElementById("app").replaceChildren(main);
}

globalThis.kubeOrrery = Object.freeze({ startCore, loadMonaco, startupFailed });

/** What this browser lacks, in words, or null. */
function missing() {
  if (typeof WebAssembly !== "object") {
    return "This page needs WebAssembly, which this browser does not have or has switched off.";
  }
  if (typeof Worker !== "function") {
    return "This page needs web workers, which this browser does not have or has switched off.";
  }
  return null;
}

const lack = missing();
if (lack) {
  startupFailed(`${lack} A current Firefox, Chrome, Edge or Safari will do.`);
} else {
  try {
    firstCore = newCore();
    const page = await import(address("kube-orrery.js"));
    await page.default({ module_or_path: address("kube-orrery_bg.wasm") });
  } catch (error) {
    console.error(error);
    startupFailed(`The page could not start: ${error.message ?? error}`);
  }
}
