//! The controller manager: a table of controllers, each a loop around a work queue.
//!
//! Upstream: `cmd/kube-controller-manager/app`, `pkg/controller`. Differs: one worker a controller,
//! since a reconcile takes no simulated time; caches of all controllers move together.

mod apiservice;
mod cronjob;
mod custom;
mod daemonset;
mod deployment;
mod disruption;
#[cfg(test)]
mod drive;
mod endpoints;
mod garbage_collector;
mod hash;
#[cfg(test)]
mod haste;
mod horizontal_pod_autoscaler;
mod job;
mod namespace;
mod node_lifecycle;
mod options;
mod pod_control;
mod pod_gc;
mod rank;
mod replicaset;
mod resourcequota;
mod revisions;
mod root_ca;
mod serviceaccount;
mod statefulset;
mod taint_eviction;
mod ttl_after_finished;
mod util;
mod volume;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hash;
use std::sync::{Arc, OnceLock};

use crate::api::{Key, Kind, Selector};
use crate::apiserver::{ApiError, Change, Snapshot, Trigger};
use crate::client::{Client, Component, Expectations, Recorder, Workqueue};
use crate::clock::{Digest, SimTime, Span};

pub use options::Options;

/// Every controller, in the order in which they act at one moment. ReplicaSets come before their
/// Deployments: real requests take time, and a new ReplicaSet has told its first status before its
/// Deployment, which writes more in a sync, comes to scale it again (recordings A5, A9a, A9c, A9r).
pub const CONTROLLERS: &[&dyn Controller] = &[
    &replicaset::ReplicaSetController,
    &replicaset::ReplicationManager,
    &deployment::DeploymentController,
    &daemonset::DaemonSetController,
    &job::JobController,
    &cronjob::CronJobController,
    &ttl_after_finished::TtlAfterFinished,
    &statefulset::StatefulSetController,
    &volume::VolumeBinder,
    &volume::Provisioner,
    &volume::StorageProtection,
    &garbage_collector::GarbageCollector,
    &namespace::NamespaceController,
    &node_lifecycle::NodeLifecycleController,
    &taint_eviction::TaintEvictionController,
    &pod_gc::PodGc,
    &serviceaccount::ServiceAccountController,
    &root_ca::RootCaPublisher,
    &endpoints::EndpointSliceController,
    &endpoints::EndpointsController,
    &resourcequota::ResourceQuotaController,
    &disruption::DisruptionController,
    &horizontal_pod_autoscaler::HorizontalPodAutoscaler,
    &apiservice::AvailableCondition,
    &custom::NamingController,
    &custom::EstablishingController,
    &custom::Finalizer,
];

/// One loop of the controller manager. Stateless: what it must remember lies on its desk.
pub trait Controller: Sync {
    /// The actor in every write.
    fn name(&self) -> &'static str;
    /// The component of its events, where that is another word.
    fn event_source(&self) -> &'static str {
        self.name()
    }
    /// After how many failures in a row a key is dropped until the next change wakes it.
    fn max_retries(&self) -> u32 {
        u32::MAX
    }
    /// The first and the longest wait before a failed key comes again, where they are others than
    /// those of most queues.
    fn retry(&self, _options: &Options) -> Option<(Span, Span)> {
        None
    }
    /// What wakes it.
    fn watches(&self) -> &'static [Watch];
    /// What it notes of changes of custom objects of every kind, if anything.
    fn note_custom(&self) -> Option<Note> {
        None
    }
    /// Brings the world closer to what the object of this key asks for. Errors: the key comes again
    /// after its back-off.
    fn reconcile(
        &self,
        key: &Key,
        desk: &mut Desk,
        client: &mut Client<'_>,
    ) -> Result<(), ApiError>;
}

/// A watch: on what, and what a change means for the desk (keys to add, expectations met).
pub struct Watch {
    pub kind: Kind,
    pub note: Note,
}

/// What a change means for a desk.
pub type Note = fn(&Change<'_>, &mut Desk, SimTime);

/// Who watches a kind, by the controllers' places in the table: most changes concern few of them.
fn watchers(kind: Kind) -> &'static [(usize, Note)] {
    // Custom kinds are in no table: they all count as `None`.
    type Table = BTreeMap<Option<Kind>, Vec<(usize, Note)>>;
    static TABLE: OnceLock<Table> = OnceLock::new();
    let table = TABLE.get_or_init(|| {
        let mut table = Table::new();
        for (index, controller) in CONTROLLERS.iter().enumerate() {
            let watches = controller.watches().iter();
            let watches = watches.map(|watch| (Some(watch.kind), watch.note));
            let custom = controller.note_custom().map(|note| (None, note));
            for (kind, note) in watches.chain(custom) {
                table.entry(kind).or_default().push((index, note));
            }
        }
        table
    });
    let kind = Some(kind).filter(|kind| kind.place().is_some());
    table.get(&kind).map_or(&[], Vec::as_slice)
}

/// What a controller remembers between two reconciles; plain data, part of a checkpoint.
#[derive(Clone, Debug, Hash)]
pub struct Desk {
    pub queue: Workqueue<Key>,
    pub expectations: Expectations,
    pub recorder: Recorder,
    pub options: Arc<Options>,
    /// What it has counted or noted of its watches.
    notes: Notes,
}

/// What single controllers keep from their watches beside the keys that they woke.
#[derive(Clone, Debug, Default, Hash)]
struct Notes {
    /// Objects without a controller, which one may adopt.
    orphans: BTreeSet<Key>,
    /// Counts of the pods of each ReplicaSet or ReplicationController.
    pods: replicaset::Tallies,
    daemons: daemonset::Backoffs,
    jobs: job::Jobs,
    /// The revision of the last write in a key's sync, of controllers that wait until their cache
    /// shows it.
    own_writes: BTreeMap<Key, u64>,
    provisioning: volume::Provisioning,
    graph: garbage_collector::Graph,
    nodes: node_lifecycle::Nodes,
    tainted: taint_eviction::TaintedNodes,
    pod_gc: pod_gc::PodGcNotes,
    quotas: BTreeSet<Key>,
    /// What each budget picks.
    budgets: BTreeMap<Key, Selector>,
    /// What was asked for and done by each autoscaler.
    autoscalers: BTreeMap<Key, horizontal_pod_autoscaler::Memory>,
    /// Who answers for which API.
    backends: apiservice::Backends,
    /// What each Service picks.
    selectors: BTreeMap<Key, BTreeMap<String, String>>,
}

/// The process: all controllers with their desks.
#[derive(Clone)]
pub struct Manager {
    desks: Vec<Desk>,
    /// When each desk's next key is due, in the same order; it follows from the desks.
    due: Vec<Option<SimTime>>,
}

impl Manager {
    /// A manager with empty desks.
    pub fn new(options: Options) -> Manager {
        let options = Arc::new(options);
        let desk = |controller: &&dyn Controller| Desk {
            queue: match controller.retry(&options) {
                Some((base, max)) => Workqueue::with_backoff(base, max),
                None => Workqueue::default(),
            },
            expectations: Expectations::default(),
            recorder: Recorder::new(controller.event_source(), "", false),
            options: options.clone(),
            notes: Notes::default(),
        };
        Manager {
            desks: CONTROLLERS.iter().map(desk).collect(),
            due: vec![None; CONTROLLERS.len()],
        }
    }

    fn look_at_queue(&mut self, index: usize) {
        let desk = self.desks.get(index);
        if let (Some(desk), Some(due)) = (desk, self.due.get_mut(index)) {
            *due = desk.queue.next_at();
        }
    }

    /// Hands every object to every controller once more, as a resync does.
    pub fn wake_everything(&mut self, cache: Snapshot<'_>) {
        for (controller, desk) in CONTROLLERS.iter().zip(&mut self.desks) {
            for object in controller
                .watches()
                .iter()
                .flat_map(|watch| cache.list(watch.kind, None))
            {
                desk.queue.add(object.key(), Trigger::Start);
            }
        }
        (0..self.desks.len()).for_each(|index| self.look_at_queue(index));
    }
}

impl Component for Manager {
    fn observe(&mut self, change: &Change<'_>, now: SimTime) {
        for (index, note) in watchers(change.kind) {
            if let Some(desk) = self.desks.get_mut(*index) {
                note(change, desk, now);
            }
            self.look_at_queue(*index);
        }
    }

    fn next_run(&self) -> Option<SimTime> {
        self.due.iter().flatten().min().copied()
    }

    fn run(&mut self, client: &mut Client<'_>) {
        let now = client.now();
        let all = CONTROLLERS.iter().zip(&mut self.desks).zip(&mut self.due);
        for ((controller, desk), due) in all {
            if due.is_none_or(|at| at > now) {
                continue;
            }
            client.set_actor(controller.name());
            while let Some((key, trigger)) = desk.queue.pop(now) {
                client.set_trigger(trigger);
                match controller.reconcile(&key, desk, client) {
                    Ok(()) => desk.queue.forget(&key),
                    Err(_) if desk.queue.failures(&key) >= controller.max_retries() => {
                        desk.queue.forget(&key);
                    }
                    Err(_) => {
                        let again = match trigger {
                            Trigger::Write(revision) | Trigger::Timer(revision) => {
                                Trigger::Timer(revision)
                            }
                            other => other,
                        };
                        desk.queue.add_rate_limited(key, now, again);
                    }
                }
            }
            *due = desk.queue.next_at();
        }
    }

    fn digest(&self, digest: &mut Digest) {
        self.desks.hash(digest);
    }
}
