//! PostFilter: whether pods of lower priority could make room, and the words about it.
//!
//! Upstream: `FP/defaultpreemption/default_preemption.go`, `framework/preemption`,
//! `FP/dynamicresources` (whose words come first). Differs: candidates are tried in the order of
//! nodes; victims are evicted in the same instant; there are no PodDisruptionBudgets yet.

use std::sync::Arc;

use crate::api::{
    Body, ConditionStatus, InvolvedObject, Kind, Message, Object, Order, PodBody, PodCondition,
    PodConditionType,
};
use crate::apiserver::DeleteOptions;
use crate::client::Client;

use super::cache::{Cache, ClassId, NodeId};
use super::cycle::{Diagnosis, Filters};
use super::framework::{Cycle, Reasons, Rejection};
use super::report::Histogram;
use super::{NAME, NominatedNode, Scheduler};

const CLAIMS: &str = "no new claims to deallocate, preemption: ";
const NOT_HELPFUL: &str = "Preemption is not helpful for scheduling";
const NO_VICTIMS: &str = "No preemption victims found for incoming pod";
const CANDIDATES_MIN: usize = 100;

/// What PostFilter found.
#[derive(Default)]
pub(super) struct Outcome {
    /// What the pod's message gets at its end; empty when room will be made.
    pub(super) text: String,
    pub(super) nominated: NominatedNode,
    victims: Vec<Arc<Object>>,
}

struct Candidate {
    node: NodeId,
    /// Most important first.
    victims: Vec<Arc<Object>>,
}

/// Looks for a node on which pods of lower priority could make room.
pub(super) fn post_filter(
    scheduler: &Scheduler,
    client: &Client<'_>,
    class: ClassId,
    object: &Object,
    diagnosis: &Diagnosis,
) -> Outcome {
    let text = |text: String| Outcome {
        text: format!("{CLAIMS}{text}"),
        ..Outcome::default()
    };
    if diagnosis.pre_filter.is_some() {
        // DynamicResources was never asked about the pod and finds no state of it.
        return Outcome {
            text: "not found".into(),
            nominated: NominatedNode::Clear,
            ..Outcome::default()
        };
    }
    let Some(pod) = object.pod() else {
        return Outcome::default();
    };
    if !pod.spec.facts.placement.preempts {
        return text("not eligible due to preemptionPolicy=Never.".into());
    }
    if waits_for_victims(scheduler, client, pod, diagnosis) {
        let why = "not eligible due to a terminating pod on the nominated node.";
        return text(why.into());
    }
    let nodes = scheduler.cache.order().len();
    let mut histogram = Histogram::default();
    let mut candidates = Vec::new();
    let potential = diagnosis
        .rejected
        .iter()
        .filter(|r| !r.rejection.unresolvable);
    let potential: Vec<NodeId> = potential.map(|rejected| rejected.node).collect();
    histogram_of_rest(&mut histogram, nodes - potential.len());
    let wanted = (potential.len() / 10).max(CANDIDATES_MIN);
    let mut trial = scheduler.cache.clone();
    for node in potential {
        if candidates.len() == wanted {
            break;
        }
        let placed = pods_on(scheduler, client, node);
        match dry_run(&mut trial, class, pod, node, placed) {
            Ok(victims) => candidates.push(Candidate { node, victims }),
            Err(reasons) => reasons.iter().for_each(|reason| histogram.add(reason, 1)),
        }
    }
    let Some(best) = best(candidates) else {
        return Outcome {
            nominated: NominatedNode::Clear,
            ..text(histogram.sentence(nodes))
        };
    };
    Outcome {
        text: String::new(),
        nominated: NominatedNode::Set(scheduler.cache.node(best.node).name.clone()),
        victims: best.victims,
    }
}

fn histogram_of_rest(histogram: &mut Histogram, nodes: usize) {
    if nodes > 0 {
        histogram.add(NOT_HELPFUL, nodes);
    }
}

/// Whether room is being made already on the node that the pod was promised.
fn waits_for_victims(
    scheduler: &Scheduler,
    client: &Client<'_>,
    pod: &PodBody,
    diagnosis: &Diagnosis,
) -> bool {
    let nominated = pod.status.nominated_node.as_deref();
    let Some(node) = nominated.and_then(|name| scheduler.cache.find_node(name)) else {
        return false;
    };
    let rejected = diagnosis
        .rejected
        .iter()
        .find(|rejected| rejected.node == node);
    if rejected.is_none_or(|rejected| rejected.rejection.unresolvable) {
        return false;
    }
    let preempted = |placed: &PodBody| {
        let condition = placed.status.condition(PodConditionType::DisruptionTarget);
        condition.is_some_and(|c| c.reason.as_deref() == Some("PreemptionByScheduler"))
    };
    pods_on(scheduler, client, node).iter().any(|placed| {
        placed.meta.is_deleting()
            && placed.pod().is_some_and(|placed| {
                placed.spec.facts.priority < pod.spec.facts.priority && preempted(placed)
            })
    })
}

/// The pods that the cache counts on a node.
fn pods_on(scheduler: &Scheduler, client: &Client<'_>, node: NodeId) -> Vec<Arc<Object>> {
    let name = &scheduler.cache.node(node).name;
    let bound = client.cache().pods_on(name);
    let bound = bound.filter(|object| object.pod().is_some_and(|pod| !pod.is_terminal()));
    let assumed = scheduler
        .assumed
        .values()
        .filter(|assumed| assumed.node == *name);
    let assumed = assumed.filter_map(|assumed| client.live().get(&assumed.key));
    bound.chain(assumed).cloned().collect()
}

fn priority(object: &Object) -> i32 {
    object.pod().map_or(0, |pod| pod.spec.facts.priority)
}

fn started(object: &Object) -> Option<crate::clock::SimTime> {
    object.pod().and_then(|pod| pod.status.start_time)
}

/// Which pods would have to go. Errors: why it would not help. The cache is left as it was.
fn dry_run(
    cache: &mut Cache,
    class: ClassId,
    pod: &PodBody,
    node: NodeId,
    placed: Vec<Arc<Object>>,
) -> Result<Vec<Arc<Object>>, Vec<String>> {
    let own = pod.spec.facts.priority;
    let mut lower: Vec<Arc<Object>> = placed
        .into_iter()
        .filter(|object| priority(object) < own)
        .collect();
    if lower.is_empty() {
        return Err(vec![NO_VICTIMS.into()]);
    }
    // More important: of higher priority, then running longer (what never started comes last).
    lower.order_by_key(|object| {
        let start = started(object);
        (std::cmp::Reverse(priority(object)), start.is_none(), start)
    });
    for object in &lower {
        cache.count(object, -1);
    }
    let mut victims = Vec::new();
    let empty = fits(cache, class, pod, node);
    for object in lower {
        cache.count(&object, 1);
        if empty.is_ok() && fits(cache, class, pod, node).is_err() {
            cache.count(&object, -1);
            victims.push(object);
        }
    }
    for object in &victims {
        cache.count(object, 1);
    }
    match empty {
        Ok(()) => Ok(victims),
        Err(rejection) => Err(rejection.reasons.iter().map(str::to_string).collect()),
    }
}

fn fits(cache: &Cache, class: ClassId, pod: &PodBody, node: NodeId) -> Result<(), Rejection> {
    let cycle = Cycle {
        cache,
        class: cache.class(class),
        pod,
    };
    match Filters::new(cycle) {
        Ok(filters) => filters.check(node).map_err(|(_, rejection)| rejection),
        Err((_, why)) => Err(Rejection {
            unresolvable: true,
            reasons: Reasons::Many(vec![why]),
        }),
    }
}

/// The candidate that hurts least: lowest highest priority, smallest sum of priorities, fewest
/// victims, latest start of the first among the most important; then the first.
fn best(candidates: Vec<Candidate>) -> Option<Candidate> {
    candidates.into_iter().min_by_key(|candidate| {
        let victims = &candidate.victims;
        let highest = victims.iter().map(|v| priority(v)).max();
        let sum: i64 = victims
            .iter()
            .map(|v| i64::from(priority(v)) + (1 << 31))
            .sum();
        let most_important = victims.iter().filter(|v| Some(priority(v)) == highest);
        let earliest = most_important.filter_map(|v| started(v)).min();
        (highest, sum, victims.len(), std::cmp::Reverse(earliest))
    })
}

/// Evicts the victims of a decision, and takes the promise from pods that matter less.
pub(super) fn evict(
    scheduler: &mut Scheduler,
    client: &mut Client<'_>,
    object: &Object,
    outcome: &Outcome,
) {
    let NominatedNode::Set(node) = &outcome.nominated else {
        return;
    };
    for victim in &outcome.victims {
        mark(client, victim);
        let options = DeleteOptions {
            uid: Some(victim.meta.uid),
            ..DeleteOptions::default()
        };
        // A victim that is gone already needs no eviction.
        if client.delete(&victim.key(), options).is_ok() {
            let note = Message::new(
                "Preempted by pod {} on node {}",
                [object.meta.uid.to_string().into(), node.into()],
            );
            let about = InvolvedObject::to(Kind::Pod, &victim.meta);
            scheduler.recorder.normal(client, about, "Preempted", note);
        }
    }
    let own = priority(object);
    if let Some(promised) = scheduler.nominations.get_mut(node) {
        promised.retain(|nomination| nomination.priority >= own);
    }
}

fn mark(client: &mut Client<'_>, victim: &Object) {
    let live = client.live().get(&victim.key()).cloned();
    let Some(live) = live.filter(|live| live.meta.uid == victim.meta.uid) else {
        return;
    };
    let mut object = (*live).clone();
    let condition = PodCondition {
        kind: PodConditionType::DisruptionTarget,
        status: ConditionStatus::True,
        reason: Some("PreemptionByScheduler".into()),
        message: Some(format!("{NAME}: preempting to accommodate a higher priority pod").into()),
        transition: client.now().whole_secs(),
        observed_generation: object.meta.generation,
    };
    if let Body::Pod(pod) = &mut object.body {
        Arc::make_mut(&mut pod.status).set_condition(condition);
        // Gone in the meantime: then there is nothing to mark.
        let _ = client.update_status(object);
    }
}
