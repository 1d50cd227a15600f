//! Objects changed as verbs change them: pod templates, pauses.
//!
//! Upstream: `kubectl/pkg/polymorphichelpers`.

use std::sync::Arc;

use k8s_openapi::api::core::v1::PodTemplateSpec;

use crate::api::{
    Body, CronJobBody, DaemonSetBody, DeploymentBody, Hashed, JobBody, Object, PodTemplate,
    StatefulSetBody,
};

/// The pod template of a workload.
pub fn template(object: &Object) -> Option<&PodTemplateSpec> {
    match &object.body {
        Body::Deployment(deployment) => Some(&deployment.template.api),
        Body::ReplicaSet(rs) | Body::ReplicationController(rs) => Some(&rs.template.api),
        Body::DaemonSet(ds) => Some(&ds.template.api),
        Body::StatefulSet(set) => Some(&set.template.api),
        Body::Job(job) => Some(&job.template.api),
        Body::CronJob(cron_job) => Some(&cron_job.spec.job_template.spec.as_ref()?.template),
        _ => None,
    }
}

/// The object with another pod template.
pub fn with_template(object: &Object, template: PodTemplateSpec) -> Option<Object> {
    let mut new = object.clone();
    match &mut new.body {
        Body::Deployment(deployment) => {
            let mut spec = (**deployment.spec).clone();
            spec.template = template;
            *deployment = DeploymentBody::new(spec, deployment.status.clone());
        }
        Body::ReplicaSet(rs) | Body::ReplicationController(rs) => {
            rs.template = PodTemplate::new(template);
        }
        Body::DaemonSet(ds) => {
            let mut spec = (**ds.spec).clone();
            spec.template = template;
            *ds = DaemonSetBody::new(spec, ds.status.clone());
        }
        Body::StatefulSet(set) => {
            let mut spec = (**set.spec).clone();
            spec.template = template;
            *set = StatefulSetBody::new(spec, set.status.clone());
        }
        Body::Job(job) => {
            let mut spec = (**job.spec).clone();
            spec.template = template;
            *job = JobBody::new(spec, (*job.status).clone());
        }
        Body::CronJob(cron_job) => {
            let mut spec = (**cron_job.spec).clone();
            spec.job_template.spec.get_or_insert_default().template = template;
            *cron_job = CronJobBody::new(spec, (*cron_job.status).clone());
        }
        _ => return None,
    }
    Some(new)
}

/// The Deployment with its spec's `paused` set or not; `None` for other kinds.
pub fn with_paused(object: &Object, paused: bool) -> Option<Object> {
    let mut new = object.clone();
    let Body::Deployment(deployment) = &mut new.body else {
        return None;
    };
    let mut spec = (**deployment.spec).clone();
    spec.paused = paused.then_some(true);
    deployment.spec = Arc::new(Hashed::new(spec));
    Some(new)
}

/// Whether a Deployment is paused.
pub fn is_paused(object: &Object) -> bool {
    object
        .deployment()
        .is_some_and(|d| d.spec.paused == Some(true))
}
