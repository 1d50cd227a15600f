//! The session: one visitor's world, its clock, history and console; an Elm-like `update`.
//!
//! Upstream: none.

mod bench;
mod console;
mod frame;
mod history;
mod journal;
mod msg;
pub mod share;

use crate::clock::{SimTime, Span};
use crate::cluster::{Setup, World};
use crate::view::{Problem, Ref};

pub use bench::{BENCHES, Bench, manifest, memory_per_pod};
pub use history::History;
pub use journal::{Input, Recorded};
pub use msg::{Msg, Reply, Step};

use console::Transcript;
use frame::Seen;

/// A visitor's session. Knows no wall clock: [`Msg::Frame`] brings the time that passed.
pub struct Session {
    history: History,
    seed: u64,
    playing: bool,
    speed: f64,
    /// Where the clock is to be; the world may lag behind.
    goal: SimTime,
    /// A fraction of a microsecond that slow speeds leave over.
    rest_us: f64,
    /// At most so many events a frame; the shell adapts it to its time slice.
    pub slice_events: u32,
    transcript: Transcript,
    selection: Option<Ref>,
    seen: Seen,
}

impl Default for Session {
    fn default() -> Self {
        Session::new(1)
    }
}

/// What the shell begins with; it measures and adapts.
const SLICE_EVENTS: u32 = 2_000;
/// Speeds that the page offers.
const SPEED_RANGE: (f64, f64) = (0.25, 1000.0);
/// "Next event" looks no further than this.
const NEXT_EVENT_WITHIN: Span = Span::secs(3600);

impl Session {
    /// A session with the chapter's three machines.
    pub fn new(seed: u64) -> Session {
        Session::with(Setup::chapter(seed), seed)
    }

    /// A session with so many nodes besides the master, for measuring.
    pub fn sized(seed: u64, nodes: u32) -> Session {
        Session::with(Setup::sized(seed, nodes), seed)
    }

    fn with(setup: Setup, seed: u64) -> Session {
        let history = History::new(setup);
        Session {
            goal: history.world().now(),
            history,
            seed,
            playing: true,
            speed: 1.0,
            rest_us: 0.0,
            slice_events: SLICE_EVENTS,
            transcript: Transcript::default(),
            selection: None,
            seen: Seen::default(),
        }
    }

    /// The world as it is now.
    pub fn world(&self) -> &World {
        self.history.world()
    }

    /// Handles one message and returns the answers to it, in order.
    pub fn update(&mut self, msg: Msg) -> Vec<Reply> {
        match msg {
            Msg::Open { link, seed } => return vec![self.open(link.as_deref(), seed)],
            Msg::Frame { elapsed_us } => {
                self.pass(elapsed_us);
                return vec![Reply::Frame(Box::new(self.frame()))];
            }
            Msg::Play => self.playing = true,
            Msg::Pause => {
                self.playing = false;
                self.goal = self.world().now();
            }
            Msg::Speed(speed) if speed.is_finite() => {
                self.speed = speed.clamp(SPEED_RANGE.0, SPEED_RANGE.1)
            }
            Msg::Speed(_) => {}
            Msg::Step(step) => self.step(step),
            Msg::WriteFile { name, text } => {
                self.act(Input::WriteFile { name, text });
            }
            Msg::Console { line } => self.console(line),
            Msg::Interrupt => self.interrupt(),
            Msg::Select(selection) => {
                self.selection = selection;
                self.seen.detail = None;
            }
            Msg::Share => {
                return vec![Reply::Link {
                    fragment: self.share(),
                }];
            }
            Msg::Check { version, text } => {
                return vec![Reply::Problems {
                    version,
                    problems: problems(&text, self.world()),
                }];
            }
            // Benches need a clock: the shell runs them.
            Msg::Bench => {}
        }
        Vec::new()
    }

    fn open(&mut self, link: Option<&str>, seed: u64) -> Reply {
        let Some(link) = link else {
            *self = Session::new(seed);
            return Reply::Opened {
                note: None,
                files: Vec::new(),
            };
        };
        let link = match share::read(link) {
            Ok(link) => link,
            Err(bad) => {
                *self = Session::new(seed);
                return Reply::Opened {
                    note: Some(bad.key().into()),
                    files: Vec::new(),
                };
            }
        };
        *self = Session::new(link.seed);
        self.playing = false;
        for recorded in &link.inputs {
            self.history.run(recorded.at, u32::MAX, |_, _| {});
            self.act_quietly(recorded.input.clone());
        }
        self.history.run(link.at, u32::MAX, |_, _| {});
        self.collect_printed();
        self.goal = self.world().now();
        let same = self.world().hash() == link.hash;
        let note = if same {
            "link-opened"
        } else {
            "link-hash-differs"
        };
        let note = format!("{note}\t{}\t{}", self.world().now(), link.engine);
        let files = self
            .world()
            .files()
            .iter()
            .map(|(n, t)| (n.clone(), t.clone()))
            .collect();
        Reply::Opened {
            note: Some(note),
            files,
        }
    }

    fn share(&self) -> String {
        share::write(&share::Link {
            engine: env!("CARGO_PKG_VERSION").into(),
            seed: self.seed,
            inputs: self.history.lived().to_vec(),
            at: self.world().now(),
            hash: self.world().hash(),
        })
    }

    fn pass(&mut self, elapsed_us: u32) {
        if self.playing {
            let span = f64::from(elapsed_us) * self.speed + self.rest_us;
            let whole = span as i64;
            self.rest_us = span - whole as f64;
            self.goal = self.goal + Span::micros(whole);
        }
        self.advance(self.slice_events);
    }

    /// Runs towards the goal, printing what commands print on the way.
    fn advance(&mut self, most: u32) {
        let (goal, transcript) = (self.goal, &mut self.transcript);
        if goal >= self.history.world().now() {
            self.history.run(goal, most, |recorded, answer| {
                transcript.replayed(recorded, answer)
            });
        }
        self.collect_printed();
    }

    fn step(&mut self, step: Step) {
        self.playing = false;
        let now = self.world().now();
        let to = match step {
            Step::NextEvent => return self.step_to_next_event(),
            Step::Back => self.history.moment_before_last_change(),
            Step::Forward(us) => now + Span::micros(us),
            Step::Backward(us) => now - Span::micros(us),
            Step::To(us) => SimTime::from_unix_micros(us),
        };
        if to < now {
            self.go_back(to);
            self.transcript.went_back(self.world().now());
        } else {
            self.goal = to;
            self.advance(u32::MAX);
        }
        self.goal = self.world().now();
    }

    fn step_to_next_event(&mut self) {
        let before = self.world().store().revision();
        let limit = self.world().now() + NEXT_EVENT_WITHIN;
        while self.world().store().revision() == before {
            let event = self.world().next_at();
            let input = self
                .history
                .journal()
                .get(self.history.lived().len())
                .map(|r| r.at);
            let Some(next) = event
                .into_iter()
                .chain(input)
                .min()
                .filter(|at| *at <= limit)
            else {
                break;
            };
            self.goal = next;
            self.advance(u32::MAX);
        }
        self.goal = self.world().now();
    }
}

/// The problems of a manifest, each at its place.
fn problems(text: &str, world: &World) -> Vec<Problem> {
    let found = crate::apiserver::check(text, world.store().head());
    let problem = |d: crate::apiserver::Diagnostic| Problem {
        line: d.line,
        column: d.column,
        end_line: d.end_line,
        end_column: d.end_column,
        message: d.message,
        object: d.object,
        warning: d.warning,
    };
    found.into_iter().map(problem).collect()
}
