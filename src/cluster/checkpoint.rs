//! Checkpoints: a world's state at one moment, from which it can go on again.
//!
//! Upstream: none. The store is not copied: going back takes its later writes back.

use crate::apiserver::ApiState;
use crate::clock::SimTime;

use super::World;
use super::world::State;

/// A moment to which the world that made it can return, as long as it has not gone back further.
#[derive(Clone)]
pub struct Checkpoint {
    revision: u64,
    api: ApiState,
    state: Box<State>,
}

impl Checkpoint {
    /// The moment.
    pub fn at(&self) -> SimTime {
        self.api.now
    }

    /// How many inputs were applied before.
    pub fn inputs(&self) -> u32 {
        self.state.inputs
    }

    /// The measure of work at that moment, see [`World::turns`].
    pub fn turns(&self) -> u64 {
        self.state.turns
    }
}

impl World {
    /// Takes a checkpoint of this moment.
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            revision: self.store().revision(),
            api: self.api.state.clone(),
            state: Box::new(self.state.clone()),
        }
    }

    /// Goes back to a checkpoint of this world's own past; everything later is forgotten.
    pub fn restore(&mut self, checkpoint: &Checkpoint) {
        self.api
            .restore(checkpoint.revision, checkpoint.api.clone());
        self.state = (*checkpoint.state).clone();
    }
}
