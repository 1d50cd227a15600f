//! A recording of a real cluster, read: what it started with and what was done.
//!
//! Upstream: none.

use serde_json::{Map, Value};

use crate::clock::{Seed, SimTime, Span};
use crate::cluster::{NodeSpec, Setup};

use super::names::Names;
use super::neighbours::{self, Pull};

/// A recording.
pub struct Recording {
    pub title: String,
    pub start: SimTime,
    pub steps: Vec<Step>,
    /// The time of the last entry of its timeline, from the start.
    pub timeline_end: Span,
    nodes: Vec<NodeSpec>,
    namespace: String,
    /// Whether the nodes' coming up is still among the events.
    node_events: bool,
    switches: Vec<(Span, Span)>,
    /// What was pulled, and what that waited for.
    pulls: Vec<Pull>,
    retries: Vec<Span>,
    /// The names of its pods, which its commands may use.
    pub(super) names: Names,
}

/// A step: a file written, a command, or a fault.
pub struct Step {
    pub at: Span,
    pub file: Option<String>,
    pub manifest: Option<String>,
    pub command: Option<String>,
    pub fault: Option<Fault>,
    /// From the start of kubectl until its request reaches the server.
    pub effect_after: Span,
    /// The command was ended by a timeout after this time.
    pub timeout: Option<Span>,
    pub raw: Map<String, Value>,
}

/// A fault of a recording.
pub enum Fault {
    Switch {
        on: bool,
        nodes: Vec<String>,
    },
    Restart {
        nodes: Vec<String>,
    },
    /// A command that ran unrecorded.
    Command(String),
}

fn seconds(value: Option<&Value>) -> Span {
    Span::micros((value.and_then(Value::as_f64).unwrap_or(0.0) * 1e6) as i64)
}

fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key)?.as_str().map(String::from)
}

fn list(value: Option<&Value>) -> Vec<String> {
    let items = value.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(|v| v.as_str().map(String::from)).collect()
}

impl Step {
    fn printed(&self, text: &str) -> bool {
        self.raw
            .get("stdout")
            .and_then(Value::as_str)
            .is_some_and(|out| out.contains(text))
    }
}

impl Recording {
    /// Reads a recording's JSON. Errors: what is missing.
    pub fn read(json: &str) -> Result<Recording, String> {
        let value: Value = serde_json::from_str(json).map_err(|e| format!("no recording: {e}"))?;
        let start = text(&value, "start").ok_or("no recording: `start` is missing")?;
        let start =
            SimTime::parse_rfc3339(&start).ok_or_else(|| format!("`start` is no time: {start}"))?;
        let steps = value
            .get("steps")
            .and_then(Value::as_array)
            .ok_or("no recording: `steps` is missing")?;
        let timeline = value.get("timeline").and_then(Value::as_array);
        let end = timeline
            .and_then(|t| t.last())
            .map_or(Span::ZERO, |e| seconds(e.get("at_s")));
        let nodes = value
            .get("nodes")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let images = value.get("images");
        let steps: Vec<Step> = steps.iter().map(step).collect();
        Ok(Recording {
            title: text(&value, "title").unwrap_or_default(),
            start,
            node_events: steps.iter().any(|s| s.printed("Registered Node")),
            switches: lost_nodes(&steps, timeline),
            pulls: neighbours::pulls(timeline),
            retries: neighbours::retries(timeline),
            steps,
            timeline_end: end,
            nodes: nodes.map(|n| node(n, images, start, timeline)).collect(),
            names: Names::of(timeline),
            namespace: text(&value, "namespace").unwrap_or_else(|| "default".into()),
        })
    }

    /// The cluster that it started on: the fake runtime's figures are our defaults.
    pub fn setup(&self) -> Result<Setup, String> {
        let mut setup = Setup::empty(Seed(1), self.start);
        setup.namespaces.push(self.namespace.clone());
        setup.context.clone_from(&self.namespace);
        if let Some(settled) = settled(&self.steps, self.start) {
            setup.settled = settled.max(Span::secs(10));
        }
        setup.storage_class = false;
        setup.node_events = self.node_events && setup.settled < setup.api.event_ttl;
        let retries = self.retries.iter().map(|at| self.start + *at);
        setup.runtime.retries = retries.collect();
        for node in &self.nodes {
            setup.add(node)?;
            let busy = neighbours::busy(&self.pulls, &node.name).into_iter();
            let busy = busy.map(|(from, until)| (self.start + from, self.start + until));
            setup.keep_busy(busy.collect());
        }
        if let Some((off, lost)) = self.switches.first() {
            setup.align_heartbeat(self.start + *off, self.start + *lost);
        }
        Ok(setup)
    }
}

/// When nodes were switched off, and when each was found NotReady: the phase of the heartbeat is a
/// setting that a replay takes from the recording.
fn lost_nodes(steps: &[Step], timeline: Option<&Vec<Value>>) -> Vec<(Span, Span)> {
    let off = steps
        .iter()
        .filter(|s| matches!(&s.fault, Some(Fault::Switch { on: false, .. })));
    let lost = |after: Span| {
        let mut entries = timeline.into_iter().flatten();
        let entry = entries.find(|e| {
            text(e, "reason").as_deref() == Some("NodeNotReady")
                && text(e, "object").is_some_and(|o| o.starts_with("node/"))
                && seconds(e.get("at_s")) > after
        });
        entry.map(|e| seconds(e.get("at_s")))
    };
    off.filter_map(|step| Some((step.at, lost(step.at)?)))
        .collect()
}

/// The moment at which a kubelet told of a cordon, which it does with its next status: that, too,
/// shows the phase of its heartbeat.
fn reported(timeline: Option<&Vec<Value>>, node: &str) -> Option<Span> {
    let object = format!("node/{node}");
    let mut entries = timeline.into_iter().flatten();
    let entry = entries.find(|e| {
        text(e, "reason").is_some_and(|reason| reason.ends_with("Schedulable"))
            && text(e, "object").as_ref() == Some(&object)
    });
    entry.map(|e| seconds(e.get("at_s")))
}

fn node(
    value: &Value,
    images: Option<&Value>,
    start: SimTime,
    timeline: Option<&Vec<Value>>,
) -> NodeSpec {
    const HEARTBEAT_EVERY: Span = Span::secs(10);
    let name = text(value, "name").unwrap_or_default();
    let phase = |at: Span| {
        let at = (start + at).unix_micros();
        Span::micros(at.rem_euclid(HEARTBEAT_EVERY.as_micros()))
    };
    let taints = list(value.get("taints"));
    NodeSpec {
        control_plane: taints
            .iter()
            .any(|t| t.starts_with("node-role.kubernetes.io/control-plane")),
        cpu: text(value, "cpu"),
        memory: text(value, "memory"),
        pods: value.get("pods").and_then(Value::as_i64),
        images: list(images.and_then(|i| i.get(&name))),
        heartbeat: reported(timeline, &name).map(phase),
        name,
        ..NodeSpec::default()
    }
}

/// kubectl itself takes most of the time of a command that does not wait: its request comes last. A
/// command that waits does so behind its request.
fn effect_after(command: &str, took: Span) -> Span {
    const USUAL: Span = Span::millis(100);
    let last = (took - Span::millis(20)).max(Span::millis(30));
    let words: Vec<&str> = command.split_whitespace().skip(1).collect();
    let waits = match words.as_slice() {
        ["delete" | "drain" | "wait", ..] | ["rollout", "status", ..] => true,
        [_, flags @ ..] => flags
            .iter()
            .any(|flag| *flag == "-w" || flag.starts_with("--watch")),
        [] => false,
    };
    if waits { USUAL.min(last) } else { last }
}

/// How long the recorded cluster had been up at the start: from the age that a table shows for a
/// node or for the service `kubernetes`, or from a node's description.
fn settled(steps: &[Step], start: SimTime) -> Option<Span> {
    steps.iter().find_map(|step| {
        let stdout = step.raw.get("stdout")?.as_str()?;
        let command = step.command.as_deref().unwrap_or_default();
        if command.contains("describe node") {
            let stamp = stdout
                .lines()
                .find_map(|l| l.strip_prefix("CreationTimestamp:"))?;
            let at = jiff::fmt::rfc2822::parse(stamp.trim()).ok()?.timestamp();
            return Some(start - SimTime::from_unix_micros(at.as_microsecond()));
        }
        let mut header: Vec<&str> = Vec::new();
        for line in stdout.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            let Some(name) = words.first().map(|w| w.trim_start_matches("service/")) else {
                continue;
            };
            if name == "NAME" {
                header = words;
            } else if name == "kubernetes" || command.contains("get node") {
                let column = header.iter().position(|word| *word == "AGE")?;
                return Some(age(words.get(column)?)? - step.at);
            }
        }
        None
    })
}

/// `4m58s`, as kubectl prints an age.
fn age(text: &str) -> Option<Span> {
    let (mut total, mut number) = (Span::ZERO, 0);
    for c in text.chars() {
        let unit = match c {
            '0'..='9' => {
                number = number * 10 + i64::from(c.to_digit(10)?);
                continue;
            }
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            _ => return None,
        };
        total = total + Span::secs(number * unit);
        number = 0;
    }
    Some(total)
}

/// How long a command went on that a timeout ended: as recorded, or until after its last line.
fn lasted(value: &Value) -> Span {
    if let Some(took) = value.get("took_s") {
        return seconds(Some(took));
    }
    let lines = value.get("lines").and_then(Value::as_array);
    let last = lines
        .and_then(|lines| lines.last())
        .and_then(|line| line.get(0));
    seconds(last) - seconds(value.get("at_s")) + Span::secs(1)
}

fn step(value: &Value) -> Step {
    let fault = value.get("fault").and_then(|fault| {
        let nodes = list(fault.get("nodes"));
        match fault.get("do")?.as_str()? {
            "node-off" => Some(Fault::Switch { on: false, nodes }),
            "node-on" => Some(Fault::Switch { on: true, nodes }),
            "kubelet-restart" => Some(Fault::Restart { nodes }),
            "command" => Some(Fault::Command(text(fault, "command")?)),
            _ => None,
        }
    });
    let ended = value.get("exit").and_then(Value::as_i64) == Some(124);
    Step {
        at: seconds(value.get("at_s")),
        file: text(value, "file"),
        manifest: text(value, "manifest"),
        command: text(value, "command"),
        fault,
        effect_after: effect_after(
            &text(value, "command").unwrap_or_default(),
            seconds(value.get("took_s")),
        ),
        timeout: ended.then(|| lasted(value)),
        raw: value.as_object().cloned().unwrap_or_default(),
    }
}
