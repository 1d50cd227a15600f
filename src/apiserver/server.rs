//! Writes: create, update, update of the status, bind; with names, uids, generations, conflicts.
//!
//! Upstream: `apiserver/pkg/registry/generic/registry/store.go`, `rest/{create,update}.go`,
//! `pkg/registry/core/pod/storage` (binding).

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use crate::api::{
    Body, ConditionStatus, Key, Kind, Meta, Object, PodCondition, PodConditionType, PodStatus, Uid,
};
use crate::clock::{Seed, SimTime, Span};
use crate::profile::Profile;

use super::managed::{Note, Writer};
use super::strategy::{keep_status, keep_system_fields, number_template, same_spec, take_status};
use super::{ApiError, Cause, Store, admission, defaults, in_version, jobs, services, validation};

/// Flags of the API server that a scenario may set.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ApiOptions {
    pub profile: Profile,
    /// `--default-not-ready-toleration-seconds`.
    pub not_ready_toleration_secs: i64,
    /// `--default-unreachable-toleration-seconds`.
    pub unreachable_toleration_secs: i64,
    /// `--event-ttl`.
    pub event_ttl: Span,
    /// `--metric-resolution` of the metrics server: how often it asks the kubelets.
    pub metric_resolution: Span,
    /// The simulation's own limit: no pod is created beyond it.
    pub pods_max: usize,
}

impl Default for ApiOptions {
    fn default() -> Self {
        ApiOptions {
            profile: Profile::default(),
            not_ready_toleration_secs: 300,
            unreachable_toleration_secs: 300,
            event_ttl: Span::secs(3600),
            metric_resolution: Span::secs(15),
            pods_max: 200_000,
        }
    }
}

/// What the API server remembers beside the store; part of a checkpoint.
#[derive(Clone, Debug, Hash)]
pub struct ApiState {
    pub now: SimTime,
    pub seed: Seed,
    pub options: ApiOptions,
    /// How many names were generated for each owner.
    generated: BTreeMap<Uid, u64>,
    pods: usize,
    /// All event slots before this one are empty.
    oldest_event: u32,
    /// How many services have an address of the service CIDR.
    pub services: u32,
}

/// The API server with its store.
pub struct ApiServer {
    pub(super) store: Store,
    /// Who writes as a user, while such a write is under way: a field manager to be noted.
    pub writer: Option<Writer>,
    pub state: ApiState,
}

impl ApiServer {
    /// An empty server.
    pub fn new(seed: Seed, now: SimTime, options: ApiOptions) -> ApiServer {
        let state = ApiState {
            now,
            seed,
            options,
            generated: BTreeMap::new(),
            pods: 0,
            oldest_event: 0,
            services: 0,
        };
        ApiServer {
            store: Store::default(),
            writer: None,
            state,
        }
    }

    /// The store, to read.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Takes the store back to a revision and the state to what it was then.
    pub fn restore(&mut self, revision: u64, state: ApiState) {
        self.store.truncate(revision);
        self.state = state;
    }

    /// Creates an object that is decoded and defaulted. Names it from `generateName` if it has no
    /// name. Errors: as the server's.
    pub fn create(&mut self, mut object: Object, cause: Cause) -> Result<Arc<Object>, ApiError> {
        let kind = object.kind();
        self.check_served(kind)?;
        self.check_namespace(&object)?;
        if object.meta.name.is_empty() && object.meta.generate_name.is_some() {
            object.meta.name = self.generate_name(&object.meta);
        }
        let key = object.key();
        let slot = self.store.slot(&key);
        if slot.is_some_and(|slot| self.store.latest(kind, slot).is_some()) {
            return Err(ApiError::already_exists(kind, &key.name));
        }
        let births = slot.map_or(0, |slot| self.store.deaths(kind, slot));
        let named = (kind, &*key.namespace, &*key.name);
        object.meta.uid = Uid(self.state.seed.uuid(named, births));
        object.meta.created = self.state.now;
        object.meta.deletion = None;
        object.meta.generation = i64::from(kind.info().has_generation);
        let from_template = object.pod().is_some_and(|pod| pod.spec.admitted);
        let writer = self.writer.clone();
        let note = writer.map(|writer| Note::Created(writer, Box::new(object.clone())));
        admission::admit(self, &mut object)?;
        defaults::admit_storage(&mut object, self.store.head());
        number_template(&mut object, None);
        services::allocate(self, &mut object);
        defaults::start_status(&mut object);
        jobs::generate_selector(&mut object);
        let causes = validation::validate_create(&object, from_template);
        if !causes.is_empty() {
            return Err(ApiError::invalid(kind, &object.meta.name, causes));
        }
        self.charge_quotas(&object, None, cause)?;
        self.to_storage(&mut object);
        self.count_pods(kind, true);
        let stored = self.commit(&key, object, cause);
        if let Some(note) = note {
            self.store.take_note(stored.meta.resource_version, note);
        }
        Ok(stored)
    }

    /// Writes labels, annotations, owners, finalizers and spec; the status stays as stored. Bumps
    /// the generation if the spec changed; writes nothing if nothing changed. An object whose last
    /// finalizer went while it was being deleted is removed. Errors: NotFound, Conflict if
    /// `resource_version` is set and stale, Invalid.
    pub fn update(&mut self, mut object: Object, cause: Cause) -> Result<Arc<Object>, ApiError> {
        let key = object.key();
        let (slot, old) = self.locate(&key, object.meta.resource_version)?;
        keep_system_fields(&mut object.meta, &old.meta);
        // What a custom object was is asked in the version in which it is written.
        let seen = in_version(&old, key.kind);
        keep_status(&mut object, &old);
        number_template(&mut object, Some(&old));
        if !same_spec(&object, &seen) && object.meta.generation > 0 {
            object.meta.generation += 1;
        } else if key.kind == Kind::Deployment && object.meta.annotations != old.meta.annotations {
            // Upstream's Deployment strategy counts annotations as spec on the main resource.
            object.meta.generation += 1;
        }
        let causes = validation::validate_update(&object, &seen);
        if !causes.is_empty() {
            return Err(ApiError::invalid(key.kind, &key.name, causes));
        }
        self.to_storage(&mut object);
        // A pod within its grace period stays until its kubelet has ended it.
        if object.meta.deletion.is_some_and(|d| d.grace_secs == 0)
            && object.meta.finalizers.is_empty()
        {
            self.remove(&key, cause);
            object.meta.resource_version = self.store.revision();
            return Ok(Arc::new(object));
        }
        self.charge_quotas(&object, Some(&old), cause)?;
        let stored = self.commit_if_changed(slot, object, &old, cause);
        if let Some(writer) = self.writer.clone()
            && stored.meta.resource_version != old.meta.resource_version
        {
            let note = Note::Updated(writer);
            self.store.take_note(stored.meta.resource_version, note);
        }
        Ok(stored)
    }

    /// Writes status (and labels and annotations, as the status strategy of workloads lets pass);
    /// the spec stays as stored. Errors: NotFound, Conflict.
    pub fn update_status(&mut self, object: Object, cause: Cause) -> Result<Arc<Object>, ApiError> {
        let key = object.key();
        let (slot, old) = self.locate(&key, object.meta.resource_version)?;
        let mut new = (*old).clone();
        new.meta.annotations = object.meta.annotations.clone();
        take_status(&mut new, object);
        Ok(self.commit_if_changed(slot, new, &old, cause))
    }

    /// Assigns a pod to a node. Errors: NotFound, Conflict (bound already, or being deleted).
    pub fn bind(
        &mut self,
        key: &Key,
        node: &Arc<str>,
        cause: Cause,
    ) -> Result<Arc<Object>, ApiError> {
        let (slot, old) = self.locate(key, 0)?;
        let mut new = (*old).clone();
        let Body::Pod(pod) = &mut new.body else {
            return Err(ApiError::not_found(key.kind, &key.name));
        };
        if let Some(bound) = &pod.node_name {
            return Err(ApiError::conflict(
                key,
                &format!("pod {} is already assigned to node \"{bound}\"", key.name),
            ));
        }
        if new.meta.deletion.is_some() {
            let why = format!(
                "pod {} is being deleted, cannot be assigned to a host",
                key.name
            );
            return Err(ApiError::conflict(key, &why));
        }
        pod.node_name = Some(node.clone());
        let status = Arc::make_mut(&mut pod.status);
        status.nominated_node = None;
        status.set_condition(PodCondition {
            kind: PodConditionType::PodScheduled,
            status: ConditionStatus::True,
            reason: None,
            message: None,
            transition: self.state.now.whole_secs(),
            observed_generation: new.meta.generation,
        });
        let digest = new.digest();
        Ok(self.put_in(slot, new, digest, cause))
    }

    /// Writes an event as it is given (the recorder has done the counting).
    pub fn put_event(&mut self, object: Object, cause: Cause) -> Arc<Object> {
        let key = object.key();
        self.commit(&key, object, cause)
    }

    /// Removes events that were last written longer ago than the event TTL.
    pub fn expire_events(&mut self, cause: Cause) {
        self.remove_events(self.state.now - self.state.options.event_ttl, cause);
    }

    /// Removes every event.
    pub fn forget_events(&mut self, cause: Cause) {
        self.remove_events(self.state.now, cause);
    }

    fn remove_events(&mut self, deadline: SimTime, cause: Cause) {
        let (mut expired, mut oldest, mut all_gone) = (Vec::new(), self.state.oldest_event, true);
        self.store
            .visit_by_age(Kind::Event, oldest, |slot, object| {
                if let Some((object, event)) = object.and_then(|o| Some((o, o.event()?))) {
                    if object.meta.created > deadline {
                        return ControlFlow::Break(());
                    }
                    if event.last <= deadline {
                        expired.push(object.key());
                    } else {
                        all_gone = false;
                    }
                }
                if all_gone {
                    oldest = slot + 1;
                }
                ControlFlow::Continue(())
            });
        self.state.oldest_event = oldest;
        for key in expired {
            self.remove(&key, cause);
        }
    }

    pub(super) fn current(
        &self,
        key: &Key,
        resource_version: u64,
    ) -> Result<Arc<Object>, ApiError> {
        self.locate(key, resource_version).map(|found| found.1)
    }

    /// The object as it is now, and its slot in the store.
    fn locate(&self, key: &Key, resource_version: u64) -> Result<(u32, Arc<Object>), ApiError> {
        let slot = self.store.slot(key);
        let found = slot.and_then(|slot| Some((slot, self.store.latest(key.kind, slot)?.clone())));
        let found = found.ok_or_else(|| ApiError::not_found(key.kind, &key.name))?;
        if resource_version != 0 && resource_version != found.1.meta.resource_version {
            return Err(ApiError::stale(key));
        }
        Ok(found)
    }

    pub(super) fn commit(&mut self, key: &Key, object: Object, cause: Cause) -> Arc<Object> {
        let (digest, now) = (object.digest(), self.state.now);
        let stored = self.store.put(key, Some(object), digest, now, cause);
        stored.unwrap_or_else(|| unreachable!("it was just stored"))
    }

    fn put_in(&mut self, slot: u32, object: Object, digest: u64, cause: Cause) -> Arc<Object> {
        let (kind, now) = (object.kind(), self.state.now);
        let stored = self
            .store
            .put_in(kind, slot, Some(object), digest, now, cause);
        stored.unwrap_or_else(|| unreachable!("it was just stored"))
    }

    fn commit_if_changed(
        &mut self,
        slot: u32,
        object: Object,
        old: &Arc<Object>,
        cause: Cause,
    ) -> Arc<Object> {
        let digest = object.digest();
        if self.store.digest_of_current(object.kind(), slot) == Some(digest) {
            return old.clone();
        }
        self.put_in(slot, object, digest, cause)
    }

    pub(super) fn remove(&mut self, key: &Key, cause: Cause) {
        self.count_pods(key.kind, false);
        self.store.put(key, None, 0, self.state.now, cause);
    }

    fn count_pods(&mut self, kind: Kind, born: bool) {
        if kind == Kind::Pod {
            self.state.pods = if born {
                self.state.pods + 1
            } else {
                self.state.pods.saturating_sub(1)
            };
        }
    }

    /// Pods that exist.
    pub fn pod_count(&self) -> usize {
        self.state.pods
    }

    fn check_namespace(&self, object: &Object) -> Result<(), ApiError> {
        let namespace = &object.meta.namespace;
        if namespace.is_empty() {
            return Ok(());
        }
        let found = self.store.head().find(Kind::Namespace, "", namespace);
        let found = found.ok_or_else(|| ApiError::not_found(Kind::Namespace, namespace))?;
        if found.meta.is_deleting() {
            let why = format!(
                "unable to create new content in namespace {namespace} because it is being terminated"
            );
            return Err(ApiError::forbidden(object.kind(), &object.meta.name, &why));
        }
        Ok(())
    }

    /// Names are hashes of (seed, owner's uid, count): one object more never renames another.
    fn generate_name(&mut self, meta: &Meta) -> Arc<str> {
        let base: String = meta
            .generate_name
            .iter()
            .flat_map(|n| n.chars())
            .take(58)
            .collect();
        let owner = meta.controller().map(|c| c.uid).unwrap_or_default();
        let count = self.state.generated.entry(owner).or_default();
        *count += 1;
        let suffix = self.state.seed.suffix((owner, base.as_str()), *count);
        format!("{base}{suffix}").into()
    }
}

/// The status that a new pod starts with.
pub(super) fn fresh_pod_status() -> Arc<PodStatus> {
    Arc::new(PodStatus::default())
}
