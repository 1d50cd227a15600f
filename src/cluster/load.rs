//! The load: what users ask of workloads, as the visitor sets it with `load`.
//!
//! Upstream: none; the world outside of the cluster. A workload's demand is shared equally by its
//! pods that are Running and Ready, whatever Services there are, and what they cannot serve within
//! their limits, or within what their node has, is lost.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::api::{Key, Kind, Object, parse_quantity};
use crate::apiserver::Snapshot;
use crate::client::{Meters, Usage};
use crate::clock::SimTime;
use crate::kubectl::Output;
use crate::kubelet::Fleet;

use super::World;

/// Every setting of a demand so far, in the order of time.
#[derive(Clone, Debug, Default, Hash)]
pub(super) struct Load(Vec<Demand>);

#[derive(Clone, Debug, Hash)]
struct Demand {
    from: SimTime,
    target: Key,
    /// `None`: no longer.
    wanted: Option<Usage>,
}

/// What may be asked of.
const TARGETS: &[Kind] = &[
    Kind::Pod,
    Kind::Deployment,
    Kind::ReplicaSet,
    Kind::StatefulSet,
    Kind::DaemonSet,
    Kind::ReplicationController,
    Kind::Job,
];

impl Load {
    /// What is asked of whom at a moment.
    fn at(&self, at: SimTime) -> BTreeMap<&Key, Usage> {
        let mut all = BTreeMap::new();
        for demand in self.0.iter().take_while(|demand| demand.from <= at) {
            match demand.wanted {
                Some(wanted) => all.insert(&demand.target, wanted),
                None => all.remove(&demand.target),
            };
        }
        all
    }

    /// Each pod's part of it.
    fn shares(&self, then: Snapshot<'_>, at: SimTime) -> BTreeMap<Key, Usage> {
        let mut shares: BTreeMap<Key, Usage> = BTreeMap::new();
        for (target, wanted) in self.at(at) {
            let serves = |pod: &Arc<Object>| {
                let ready = pod.pod().is_some_and(|body| body.status.is_ready());
                ready && !pod.meta.is_deleting()
            };
            let pods: Vec<Key> = pods_of(target, then)
                .into_iter()
                .filter(serves)
                .map(|pod| pod.key())
                .collect();
            let count = i64::try_from(pods.len()).unwrap_or(i64::MAX).max(1);
            let part = Usage {
                cpu_nanos: wanted.cpu_nanos / count,
                memory_bytes: wanted.memory_bytes / count,
            };
            for pod in pods {
                let share = shares.entry(pod).or_default();
                *share = *share + part;
            }
        }
        shares
    }
}

/// The pods of a workload, or a pod itself.
fn pods_of(target: &Key, then: Snapshot<'_>) -> Vec<Arc<Object>> {
    let Some(object) = then.get(target) else {
        return Vec::new();
    };
    let owned = |kind, owner: &Object| then.owned_by(kind, owner.meta.uid).cloned();
    match target.kind {
        Kind::Pod => vec![object.clone()],
        Kind::Deployment => owned(Kind::ReplicaSet, object)
            .flat_map(|rs| owned(Kind::Pod, &rs).collect::<Vec<_>>())
            .collect(),
        _ => owned(Kind::Pod, object).collect(),
    }
}

/// The kubelets of a world, and what its users want.
pub(super) struct Measured<'w> {
    pub fleet: &'w Fleet,
    pub load: &'w Load,
}

impl Meters for Measured<'_> {
    fn demands(&self, then: Snapshot<'_>, at: SimTime) -> BTreeMap<Key, Usage> {
        self.load.shares(then, at)
    }

    fn containers(&self, pod: &Object, demand: Usage) -> Vec<(Arc<str>, Usage)> {
        Fleet::usage(pod, demand)
    }

    fn system(&self, node: &Object) -> Usage {
        Fleet::system_usage(node)
    }

    fn answers(&self, node: &str, at: SimTime) -> bool {
        self.fleet.answers(node, at)
    }
}

/// The word as `help` lists it.
pub(super) const SHORT: &str = "load KIND/NAME cpu=900m";
const USAGE: &str = "load [-n NAMESPACE] KIND/NAME cpu=900m [memory=1Gi] | off";

impl World {
    /// The word `load`: sets a demand, ends it, or lists what is set. Returns the exit code.
    pub(super) fn load_word(&mut self, words: &[&str], out: &mut Output) -> i32 {
        let done = match words {
            [] => Ok(self.loads()),
            ["-n" | "--namespace", namespace, target, rest @ ..]
            | [target, rest @ .., "-n" | "--namespace", namespace] => {
                self.set_load(namespace, target, rest)
            }
            [target, rest @ ..] => {
                let namespace = self.setup.context.clone();
                self.set_load(&namespace, target, rest)
            }
        };
        match done {
            Ok(text) => {
                out.stdout = text;
                0
            }
            Err(why) => {
                out.stderr = format!("load: {why}\nusage: {USAGE}\n");
                1
            }
        }
    }

    fn set_load(
        &mut self,
        namespace: &str,
        target: &str,
        words: &[&str],
    ) -> Result<String, String> {
        let (kind, name) = target.split_once('/').unwrap_or((target, ""));
        let known = Kind::by_word(kind).filter(|kind| TARGETS.contains(kind));
        let kind = known.ok_or_else(|| format!("nobody can ask anything of \"{kind}\""))?;
        let target = Key::new(kind, namespace, name);
        let title = format!("{}/{name}", kind.singular_with_group());
        if self.store().head().get(&target).is_none() {
            return Err(format!("there is no {title} in namespace {namespace}"));
        }
        let wanted = demand(words)?;
        let from = self.now();
        self.state.load.0.push(Demand {
            from,
            target,
            wanted,
        });
        let text = wanted.map_or("no load".into(), |wanted| {
            format!("load {}", words_of(wanted))
        });
        Ok(format!("{title}: {text}\n"))
    }

    fn loads(&self) -> String {
        let all = self.state.load.at(self.now());
        let lines = all.iter().map(|(target, wanted)| {
            let kind = target.kind.singular_with_group();
            let (namespace, name) = (&target.namespace, &target.name);
            format!(
                "{kind}/{name} in namespace {namespace}: load {}\n",
                words_of(*wanted)
            )
        });
        let text: String = lines.collect();
        if text.is_empty() {
            return "nobody asks anything of any workload\n".into();
        }
        text
    }
}

/// Reads `cpu=900m memory=1Gi`, or `off` as `None`. Errors: anything else.
fn demand(words: &[&str]) -> Result<Option<Usage>, String> {
    if words == ["off"] {
        return Ok(None);
    }
    let mut wanted = Usage::default();
    let mut seen = BTreeSet::new();
    for word in words {
        let (key, value) = word.split_once('=').unwrap_or((word, ""));
        let amount = parse_quantity(value).filter(|amount| amount.0 >= 0);
        let amount = amount.ok_or_else(|| format!("\"{word}\" is not understood"))?;
        match key {
            "cpu" => wanted.cpu_nanos = amount.milli().saturating_mul(1_000_000),
            "memory" => wanted.memory_bytes = amount.units(),
            _ => return Err(format!("\"{word}\" is not understood")),
        }
        seen.insert(key);
    }
    if seen.is_empty() {
        return Err("how much is missing".into());
    }
    Ok(Some(wanted))
}

fn words_of(wanted: Usage) -> String {
    let cpu = (wanted.cpu_nanos > 0).then(|| format!("cpu={}m", wanted.cpu_milli()));
    let memory = wanted.memory_bytes;
    let memory = (memory > 0).then(|| format!("memory={}Mi", memory / (1024 * 1024)));
    let words: Vec<String> = cpu.into_iter().chain(memory).collect();
    if words.is_empty() {
        return "cpu=0".into();
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn demands_are_read() {
        let usage = |cpu_milli: i64, memory_bytes| {
            Ok(Some(Usage {
                cpu_nanos: cpu_milli * 1_000_000,
                memory_bytes,
            }))
        };
        for (words, wanted) in [
            (&["cpu=900m"][..], usage(900, 0)),
            (&["cpu=1.5", "memory=1Mi"], usage(1500, 1 << 20)),
            (&["off"], Ok(None)),
            (&[], Err("how much is missing".into())),
            (&["cpu=-1"], Err("\"cpu=-1\" is not understood".into())),
            (&["disk=1"], Err("\"disk=1\" is not understood".into())),
        ] {
            assert_eq!(demand(words), wanted, "{words:?}");
        }
    }
}
