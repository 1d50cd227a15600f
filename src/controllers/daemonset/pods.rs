//! The pods of a DaemonSet: found by node, made for a node.
//!
//! Upstream: `getNodesToDaemonPods` in `daemon_controller.go`; `CreatePodTemplate`,
//! `ReplaceDaemonSetPodNodeNameNodeAffinity` and `GetTargetNodeName` in `daemonset_util.go`.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{NodeSelector, NodeSelectorRequirement, NodeSelectorTerm};

use crate::api::{Body, Kind, Meta, NameRequirement, Object, PodBody, PodStatus, SharedPodSpec};
use crate::apiserver::ApiError;
use crate::clock::SimTime;

use super::super::revisions::REVISION_HASH;
use super::super::util::{self, controller_ref};
use super::{Sync, nodes};

/// The pods for each node that has any.
pub(super) type PodsByNode = BTreeMap<Arc<str>, Vec<Arc<Object>>>;

/// The node that a pod is on, or is made for.
pub(super) fn target(pod: &Object) -> Option<Arc<str>> {
    let body = pod.pod()?;
    if let Some(node) = &body.node_name {
        return Some(node.clone());
    }
    let terms = body.spec.facts.placement.required_nodes.as_ref()?;
    let names = terms.iter().flat_map(|term| &term.names);
    names
        .filter_map(|requirement| match requirement {
            NameRequirement::In(names) => names.first(),
            NameRequirement::NotIn(_) => None,
        })
        .map(|name| Arc::from(name.as_str()))
        .next()
}

/// Puts a pod with those of its node; one that has ended and is being deleted counts no more.
fn place(pod: Arc<Object>, by_node: &mut PodsByNode) {
    let ended = pod.pod().is_some_and(PodBody::is_terminal);
    if ended && pod.meta.is_deleting() {
        return;
    }
    if let Some(node) = target(&pod) {
        by_node.entry(node).or_default().push(pod);
    }
}

/// Sorts the pods of one node: those that are bound come first, then the older ones.
pub(super) fn age_order(pod: &Object) -> (bool, SimTime, Arc<str>) {
    let waiting = pod.pod().is_none_or(|body| body.node_name.is_none());
    (
        waiting,
        pod.meta.created.whole_secs(),
        pod.meta.name.clone(),
    )
}

impl Sync<'_, '_> {
    /// The pods that count, adopted and released as the selector says; `None` if some were adopted,
    /// which the cache has yet to show. Errors: of the writes.
    pub(super) fn claim_pods(&mut self) -> Result<Option<PodsByNode>, ApiError> {
        let (uid, selector) = (self.ds.meta.uid, self.body.selector.clone());
        let owned = self.client.cache().owned_by(Kind::Pod, uid);
        let owned: Vec<Arc<Object>> = owned.cloned().collect();
        let mut by_node = PodsByNode::new();
        for pod in owned {
            if !selector.matches(&pod.meta.labels) {
                util::release(uid, &pod, self.client)?;
                continue;
            }
            place(pod, &mut by_node);
        }
        let ds = self.ds.clone();
        let adopted = util::adopt(&ds, &selector, Kind::Pod, self.desk, self.client)?;
        Ok((!adopted).then_some(by_node))
    }

    /// The pods that count, as the server has them.
    pub(super) fn live_pods(&self) -> PodsByNode {
        let mut by_node = PodsByNode::new();
        let owned = self.client.live().owned_by(Kind::Pod, self.ds.meta.uid);
        let selected = owned.filter(|pod| self.body.selector.matches(&pod.meta.labels));
        selected.for_each(|pod| place(pod.clone(), &mut by_node));
        by_node
    }

    /// The pod for a node. The scheduler binds it, by the affinity that leaves it no choice.
    pub(super) fn new_pod(&self, node: &str, hash: &str) -> Object {
        let template = &self.body.template;
        let mut labels = template.labels.clone();
        let own = Arc::make_mut(&mut labels);
        if let Some(generation) = self.template_generation() {
            own.insert("pod-template-generation".into(), generation.into());
        }
        own.insert(REVISION_HASH.into(), hash.into());
        let mut spec = template.spec();
        nodes::add_tolerations(&mut spec);
        let affinity = spec.affinity.get_or_insert_default();
        affinity
            .node_affinity
            .get_or_insert_default()
            .required_during_scheduling_ignored_during_execution = Some(only(node));
        let node_name = spec.node_name.take().filter(|name| !name.is_empty());
        Object {
            meta: Meta {
                generate_name: Some(format!("{}-", self.ds.meta.name).into()),
                namespace: self.ds.meta.namespace.clone(),
                labels,
                annotations: template.annotations.clone(),
                owners: [controller_ref(&self.ds)].into(),
                ..Meta::default()
            },
            body: Body::Pod(PodBody {
                spec: SharedPodSpec::new(spec, false),
                node_name: node_name.as_deref().map(Arc::from),
                token_suffix: None,
                status: Arc::new(PodStatus::default()),
            }),
        }
    }
}

fn only(node: &str) -> NodeSelector {
    let named = NodeSelectorRequirement {
        key: "metadata.name".into(),
        operator: "In".into(),
        values: Some(vec![node.into()]),
    };
    NodeSelector {
        node_selector_terms: vec![NodeSelectorTerm {
            match_fields: Some(vec![named]),
            match_expressions: None,
        }],
    }
}
