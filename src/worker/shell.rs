//! The worker's side of the pipe, in the browser.
//!
//! Upstream: none.

use std::cell::RefCell;

use js_sys::{Array, ArrayBuffer, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use super::slice::next_slice;
use super::{from_bytes, to_bytes};
use crate::session::{BENCHES, Bench, Msg, Reply, Session, memory_per_pod};

/// A figure is the median of so many runs.
const BENCH_RUNS: usize = 9;
/// Nodes of the world that benchmarks leave behind.
const LARGE_NODES: u32 = 100;

/// Starts to listen. The page speaks first (static/boot.js).
pub fn start() {
    // A panic ends this instance: the page hears why, in words, and starts another worker.
    std::panic::set_hook(Box::new(|info| {
        let last_words = JsValue::from_str(&info.to_string());
        scope().post_message(&last_words).ok();
    }));
    let session = RefCell::new(Session::default());
    let heard = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        let Ok(buffer) = event.data().dyn_into::<ArrayBuffer>() else {
            return;
        };
        let Some(msg) = from_bytes::<Msg>(&Uint8Array::new(&buffer).to_vec()) else {
            panic!("the page sent a message that this core does not know");
        };
        hear(&mut session.borrow_mut(), msg);
    });
    scope().set_onmessage(Some(heard.as_ref().unchecked_ref()));
    // The worker listens until it is ended from outside.
    heard.forget();
}

fn hear(session: &mut Session, msg: Msg) {
    if msg == Msg::Bench {
        // First, since memory never shrinks.
        answer(&vec![weigh()]);
        for bench in BENCHES {
            answer(&vec![measure(bench)]);
        }
        // What the page measures after this, it measures on a large world.
        *session = Session::sized(1, LARGE_NODES);
        return answer(&vec![Reply::BenchDone]);
    }
    let is_frame = matches!(msg, Msg::Frame { .. });
    let before = now_ms();
    let replies = session.update(msg);
    if is_frame {
        let lags = |reply: &Reply| matches!(reply, Reply::Frame(frame) if frame.behind_us > 0);
        let behind = replies.iter().any(lags);
        session.slice_events = next_slice(session.slice_events, now_ms() - before, behind);
    }
    if !replies.is_empty() {
        answer(&replies);
    }
}

fn weigh() -> Reply {
    const PAGE: usize = 65_536;
    let per_pod = memory_per_pod(|| core::arch::wasm32::memory_size::<0>() * PAGE);
    Reply::Bench {
        name: "memory per pod, 1,000 pods on 100 nodes with their history".to_owned(),
        value: (per_pod / 102.4).round() / 10.0,
        unit: "KB".to_owned(),
        budget: None,
    }
}

fn measure(bench: &Bench) -> Reply {
    let mut times: Vec<f64> = (0..BENCH_RUNS)
        .map(|_| {
            let mut history = (bench.prepare)();
            let before = now_ms();
            (bench.run)(&mut history);
            now_ms() - before
        })
        .collect();
    times.sort_by(f64::total_cmp);
    Reply::Bench {
        name: bench.name.to_owned(),
        value: times[BENCH_RUNS / 2],
        unit: "ms".to_owned(),
        budget: Some(bench.budget_ms),
    }
}

fn answer(replies: &Vec<Reply>) {
    let buffer = Uint8Array::from(to_bytes(replies).as_slice()).buffer();
    let handed_over = Array::of1(&buffer);
    scope()
        .post_message_with_transfer(&buffer, &handed_over)
        .ok();
}

/// The wall clock, which the core itself never sees.
fn now_ms() -> f64 {
    scope()
        .performance()
        .map_or(0.0, |performance| performance.now())
}

fn scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}
