//! The scheduler: a queue of pods, a cache of nodes, and a table of plugins that filter and score.
//!
//! `observe` keeps cache and queue up, `run` gives every pod that is due its cycle: filter, score,
//! assume, bind, or say why not. `explain` repeats a decision from a snapshot.
//!
//! Upstream: `pkg/scheduler/scheduler.go`, `schedule_one.go`. Differs: a cycle and its binding take
//! no simulated time.

mod cache;
mod cycle;
mod explain;
mod framework;
mod observe;
mod options;
mod plugins;
mod preemption;
mod queue;
mod report;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::hash::Hash;
use std::sync::Arc;

use crate::api::{
    Body, ConditionStatus, InvolvedObject, Key, Message, Object, PodBody, PodCondition,
    PodConditionType, SELECTED_NODE, Uid,
};
use crate::apiserver::{ApiError, Change};
use crate::client::{Client, Component, Recorder};
use crate::clock::{Digest, SimTime};

use cache::{Cache, ClassId, NodeId};
use cycle::{Diagnosis, Nomination, Nominations};
use framework::Cycle;
use plugins::PLUGINS;
use queue::{Queue, QueuedPod};

pub use explain::{Decision, NodeVerdict, Room, Scored};
pub use options::Options;

/// The actor in every write, the reporter of every event, the default of `spec.schedulerName`.
const NAME: &str = "default-scheduler";

/// The scheduler, as a value: clone it and you have a checkpoint.
#[derive(Clone)]
pub struct Scheduler {
    cache: Cache,
    queue: Queue,
    /// Pods that were bound and whose binding the watch has not delivered yet.
    assumed: BTreeMap<Uid, Assumed>,
    nominations: Nominations,
    /// Where in the list of nodes the next search begins.
    next_start_node: usize,
    recorder: Recorder,
}

#[derive(Clone, Debug, Hash)]
struct Assumed {
    key: Key,
    class: ClassId,
    node: Arc<str>,
}

/// Why a pod has to go back to the queue.
struct Failure {
    /// `Unschedulable` or `SchedulerError`.
    reason: &'static str,
    message: String,
    rejectors: queue::Rejectors,
    nominated: NominatedNode,
}

/// What becomes of `status.nominatedNodeName`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum NominatedNode {
    #[default]
    Keep,
    Clear,
    Set(Arc<str>),
}

impl Scheduler {
    /// A scheduler that knows nothing yet.
    pub fn new(options: Options) -> Scheduler {
        Scheduler {
            cache: Cache::default(),
            queue: Queue::new(options),
            assumed: BTreeMap::new(),
            nominations: Nominations::new(),
            next_start_node: 0,
            recorder: Recorder::new(NAME, "", true),
        }
    }

    fn schedule_one(&mut self, queued: QueuedPod, client: &mut Client<'_>) {
        client.set_trigger(queued.trigger);
        let object = queued.object.clone();
        let Some(pod) = object.pod() else { return };
        if object.meta.is_deleting() {
            let why = format!(
                "skip schedule deleting pod: {}/{}",
                object.meta.namespace, object.meta.name
            );
            let about = InvolvedObject::of(&object);
            return self
                .recorder
                .warning(client, about, "FailedScheduling", why);
        }
        if self.assumed.contains_key(&object.meta.uid) {
            return;
        }
        let class = self.cache.class_of(&object, pod);
        let nodes = self.cache.order().len();
        if nodes == 0 {
            let failure = Failure {
                reason: "Unschedulable",
                message: "no nodes available to schedule pods".into(),
                rejectors: 0,
                nominated: NominatedNode::Clear,
            };
            return self.fail(queued, failure, client);
        }
        for row in PLUGINS {
            row.plugin.prepare(&mut self.cache, class);
        }
        let diagnosis = self.find(class, &object, pod);
        match self.pick(class, pod, &diagnosis.feasible) {
            Some(node) if self.asks_for_volumes(class, pod, node, client) => {
                let rejectors = plugins::bit_of("VolumeBinding");
                self.queue.add_failed(queued, rejectors, client.now());
            }
            Some(node) => self.assume_and_bind(queued, class, node, client),
            None => {
                let outcome = preemption::post_filter(self, client, class, &object, &diagnosis);
                let mut message = report::fit_error(&diagnosis, nodes);
                if !outcome.text.is_empty() {
                    message = format!("{message} {}", outcome.text);
                }
                let failure = Failure {
                    reason: "Unschedulable",
                    message,
                    rejectors: diagnosis.rejectors(),
                    nominated: outcome.nominated.clone(),
                };
                self.fail(queued, failure, client);
                preemption::evict(self, client, &object, &outcome);
            }
        }
    }

    fn find(&mut self, class: ClassId, object: &Object, pod: &PodBody) -> Diagnosis {
        let cycle = Cycle {
            cache: &self.cache,
            class: self.cache.class(class),
            pod,
        };
        let uid = object.meta.uid;
        let diagnosis = cycle::find_feasible(cycle, uid, &self.nominations, self.next_start_node);
        let nodes = self.cache.order().len();
        self.next_start_node = (self.next_start_node + diagnosis.processed) % nodes.max(1);
        diagnosis
    }

    fn pick(&self, class: ClassId, pod: &PodBody, feasible: &[NodeId]) -> Option<NodeId> {
        if feasible.len() <= 1 {
            return feasible.first().copied();
        }
        let cycle = Cycle {
            cache: &self.cache,
            class: self.cache.class(class),
            pod,
        };
        let totals = cycle::totals(&cycle::score(cycle, feasible), feasible.len());
        cycle::choose(&totals)
            .and_then(|index| feasible.get(index))
            .copied()
    }

    /// Asks for the volumes that wait for the pod to have a node; whether there are any.
    fn asks_for_volumes(
        &self,
        class: ClassId,
        pod: &PodBody,
        node: NodeId,
        client: &mut Client<'_>,
    ) -> bool {
        let node = &self.cache.node(node).name;
        let claims = plugins::delayed(Cycle {
            cache: &self.cache,
            class: self.cache.class(class),
            pod,
        });
        for claim in &claims {
            let live = client.live().get(&claim.key()).cloned();
            let unasked = live.filter(|c| c.meta.annotation(SELECTED_NODE).is_none());
            if let Some(mut new) = unasked.map(|claim| (*claim).clone()) {
                new.meta.set_annotation(SELECTED_NODE, Some(node));
                // Whoever has changed or deleted the claim meanwhile wakes the pod again.
                let _ = client.update(new);
            }
        }
        !claims.is_empty()
    }

    fn assume_and_bind(
        &mut self,
        queued: QueuedPod,
        class: ClassId,
        node: NodeId,
        client: &mut Client<'_>,
    ) {
        let node = self.cache.node(node).name.clone();
        let object = queued.object.clone();
        let (key, uid) = (object.key(), object.meta.uid);
        self.cache.book(class, &node, false, 1);
        match client.bind(&key, &node) {
            Ok(_) => {
                self.forget_nomination(uid);
                let note = Message::new(
                    "Successfully assigned {}/{} to {}",
                    [(&key.namespace).into(), (&key.name).into(), (&node).into()],
                );
                self.recorder
                    .normal(client, InvolvedObject::of(&object), "Scheduled", note);
                self.assumed.insert(uid, Assumed { key, class, node });
            }
            Err(error) => {
                self.cache.book(class, &node, false, -1);
                self.fail(queued, binding_rejected(&error), client);
            }
        }
    }

    /// Records why a pod found no node and puts it back into the queue.
    fn fail(&mut self, queued: QueuedPod, failure: Failure, client: &mut Client<'_>) {
        let object = queued.object.clone();
        let key = object.key();
        if still_pending(client, &object) {
            self.queue
                .add_failed(queued, failure.rejectors, client.now());
            match &failure.nominated {
                NominatedNode::Keep => {}
                NominatedNode::Clear => self.forget_nomination(object.meta.uid),
                NominatedNode::Set(node) => self.nominate(&object, node),
            }
        }
        let note = report::truncated(&failure.message);
        let about = InvolvedObject::of(&object);
        self.recorder
            .warning(client, about, "FailedScheduling", note);
        write_condition(client, &key, object.meta.uid, &failure);
    }

    fn nominate(&mut self, object: &Object, node: &Arc<str>) {
        let Some(pod) = object.pod() else { return };
        self.forget_nomination(object.meta.uid);
        let nomination = Nomination {
            uid: object.meta.uid,
            priority: pod.spec.facts.priority,
            class: self.cache.class_of(object, pod),
        };
        self.nominations
            .entry(node.clone())
            .or_default()
            .push(nomination);
    }

    fn forget_nomination(&mut self, uid: Uid) {
        self.nominations.retain(|_, promised| {
            promised.retain(|nomination| nomination.uid != uid);
            !promised.is_empty()
        });
    }
}

fn binding_rejected(error: &ApiError) -> Failure {
    Failure {
        reason: "SchedulerError",
        message: format!("binding rejected: {error}"),
        rejectors: 0,
        nominated: NominatedNode::Clear,
    }
}

/// Whether the API server still holds the pod without a node.
fn still_pending(client: &Client<'_>, object: &Object) -> bool {
    let found = client.live().get(&object.key());
    let same = found.filter(|found| found.meta.uid == object.meta.uid);
    same.and_then(|found| found.pod())
        .is_some_and(|pod| pod.node_name.is_none())
}

/// Patches the condition `PodScheduled`, and the nominated node if there is a new one.
fn write_condition(client: &mut Client<'_>, key: &Key, uid: Uid, failure: &Failure) {
    let live = client
        .live()
        .get(key)
        .filter(|found| found.meta.uid == uid)
        .cloned();
    let Some(live) = live else { return };
    let mut object = (*live).clone();
    let Body::Pod(pod) = &mut object.body else {
        return;
    };
    let condition = PodCondition {
        kind: PodConditionType::PodScheduled,
        status: ConditionStatus::False,
        reason: Some(failure.reason.into()),
        message: Some(failure.message.as_str().into()),
        transition: client.now().whole_secs(),
        observed_generation: object.meta.generation,
    };
    let status = Arc::make_mut(&mut pod.status);
    status.set_condition(condition);
    match &failure.nominated {
        NominatedNode::Keep => {}
        NominatedNode::Clear => status.nominated_node = None,
        NominatedNode::Set(node) => status.nominated_node = Some(node.clone()),
    }
    // The pod may be gone or bound by now; upstream logs that and goes on.
    let _ = client.update_status(object);
}

impl Component for Scheduler {
    fn observe(&mut self, change: &Change<'_>, now: SimTime) {
        self.note(change, now);
    }

    fn next_run(&self) -> Option<SimTime> {
        self.queue.next_run()
    }

    fn run(&mut self, client: &mut Client<'_>) {
        client.set_actor(NAME);
        self.queue.flush(client.now());
        while let Some(pod) = self.queue.pop() {
            self.schedule_one(pod, client);
        }
    }

    fn digest(&self, digest: &mut Digest) {
        // The cache is what the store holds at the cursor, but for the order of nodes.
        for zone in self.cache.names_by_zone() {
            zone.hash(digest);
        }
        (&self.queue, &self.assumed, &self.nominations).hash(digest);
        (self.next_start_node, &self.recorder).hash(digest);
    }
}
