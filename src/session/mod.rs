//! The session: one visitor's world, its clock, history and console; an Elm-like `update`.
//!
//! Upstream: none.

mod msg;

pub use msg::{Msg, Reply, Step};

/// A visitor's session. Knows no wall clock: [`Msg::Frame`] brings the time that passed.
#[derive(Default)]
pub struct Session {}

impl Session {
    /// Handles one message and returns the answers to it, in order.
    pub fn update(&mut self, msg: Msg) -> Vec<Reply> {
        let _ = msg;
        Vec::new()
    }
}
