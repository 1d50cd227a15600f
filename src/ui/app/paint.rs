//! The page's own clockwork: asks the browser to be called before a paint while there is need.
//!
//! Upstream: none.

use wasm_bindgen::prelude::*;
use yew::Callback;

use crate::ui::act::Act;
use crate::ui::dom;

/// Longest wall time that one frame hands to the core: a tab that slept does not leap.
const LONGEST_MS: f64 = 250.0;

pub struct Painter {
    heard: Closure<dyn FnMut(f64)>,
    asked: bool,
    before_ms: Option<f64>,
    /// Wall time that no frame has taken yet.
    owed_ms: f64,
}

impl Painter {
    pub fn new(act: Callback<Act>) -> Painter {
        let heard = Closure::<dyn FnMut(f64)>::new(move |at| act.emit(Act::Paint(at)));
        Painter {
            heard,
            asked: false,
            before_ms: None,
            owed_ms: 0.0,
        }
    }

    /// Wants to be called before the next paint.
    pub fn ask(&mut self) {
        if !self.asked {
            let callback = self.heard.as_ref().unchecked_ref();
            self.asked = dom::window().request_animation_frame(callback).is_ok();
        }
    }

    /// Notes that it was called at this moment.
    pub fn called(&mut self, at_ms: f64) {
        self.asked = false;
        if let Some(before) = self.before_ms {
            self.owed_ms = (self.owed_ms + at_ms - before).clamp(0.0, LONGEST_MS);
        }
        self.before_ms = Some(at_ms);
    }

    /// Takes what has passed, in microseconds.
    pub fn take(&mut self) -> u32 {
        let owed = std::mem::take(&mut self.owed_ms);
        (owed * 1000.0) as u32
    }

    /// Time stands still for the page: what passes until the next call does not count.
    pub fn rest(&mut self) {
        self.before_ms = None;
        self.owed_ms = 0.0;
    }
}
