//! What one sync of a StatefulSet does, from what it has read: a pure function.
//!
//! Upstream: `updateStatefulSet`, `processReplica` and `processCondemned` in
//! `stateful_set_control.go`.

/// A pod in the eyes of the plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PodState {
    pub ended: bool,
    pub pending: bool,
    pub terminating: bool,
    /// Running, and the condition Ready is True.
    pub ready: bool,
    /// Ready for `minReadySeconds`.
    pub available: bool,
    /// Made from the present template.
    pub updated: bool,
    /// Name, labels, volumes and the owners of its claims are as they should be.
    pub as_it_should_be: bool,
}

/// A number of a pod, and the pod that has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    pub ordinal: i32,
    pub pod: Option<PodState>,
    /// A claim still belongs to an earlier pod of this name.
    pub stale_claim: bool,
}

impl Slot {
    fn unavailable(&self) -> bool {
        self.pod.is_none_or(|pod| !pod.available || pod.terminating)
    }
}

/// The settings that a plan depends on.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rules {
    pub parallel: bool,
    pub on_delete: bool,
    /// How many of the first slots keep their old template.
    pub partition: i32,
}

/// An act on the pod with an ordinal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Create(i32),
    Delete(i32),
    /// Deletes it for its template's sake.
    Replace(i32),
    /// Sees to the claims of a pod that waits.
    EnsureClaims(i32),
    /// Brings identity, volumes and claims to what they should be.
    Fix(i32),
    /// Gives the claims of a pod that is to go the owners that the retention policy asks for.
    FixClaims(i32),
}

/// The acts of a sync: slots in ascending order, surplus pods in descending order.
pub(super) fn plan(rules: Rules, slots: &[Slot], surplus: &[Slot]) -> Vec<Act> {
    let mut acts = Vec::new();
    if !keep(rules, slots, &mut acts) || !condemn(rules, slots, surplus, &mut acts) {
        return acts;
    }
    if !rules.on_delete {
        acts.extend(replace(rules, slots));
    }
    acts
}

/// Whether the plan goes on behind the slots.
fn keep(rules: Rules, slots: &[Slot], acts: &mut Vec<Act>) -> bool {
    for slot in slots {
        let Some(pod) = slot.pod else {
            if !slot.stale_claim {
                acts.push(Act::Create(slot.ordinal));
            }
            if rules.parallel {
                continue;
            }
            return false;
        };
        let ended = pod.ended;
        if ended && !pod.terminating {
            acts.push(Act::Delete(slot.ordinal));
        }
        if pod.pending {
            acts.push(Act::EnsureClaims(slot.ordinal));
        }
        let fine = pod.ready && pod.available && !pod.terminating;
        if !rules.parallel && (ended || !fine) {
            return false;
        }
        if !ended && !pod.as_it_should_be {
            acts.push(Act::Fix(slot.ordinal));
        }
    }
    true
}

/// Whether the plan goes on behind the pods that are too many.
fn condemn(rules: Rules, slots: &[Slot], surplus: &[Slot], acts: &mut Vec<Act>) -> bool {
    let all = slots.iter().chain(surplus.iter().rev());
    let first_unavailable = all.into_iter().find(|s| s.unavailable()).map(|s| s.ordinal);
    let mut pods = surplus
        .iter()
        .filter_map(|slot| Some((slot.ordinal, slot.pod?)));
    let wrong = pods.clone().filter(|(_, pod)| !pod.as_it_should_be);
    acts.extend(wrong.map(|(ordinal, _)| Act::FixClaims(ordinal)));
    if rules.parallel {
        let staying = pods.filter(|(_, pod)| !pod.terminating);
        acts.extend(staying.map(|(ordinal, _)| Act::Delete(ordinal)));
        return true;
    }
    let Some((ordinal, pod)) = pods.next() else {
        return true;
    };
    let healthy = pod.ready && pod.available;
    if !pod.terminating && (healthy || first_unavailable == Some(ordinal)) {
        acts.push(Act::Delete(ordinal));
    }
    false
}

/// From the last slot down to the partition, the first pod of another template goes, unless one
/// behind it is unavailable.
fn replace(rules: Rules, slots: &[Slot]) -> Option<Act> {
    let from = usize::try_from(rules.partition).unwrap_or(0);
    for slot in slots.iter().skip(from).rev() {
        if let Some(pod) = slot.pod.filter(|pod| !pod.updated && !pod.terminating) {
            debug_assert!(!pod.updated);
            return Some(Act::Replace(slot.ordinal));
        }
        if slot.unavailable() {
            return None;
        }
    }
    None
}
