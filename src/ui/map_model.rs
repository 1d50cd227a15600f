//! The map as the page holds it: diffs from the core go in, boxes that change only when what they
//! show changes come out.
//!
//! Upstream: none.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::rc::Rc;

use super::shared::Shared;
use crate::view::{MapDiff, NodeView, PodView, WorkloadView};

type PodKey = (String, String);

/// A node with its pods, as one component draws it.
#[derive(Clone, PartialEq)]
pub struct NodeBox {
    pub node: NodeView,
    pub pods: Vec<Rc<PodView>>,
}

#[derive(Default)]
pub struct MapModel {
    pub boxes: Shared<Vec<Shared<NodeBox>>>,
    /// Pods without a node, and those whose node is gone.
    pub tray: Shared<Vec<Rc<PodView>>>,
    pub workloads: Shared<Vec<WorkloadView>>,
    pub pod_total: u32,
    nodes: BTreeMap<String, NodeView>,
    places: BTreeMap<PodKey, (String, u64)>,
    /// The pods of a node in the order of their coming, which keeps cells where they are.
    by_node: BTreeMap<String, BTreeMap<u64, Rc<PodView>>>,
    arrivals: u64,
    /// Nodes whose boxes show what was.
    late: BTreeSet<String>,
    /// The node whose box came last.
    last_drawn: String,
}

/// What one frame draws at most, since a page that draws a hundred nodes at once stands still:
/// a box counts as so many, and each of its pods as one more.
const DRAWN_A_FRAME: usize = 250;
const BOX: usize = 16;

impl MapModel {
    pub fn apply(&mut self, diff: MapDiff) {
        let mut touched = BTreeSet::new();
        let mut nodes_changed = false;
        if diff.full {
            nodes_changed |= self.forget_absent(&diff, &mut touched);
        }
        for name in diff.nodes_gone {
            nodes_changed |= self.nodes.remove(&name).is_some();
            touched.insert(String::new());
        }
        for (namespace, name) in diff.pods_gone {
            self.remove((namespace, name), &mut touched);
        }
        for node in diff.nodes {
            nodes_changed |= !self.nodes.contains_key(&node.name);
            touched.insert(node.name.clone());
            self.nodes.insert(node.name.clone(), node);
        }
        for pod in diff.pods {
            self.place(pod, &mut touched);
        }
        if let Some(workloads) = diff.workloads {
            self.workloads.settle(workloads);
        } else if diff.full {
            self.workloads.settle(Vec::new());
        }
        self.pod_total = diff.pod_total;
        self.redraw(&touched, nodes_changed);
    }

    /// A full diff names all that is there: what it does not name goes.
    fn forget_absent(&mut self, diff: &MapDiff, touched: &mut BTreeSet<String>) -> bool {
        let named: BTreeSet<&str> = diff.nodes.iter().map(|node| node.name.as_str()).collect();
        let before = self.nodes.len();
        self.nodes.retain(|name, _| named.contains(name.as_str()));
        let there: BTreeSet<(&str, &str)> = diff
            .pods
            .iter()
            .map(|pod| (pod.namespace.as_str(), pod.name.as_str()))
            .collect();
        let absent = |key: &&PodKey| !there.contains(&(key.0.as_str(), key.1.as_str()));
        let gone: Vec<PodKey> = self.places.keys().filter(absent).cloned().collect();
        for key in gone {
            self.remove(key, touched);
        }
        self.nodes.len() != before
    }

    fn remove(&mut self, key: PodKey, touched: &mut BTreeSet<String>) {
        if let Some((node, order)) = self.places.remove(&key) {
            if let Some(pods) = self.by_node.get_mut(&node) {
                pods.remove(&order);
            }
            touched.insert(node);
        }
    }

    fn place(&mut self, pod: PodView, touched: &mut BTreeSet<String>) {
        let key = (pod.namespace.clone(), pod.name.clone());
        let order = match self.places.get(&key) {
            Some((node, order)) if *node == pod.node => *order,
            _ => {
                self.remove(key.clone(), touched);
                self.arrivals += 1;
                self.arrivals
            }
        };
        let pods = self.by_node.entry(pod.node.clone()).or_default();
        if pods.get(&order).is_some_and(|known| **known == pod) {
            return;
        }
        touched.insert(pod.node.clone());
        self.places.insert(key, (pod.node.clone(), order));
        pods.insert(order, Rc::new(pod));
    }

    fn redraw(&mut self, touched: &BTreeSet<String>, nodes_changed: bool) {
        let lost = |name: &String| !name.is_empty() && !self.nodes.contains_key(name);
        if nodes_changed || touched.contains("") || touched.iter().any(lost) {
            let homeless = self
                .by_node
                .iter()
                .filter(|(name, _)| !self.nodes.contains_key(*name));
            self.tray.settle(
                homeless
                    .flat_map(|(_, pods)| pods.values().cloned())
                    .collect(),
            );
        }
        self.late.extend(touched.iter().cloned());
        self.late.retain(|name| self.nodes.contains_key(name));
        if nodes_changed || !self.late.is_empty() {
            self.draw_some();
        }
    }

    /// Whether there are boxes that do not yet show what is.
    pub fn is_late(&self) -> bool {
        !self.late.is_empty()
    }

    /// Draws further boxes that are late; whether there were any.
    pub fn go_on(&mut self) -> bool {
        let late = self.is_late();
        if late {
            self.draw_some();
        }
        late
    }

    /// The late ones whose turn it is: from the last drawn one on, and round again.
    fn turn(&self) -> Vec<String> {
        let last = self.last_drawn.as_str();
        let all = Bound::<&str>::Unbounded;
        let after = self.late.range::<str, _>((Bound::Excluded(last), all));
        let before = self.late.range::<str, _>((all, Bound::Included(last)));
        let mut left = DRAWN_A_FRAME;
        let fits = |name: &&String| {
            let pods = self.by_node.get(*name).map_or(0, BTreeMap::len);
            let some_left = left > 0;
            left = left.saturating_sub(BOX + pods);
            some_left
        };
        after.chain(before).take_while(fits).cloned().collect()
    }

    fn draw_some(&mut self) {
        let turn = self.turn();
        if let Some(last) = turn.last() {
            self.last_drawn.clone_from(last);
        }
        let turn: BTreeSet<String> = turn.into_iter().collect();
        self.late.retain(|name| !turn.contains(name));
        let old: BTreeMap<&str, &Shared<NodeBox>> = self
            .boxes
            .iter()
            .map(|known| (known.node.name.as_str(), known))
            .collect();
        let mut boxes = Vec::with_capacity(self.nodes.len());
        for (name, node) in &self.nodes {
            let known = old.get(name.as_str()).copied();
            if !turn.contains(name) {
                boxes.extend(known.cloned());
                continue;
            }
            let pods = self.by_node.get(name);
            let pods = pods.map(|pods| pods.values().cloned().collect());
            let fresh = NodeBox {
                node: node.clone(),
                pods: pods.unwrap_or_default(),
            };
            boxes.push(match known {
                Some(known) if **known == fresh => known.clone(),
                _ => Shared::new(fresh),
            });
        }
        drop(old);
        self.boxes = Shared::new(boxes);
    }

    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }
}
