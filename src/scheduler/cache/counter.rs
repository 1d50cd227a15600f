//! How many pods a selector finds on each node and in each domain, kept up pod by pod.
//!
//! Upstream: `FP/podtopologyspread` counts the pods of all nodes in every cycle; the figures are
//! the same.

use std::sync::Arc;

use crate::api::{Labels, Selector};
use crate::clock::digest_of;

use super::{Cache, NodeId, Sparse, Topology};

/// A counter's name: the digest of namespace and selector.
pub(in crate::scheduler) type CounterId = u64;

/// Pods of one namespace that a selector finds and that are not being deleted.
#[derive(Clone, Default)]
pub(in crate::scheduler) struct Counter {
    namespace: Arc<str>,
    selector: Selector,
    pub(in crate::scheduler) counts: Sparse<u32>,
    domains: Vec<(Arc<str>, Vec<i64>)>,
    /// Whether it was asked for since the last sweep.
    used: bool,
}

impl Counter {
    /// The number of pods in each domain of a key that was ensured.
    pub(in crate::scheduler) fn domains(&self, key: &str) -> Option<&[i64]> {
        let found = self.domains.iter().find(|(known, _)| &**known == key);
        found.map(|(_, sums)| sums.as_slice())
    }

    fn finds(&self, namespace: &str, labels: &Labels) -> bool {
        // An empty selector counts nothing here, though it matches everything.
        !self.selector.is_empty() && &*self.namespace == namespace && self.selector.matches(labels)
    }
}

/// More counters than this are swept now and then.
const COUNTERS_MAX: usize = 512;

impl Cache {
    /// Makes sure that the pods of a selector are counted, by node and by domains of `key`.
    pub(in crate::scheduler) fn ensure_counter(
        &mut self,
        namespace: &Arc<str>,
        selector: &Selector,
        key: &str,
    ) -> CounterId {
        let id = digest_of(&(namespace, selector));
        self.ensure_topology(key);
        if !self.counters.contains_key(&id) {
            self.sweep_counters();
            self.add_counter(id, namespace, selector);
        }
        self.count_domains(id, key);
        id
    }

    /// A counter that was ensured.
    pub(in crate::scheduler) fn counter(&self, id: CounterId) -> Option<&Counter> {
        self.counters.get(&id).map(Arc::as_ref)
    }

    fn add_counter(&mut self, id: CounterId, namespace: &Arc<str>, selector: &Selector) {
        let mut counter = Counter {
            namespace: namespace.clone(),
            selector: selector.clone(),
            ..Counter::default()
        };
        for class in self.classes.values_mut() {
            if !counter.finds(&class.namespace, &class.labels) {
                continue;
            }
            let class = Arc::make_mut(class);
            class.counters.push(id);
            for (node, count) in class.placed.iter() {
                let alive = count - class.terminating.get(node);
                counter.counts.update(node, |n| n + alive);
            }
        }
        self.counters.insert(id, Arc::new(counter));
    }

    pub(super) fn count_domains(&mut self, id: CounterId, key: &str) {
        let (Some(counter), Some(topology)) =
            (self.counters.get_mut(&id), self.topologies.get(key))
        else {
            return;
        };
        if counter.used && counter.domains(key).is_some() {
            return;
        }
        let counter = Arc::make_mut(counter);
        counter.used = true;
        if counter.domains(key).is_none() {
            let mut sums = vec![0; topology.len()];
            for (node, count) in counter.counts.iter() {
                add(&mut sums, topology, node, i64::from(count));
            }
            counter.domains.push((key.into(), sums));
        }
    }

    /// Counters that count pods of these labels.
    pub(super) fn counters_of(&self, namespace: &str, labels: &Labels) -> Vec<CounterId> {
        let counters = self.counters.iter();
        counters
            .filter(|(_, counter)| counter.finds(namespace, labels))
            .map(|(id, _)| *id)
            .collect()
    }

    /// Adds `sign` pods on a node to a counter.
    pub(super) fn add_to_counter(&mut self, id: CounterId, node: NodeId, sign: i64) {
        let Some(counter) = self.counters.get_mut(&id) else {
            return;
        };
        let counter = Arc::make_mut(counter);
        counter
            .counts
            .update(node, |n| n.saturating_add_signed(sign as i32));
        for (key, sums) in &mut counter.domains {
            if let Some(topology) = self.topologies.get(key) {
                add(sums, topology, node, sign);
            }
        }
    }

    /// Forgets the sums of these keys: a node has changed its domain.
    pub(super) fn forget_domains(&mut self, keys: &[Arc<str>]) {
        if keys.is_empty() {
            return;
        }
        for counter in self.counters.values_mut() {
            if counter.domains.iter().any(|(key, _)| keys.contains(key)) {
                Arc::make_mut(counter)
                    .domains
                    .retain(|(key, _)| !keys.contains(key));
            }
        }
    }

    fn sweep_counters(&mut self) {
        if self.counters.len() < COUNTERS_MAX || !self.counters.len().is_multiple_of(COUNTERS_MAX) {
            return;
        }
        self.counters.retain(|_, counter| counter.used);
        for counter in self.counters.values_mut() {
            Arc::make_mut(counter).used = false;
        }
        for class in self.classes.values_mut() {
            let class = Arc::make_mut(class);
            class.counters.retain(|id| self.counters.contains_key(id));
            class.spread = None;
        }
    }
}

fn add(sums: &mut Vec<i64>, topology: &Topology, node: NodeId, count: i64) {
    let domain = topology.domain(node) as usize;
    if sums.len() <= domain {
        sums.resize(domain + 1, 0);
    }
    if let Some(sum) = sums.get_mut(domain) {
        *sum += count;
    }
}
