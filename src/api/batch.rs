//! Jobs and CronJobs.
//!
//! Upstream: `batch/v1`. Both keep their spec as the API has it; a Job also keeps its template in
//! the form that its pods share.

use std::sync::Arc;

use k8s_openapi::api::batch::v1::{CronJobSpec, JobSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use crate::clock::SimTime;

use super::template::Hashed;
use super::{Condition, ConditionStatus, PodTemplate, Selector, Uid};

/// `spec` and `status` of a Job.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct JobBody {
    pub spec: Arc<Hashed<JobSpec>>,
    /// `spec.template` again, in the form that pods share.
    pub template: Arc<PodTemplate>,
    pub selector: Arc<Selector>,
    pub status: Arc<JobStatus>,
}

impl JobBody {
    /// Wraps a defaulted spec.
    pub fn new(spec: JobSpec, status: JobStatus) -> JobBody {
        let template = PodTemplate::new(spec.template.clone());
        let nothing = LabelSelector::default();
        let selector = Selector::from_api(spec.selector.as_ref().unwrap_or(&nothing));
        JobBody {
            spec: Arc::new(Hashed::by_value(spec)),
            template,
            selector: Arc::new(selector),
            status: Arc::new(status),
        }
    }

    /// `spec.parallelism` (defaulted to 1).
    pub fn parallelism(&self) -> i32 {
        self.spec.parallelism.unwrap_or(1)
    }

    /// `spec.backoffLimit` (defaulted to 6).
    pub fn backoff_limit(&self) -> i32 {
        self.spec.backoff_limit.unwrap_or(6)
    }

    /// Whether the completion mode is `Indexed`.
    pub fn is_indexed(&self) -> bool {
        self.spec.completion_mode.as_deref() == Some("Indexed")
    }

    /// `spec.suspend`.
    pub fn is_suspended(&self) -> bool {
        self.spec.suspend == Some(true)
    }

    /// Whether a pod is only replaced once it has ended, not as soon as it is being deleted.
    pub fn replaces_only_failed(&self) -> bool {
        self.spec.pod_failure_policy.is_some()
            || self.spec.pod_replacement_policy.as_deref() == Some("Failed")
    }
}

/// `status` of a Job; zero counts are left out when printed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct JobStatus {
    pub start_time: Option<SimTime>,
    pub completion_time: Option<SimTime>,
    pub active: i32,
    pub succeeded: i32,
    pub failed: i32,
    /// `None` until the controller has written a status; then printed even if 0.
    pub ready: Option<i32>,
    pub terminating: Option<i32>,
    /// `0-2,5`.
    pub completed_indexes: String,
    pub failed_indexes: Option<String>,
    pub uncounted: Option<UncountedPods>,
    /// In the order in which they were first set; `updated` is `lastProbeTime`.
    pub conditions: Vec<Condition>,
}

/// Ended pods that are on their way into the counters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct UncountedPods {
    pub succeeded: Vec<Uid>,
    pub failed: Vec<Uid>,
}

impl JobStatus {
    /// The condition of a type, if it is True.
    pub fn met(&self, kind: &str) -> Option<&Condition> {
        let met = |c: &&Condition| &*c.kind == kind && c.status == ConditionStatus::True;
        self.conditions.iter().find(met)
    }

    /// `Complete` or `Failed`, whichever is True.
    pub fn finished(&self) -> Option<&Condition> {
        self.met("Complete").or_else(|| self.met("Failed"))
    }
}

/// `spec` and `status` of a CronJob.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CronJobBody {
    pub spec: Arc<Hashed<CronJobSpec>>,
    pub status: Arc<CronJobStatus>,
}

impl CronJobBody {
    /// Wraps a defaulted spec.
    pub fn new(spec: CronJobSpec, status: CronJobStatus) -> CronJobBody {
        CronJobBody {
            spec: Arc::new(Hashed::by_value(spec)),
            status: Arc::new(status),
        }
    }

    /// The spec of the Jobs to come; an absent one is empty.
    pub fn job_spec(&self) -> JobSpec {
        self.spec.job_template.spec.clone().unwrap_or_default()
    }
}

/// `status` of a CronJob.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct CronJobStatus {
    pub active: Vec<ActiveJob>,
    pub last_schedule: Option<SimTime>,
    pub last_successful: Option<SimTime>,
}

/// An entry of `status.active`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ActiveJob {
    pub namespace: Arc<str>,
    pub name: Arc<str>,
    pub uid: Uid,
    /// The Job's revision when it was noted.
    pub resource_version: u64,
}
