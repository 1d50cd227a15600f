//! Expectations: what a controller has asked for and not yet seen in its cache.
//!
//! Upstream: `pkg/controller/controller_utils.go` (ControllerExpectations,
//! UIDTrackingExpectations).

use std::collections::{BTreeMap, BTreeSet};

use crate::api::{Key, Uid};
use crate::clock::{SimTime, Span};

/// Expectations that were not met after this time are given up.
const TIMEOUT: Span = Span::secs(300);

/// Per key: creations to be seen, deletions (by the uid of the object) to be seen.
#[derive(Clone, Debug, Default, Hash)]
pub struct Expectations {
    entries: BTreeMap<Key, Entry>,
}

#[derive(Clone, Debug, Hash)]
struct Entry {
    creations: i64,
    deletions: BTreeSet<Uid>,
    since: SimTime,
}

impl Expectations {
    /// Starts a new expectation for a key.
    pub fn expect(
        &mut self,
        key: &Key,
        creations: i64,
        deletions: impl IntoIterator<Item = Uid>,
        now: SimTime,
    ) {
        let deletions = deletions.into_iter().collect();
        self.entries.insert(
            key.clone(),
            Entry {
                creations,
                deletions,
                since: now,
            },
        );
    }

    /// A creation was seen, or failed.
    pub fn creation_observed(&mut self, key: &Key) {
        if let Some(entry) = self.entries.get_mut(key) {
            entry.creations -= 1;
        }
    }

    /// A deletion was seen, or failed.
    pub fn deletion_observed(&mut self, key: &Key, uid: Uid) {
        if let Some(entry) = self.entries.get_mut(key) {
            entry.deletions.remove(&uid);
        }
    }

    /// Whether everything expected was seen, or waiting has lasted too long.
    pub fn satisfied(&self, key: &Key, now: SimTime) -> bool {
        self.entries.get(key).is_none_or(|entry| {
            (entry.creations <= 0 && entry.deletions.is_empty()) || now - entry.since > TIMEOUT
        })
    }

    /// The key is gone.
    pub fn forget(&mut self, key: &Key) {
        self.entries.remove(key);
    }
}
