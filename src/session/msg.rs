//! The messages between the page and the core: everything a visitor does, everything that comes
//! back.
//!
//! Upstream: none. Only the acts among these that change the cluster are recorded as inputs.

use serde::{Deserialize, Serialize};

use crate::view::{Frame, Problem, Ref};

/// From the page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Msg {
    /// Starts a world: from a link's text (the fragment without `#`), or fresh.
    Open {
        link: Option<String>,
        seed: u64,
    },
    /// Wall time that passed since the last frame, in microseconds. Answered by one
    /// [`Reply::Frame`].
    Frame {
        elapsed_us: u32,
    },
    Play,
    Pause,
    /// Simulated seconds a second, 0.25 to 1000.
    Speed(f64),
    Step(Step),
    /// Writes a file of the scenario (the editor's text); changes nothing in the cluster.
    WriteFile {
        name: String,
        text: String,
    },
    /// A line for the console: kubectl, `node off NAME`, … Clicks send these too.
    Console {
        line: String,
    },
    /// Ctrl-C: ends a waiting command.
    Interrupt,
    /// What the detail panel shows.
    Select(Option<Ref>),
    /// Asks for a link to this moment; answered by [`Reply::Link`].
    Share,
    /// Asks for the problems of a text; answered by [`Reply::Problems`] with the same version.
    Check {
        version: u32,
        text: String,
    },
    /// Runs the core's benchmarks and answers [`Reply::Bench`] a line a figure.
    Bench,
}

/// Ways to move the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// To the next moment at which something changes.
    NextEvent,
    /// To the moment before the last change.
    Back,
    /// Forward by a span of microseconds.
    Forward(i64),
    /// Back by a span of microseconds.
    Backward(i64),
    /// To a moment, microseconds since 1970, clamped to the story.
    To(i64),
}

/// From the core.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Reply {
    /// The core is up; `note` says what became of a link (an i18n key with arguments behind tabs),
    /// if there was one. `files` are the scenario's files with their texts (from the link).
    Opened {
        note: Option<String>,
        files: Vec<(String, String)>,
    },
    Frame(Box<Frame>),
    Link {
        fragment: String,
    },
    Problems {
        version: u32,
        problems: Vec<Problem>,
    },
    Bench {
        name: String,
        value: f64,
        unit: String,
        /// What it may be.
        /// What it is to stay below, if it is to.
        budget: Option<f64>,
    },
    /// All benchmark figures were sent; the session has a hundred nodes from now on, to be drawn.
    BenchDone,
}
