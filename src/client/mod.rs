//! The only door for components: reads from a cache at a cursor, writes with actor and cause.
//!
//! Upstream: `client-go` (informers, listers, workqueues, event recorder).

mod expectations;
mod logs;
mod metrics;
mod recent;
mod recorder;
mod scrape;
mod workqueue;

use std::sync::Arc;

use crate::api::{Arg, Key, Message, Object, PodTemplate, SharedPodSpec};
use crate::apiserver::{ApiError, ApiServer, Cause, Change, DeleteOptions, Snapshot, Trigger};
use crate::clock::{Digest, Seed, SimTime};

pub use expectations::Expectations;
pub use logs::{LogLine, LogRun, LogSource, NoLogs};
pub use metrics::{Meters, NodeMetrics, PodMetrics, Usage};
pub use recorder::{EventSource, Recorder};
pub use workqueue::Workqueue;

/// A process of the control plane or of a node, driven by watch events and its own timers. It is a
/// plain value: clone it and you have a checkpoint.
pub trait Component {
    /// A write that the component's watch has now delivered. Only takes notes: acts come in `run`.
    fn observe(&mut self, change: &Change<'_>, now: SimTime);
    /// When `run` is wanted next; in the past or now means at once.
    fn next_run(&self) -> Option<SimTime>;
    /// Does what is due.
    fn run(&mut self, client: &mut Client<'_>);
    /// Feeds everything that decides the component's future into a digest.
    fn digest(&self, digest: &mut Digest);
}

/// A connection to the API server, for one actor at one moment.
pub struct Client<'a> {
    api: &'a mut ApiServer,
    /// The revision up to which the actor's watches have delivered.
    cursor: u64,
    cause: Cause,
    /// Who can be asked what pods use.
    meters: Option<&'a dyn Meters>,
}

impl<'a> Client<'a> {
    /// Connects an actor whose caches stand at `cursor`.
    pub fn new(api: &'a mut ApiServer, cursor: u64, cause: Cause) -> Client<'a> {
        Client {
            api,
            cursor,
            cause,
            meters: None,
        }
    }

    /// The same, with a metrics server that can ask kubelets.
    pub fn with_meters(self, meters: &'a dyn Meters) -> Client<'a> {
        let meters = Some(meters);
        Client { meters, ..self }
    }

    /// The moment.
    pub fn now(&self) -> SimTime {
        self.api.state.now
    }

    /// The seed of the world; take a labelled stream of it.
    pub fn seed(&self) -> Seed {
        self.api.state.seed
    }

    /// What the actor's caches hold.
    pub fn cache(&self) -> Snapshot<'_> {
        self.api.store().at(self.cursor)
    }

    /// What the API server holds now: a live GET or LIST.
    pub fn live(&self) -> Snapshot<'_> {
        self.api.store().head()
    }

    /// From now on writes are caused by this.
    pub fn set_trigger(&mut self, trigger: Trigger) {
        self.cause.trigger = trigger;
    }

    /// What the next write will be caused by.
    pub fn trigger(&self) -> Trigger {
        self.cause.trigger
    }

    /// From now on writes are this actor's.
    pub fn set_actor(&mut self, actor: &'static str) {
        self.cause.actor = actor;
    }

    /// The admitted spec that the pods of a template share.
    pub fn admitted_template(&self, template: &PodTemplate) -> Arc<SharedPodSpec> {
        self.api.admitted_template(template)
    }

    /// See [`ApiServer::create`].
    pub fn create(&mut self, object: Object) -> Result<Arc<Object>, ApiError> {
        self.api.create(object, self.cause)
    }

    /// See [`ApiServer::update`].
    pub fn update(&mut self, object: Object) -> Result<Arc<Object>, ApiError> {
        self.api.update(object, self.cause)
    }

    /// See [`ApiServer::update_status`].
    pub fn update_status(&mut self, object: Object) -> Result<Arc<Object>, ApiError> {
        self.api.update_status(object, self.cause)
    }

    /// See [`ApiServer::delete`].
    pub fn delete(
        &mut self,
        key: &Key,
        options: DeleteOptions,
    ) -> Result<Option<Arc<Object>>, ApiError> {
        self.api.delete(key, options, self.cause)
    }

    /// See [`ApiServer::finalize_namespace`].
    pub fn finalize_namespace(&mut self, name: &str) -> Result<(), ApiError> {
        self.api.finalize_namespace(name, self.cause)
    }

    /// See [`ApiServer::bind`].
    pub fn bind(&mut self, pod: &Key, node: &Arc<str>) -> Result<Arc<Object>, ApiError> {
        self.api.bind(pod, node, self.cause)
    }

    pub(crate) fn put_event(&mut self, object: Object) -> Arc<Object> {
        self.api.put_event(object, self.cause)
    }

    /// The server itself, for kubectl, which speaks every verb of it.
    pub fn server(&mut self) -> (&mut ApiServer, Cause) {
        (self.api, self.cause)
    }
}

/// Builds a [`Message`] from a template and arguments.
pub fn message(template: &'static str, args: impl IntoIterator<Item = Arg>) -> Message {
    Message::new(template, args)
}
