//! A story's settings: the cluster's size and seed, nodes one by one, images, flags.
//!
//! Upstream: kubeadm's configuration and the components' flags; `set` takes their flag names.

use crate::clock::{Seed, SimTime};
use crate::cluster::{NodeSpec, Setup};

use super::parse::span;

/// The words that begin a settings line.
pub(super) const WORDS: &[&str] = &["cluster", "node", "image", "set"];

/// Settings as they are read, line by line.
#[derive(Default)]
pub(super) struct Settings {
    seed: u64,
    epoch: Option<SimTime>,
    /// Nodes beside the master that `cluster nodes=N` asks for.
    workers: Option<u32>,
    size: NodeSpec,
    metrics_server: bool,
    nodes: Vec<NodeSpec>,
    images: Vec<(String, Vec<(String, String)>)>,
    flags: Vec<(String, String)>,
}

/// More nodes than this are refused.
const NODES_MAX: u32 = 10_000;

impl Settings {
    /// Reads one line; empty lines and remarks are nothing. Errors: what is wrong with it.
    pub(super) fn line(&mut self, line: &str) -> Result<(), String> {
        let mut words = line.split_whitespace();
        match words.next() {
            Some("cluster") => words.try_for_each(|word| match word {
                "metrics-server" => {
                    self.metrics_server = true;
                    Ok(())
                }
                _ => self.cluster(pair(word)?),
            }),
            Some("node") => {
                let name = words.next().ok_or("node: a name is missing")?;
                let mut node = NodeSpec {
                    name: name.into(),
                    ..self.size.clone()
                };
                words.try_for_each(|word| node_setting(&mut node, word))?;
                self.nodes.push(node);
                Ok(())
            }
            Some("image") => {
                let name = words.next().ok_or("image: a name is missing")?.to_string();
                let settings = words.map(|w| {
                    if w == "missing" {
                        Ok(("missing".into(), String::new()))
                    } else {
                        pair(w)
                    }
                });
                self.images
                    .push((name, settings.collect::<Result<_, _>>()?));
                Ok(())
            }
            Some("set") => words.try_for_each(|word| {
                self.flags.push(pair(word)?);
                Ok(())
            }),
            _ => Ok(()),
        }
    }

    fn cluster(&mut self, (key, value): (String, String)) -> Result<(), String> {
        let bad = || format!("cluster: {key}={value} is not understood");
        match key.as_str() {
            "nodes" => {
                self.workers = Some(
                    value
                        .parse()
                        .ok()
                        .filter(|n| *n <= NODES_MAX)
                        .ok_or_else(bad)?,
                )
            }
            "seed" => self.seed = value.parse().map_err(|_| bad())?,
            "epoch" => self.epoch = Some(SimTime::parse_rfc3339(&value).ok_or_else(bad)?),
            "cpu" => self.size.cpu = Some(value),
            "memory" => self.size.memory = Some(value),
            "pods" => self.size.pods = Some(value.parse().map_err(|_| bad())?),
            _ => return Err(bad()),
        }
        Ok(())
    }

    /// The setup that the settings ask for. Without any: the chapter's three machines.
    pub(super) fn finish(self) -> Result<Setup, String> {
        let mut setup = Setup::chapter(if self.seed == 0 { 1 } else { self.seed });
        if let Some(epoch) = self.epoch {
            setup = Setup::empty(Seed(setup.seed.0), epoch);
        }
        if self.epoch.is_some()
            || self.workers.is_some()
            || !self.nodes.is_empty()
            || self.size != NodeSpec::default()
        {
            setup.nodes.clear();
            let workers = self
                .workers
                .unwrap_or(if self.nodes.is_empty() { 2 } else { 0 });
            if self.nodes.is_empty() || workers > 0 {
                setup.add(&NodeSpec {
                    name: "k8s-master".into(),
                    control_plane: true,
                    ..self.size.clone()
                })?;
            }
            for n in 1..=workers {
                setup.add(&NodeSpec {
                    name: format!("k8s-node{n}"),
                    ..self.size.clone()
                })?;
            }
            for node in &self.nodes {
                setup.add(node)?;
            }
        }
        setup.metrics_server = self.metrics_server;
        for (name, settings) in &self.images {
            for (key, value) in settings {
                setup.set_image(name, key, value, span(value).ok())?;
            }
        }
        for (key, value) in &self.flags {
            let parsed = span(value);
            // Flags in seconds may be written as kubectl users write them: `=30`.
            let parsed = parsed.or_else(|_| span(&format!("{value}s")));
            setup
                .set_flag(key, value, parsed.ok())
                .map_err(|e| format!("set {key}={value}: {e}"))?;
        }
        Ok(setup)
    }
}

fn pair(word: &str) -> Result<(String, String), String> {
    let (key, value) = word
        .split_once('=')
        .ok_or_else(|| format!("\"{word}\" is no setting: write key=value"))?;
    Ok((key.to_string(), value.to_string()))
}

fn node_setting(node: &mut NodeSpec, word: &str) -> Result<(), String> {
    if word == "control-plane" {
        node.control_plane = true;
        return Ok(());
    }
    let (key, value) = pair(word)?;
    match key.as_str() {
        "cpu" => node.cpu = Some(value),
        "memory" => node.memory = Some(value),
        "pods" => {
            node.pods = Some(
                value
                    .parse()
                    .map_err(|_| format!("node: pods={value} is no number"))?,
            )
        }
        "label" => node.labels.push(value),
        "taint" => node.taints.push(value),
        "image" => node.images.push(value),
        "heartbeat" => node.heartbeat = Some(span(&value)?),
        _ => {
            return Err(format!(
                "node: {key} is no setting: cpu, memory, pods, label, taint, image, heartbeat, control-plane"
            ));
        }
    }
    Ok(())
}
