//! What a pod spec says about where the pod may and would rather run, read once per shared spec.
//!
//! Upstream: `component-helpers/scheduling/corev1/nodeaffinity`, `pkg/scheduler/framework/types.go`
//! (AffinityTerm), `FP/podtopologyspread/common.go`. Differs: an unknown operator matches nothing.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    NodeSelectorRequirement, NodeSelectorTerm, PodAffinityTerm, PodSpec, TopologySpreadConstraint,
    WeightedPodAffinityTerm,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use super::{Requirement, Selector};

/// Placement wishes of a pod, in the form in which the scheduler asks for them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Placement {
    /// `nodeSelector`; empty where there is none.
    pub node_selector: Selector,
    /// `requiredDuringSchedulingIgnoredDuringExecution`: one of these must match.
    pub required_nodes: Option<Vec<NodeTerm>>,
    pub preferred_nodes: Vec<(i64, NodeTerm)>,
    pub required_affinity: Vec<PodTerm>,
    pub required_anti_affinity: Vec<PodTerm>,
    /// Preferred terms with their weights; those of anti-affinity have negative ones.
    pub preferred_pods: Vec<(i64, PodTerm)>,
    pub spread: Vec<SpreadConstraint>,
    /// Names of `schedulingGates`.
    pub gates: Vec<String>,
    /// Images of init and ordinary containers, with `:latest` where neither tag nor digest is
    /// given.
    pub images: Vec<String>,
    /// `preemptionPolicy` is not `Never`.
    pub preempts: bool,
}

/// A node selector term: all of its requirements must hold.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NodeTerm {
    pub labels: Selector,
    /// `matchFields` on `metadata.name`.
    pub names: Vec<NameRequirement>,
}

/// One requirement on the node's name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum NameRequirement {
    In(Vec<String>),
    NotIn(Vec<String>),
}

/// A pod affinity or anti-affinity term.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PodTerm {
    /// `None` matches no pod.
    pub selector: Option<Selector>,
    pub topology_key: String,
    /// Empty, with no namespace selector: the namespace of the pod that has the term.
    pub namespaces: Vec<String>,
    pub namespace_selector: Option<Selector>,
}

/// A topology spread constraint with its defaults filled in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SpreadConstraint {
    pub max_skew: i64,
    pub topology_key: String,
    /// `DoNotSchedule`, as opposed to `ScheduleAnyway`.
    pub hard: bool,
    /// `None` matches no pod.
    pub selector: Option<Selector>,
    pub min_domains: i64,
    pub honor_node_affinity: bool,
    pub honor_node_taints: bool,
    pub match_label_keys: Vec<String>,
}

impl Placement {
    /// Reads a spec.
    pub fn of(spec: &PodSpec) -> Placement {
        let affinity = spec.affinity.as_ref();
        let node = affinity.and_then(|a| a.node_affinity.as_ref());
        let pod = affinity.and_then(|a| a.pod_affinity.as_ref());
        let anti = affinity.and_then(|a| a.pod_anti_affinity.as_ref());
        let required = |terms: Option<&Vec<PodAffinityTerm>>| {
            terms.into_iter().flatten().map(PodTerm::of).collect()
        };
        let likes = pod.and_then(|p| {
            p.preferred_during_scheduling_ignored_during_execution
                .as_ref()
        });
        let dislikes = anti.and_then(|p| {
            p.preferred_during_scheduling_ignored_during_execution
                .as_ref()
        });
        let mut preferred_pods = weighted(likes, 1);
        preferred_pods.extend(weighted(dislikes, -1));
        let required_nodes = node
            .and_then(|n| {
                n.required_during_scheduling_ignored_during_execution
                    .as_ref()
            })
            .map(|s| s.node_selector_terms.iter().map(NodeTerm::of).collect());
        let preferred_nodes = node
            .and_then(|n| {
                n.preferred_during_scheduling_ignored_during_execution
                    .as_ref()
            })
            .into_iter()
            .flatten();
        let constraints = spec.topology_spread_constraints.iter().flatten();
        let gates = spec.scheduling_gates.iter().flatten();
        Placement {
            node_selector: Selector(
                spec.node_selector
                    .iter()
                    .flatten()
                    .map(|(key, value)| Requirement::In(key.clone(), vec![value.clone()]))
                    .collect(),
            ),
            required_nodes,
            preferred_nodes: preferred_nodes
                .map(|t| (i64::from(t.weight), NodeTerm::of(&t.preference)))
                .collect(),
            required_affinity: required(pod.and_then(|p| {
                p.required_during_scheduling_ignored_during_execution
                    .as_ref()
            })),
            required_anti_affinity: required(anti.and_then(|p| {
                p.required_during_scheduling_ignored_during_execution
                    .as_ref()
            })),
            preferred_pods,
            spread: constraints.map(SpreadConstraint::of).collect(),
            gates: gates.map(|g| g.name.clone()).collect(),
            images: images(spec),
            preempts: spec.preemption_policy.as_deref() != Some("Never"),
        }
    }

    /// Whether there is anything about other pods in it.
    pub fn has_pod_affinity(&self) -> bool {
        !(self.required_affinity.is_empty()
            && self.required_anti_affinity.is_empty()
            && self.preferred_pods.is_empty())
    }

    /// Whether a node satisfies `nodeSelector` and the required node affinity.
    pub fn allows_node(&self, name: &str, labels: &BTreeMap<String, String>) -> bool {
        self.node_selector.matches(labels)
            && self
                .required_nodes
                .as_ref()
                .is_none_or(|terms| terms.iter().any(|term| term.matches(name, labels)))
    }

    /// Whether `nodeSelector` or required node affinity restricts the nodes at all.
    pub fn restricts_nodes(&self) -> bool {
        !self.node_selector.is_empty() || self.required_nodes.is_some()
    }
}

fn weighted(terms: Option<&Vec<WeightedPodAffinityTerm>>, sign: i64) -> Vec<(i64, PodTerm)> {
    let read = |term: &WeightedPodAffinityTerm| {
        let weight = i64::from(term.weight) * sign;
        (weight, PodTerm::of(&term.pod_affinity_term))
    };
    terms.into_iter().flatten().map(read).collect()
}

fn images(spec: &PodSpec) -> Vec<String> {
    let inits = spec.init_containers.iter().flatten();
    let named = |image: &str| {
        let tagged = image
            .rfind(':')
            .is_some_and(|colon| image.rfind('/').is_none_or(|slash| slash < colon));
        if tagged || image.contains('@') {
            image.to_string()
        } else {
            format!("{image}:latest")
        }
    };
    inits
        .chain(&spec.containers)
        .map(|c| named(c.image.as_deref().unwrap_or_default()))
        .collect()
}

fn values(requirement: &NodeSelectorRequirement) -> Vec<String> {
    requirement.values.clone().unwrap_or_default()
}

impl NodeTerm {
    pub(super) fn of(term: &NodeSelectorTerm) -> NodeTerm {
        let labels = term.match_expressions.iter().flatten().map(|r| {
            let bound = || values(r).first().and_then(|v| v.parse().ok());
            let nothing = Requirement::In(r.key.clone(), Vec::new());
            match r.operator.as_str() {
                "In" => Requirement::In(r.key.clone(), values(r)),
                "NotIn" => Requirement::NotIn(r.key.clone(), values(r)),
                "Exists" => Requirement::Exists(r.key.clone()),
                "DoesNotExist" => Requirement::DoesNotExist(r.key.clone()),
                "Gt" => bound().map_or(nothing, |n| Requirement::GreaterThan(r.key.clone(), n)),
                "Lt" => bound().map_or(nothing, |n| Requirement::LessThan(r.key.clone(), n)),
                _ => nothing,
            }
        });
        let names = term.match_fields.iter().flatten().map(|r| {
            if r.operator == "NotIn" {
                NameRequirement::NotIn(values(r))
            } else {
                NameRequirement::In(values(r))
            }
        });
        NodeTerm {
            labels: Selector(labels.collect()),
            names: names.collect(),
        }
    }

    /// Whether a node matches. A term without requirements matches none.
    pub fn matches(&self, name: &str, labels: &BTreeMap<String, String>) -> bool {
        (!self.labels.is_empty() || !self.names.is_empty())
            && self.labels.matches(labels)
            && self.names.iter().all(|requirement| match requirement {
                NameRequirement::In(names) => names.iter().any(|n| n == name),
                NameRequirement::NotIn(names) => !names.iter().any(|n| n == name),
            })
    }
}

fn selector(selector: Option<&LabelSelector>) -> Option<Selector> {
    selector.map(Selector::from_api)
}

impl PodTerm {
    fn of(term: &PodAffinityTerm) -> PodTerm {
        PodTerm {
            selector: selector(term.label_selector.as_ref()),
            topology_key: term.topology_key.clone(),
            namespaces: term.namespaces.clone().unwrap_or_default(),
            namespace_selector: selector(term.namespace_selector.as_ref()),
        }
    }

    /// Whether a pod with these labels, in a namespace with those, matches the term of a pod in
    /// the namespace `own`.
    pub fn matches(
        &self,
        own: &str,
        namespace: &str,
        namespace_labels: &BTreeMap<String, String>,
        labels: &BTreeMap<String, String>,
    ) -> bool {
        let by_default = self.namespaces.is_empty() && self.namespace_selector.is_none();
        let in_namespace = (by_default && own == namespace)
            || self.namespaces.iter().any(|n| n == namespace)
            || self
                .namespace_selector
                .as_ref()
                .is_some_and(|s| s.matches(namespace_labels));
        in_namespace && self.selector.as_ref().is_some_and(|s| s.matches(labels))
    }
}

impl SpreadConstraint {
    fn of(constraint: &TopologySpreadConstraint) -> SpreadConstraint {
        SpreadConstraint {
            max_skew: i64::from(constraint.max_skew),
            topology_key: constraint.topology_key.clone(),
            hard: constraint.when_unsatisfiable == "DoNotSchedule",
            selector: selector(constraint.label_selector.as_ref()),
            min_domains: i64::from(constraint.min_domains.unwrap_or(1)),
            honor_node_affinity: constraint.node_affinity_policy.as_deref() != Some("Ignore"),
            honor_node_taints: constraint.node_taints_policy.as_deref() == Some("Honor"),
            match_label_keys: constraint.match_label_keys.clone().unwrap_or_default(),
        }
    }

    /// The selector, narrowed to pods which share the values of `matchLabelKeys`.
    pub fn selector_for(&self, labels: &BTreeMap<String, String>) -> Option<Selector> {
        let mut selector = self.selector.clone()?;
        for key in &self.match_label_keys {
            if let Some(value) = labels.get(key) {
                let same = Requirement::In(key.clone(), vec![value.clone()]);
                if !selector.0.contains(&same) {
                    selector.0.push(same);
                }
            }
        }
        Some(selector)
    }
}
