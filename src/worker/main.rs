//! The simulator's own artefact: runs in a Web Worker (static/core-worker.js loads it).

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    eprintln!("this program runs in a browser's worker: see `npm start`");
}

#[cfg(target_arch = "wasm32")]
fn main() {
    use wasm_bindgen::prelude::*;

    // Proof that the pipe works, until the real shell takes its place.
    let scope: web_sys::DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    let speaker = scope.clone();
    let heard =
        Closure::<dyn Fn(web_sys::MessageEvent)>::new(move |event: web_sys::MessageEvent| {
            let said = event.data().as_string().unwrap_or_default();
            speaker
                .post_message(&format!("The core heard: {said}").into())
                .ok();
        });
    scope.set_onmessage(Some(heard.as_ref().unchecked_ref()));
    heard.forget();
}
