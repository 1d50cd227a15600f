//! Counts of the pods of each controller, kept from the watch instead of listed at every sync.
//!
//! Upstream: the counting loops of `replica_set.go` and `replica_set_utils.go`. Differs: upstream
//! lists and filters all pods of the namespace at each sync; the sums are the same.

use std::collections::BTreeMap;

use crate::api::{Kind, Labels, Object, Uid};
use crate::apiserver::Change;

use super::super::util::controller_uid;

/// The sums of one group of pods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(in super::super) struct Sums {
    /// Neither ended nor being deleted.
    pub active: i32,
    /// Active, and the condition Ready is True.
    pub ready: i32,
    /// Being deleted and not ended.
    pub terminating: i32,
    /// Everything that exists.
    pub all: i32,
}

/// Sums by controller and, since labels may be edited, by label set.
#[derive(Clone, Debug, Default, Hash)]
pub(in super::super) struct Tallies(BTreeMap<Uid, BTreeMap<Labels, Sums>>);

impl Sums {
    fn add(&mut self, pod: &Object, sign: i32) {
        let Some(body) = pod.pod() else { return };
        self.all += sign;
        match (body.is_terminal(), pod.meta.is_deleting()) {
            (true, _) => {}
            (false, true) => self.terminating += sign,
            (false, false) => {
                self.active += sign;
                self.ready += sign * i32::from(body.status.is_ready());
            }
        }
    }

    fn of(pod: &Object) -> Sums {
        let mut sums = Sums::default();
        sums.add(pod, 1);
        sums
    }
}

impl Tallies {
    /// Takes note of a change of a pod whose controller is of a kind. Whether any sum, label or
    /// owner differs after it.
    pub fn note(&mut self, change: &Change<'_>, kind: Kind) -> bool {
        if let (Some(old), Some(new)) = (change.old, change.new) {
            let same_place =
                controller_uid(old) == controller_uid(new) && old.meta.labels == new.meta.labels;
            if same_place && Sums::of(old) == Sums::of(new) {
                return false;
            }
        }
        for (pod, sign) in [(change.old, -1), (change.new, 1)] {
            let owner = pod.and_then(|p| Some((p, p.meta.controller()?)));
            let Some((pod, owner)) = owner.filter(|o| &*o.1.kind == kind.name()) else {
                continue;
            };
            let groups = self.0.entry(owner.uid).or_default();
            let sums = groups.entry(pod.meta.labels.clone()).or_default();
            sums.add(pod, sign);
            if sums.all == 0 {
                groups.remove(&pod.meta.labels);
            }
            if groups.is_empty() {
                self.0.remove(&owner.uid);
            }
        }
        true
    }

    /// The groups of one controller's pods.
    pub fn of(&self, owner: Uid) -> impl Iterator<Item = (&Labels, Sums)> {
        let groups = self.0.get(&owner).into_iter().flatten();
        groups.map(|(labels, sums)| (labels, *sums))
    }
}
