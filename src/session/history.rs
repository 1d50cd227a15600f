//! Time travel: checkpoints and replay. Going back is restoring the last checkpoint before the
//! moment and running the recorded inputs again; the result is the same world, to the bit.
//!
//! Upstream: none.

use crate::clock::SimTime;
use crate::cluster::{Checkpoint, Setup, World};

use super::journal::{Answer, Input, Recorded};

/// A world with its past.
pub struct History {
    world: World,
    /// Oldest first; the first is the world's beginning.
    checkpoints: Vec<Checkpoint>,
    journal: Vec<Recorded>,
    /// How many entries of the journal the world has lived through.
    applied: usize,
    /// The furthest moment that was reached in this story.
    end: SimTime,
    turns_at_checkpoint: u64,
}

/// A checkpoint is taken after this much work: replaying it takes some 10 ms in a browser.
const TURNS_BETWEEN_CHECKPOINTS: u64 = 3_000;
/// So many events are run before it is asked whether a checkpoint is due.
const EVENTS_BETWEEN_LOOKS: u32 = 256;
/// Beyond this number every other one of the older half is dropped.
const CHECKPOINTS_MAX: usize = 128;

impl History {
    /// A new story.
    pub fn new(setup: Setup) -> History {
        let world = World::new(setup);
        History {
            checkpoints: vec![world.checkpoint()],
            journal: Vec::new(),
            applied: 0,
            end: world.now(),
            turns_at_checkpoint: world.turns(),
            world,
        }
    }

    /// The world as it is now.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The world, to take what commands have printed.
    pub fn world_mut(&mut self) -> &mut World {
        &mut self.world
    }

    /// The furthest moment that was reached in this story.
    pub fn end(&self) -> SimTime {
        self.end
    }

    /// Everything recorded, also what lies ahead after going back.
    pub fn journal(&self) -> &[Recorded] {
        &self.journal
    }

    /// What the world has lived through.
    pub fn lived(&self) -> &[Recorded] {
        self.journal.get(..self.applied).unwrap_or_default()
    }

    /// Whether the story has a known future.
    pub fn in_past(&self) -> bool {
        self.applied < self.journal.len() || self.world.now() < self.end
    }

    /// Does something now. In the past this starts another future: the known one is forgotten.
    pub fn act(&mut self, input: Input) -> Answer {
        self.journal.truncate(self.applied);
        self.end = self.world.now();
        self.journal.push(Recorded {
            at: self.world.now(),
            input,
        });
        self.apply_next()
    }

    /// Runs towards a moment, at most `most` events; whether it was reached. Recorded inputs on the
    /// way happen at their moments; `on_answer` is told of each.
    pub fn run(
        &mut self,
        until: SimTime,
        most: u32,
        mut on_answer: impl FnMut(&Recorded, Answer),
    ) -> bool {
        let mut left = most;
        loop {
            let next = self
                .journal
                .get(self.applied)
                .map(|r| r.at)
                .filter(|at| *at <= until);
            let goal = next.unwrap_or(until);
            // In pieces, so that a long way gets its checkpoints.
            let piece = left.min(EVENTS_BETWEEN_LOOKS);
            let reached = self.world.run_events(goal, piece);
            self.take_checkpoint();
            self.end = self.end.max(self.world.now());
            if !reached {
                left = left.saturating_sub(piece);
                if left == 0 {
                    return false;
                }
                continue;
            }
            if next.is_none() {
                return true;
            }
            if let Some(recorded) = self.journal.get(self.applied).cloned() {
                let answer = self.apply_next();
                on_answer(&recorded, answer);
            }
        }
    }

    /// Goes to a moment, back or forward.
    pub fn seek(&mut self, to: SimTime) {
        let to = to.max(self.world.start());
        if to < self.world.now() {
            self.go_back(to);
        }
        self.run(to, u32::MAX, |_, _| {});
        self.world.take_printed();
    }

    /// The moment just before the last write no later than now: where "back" leads.
    pub fn moment_before_last_change(&self) -> SimTime {
        let store = self.world.store();
        let written = store.write_info(store.revision()).map(|w| w.0);
        let acted = self.lived().last().map(|r| r.at);
        let last = written.max(acted).unwrap_or(self.world.start());
        (last - crate::clock::Span::micros(1)).max(self.world.start())
    }

    fn go_back(&mut self, to: SimTime) {
        while self.checkpoints.len() > 1 && self.checkpoints.last().is_some_and(|c| c.at() > to) {
            self.checkpoints.pop();
        }
        let Some(checkpoint) = self.checkpoints.last() else {
            return;
        };
        self.world.restore(checkpoint);
        self.applied = checkpoint.inputs() as usize;
        self.turns_at_checkpoint = checkpoint.turns();
    }

    fn apply_next(&mut self) -> Answer {
        let recorded = self.journal.get(self.applied)?;
        let answer = recorded.input.clone().apply(&mut self.world);
        self.applied += 1;
        answer
    }

    fn take_checkpoint(&mut self) {
        if self.world.turns() - self.turns_at_checkpoint < TURNS_BETWEEN_CHECKPOINTS {
            return;
        }
        self.turns_at_checkpoint = self.world.turns();
        self.checkpoints.push(self.world.checkpoint());
        if self.checkpoints.len() > CHECKPOINTS_MAX {
            let old_half = CHECKPOINTS_MAX / 2;
            let mut place = 0;
            self.checkpoints.retain(|_| {
                place += 1;
                place > old_half || place % 2 == 1
            });
        }
    }
}
