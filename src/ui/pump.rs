//! What is sent to the core and when: at most one frame is under way, acts wait for its answer and
//! are journalled with the moment they happen at, so that a new core can be told the same story.
//!
//! Upstream: none.

use std::collections::VecDeque;

use crate::session::{Msg, Step};

/// How often the last act may be set aside before the page gives up on this story.
const PATIENCE: usize = 3;

/// After this silence the core counts as busy.
const BUSY_MS: f64 = 1500.0;

#[derive(Default)]
pub struct Pump {
    /// Oldest first.
    journal: Vec<Entry>,
    /// How many of them have been answered by a frame.
    settled: usize,
    queue: VecDeque<Msg>,
    under_way: bool,
    /// When the page first saw that it waits, in milliseconds on the browser's clock.
    waits_since_ms: Option<f64>,
    now_us: i64,
    /// Length of the journal when the core died the last time.
    died_at: Option<usize>,
    set_aside: Vec<Msg>,
}

/// An act, and the simulated moments right before and right after it.
struct Entry {
    before_us: i64,
    msg: Msg,
    after_us: i64,
}

/// What becomes of a core's death.
pub enum Revival {
    /// Send these to a new core.
    Replay(Vec<Msg>),
    /// The same, without the last act, which kills the core.
    ReplayWithout(Vec<Msg>, Msg),
    GiveUp,
}

impl Pump {
    /// Takes an act; what is returned is to be posted now.
    pub fn act(&mut self, msg: Msg) -> Vec<Msg> {
        if self.queue.back().is_some_and(|last| replaces(&msg, last)) {
            self.queue.pop_back();
        }
        self.queue.push_back(msg);
        self.flush()
    }

    /// Time has passed on the wall; what is returned is to be posted now.
    pub fn frame(&mut self, elapsed_us: u32) -> Option<Msg> {
        if self.under_way {
            return None;
        }
        self.under_way = true;
        Some(Msg::Frame { elapsed_us })
    }

    /// A frame came back; what is returned is to be posted now.
    pub fn frame_came(&mut self, now_us: i64) -> Vec<Msg> {
        self.under_way = false;
        self.waits_since_ms = None;
        self.now_us = now_us;
        for entry in &mut self.journal[self.settled..] {
            entry.after_us = now_us;
        }
        self.settled = self.journal.len();
        self.flush()
    }

    /// Whether the core has been silent for so long that the visitor should know.
    pub fn waits_too_long(&mut self, at_ms: f64) -> bool {
        self.under_way && at_ms - *self.waits_since_ms.get_or_insert(at_ms) > BUSY_MS
    }

    pub fn is_under_way(&self) -> bool {
        self.under_way
    }

    fn flush(&mut self) -> Vec<Msg> {
        if self.under_way || self.queue.is_empty() {
            return Vec::new();
        }
        let mut out: Vec<Msg> = self.queue.drain(..).collect();
        for msg in &out {
            self.note(msg);
        }
        // Shows at once what they did, and tells the moment at which they left the clock.
        self.under_way = true;
        out.push(Msg::Frame { elapsed_us: 0 });
        out
    }

    fn note(&mut self, msg: &Msg) {
        match msg {
            Msg::Open { .. } => {
                self.journal.clear();
                self.settled = 0;
                self.set_aside.clear();
                self.died_at = None;
            }
            Msg::Share | Msg::Bench | Msg::Check { .. } | Msg::Frame { .. } => return,
            _ => {}
        }
        let now = self.now_us;
        // Of a long drag of a slider only the end is worth telling again.
        let last = self.journal.last_mut();
        if let Some(last) = last.filter(|last| last.after_us == now && replaces(msg, &last.msg)) {
            last.msg = msg.clone();
            self.settled = self.settled.min(self.journal.len() - 1);
            return;
        }
        self.journal.push(Entry {
            before_us: now,
            msg: msg.clone(),
            after_us: now,
        });
    }

    /// The core died: decides what a new one is told.
    pub fn revive(&mut self) -> Revival {
        // What waited was not what killed it: it is told after the rest.
        let waiting = std::mem::take(&mut self.queue);
        for msg in waiting {
            self.note(&msg);
        }
        self.under_way = true;
        self.waits_since_ms = None;
        self.settled = self.journal.len();
        let again = self.died_at == Some(self.journal.len());
        let mut culprit = None;
        if again {
            if self.set_aside.len() == PATIENCE {
                return Revival::GiveUp;
            }
            let written = |entry: &Entry| {
                matches!(
                    entry.msg,
                    Msg::Console { .. } | Msg::WriteFile { .. } | Msg::Step(_)
                )
            };
            let Some(last) = self.journal.iter().rposition(written) else {
                return Revival::GiveUp;
            };
            let Entry { msg, .. } = self.journal.remove(last);
            self.settled = self.journal.len();
            self.set_aside.push(msg.clone());
            culprit = Some(msg);
        }
        self.died_at = Some(self.journal.len());
        let story = self.story();
        match culprit {
            None => Revival::Replay(story),
            Some(msg) => Revival::ReplayWithout(story, msg),
        }
    }

    /// The journal as messages; frames are not journalled, so the clock is moved by steps.
    fn story(&self) -> Vec<Msg> {
        let mut story = Vec::new();
        let mut told = None;
        for Entry {
            before_us,
            msg,
            after_us,
        } in &self.journal
        {
            if let Some(told) = told.filter(|told| told != before_us) {
                story.push(move_clock(told, *before_us));
            }
            story.push(msg.clone());
            told = Some(*after_us);
        }
        if let Some(told) = told.filter(|told| *told != self.now_us) {
            story.push(move_clock(told, self.now_us));
        }
        story.push(Msg::Pause);
        story.push(Msg::Frame { elapsed_us: 0 });
        story
    }
}

/// Whether the newer of two acts in a row makes the older one needless.
fn replaces(newer: &Msg, older: &Msg) -> bool {
    matches!(
        (newer, older),
        (Msg::Step(Step::To(_)), Msg::Step(Step::To(_)))
            | (Msg::Speed(_), Msg::Speed(_))
            | (Msg::Select(_), Msg::Select(_))
    )
}

fn move_clock(from: i64, to: i64) -> Msg {
    if to > from {
        Msg::Step(Step::Forward(to - from))
    } else {
        Msg::Step(Step::To(to))
    }
}
