//! Affinity and anti-affinity between pods, by the topology of their nodes.
//!
//! Upstream: `FP/interpodaffinity/{filtering,scoring,plugin}.go`. Differs: placed pods are looked
//! at class by class, which gives the same sums.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::api::{Labels, Object, PodTerm};
use crate::scheduler::cache::{Cache, Class, ClassId, NodeId, NodeInfo, Topology};
use crate::scheduler::framework::{
    ClusterEvent, Cycle, Filter, MAX_NODE_SCORE, Plugin, PreFilter, Rejection, Score, Waiting,
};

pub(super) struct InterPodAffinity;

const HARD_POD_AFFINITY_WEIGHT: i64 = 1;

/// Whether a term of a pod in namespace `own` finds the pods of a class.
fn finds(cache: &Cache, own: &str, term: &PodTerm, class: &Class) -> bool {
    let namespace = cache.namespace_labels(&class.namespace);
    term.matches(own, &class.namespace, &namespace, &class.labels)
}

/// Sums by domain of one topology key.
struct Domains<'a> {
    topology: &'a Topology,
    sums: Vec<i64>,
}

impl<'a> Domains<'a> {
    fn new(cache: &'a Cache, key: &str) -> Option<Domains<'a>> {
        let topology = cache.topology(key)?;
        Some(Domains {
            topology,
            sums: vec![0; topology.len()],
        })
    }

    /// Adds `weight` for every pod of a class, in the domain where it is.
    fn add(&mut self, class: &Class, weight: i64) {
        for (node, count) in class.placed.iter() {
            let domain = self.topology.domain(node) as usize;
            if let Some(sum) = self.sums.get_mut(domain).filter(|_| domain != 0) {
                *sum += weight * i64::from(count);
            }
        }
    }

    /// The sum in the node's domain; `None` if it is in none.
    fn at(&self, node: NodeId) -> Option<i64> {
        match self.topology.domain(node) {
            0 => None,
            domain => self.sums.get(domain as usize).copied(),
        }
    }
}

/// The required terms, counted over placed pods.
struct Required<'a> {
    /// Pods that match all of the pod's affinity terms, by the domains of each term.
    affinity: Vec<Domains<'a>>,
    anti_affinity: Vec<Domains<'a>>,
    /// Pods whose anti-affinity the pod would offend, by topology key.
    existing: Vec<Domains<'a>>,
    /// No pod matches the affinity terms but the pod itself does: it is the first of its series.
    first: bool,
}

impl<'a> Required<'a> {
    fn new(cycle: Cycle<'a>) -> Required<'a> {
        let (cache, own) = (cycle.cache, cycle.class);
        let placement = &own.facts().placement;
        let domains = |terms: &[PodTerm]| -> Vec<Domains<'a>> {
            terms
                .iter()
                .filter_map(|t| Domains::new(cache, &t.topology_key))
                .collect()
        };
        let mut affinity = domains(&placement.required_affinity);
        let mut anti_affinity = domains(&placement.required_anti_affinity);
        let finds = |term: &PodTerm, class: &Class| finds(cache, &own.namespace, term, class);
        let all = |class: &Class| placement.required_affinity.iter().all(|t| finds(t, class));
        if !affinity.is_empty() || !anti_affinity.is_empty() {
            for class in cache.classes() {
                if all(class) {
                    affinity
                        .iter_mut()
                        .for_each(|domains| domains.add(class, 1));
                }
                for (term, domains) in placement
                    .required_anti_affinity
                    .iter()
                    .zip(&mut anti_affinity)
                {
                    if finds(term, class) {
                        domains.add(class, 1);
                    }
                }
            }
        }
        let none = affinity
            .iter()
            .all(|domains| domains.sums.iter().all(|sum| *sum == 0));
        Required {
            first: none && all(own),
            affinity,
            anti_affinity,
            existing: offended(cycle),
        }
    }
}

/// Placed pods with required anti-affinity against the pod, by topology key.
fn offended<'a>(cycle: Cycle<'a>) -> Vec<Domains<'a>> {
    let (cache, own) = (cycle.cache, cycle.class);
    let mut by_key: BTreeMap<&str, Domains<'a>> = BTreeMap::new();
    for class in cache.affine_classes() {
        for term in &class.facts().placement.required_anti_affinity {
            if !finds(cache, &class.namespace, term, own) {
                continue;
            }
            if !by_key.contains_key(term.topology_key.as_str())
                && let Some(domains) = Domains::new(cache, &term.topology_key)
            {
                by_key.insert(&term.topology_key, domains);
            }
            if let Some(domains) = by_key.get_mut(term.topology_key.as_str()) {
                domains.add(class, 1);
            }
        }
    }
    let offended = by_key.into_values();
    offended
        .filter(|domains| domains.sums.iter().any(|sum| *sum > 0))
        .collect()
}

impl Filter for Required<'_> {
    fn filter(&self, id: NodeId, _node: &NodeInfo) -> Result<(), Rejection> {
        let labelled = self.affinity.iter().all(|domains| domains.at(id).is_some());
        let met = self
            .affinity
            .iter()
            .all(|domains| domains.at(id).is_some_and(|n| n > 0));
        if !labelled || !(met || self.first) {
            let reason = "node(s) didn't match pod affinity rules";
            return Err(Rejection::unresolvable(reason));
        }
        let taken = |all: &[Domains<'_>]| all.iter().any(|d| d.at(id).is_some_and(|n| n > 0));
        if taken(&self.anti_affinity) {
            let reason = "node(s) didn't match pod anti-affinity rules";
            return Err(Rejection::unschedulable(reason));
        }
        if taken(&self.existing) {
            let reason = "node(s) didn't satisfy existing pods anti-affinity rules";
            return Err(Rejection::unschedulable(reason));
        }
        Ok(())
    }
}

/// Preferences, summed by topology key.
struct Preferred<'a>(BTreeMap<&'a str, Domains<'a>>);

impl<'a> Preferred<'a> {
    fn new(cycle: Cycle<'a>) -> Preferred<'a> {
        let (cache, own) = (cycle.cache, cycle.class);
        let mut preferred = Preferred(BTreeMap::new());
        let wishes = &own.facts().placement.preferred_pods;
        if !wishes.is_empty() {
            for class in cache.classes() {
                for (weight, term) in wishes {
                    if finds(cache, &own.namespace, term, class) {
                        preferred.add(cache, term, class, *weight);
                    }
                }
            }
        }
        for class in cache.affine_classes() {
            let placement = &class.facts().placement;
            let hard = placement
                .required_affinity
                .iter()
                .map(|t| (HARD_POD_AFFINITY_WEIGHT, t));
            let soft = placement
                .preferred_pods
                .iter()
                .map(|(weight, term)| (*weight, term));
            for (weight, term) in hard.chain(soft) {
                if finds(cache, &class.namespace, term, own) {
                    preferred.add(cache, term, class, weight);
                }
            }
        }
        preferred
    }

    fn add(&mut self, cache: &'a Cache, term: &'a PodTerm, class: &Class, weight: i64) {
        let key = term.topology_key.as_str();
        let Some(topology) = cache.topology(key) else {
            return;
        };
        // A key counts as found only once some pod is in a domain of it.
        if class
            .placed
            .iter()
            .all(|(node, _)| topology.domain(node) == 0)
        {
            return;
        }
        if let Some(new) = Domains::new(cache, key) {
            self.0.entry(key).or_insert(new).add(class, weight);
        }
    }
}

impl Score for Preferred<'_> {
    fn score(&self, nodes: &[NodeId]) -> Vec<i64> {
        let sum = |id: &NodeId| self.0.values().filter_map(|domains| domains.at(*id)).sum();
        nodes.iter().map(sum).collect()
    }

    fn normalize(&self, _nodes: &[NodeId], scores: &mut [i64]) {
        let min = scores.iter().copied().min().unwrap_or(0);
        let range = scores.iter().copied().max().unwrap_or(0) - min;
        for score in scores {
            *score = if range > 0 {
                (MAX_NODE_SCORE as f64 * ((*score - min) as f64 / range as f64)) as i64
            } else {
                0
            };
        }
    }
}

impl Plugin for InterPodAffinity {
    fn name(&self) -> &'static str {
        "InterPodAffinity"
    }

    fn prepare(&self, cache: &mut Cache, class: ClassId) {
        let own = cache.class(class).clone();
        let affine: Vec<Arc<Class>> = cache.affine_classes().cloned().collect();
        for class in affine.iter().chain([&own]) {
            let placement = &class.facts().placement;
            let required = placement.required_affinity.iter();
            let terms = required.chain(&placement.required_anti_affinity);
            let soft = placement.preferred_pods.iter().map(|(_, term)| term);
            for term in terms.chain(soft) {
                cache.ensure_topology(&term.topology_key);
            }
        }
    }

    fn pre_filter<'a>(&self, cycle: Cycle<'a>) -> PreFilter<'a> {
        let required = Required::new(cycle);
        if required.affinity.is_empty()
            && required.anti_affinity.is_empty()
            && required.existing.is_empty()
        {
            return PreFilter::Skip;
        }
        PreFilter::Filter(Box::new(required))
    }

    fn pre_score<'a>(
        &self,
        cycle: Cycle<'a>,
        _feasible: &'a [NodeId],
    ) -> Option<Box<dyn Score + 'a>> {
        let preferred = Preferred::new(cycle);
        if preferred.0.is_empty() {
            return None;
        }
        Some(Box::new(preferred))
    }

    fn hint(&self, event: &ClusterEvent<'_>, waiting: &Waiting<'_>) -> bool {
        let placement = &waiting.pod.spec.facts.placement;
        let (affinity, anti) = (
            &placement.required_affinity,
            &placement.required_anti_affinity,
        );
        let all = |terms: &[PodTerm], of: &Object, pod: &Object| {
            !terms.is_empty() && terms.iter().all(|t| one(waiting.cache, t, of, pod))
        };
        let any = |terms: &[PodTerm], of: &Object, pod: &Object| {
            terms.iter().any(|t| one(waiting.cache, t, of, pod))
        };
        let own = waiting.object;
        match event {
            ClusterEvent::OwnUpdate(old, new) => old.meta.labels != new.meta.labels,
            ClusterEvent::PodAdd(pod) => all(affinity, own, pod),
            ClusterEvent::PodUpdate(old, new) => {
                (!all(affinity, own, old) && all(affinity, own, new))
                    || (any(anti, own, old) && !any(anti, own, new))
            }
            ClusterEvent::PodDelete(pod) => {
                let theirs = pod
                    .pod()
                    .map(|p| &p.spec.facts.placement.required_anti_affinity);
                any(anti, own, pod) || theirs.is_some_and(|terms| any(terms, pod, own))
            }
            ClusterEvent::NodeAdd(node, _) => {
                let has = |t: &PodTerm| node.meta.label(&t.topology_key).is_some();
                affinity.iter().any(has) || !anti.is_empty()
            }
            ClusterEvent::NodeUpdate(update) => {
                let value = |node: &Object, t: &PodTerm| {
                    node.meta.label(&t.topology_key).map(str::to_string)
                };
                let (old, new) = (update.old.0, update.new.0);
                let changed = |t: &PodTerm| value(old, t) != value(new, t);
                update.labels
                    && (affinity
                        .iter()
                        .any(|t| value(new, t).is_some() && changed(t))
                        || anti.iter().any(|t| value(old, t).is_some() && changed(t)))
            }
            ClusterEvent::NodeDelete(_) | ClusterEvent::Storage(_) => false,
        }
    }

    fn wakes_on_any_taint(&self) -> bool {
        true
    }
}

/// Whether a term of the pod `of` finds another pod.
fn one(cache: &Cache, term: &PodTerm, of: &Object, pod: &Object) -> bool {
    let namespace: Labels = cache.namespace_labels(&pod.meta.namespace);
    let labels = &pod.meta.labels;
    term.matches(&of.meta.namespace, &pod.meta.namespace, &namespace, labels)
}
