//! The worker's side of the pipe, in the browser.
//!
//! Upstream: none.

use std::cell::RefCell;

use js_sys::{Array, ArrayBuffer, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use super::fake::Fake as Session;
use super::{from_bytes, to_bytes};
use crate::session::{Msg, Reply};

/// Starts to listen. The page speaks first (static/boot.js).
pub fn start() {
    // A panic ends this instance: the page hears why, in words, and starts another worker.
    std::panic::set_hook(Box::new(|info| {
        scope()
            .post_message(&JsValue::from_str(&info.to_string()))
            .ok();
    }));
    let session = RefCell::new(Session::default());
    let heard = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        let Ok(buffer) = event.data().dyn_into::<ArrayBuffer>() else {
            return;
        };
        let Some(msg) = from_bytes::<Msg>(&Uint8Array::new(&buffer).to_vec()) else {
            panic!("the page sent a message that this core does not know");
        };
        let replies = session.borrow_mut().update(msg);
        if !replies.is_empty() {
            answer(&replies);
        }
    });
    scope().set_onmessage(Some(heard.as_ref().unchecked_ref()));
    // The worker listens until it is ended from outside.
    heard.forget();
}

fn answer(replies: &Vec<Reply>) {
    let buffer = Uint8Array::from(to_bytes(replies).as_slice()).buffer();
    scope()
        .post_message_with_transfer(&buffer, &Array::of1(&buffer))
        .ok();
}

fn scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}
