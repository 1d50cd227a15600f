//! Pods created and deleted in the name of a controller, with the events that tell of it.
//!
//! Upstream: `pkg/controller/controller_utils.go` (RealPodControl, slowStartBatch).

use std::sync::Arc;

use crate::api::{InvolvedObject, Key, Object};
use crate::apiserver::{ApiError, DeleteOptions, Reason};
use crate::client::{Client, message};

use super::Desk;

/// How the server refuses whatever is created in a namespace that goes.
pub(super) const NAMESPACE_TERMINATING: &str = "because it is being terminated";

/// Sizes of the batches in which `count` creations are tried: 1, 2, 4, … as long as all succeed.
pub(super) fn batches(count: usize) -> impl Iterator<Item = usize> {
    let mut left = count;
    let mut size = 1;
    std::iter::from_fn(move || {
        let batch = left.min(size);
        left -= batch;
        size = size.saturating_mul(2);
        (batch > 0).then_some(batch)
    })
}

/// Creates pods in growing batches; the expectations of the key were set before. Errors: the last
/// refusal of the batch that failed, after which no further one is tried.
pub(super) fn create_pods(
    owner: &Object,
    key: &Key,
    pods: impl ExactSizeIterator<Item = Object>,
    desk: &mut Desk,
    client: &mut Client<'_>,
) -> Result<(), ApiError> {
    let count = pods.len();
    let mut pods = pods;
    let mut done = 0;
    for batch in batches(count) {
        let mut failed = None;
        for pod in pods.by_ref().take(batch) {
            match client.create(pod) {
                Ok(created) => {
                    let text = message("Created pod: {}", [(&created.meta.name).into()]);
                    let about = InvolvedObject::of(owner);
                    desk.recorder
                        .normal(client, about, "SuccessfulCreate", text);
                    done += 1;
                }
                // Whatever is created here would go with the namespace.
                Err(error) if error.message.ends_with(NAMESPACE_TERMINATING) => done += 1,
                Err(error) => {
                    let text = message("Error creating: {}", [error.message.as_str().into()]);
                    let about = InvolvedObject::of(owner);
                    desk.recorder.warning(client, about, "FailedCreate", text);
                    failed = Some(error);
                }
            }
        }
        let Some(error) = failed else { continue };
        // Neither the refused ones nor the batches that were not tried will ever be seen.
        for _ in done..count {
            desk.expectations.creation_observed(key);
        }
        return Err(error);
    }
    Ok(())
}

/// Deletes pods; the expectations of the key were set before. Errors: the last refusal.
pub(super) fn delete_pods(
    owner: &Object,
    key: &Key,
    pods: Vec<Arc<Object>>,
    desk: &mut Desk,
    client: &mut Client<'_>,
) -> Result<(), ApiError> {
    let mut failed = Ok(());
    for pod in pods {
        match client.delete(&pod.key(), DeleteOptions::default()) {
            Ok(_) => {
                let text = message("Deleted pod: {}", [(&pod.meta.name).into()]);
                let about = InvolvedObject::of(owner);
                desk.recorder
                    .normal(client, about, "SuccessfulDelete", text);
            }
            Err(error) => {
                desk.expectations.deletion_observed(key, pod.meta.uid);
                if error.reason != Reason::NotFound {
                    let text = message("Error deleting: {}", [error.message.as_str().into()]);
                    let about = InvolvedObject::of(owner);
                    desk.recorder.warning(client, about, "FailedDelete", text);
                    failed = Err(error);
                }
            }
        }
    }
    failed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_double_until_all_are_tried() {
        assert_eq!(batches(10).collect::<Vec<_>>(), [1, 2, 4, 3]);
        assert_eq!(batches(0).count(), 0);
    }
}
