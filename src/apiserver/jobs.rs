//! The selector and the labels that a new Job gets.
//!
//! Upstream: `pkg/registry/batch/job/strategy.go` (generateSelector).

use std::sync::Arc;

use crate::api::{Body, JobBody, Object};

use super::defaults;

/// Labels of a Job's pods; the newer two carry the group's name.
pub(super) const JOB_NAME: [&str; 2] = ["job-name", "batch.kubernetes.io/job-name"];
pub(super) const CONTROLLER_UID: [&str; 2] =
    ["controller-uid", "batch.kubernetes.io/controller-uid"];

/// Makes a Job select its own pods by its uid, unless `manualSelector` says otherwise. Labels that
/// were given stay: validation refuses those that contradict.
pub(super) fn generate_selector(object: &mut Object) {
    let (name, uid) = (object.meta.name.to_string(), object.meta.uid.to_string());
    let Body::Job(job) = &mut object.body else {
        return;
    };
    if job.spec.manual_selector != Some(true) {
        let mut spec = (**job.spec).clone();
        // Who creates a Job from a template sends it without what decoding fills in.
        defaults::job(&mut spec);
        let template = spec.template.metadata.get_or_insert_default();
        let labels = template.labels.get_or_insert_default();
        for (keys, value) in [(JOB_NAME, &name), (CONTROLLER_UID, &uid)] {
            for key in keys {
                labels.entry(key.into()).or_insert_with(|| value.clone());
            }
        }
        let selector = spec.selector.get_or_insert_default();
        let selected = selector.match_labels.get_or_insert_default();
        let [_, key] = CONTROLLER_UID;
        selected.entry(key.into()).or_insert(uid);
        *job = JobBody::new(spec, (*job.status).clone());
    }
    default_labels(object);
}

/// A Job without labels has those of its pods, as often as it is read.
pub(super) fn default_labels(object: &mut Object) {
    if let (Body::Job(job), true) = (&object.body, object.meta.labels.is_empty()) {
        object.meta.labels = Arc::clone(&job.template.labels);
    }
}
