//! The page's end of the pipe to a core: a worker that is ended when this is dropped.
//!
//! Upstream: none.

use js_sys::{Array, ArrayBuffer, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{ErrorEvent, MessageEvent, Worker};
use yew::Callback;

use crate::session::{Msg, Reply};
use crate::worker::{from_bytes, to_bytes};

#[wasm_bindgen]
extern "C" {
    // Offered by static/boot.js.
    #[wasm_bindgen(js_namespace = kubeOrrery, js_name = startCore)]
    fn start_core() -> Worker;
}

/// What comes out of the pipe.
pub enum FromCore {
    Replies(Vec<Reply>),
    /// It is dead: why, in words.
    Died(String),
}

pub struct Core {
    worker: Worker,
    _heard: Closure<dyn Fn(MessageEvent)>,
    _failed: Closure<dyn Fn(ErrorEvent)>,
}

impl Core {
    pub fn start(out: Callback<FromCore>) -> Core {
        let worker = start_core();
        let speak = out.clone();
        let heard = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            speak.emit(read(&event.data()));
        });
        let failed = Closure::<dyn Fn(ErrorEvent)>::new(move |event: ErrorEvent| {
            out.emit(FromCore::Died(event.message()));
        });
        worker.set_onmessage(Some(heard.as_ref().unchecked_ref()));
        worker.set_onerror(Some(failed.as_ref().unchecked_ref()));
        Core {
            worker,
            _heard: heard,
            _failed: failed,
        }
    }

    pub fn post(&self, msg: &Msg) {
        let buffer = Uint8Array::from(to_bytes(msg).as_slice()).buffer();
        self.worker
            .post_message_with_transfer(&buffer, &Array::of1(&buffer))
            .ok();
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.terminate();
    }
}

fn read(data: &JsValue) -> FromCore {
    if let Some(last_words) = data.as_string() {
        return FromCore::Died(last_words);
    }
    let bytes = data
        .dyn_ref::<ArrayBuffer>()
        .map(|buffer| Uint8Array::new(buffer).to_vec());
    match bytes.as_deref().and_then(from_bytes::<Vec<Reply>>) {
        Some(replies) => FromCore::Replies(replies),
        None => FromCore::Died("it sent something that this page does not know".to_owned()),
    }
}
