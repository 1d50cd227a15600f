//! What controllers and the scheduler read of claims, volumes and storage classes, which are kept
//! as data.
//!
//! Upstream: `component-helpers/storage/volume`, `core/v1`, `storage/v1`.

use k8s_openapi::api::core::v1::NodeSelector;

use super::{NodeTerm, Object, text_at};

/// The annotation by which the scheduler names the node for which a volume is to be made.
pub const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";
/// The annotation of a claim that is bound for good.
pub const BIND_COMPLETED: &str = "pv.kubernetes.io/bind-completed";
/// The provisioner of classes whose volumes are made by hand.
pub const NO_PROVISIONER: &str = "kubernetes.io/no-provisioner";

/// A text of an object that is kept as data; empty if there is none.
pub fn data_text<'a>(object: &'a Object, pointer: &str) -> &'a str {
    object.data().map_or("", |data| text_at(data, pointer))
}

/// Whether a claim has its volume.
pub fn is_bound_claim(claim: &Object) -> bool {
    !data_text(claim, "/spec/volumeName").is_empty()
        && claim.meta.annotation(BIND_COMPLETED).is_some()
}

/// Whether a class makes a claim wait until a pod uses it.
pub fn waits_for_consumer(class: &Object) -> bool {
    data_text(class, "/volumeBindingMode") == "WaitForFirstConsumer"
}

/// The nodes from which a volume can be reached; `None`: all.
pub fn volume_nodes(volume: &Object) -> Option<Vec<NodeTerm>> {
    let required = volume.data()?.pointer("/spec/nodeAffinity/required")?;
    let required: NodeSelector = serde_json::from_value(required.clone()).ok()?;
    let terms = required.node_selector_terms.iter();
    Some(terms.map(NodeTerm::of).collect())
}
