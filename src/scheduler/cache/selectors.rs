//! Selectors of Services and of workloads, from which a pod's default spreading follows; and the
//! spread constraints of a class, resolved to counters.
//!
//! Upstream: `FP/helper/spread.go` (DefaultSelector), `FP/podtopologyspread/common.go`.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::api::{Body, Kind, Labels, Object, Requirement, Selector, to_json};

use super::{Cache, ClassId, CounterId};

const HOSTNAME: &str = "kubernetes.io/hostname";
const ZONE: &str = "topology.kubernetes.io/zone";

/// Namespace and name.
type Named = (Arc<str>, Arc<str>);

/// Selectors by what has them.
#[derive(Clone, Default)]
pub(super) struct Selectors {
    /// By namespace and name of the Service.
    services: BTreeMap<Named, Labels>,
    /// By kind, namespace and name of ReplicaSets, ReplicationControllers and StatefulSets.
    owners: BTreeMap<(&'static str, Named), Arc<Selector>>,
    /// Grows whenever a selector comes, changes or goes.
    generation: u64,
}

/// The spread constraints of a class.
#[derive(Clone, Default)]
pub(in crate::scheduler) struct Spread {
    pub(in crate::scheduler) constraints: Vec<Constraint>,
    /// The constraints are the system's defaults, not the pod's own.
    pub(in crate::scheduler) defaulted: bool,
    generation: u64,
}

/// One constraint, with what the class's own labels decide about it.
#[derive(Clone)]
pub(in crate::scheduler) struct Constraint {
    pub(in crate::scheduler) key: Arc<str>,
    pub(in crate::scheduler) max_skew: i64,
    pub(in crate::scheduler) hard: bool,
    pub(in crate::scheduler) min_domains: i64,
    pub(in crate::scheduler) honor_node_affinity: bool,
    pub(in crate::scheduler) honor_node_taints: bool,
    /// The selector finds the pod itself.
    pub(in crate::scheduler) finds_itself: bool,
    /// `None` if the selector finds no pod at all.
    pub(in crate::scheduler) counter: Option<CounterId>,
}

impl Cache {
    /// Notes a change of an object that has a selector, or of a namespace.
    pub(in crate::scheduler) fn note_selector(
        &mut self,
        old: Option<&Arc<Object>>,
        new: Option<&Arc<Object>>,
    ) {
        let Some(object) = new.or(old) else { return };
        let (namespace, name) = (object.meta.namespace.clone(), object.meta.name.clone());
        match object.kind() {
            Kind::Namespace => match new {
                Some(new) => {
                    self.namespaces.insert(name, new.meta.labels.clone());
                }
                None => {
                    self.namespaces.remove(&name);
                }
            },
            Kind::Service => {
                let selector = new.and_then(|new| service_selector(new));
                let services = &mut self.selectors.services;
                let before = match selector.clone() {
                    Some(selector) => services.insert((namespace, name), selector),
                    None => services.remove(&(namespace, name)),
                };
                self.selectors.generation += u64::from(before != selector);
            }
            kind => {
                let known = ["ReplicaSet", "StatefulSet", "ReplicationController"];
                let Some(kind) = known.into_iter().find(|k| *k == kind.name()) else {
                    return;
                };
                let owners = &mut self.selectors.owners;
                let key = (kind, (namespace, name));
                if old.is_some() && new.is_some() && owners.contains_key(&key) {
                    return; // its selector never changes
                }
                match new.and_then(|new| owner_selector(new)) {
                    Some(selector) => owners.insert(key, selector),
                    None => owners.remove(&key),
                };
                self.selectors.generation += 1;
            }
        }
    }

    /// Makes sure that the spread constraints of a class are resolved and counted.
    pub(in crate::scheduler) fn ensure_spread(&mut self, id: ClassId) {
        let class = self.class(id).clone();
        let known = class.spread.as_ref();
        let fresh = known.filter(|s| !s.defaulted || s.generation == self.selectors.generation);
        if let Some(spread) = fresh.cloned() {
            for constraint in &spread.constraints {
                if let Some(counter) = constraint.counter {
                    self.count_domains(counter, &constraint.key);
                }
            }
            return;
        }
        let own = &class.facts().placement.spread;
        let mut spread = Spread {
            defaulted: own.is_empty(),
            generation: self.selectors.generation,
            ..Spread::default()
        };
        for constraint in own {
            let selector = constraint.selector_for(&class.labels);
            let template = Constraint {
                key: constraint.topology_key.as_str().into(),
                max_skew: constraint.max_skew,
                hard: constraint.hard,
                min_domains: constraint.min_domains,
                honor_node_affinity: constraint.honor_node_affinity,
                honor_node_taints: constraint.honor_node_taints,
                finds_itself: selector.as_ref().is_some_and(|s| s.matches(&class.labels)),
                counter: None,
            };
            let resolved = self.resolve(template, &class.namespace, selector.as_ref());
            spread.constraints.push(resolved);
        }
        if own.is_empty() {
            spread.constraints = self.default_constraints(id);
        }
        if let Some(class) = self.class_mut(id) {
            class.spread = Some(Arc::new(spread));
        }
    }

    fn resolve(
        &mut self,
        mut constraint: Constraint,
        namespace: &Arc<str>,
        selector: Option<&Selector>,
    ) -> Constraint {
        self.ensure_topology(&constraint.key);
        constraint.counter = selector.map(|s| self.ensure_counter(namespace, s, &constraint.key));
        constraint
    }

    fn default_constraints(&mut self, id: ClassId) -> Vec<Constraint> {
        let selector = self.default_selector(id);
        if selector.is_empty() {
            return Vec::new();
        }
        let class = self.class(id).clone();
        let rows = [(HOSTNAME, 3), (ZONE, 5)];
        let constraints = rows.map(|(key, max_skew)| Constraint {
            key: key.into(),
            max_skew,
            hard: false,
            min_domains: 1,
            honor_node_affinity: true,
            honor_node_taints: false,
            finds_itself: selector.matches(&class.labels),
            counter: None,
        });
        let resolve = |c| self.resolve(c, &class.namespace, Some(&selector));
        constraints.into_iter().map(resolve).collect()
    }

    /// The selectors of all Services that select the pods, and that of their owner.
    fn default_selector(&self, id: ClassId) -> Selector {
        let class = self.class(id);
        let mut merged: BTreeMap<&String, &String> = BTreeMap::new();
        let from = (class.namespace.clone(), Arc::from(""));
        let services = self.selectors.services.range(from..);
        for (_, selector) in services.take_while(|((ns, _), _)| *ns == class.namespace) {
            if selects(selector, &class.labels) {
                merged.extend(selector.iter());
            }
        }
        let one =
            |(key, value): (&String, &String)| Requirement::In(key.clone(), vec![value.clone()]);
        let mut requirements: Vec<Requirement> = merged.into_iter().map(one).collect();
        let owner = class.owner.as_ref().and_then(|owner| {
            let kinds = ["ReplicaSet", "StatefulSet", "ReplicationController"];
            let kind = kinds.into_iter().find(|kind| **kind == *owner.kind)?;
            let key = (kind, (class.namespace.clone(), owner.name.clone()));
            self.selectors.owners.get(&key)
        });
        for requirement in owner.iter().flat_map(|selector| &selector.0) {
            if !requirements.contains(requirement) {
                requirements.push(requirement.clone());
            }
        }
        Selector(requirements)
    }
}

fn selects(selector: &BTreeMap<String, String>, labels: &Labels) -> bool {
    selector
        .iter()
        .all(|(key, value)| labels.get(key) == Some(value))
}

fn service_selector(service: &Object) -> Option<Labels> {
    let json = to_json(service);
    let selector = json.pointer("/spec/selector")?;
    serde_json::from_value(selector.clone()).ok().map(Arc::new)
}

fn owner_selector(owner: &Object) -> Option<Arc<Selector>> {
    if let Body::ReplicaSet(rs) = &owner.body {
        return Some(rs.selector.clone());
    }
    let json = to_json(owner);
    let selector = json.pointer("/spec/selector")?;
    if owner.kind().name() == "ReplicationController" {
        let labels: BTreeMap<String, String> = serde_json::from_value(selector.clone()).ok()?;
        let one = |(key, value)| Requirement::In(key, vec![value]);
        return Some(Arc::new(Selector(labels.into_iter().map(one).collect())));
    }
    let selector = serde_json::from_value(selector.clone()).ok()?;
    Some(Arc::new(Selector::from_api(&selector)))
}
