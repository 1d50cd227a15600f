//! The text language of stories: what a cluster is made of, what is typed, what must be seen.
//!
//! Upstream: none; the grammar is written down in docs/SCENARIOS.md.

mod condition;
mod names;
mod neighbours;
mod parse;
mod recording;
mod replay;
mod run;
mod settings;
mod timeline;

pub use condition::Condition;
pub use parse::{ParseError, Story, parse};
pub use replay::{replay, replay_with};
pub use run::{Outcome, run};
