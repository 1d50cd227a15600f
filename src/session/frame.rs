//! Frames: what the page gets to know, as differences from what it has.
//!
//! Upstream: none.

use crate::view::{self, ClockView, Detail, Frame, MapDiff, TimelineEntry};

use super::{Input, Session};

/// What the page has been told.
pub(super) struct Seen {
    revision: u64,
    /// Everything is to be sent anew.
    reset: bool,
    pub(super) detail: Option<Detail>,
}

impl Default for Seen {
    fn default() -> Self {
        Seen {
            revision: 0,
            reset: true,
            detail: None,
        }
    }
}

impl Seen {
    /// The world went back: what the page has may never have happened.
    pub(super) fn went_back(&mut self) {
        self.reset = true;
    }
}

/// So many timeline entries are sent anew after going back.
const TIMELINE_MAX: usize = 500;

impl Session {
    pub(super) fn frame(&mut self) -> Frame {
        let reset = std::mem::take(&mut self.seen.reset);
        let map = self.map(reset);
        let timeline = self.timeline(reset);
        self.seen.revision = self.world().store().revision();
        Frame {
            clock: self.clock(),
            map,
            console: self.transcript.take(),
            prompt: self.prompt(),
            timeline,
            timeline_reset: reset,
            detail: self.detail(),
            behind_us: (self.goal - self.world().now()).as_micros().max(0),
        }
    }

    fn clock(&self) -> ClockView {
        let world = self.world();
        let mark = |r: &super::Recorded| match &r.input {
            Input::Console(line) => Some((r.at.unix_micros(), line.clone())),
            Input::WriteFile { .. } | Input::Interrupt(_) => None,
        };
        ClockView {
            start_us: world.start().unix_micros(),
            now_us: world.now().unix_micros(),
            end_us: self.history.end().unix_micros(),
            next_event_us: world.next_at().map(|at| at.unix_micros()),
            playing: self.playing,
            speed: self.speed,
            seed: self.seed,
            revision: world.store().revision(),
            hash: world.hash(),
            marks: self.history.journal().iter().filter_map(mark).collect(),
            in_past: self.history.in_past(),
        }
    }

    fn map(&self, reset: bool) -> MapDiff {
        let after = if reset {
            None
        } else {
            Some(self.seen.revision)
        };
        view::map_diff(self.world(), after)
    }

    fn timeline(&self, reset: bool) -> Vec<TimelineEntry> {
        let store = self.world().store();
        if reset {
            return view::timeline(store, TIMELINE_MAX);
        }
        view::timeline_since(store, self.seen.revision)
    }

    fn detail(&mut self) -> Option<Detail> {
        let selected = self.selection.clone()?;
        let inputs = self.history.lived();
        let input = |n: u32| {
            let recorded = inputs.get((n as usize).checked_sub(1)?)?;
            Some(match &recorded.input {
                Input::Console(line) => line.clone(),
                Input::WriteFile { name, .. } => format!("> {name}"),
                Input::Interrupt(_) => "^C".into(),
            })
        };
        let detail = view::detail(self.world(), &selected, &input);
        if self.seen.detail.as_ref() == Some(&detail) {
            return None;
        }
        self.seen.detail = Some(detail.clone());
        Some(detail)
    }
}
