//! The simulator's own artefact: runs in a Web Worker (static/core-worker.js loads it).

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    eprintln!("this program runs in a browser's worker: see `npm start`");
}

#[cfg(target_arch = "wasm32")]
fn main() {
    kube_orrery::worker::start();
}
