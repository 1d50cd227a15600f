//! The console's questions to the scheduler: why a pod is where it is, where pods would go now, how
//! many would fit.
//!
//! Upstream: none; the scheduler tells this only in its log at level 10. A decision is worked out
//! again from what the store held just before the pod was bound, so nothing is kept for it; where
//! not all nodes are examined (above 100), the search may have begun at another node. A question
//! that begins with `what-if` is played and taken back.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::api::{ConditionStatus, Key, Kind, Object, PodConditionType, Uid};
use crate::clock::Span;
use crate::kubectl::{Output, TABLE, align};
use crate::scheduler::{Decision, NodeVerdict};

use super::World;

/// How long a question is played at most, until every new pod has had its first answer.
const PLAYED_MAX: Span = Span::secs(10);
/// No more replicas than these are counted.
const COUNTED_MAX: u32 = 20_000;

pub(super) const WHY: &str = "why pod/NAME [-n NS]";
pub(super) const WHAT_IF: &str = "what-if kubectl apply -f FILE";
pub(super) const FITS: &str = "fits FILE";

impl World {
    /// `why pod/NAME`: the scheduler's decision about a pod, node by node. The exit code.
    pub(super) fn why_word(&self, words: &[&str], out: &mut Output) -> i32 {
        let (mut namespace, mut named) = (self.setup.context.as_str(), None);
        let mut words = words.iter().copied();
        while let Some(word) = words.next() {
            match word {
                "-n" | "--namespace" => namespace = words.next().unwrap_or(namespace),
                "pod" | "pods" | "po" => {}
                _ => named = Some(word),
            }
        }
        let name = named.map(|word| word.split_once('/').unwrap_or(("pod", word)));
        let Some((kind @ ("pod" | "pods" | "po"), name)) = name else {
            out.stderr = match name {
                Some(_) => "why: only pods are scheduled\n".into(),
                None => format!("usage: {WHY}\n"),
            };
            return 2;
        };
        let key = Key::new(Kind::Pod, namespace, name);
        let Some(object) = self.store().head().get(&key).cloned() else {
            out.stderr = format!("why: {kind} \"{name}\" not found in namespace {namespace}\n");
            return 1;
        };
        self.tell_why(&key, &object, out);
        0
    }

    fn tell_why(&self, key: &Key, object: &Object, out: &mut Output) {
        let name = &key.name;
        let node = object.pod().and_then(|pod| pod.node_name.clone());
        let bound = node
            .as_ref()
            .and_then(|_| self.bound_at(key, object.meta.uid));
        out.stdout += &match (&node, bound.and_then(|at| self.store().write_info(at))) {
            (Some(node), Some((at, cause))) => format!(
                "Pod {name} went to {node} at {}, bound by {}.\n",
                at.rfc3339(),
                cause.actor
            ),
            (Some(node), None) => format!("Pod {name} was made for {node}.\n"),
            (None, _) => format!("Pod {name} has no node. {}\n", last_word(object)),
        };
        let at = bound.map_or(self.store().revision(), |revision| revision - 1);
        let decision = self.state.scheduler.explain(key, self.store().at(at));
        match decision {
            Some(decision) => out.stdout += &table(&decision, node.as_deref()),
            None => out.stdout += "Nothing of its scheduling is known.\n",
        }
    }

    /// The revision of the write that gave the pod its node.
    fn bound_at(&self, key: &Key, uid: Uid) -> Option<u64> {
        let history = self.store().history(key, self.store().revision());
        let mut own = history.iter().filter_map(|(revision, object)| {
            let object = (*object)?;
            (object.meta.uid == uid).then_some((*revision, object))
        });
        let placed = |object: &Arc<Object>| object.pod().is_some_and(|p| p.node_name.is_some());
        // A pod that has a node from its birth on was never scheduled.
        let first = own.next().filter(|(_, object)| !placed(object));
        first?;
        own.find(|(_, object)| placed(object))
            .map(|(revision, _)| revision)
    }

    /// `what-if COMMAND`: where the pods would go that the command leads to. The exit code.
    pub(super) fn what_if_word(&mut self, command: &str, out: &mut Output) -> i32 {
        if command.trim().is_empty() {
            out.stderr = format!("usage: {WHAT_IF}\n");
            return 2;
        }
        self.imagine(command, out, |world, pods, out| {
            let mut text = String::from("POD\tNODE\tREASON\n");
            for pod in pods {
                let node = pod.pod().and_then(|body| body.node_name.as_deref());
                let reason = if node.is_some() {
                    String::new()
                } else {
                    last_word(pod)
                };
                text += &format!(
                    "{}\t{}\t{reason}\n",
                    pod.meta.name,
                    node.unwrap_or("<none>")
                );
            }
            if let Some(first) = pods.first() {
                out.stdout += &align(&text, TABLE);
                out.stdout += "\n";
                world.tell_why(&first.key(), first, out);
            } else {
                out.stdout += "No new pod comes of this.\n";
            }
            0
        })
    }

    /// `fits FILE`: how many pods like the file's would find a node. The exit code.
    pub(super) fn fits_word(&mut self, file: &str, out: &mut Output) -> i32 {
        self.imagine(
            &format!("kubectl apply -f {file}"),
            out,
            |world, pods, out| {
                let Some(pod) = pods.first() else {
                    out.stderr += "fits: no new pod comes of this file\n";
                    return 1;
                };
                let owner = pod.meta.controller().map(|owner| owner.uid);
                let alike = |other: &Object| {
                    let same = other.meta.controller().map(|owner| owner.uid);
                    other.meta.uid == pod.meta.uid || (owner.is_some() && same == owner)
                };
                let now = world.store().head();
                let room = world.state.scheduler.room_for(pod, now, alike, COUNTED_MAX);
                let total: u32 = room.nodes.values().sum();
                let mut text = String::from("NODE\tPODS\n");
                for (node, count) in &room.nodes {
                    text += &format!("{node}\t{count}\n");
                }
                out.stdout = format!("{total} would fit.\n");
                if total > 0 {
                    out.stdout += &align(&text, TABLE);
                }
                out.stdout += &match room.then {
                    Some(why) => format!("The next one: {why}\n"),
                    None => format!("No more than {COUNTED_MAX} are counted.\n"),
                };
                0
            },
        )
    }

    /// Plays a command until its pods have had their first answer, tells of them, takes it back.
    fn imagine(
        &mut self,
        command: &str,
        out: &mut Output,
        tell: impl FnOnce(&World, &[Arc<Object>], &mut Output) -> i32,
    ) -> i32 {
        let before = self.checkpoint();
        let known: BTreeSet<Uid> = self.pods().map(|pod| pod.meta.uid).collect();
        let (_, mut said, state) = self.console(command);
        let code = match state {
            super::JobState::Done(code) if code != 0 => {
                std::mem::swap(out, &mut said);
                code
            }
            _ => {
                let until = self.now() + PLAYED_MAX;
                let new = |world: &World| -> Vec<Arc<Object>> {
                    let pods = world.pods().filter(|pod| !known.contains(&pod.meta.uid));
                    pods.cloned().collect()
                };
                while self.now() < until && self.next_at().is_some_and(|at| at <= until) {
                    self.run_to_next_write(until);
                    let pods = new(self);
                    if !pods.is_empty() && self.is_quiet(&pods) {
                        break;
                    }
                }
                let pods = new(self);
                tell(self, &pods, out)
            }
        };
        self.restore(&before);
        code
    }

    fn pods(&self) -> impl Iterator<Item = &Arc<Object>> {
        self.store().head().list_by_age(Kind::Pod)
    }

    /// Whether every pod has had its answer and nothing more comes within a second.
    fn is_quiet(&self, pods: &[Arc<Object>]) -> bool {
        let answered = |pod: &Arc<Object>| {
            pod.pod().is_some_and(|body| body.node_name.is_some()) || !last_word(pod).is_empty()
        };
        let newest = pods.iter().map(|pod| pod.meta.created).max();
        pods.iter().all(answered) && newest.is_some_and(|at| at + Span::secs(1) < self.now())
    }
}

/// What the scheduler last said of a pod without a node.
fn last_word(pod: &Object) -> String {
    let status = pod.pod().map(|body| &body.status);
    let condition = status.and_then(|s| s.condition(PodConditionType::PodScheduled));
    let refused = condition.filter(|c| c.status == ConditionStatus::False);
    let message = refused.and_then(|c| c.message.as_ref());
    message.map(ToString::to_string).unwrap_or_default()
}

/// Both tables: nodes with their scores, and nodes that will not do with the plugin that says so.
fn table(decision: &Decision, node: Option<&str>) -> String {
    let fits = |verdict: &&NodeVerdict| verdict.failed.is_none();
    let scored: Vec<&NodeVerdict> = decision.nodes.iter().filter(fits).collect();
    let mut text = String::new();
    if let Some(first) = scored.first() {
        text += "\nNODE\tTOTAL";
        for score in &first.scores {
            text += &format!("\t{}×{}", score.plugin, score.weight);
        }
        text += "\n";
    }
    for verdict in &scored {
        let chosen = node.or(decision.chosen.as_deref()) == Some(&*verdict.node);
        let mark = if chosen { "*" } else { "" };
        text += &format!("{}{mark}\t{}", verdict.node, verdict.total);
        for score in &verdict.scores {
            text += &match score.raw == score.normalised {
                true => format!("\t{}", score.normalised),
                false => format!("\t{}→{}", score.raw, score.normalised),
            };
        }
        text += "\n";
    }
    let mut out = align(&text, TABLE);
    if scored.len() > 1 {
        out += &tie(&scored);
    } else if scored.len() == 1 {
        out += "The only node that will do: nothing is scored.\n";
    }
    let failed: Vec<&NodeVerdict> = decision
        .nodes
        .iter()
        .filter(|v| v.failed.is_some())
        .collect();
    if !failed.is_empty() {
        let mut text = String::from("\nNODE\tFAILED AT\tREASON\n");
        for verdict in failed {
            if let Some((plugin, reason)) = &verdict.failed {
                text += &format!("{}\t{plugin}\t{reason}\n", verdict.node);
            }
        }
        out += &align(&text, TABLE);
    }
    out
}

/// How the winner was found among those with the highest total.
fn tie(scored: &[&NodeVerdict]) -> String {
    let best = scored.iter().map(|verdict| verdict.total).max();
    let equals: Vec<&str> = scored
        .iter()
        .filter(|verdict| Some(verdict.total) == best)
        .map(|verdict| &*verdict.node)
        .collect();
    match equals.as_slice() {
        [one] => format!("The highest total: {one}.\n"),
        many => format!("A tie of {}: the heap's order decides.\n", many.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use crate::clock::Span;
    use crate::cluster::{Setup, World};

    const POD: &str = "apiVersion: v1
kind: Pod
metadata: {name: p}
spec: {containers: [{name: c, image: nginx}]}
";

    #[test]
    fn what_was_imagined_leaves_no_trace() {
        let hash_after = |line: &str| {
            let mut world = World::new(Setup::chapter(1));
            world.write_file("p.yml", POD);
            world.run_until(world.now() + Span::secs(3));
            world.console(line);
            let at_once = world.hash();
            world.run_until(world.now() + Span::secs(60));
            (at_once, world.hash())
        };
        let nothing = hash_after("# nothing");
        for line in [
            "what-if kubectl apply -f p.yml",
            "fits p.yml",
            "what-if x",
            "why pod/x",
        ] {
            assert_eq!(hash_after(line), nothing, "{line}");
        }
        assert_ne!(hash_after("kubectl apply -f p.yml"), nothing);
    }
}
