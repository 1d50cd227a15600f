//! What a visitor did to the world, and when: with the seed, the whole truth of a story.
//!
//! Upstream: none.

use serde::{Deserialize, Serialize};

use crate::clock::SimTime;
use crate::cluster::{JobId, JobState, World};
use crate::kubectl::Output;

/// An act that changes the world.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Input {
    /// A line of the console.
    Console(String),
    /// A file's new text.
    WriteFile { name: String, text: String },
    /// Ctrl-C to the command with this number.
    Interrupt(JobId),
}

/// An act with its moment; acts of one moment keep their order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    pub at: SimTime,
    pub input: Input,
}

/// What an act answered at once.
pub type Answer = Option<(JobId, Output, JobState)>;

impl Input {
    /// Does it, now.
    pub fn apply(&self, world: &mut World) -> Answer {
        match self {
            Input::Console(line) => Some(world.console(line)),
            Input::WriteFile { name, text } => {
                world.write_file(name, text);
                None
            }
            Input::Interrupt(id) => {
                world.interrupt(*id);
                None
            }
        }
    }
}
