//! The controller manager: a table of controllers, each a loop around a work queue.
//!
//! Upstream: `cmd/kube-controller-manager/app`, `pkg/controller`. Differs: one worker a controller,
//! since a reconcile takes no simulated time; caches of all controllers move together.

use std::collections::BTreeMap;
use std::hash::Hash;
use std::sync::Arc;

use crate::api::{Key, Kind};
use crate::apiserver::{ApiError, Change, Trigger};
use crate::client::{Client, Component, Expectations, Recorder, Workqueue};
use crate::clock::{Digest, SimTime, Span};

/// Every controller, in the order in which they act at one moment.
pub const CONTROLLERS: &[&dyn Controller] = &[];

/// One loop of the controller manager. Stateless: what it must remember lies on its desk.
pub trait Controller: Sync {
    /// The actor in every write, and the component of its events.
    fn name(&self) -> &'static str;
    /// What wakes it.
    fn watches(&self) -> &'static [Watch];
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
    pub note: fn(&Change<'_>, &mut Desk, SimTime),
}

/// What a controller remembers between two reconciles; plain data, part of a checkpoint.
#[derive(Clone, Debug, Hash)]
pub struct Desk {
    pub queue: Workqueue<Key>,
    pub expectations: Expectations,
    pub recorder: Recorder,
    pub options: Arc<Options>,
    /// Anything else, by a word and a name; meaning is the controller's own.
    pub notes: BTreeMap<(&'static str, Arc<str>), i64>,
}

/// Flags of the controller manager that a scenario may set.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Options {
    /// `--node-monitor-grace-period`.
    pub node_monitor_grace: Span,
    /// `--node-monitor-period`.
    pub node_monitor_period: Span,
    /// Monitor passes happen at this moment plus multiples of the period.
    pub started: SimTime,
}

/// The process: all controllers with their desks.
#[derive(Clone)]
pub struct Manager {
    desks: Vec<Desk>,
}

impl Manager {
    /// A manager with empty desks.
    pub fn new(options: Options) -> Manager {
        let options = Arc::new(options);
        let desk = |controller: &&dyn Controller| Desk {
            queue: Workqueue::default(),
            expectations: Expectations::default(),
            recorder: Recorder::new(controller.name(), "", false),
            options: options.clone(),
            notes: BTreeMap::new(),
        };
        Manager {
            desks: CONTROLLERS.iter().map(desk).collect(),
        }
    }
}

impl Component for Manager {
    fn observe(&mut self, change: &Change<'_>, now: SimTime) {
        for (controller, desk) in CONTROLLERS.iter().zip(&mut self.desks) {
            for watch in controller
                .watches()
                .iter()
                .filter(|w| w.kind == change.kind)
            {
                (watch.note)(change, desk, now);
            }
        }
    }

    fn next_run(&self) -> Option<SimTime> {
        self.desks
            .iter()
            .filter_map(|desk| desk.queue.next_at())
            .min()
    }

    fn run(&mut self, client: &mut Client<'_>) {
        let now = client.now();
        for (controller, desk) in CONTROLLERS.iter().zip(&mut self.desks) {
            client.set_actor(controller.name());
            while let Some((key, trigger)) = desk.queue.pop(now) {
                client.set_trigger(trigger);
                match controller.reconcile(&key, desk, client) {
                    Ok(()) => desk.queue.forget(&key),
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
        }
    }

    fn digest(&self, digest: &mut Digest) {
        self.desks.hash(digest);
    }
}
