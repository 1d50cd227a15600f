//! One object: metadata and a body by kind.
//!
//! Upstream: `runtime.Object`.

use std::hash::Hash;
use std::sync::Arc;

use serde_json::Value;

use crate::clock::digest_of;

use super::{
    CronJobBody, DaemonSetBody, DeploymentBody, EventBody, JobBody, Key, Kind, LeaseBody, Meta,
    NodeBody, PodBody, ReplicaSetBody, Selector, StatefulSetBody,
};

/// One version of an object.
#[derive(Clone, Debug)]
pub struct Object {
    pub meta: Meta,
    pub body: Body,
}

/// What an object of each kind holds beside its metadata.
#[derive(Clone, Debug)]
pub enum Body {
    Pod(PodBody),
    Node(NodeBody),
    Event(Arc<EventBody>),
    Lease(LeaseBody),
    Deployment(DeploymentBody),
    ReplicaSet(ReplicaSetBody),
    DaemonSet(DaemonSetBody),
    StatefulSet(StatefulSetBody),
    ReplicationController(ReplicaSetBody),
    Job(JobBody),
    CronJob(CronJobBody),
    /// Kinds that nothing acts on yet: the object's JSON without `apiVersion`, `kind`, `metadata`.
    Data(Kind, Arc<Value>),
}

impl Object {
    /// The object's kind.
    pub fn kind(&self) -> Kind {
        match &self.body {
            Body::Pod(_) => Kind::Pod,
            Body::Node(_) => Kind::Node,
            Body::Event(_) => Kind::Event,
            Body::Lease(_) => Kind::Lease,
            Body::Deployment(_) => Kind::Deployment,
            Body::ReplicaSet(_) => Kind::ReplicaSet,
            Body::DaemonSet(_) => Kind::DaemonSet,
            Body::StatefulSet(_) => Kind::StatefulSet,
            Body::ReplicationController(_) => Kind::ReplicationController,
            Body::Job(_) => Kind::Job,
            Body::CronJob(_) => Kind::CronJob,
            Body::Data(kind, _) => *kind,
        }
    }

    /// The key under which the object is stored.
    pub fn key(&self) -> Key {
        Key {
            kind: self.kind(),
            namespace: self.meta.namespace.clone(),
            name: self.meta.name.clone(),
        }
    }

    /// The pod, if it is one.
    pub fn pod(&self) -> Option<&PodBody> {
        if let Body::Pod(pod) = &self.body {
            Some(pod)
        } else {
            None
        }
    }

    /// The node, if it is one.
    pub fn node(&self) -> Option<&NodeBody> {
        if let Body::Node(node) = &self.body {
            Some(node)
        } else {
            None
        }
    }

    /// The Deployment, if it is one.
    pub fn deployment(&self) -> Option<&DeploymentBody> {
        if let Body::Deployment(deployment) = &self.body {
            Some(deployment)
        } else {
            None
        }
    }

    /// The ReplicaSet, or the ReplicationController, which is one under an older name.
    pub fn replica_set(&self) -> Option<&ReplicaSetBody> {
        if let Body::ReplicaSet(rs) | Body::ReplicationController(rs) = &self.body {
            Some(rs)
        } else {
            None
        }
    }

    /// The DaemonSet, if it is one.
    pub fn daemon_set(&self) -> Option<&DaemonSetBody> {
        if let Body::DaemonSet(ds) = &self.body {
            Some(ds)
        } else {
            None
        }
    }

    /// The Job, if it is one.
    pub fn job(&self) -> Option<&JobBody> {
        if let Body::Job(job) = &self.body {
            Some(job)
        } else {
            None
        }
    }

    /// The StatefulSet, if it is one.
    pub fn stateful_set(&self) -> Option<&StatefulSetBody> {
        if let Body::StatefulSet(set) = &self.body {
            Some(set)
        } else {
            None
        }
    }

    /// The CronJob, if it is one.
    pub fn cron_job(&self) -> Option<&CronJobBody> {
        if let Body::CronJob(cron_job) = &self.body {
            Some(cron_job)
        } else {
            None
        }
    }

    /// The selector of a workload.
    pub fn selector(&self) -> Option<&Selector> {
        match &self.body {
            Body::Deployment(body) => Some(&body.selector),
            Body::ReplicaSet(body) | Body::ReplicationController(body) => Some(&body.selector),
            Body::DaemonSet(body) => Some(&body.selector),
            Body::StatefulSet(body) => Some(&body.selector),
            Body::Job(body) => Some(&body.selector),
            _ => None,
        }
    }

    /// The event, if it is one.
    pub fn event(&self) -> Option<&EventBody> {
        if let Body::Event(event) = &self.body {
            Some(event)
        } else {
            None
        }
    }

    /// The lease, if it is one.
    pub fn lease(&self) -> Option<&LeaseBody> {
        if let Body::Lease(lease) = &self.body {
            Some(lease)
        } else {
            None
        }
    }

    /// The free-form body, if the kind has one.
    pub fn data(&self) -> Option<&Value> {
        if let Body::Data(_, value) = &self.body {
            Some(value)
        } else {
            None
        }
    }

    /// A digest of everything in this version but its revision.
    pub fn digest(&self) -> u64 {
        match &self.body {
            Body::Pod(body) => self.digest_with(body),
            Body::Node(body) => self.digest_with(body),
            Body::Event(body) => self.digest_with(body),
            Body::Lease(body) => self.digest_with(body),
            Body::Deployment(body) => self.digest_with(body),
            Body::ReplicaSet(body) | Body::ReplicationController(body) => self.digest_with(body),
            Body::DaemonSet(body) => self.digest_with(body),
            Body::StatefulSet(body) => self.digest_with(body),
            Body::Job(body) => self.digest_with(body),
            Body::CronJob(body) => self.digest_with(body),
            Body::Data(kind, body) => self.digest_with(&(kind, body.to_string())),
        }
    }

    fn digest_with(&self, body: &impl Hash) -> u64 {
        digest_of(&(&self.meta, body))
    }
}
