//! Holds what the simulator did in the steps of a recording against what the real cluster did.
//!
//! A step's verdict is the worse of its two streams'. A listing's lines may come in another order,
//! because they are sorted by names that are random; those of YAML, of JSON and of one object's
//! description may not. The figures of a timeline ignore the order altogether.

use std::collections::BTreeMap;
use std::ops::AddAssign;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::mask::{mask, mask_message, mask_nodes, regex, seconds};

/// How a step of ours relates to the recorded one, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Equal after masking; ages within 3 s or 10%.
    Same,
    /// Equal words, but columns or padding differ.
    Layout,
    /// Equal but for ages beyond the tolerance.
    Time,
    /// Equal once the names of nodes are masked: a tie that was broken the other way.
    Placement,
    Different,
}

impl Verdict {
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Same => "same",
            Verdict::Layout => "layout",
            Verdict::Time => "time",
            Verdict::Placement => "placement",
            Verdict::Different => "different",
        }
    }

    /// Whether the simulator did as well as a second run of the real cluster might.
    pub fn is_good(self) -> bool {
        matches!(self, Verdict::Same | Verdict::Placement)
    }
}

static STRUCTURED: LazyLock<Regex> = LazyLock::new(|| regex(r"(-o|--output)[ =]?(yaml|json)\b"));
static TABLE_HEAD: LazyLock<Regex> =
    LazyLock::new(|| regex(r"^[A-Z][A-Z0-9()-]*(?: [A-Z0-9()-]+)* {2,}[A-Z]"));

/// The commands of a recording, in file order; faults are no commands.
pub fn commands(recording: &Value) -> Vec<&Value> {
    let steps = recording["steps"].as_array().into_iter().flatten();
    steps
        .filter(|step| !text(step, "command").is_empty())
        .collect()
}

pub fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or("")
}

/// The verdict of every command of a recording.
pub fn steps(recorded: &Value, ours: &Value) -> Vec<Verdict> {
    let ours = commands(ours);
    let one = |(at, step): (usize, &&Value)| match ours.get(at) {
        Some(our) if mask(text(our, "command")) == mask(text(step, "command")) => {
            step_verdict(step, our)
        }
        _ => Verdict::Different,
    };
    commands(recorded).iter().enumerate().map(one).collect()
}

fn step_verdict(recorded: &Value, ours: &Value) -> Verdict {
    if recorded["exit"] != ours["exit"] {
        return Verdict::Different;
    }
    let command = text(recorded, "command");
    let stream = |name| text_verdict(text(recorded, name), text(ours, name), command);
    stream("stdout").max(stream("stderr"))
}

fn text_verdict(recorded: &str, ours: &str, command: &str) -> Verdict {
    let lines = |text: &str| -> Vec<String> {
        let lines = text.trim_end_matches('\n').split('\n');
        lines.map(str::to_string).collect()
    };
    let (la, lb) = (lines(recorded), lines(ours));
    let (ma, mb) = (lines(&mask(recorded)), lines(&mask(ours)));
    let free = free_part(command, &la);
    let mut verdict = lines_verdict(&ma, &mb);
    if verdict != Verdict::Same {
        verdict = lines_verdict(&ordered(&ma, free), &ordered(&mb, free));
    }
    if verdict != Verdict::Same {
        let nodeless = |lines: &[String]| -> Vec<String> {
            let lines: Vec<String> = lines.iter().map(|l| mask_nodes(l)).collect();
            ordered(&lines, free)
        };
        return match lines_verdict(&nodeless(&ma), &nodeless(&mb)) {
            Verdict::Same => Verdict::Placement,
            other => other,
        };
    }
    let pads_differ = widths(&la) == widths(&lb) && shapes(&la) != shapes(&lb);
    let table_differs = is_laid_out(recorded) && !is_laid_out(ours);
    if pads_differ || table_differs || indents_differ(&ma, &mb) {
        return Verdict::Layout;
    }
    Verdict::Same
}

fn lines_verdict(a: &[String], b: &[String]) -> Verdict {
    if a.len() != b.len() {
        return Verdict::Different;
    }
    let lines = a.iter().zip(b).map(|(x, y)| words_verdict(x, y));
    lines.max().unwrap_or(Verdict::Same)
}

/// Same, Time or Different, for two masked lines.
fn words_verdict(a: &str, b: &str) -> Verdict {
    let [a, b]: [Vec<&str>; 2] = [a, b].map(|line| line.split_whitespace().collect());
    if a.len() != b.len() {
        return Verdict::Different;
    }
    let word = |(x, y): (&&str, &&str)| match (x == y, seconds(x), seconds(y)) {
        (true, ..) => Verdict::Same,
        (_, Some(x), Some(y)) if (x - y).abs() <= f64::max(3.0, 0.1 * x.max(y)) => Verdict::Same,
        (_, Some(_), Some(_)) => Verdict::Time,
        _ => Verdict::Different,
    };
    a.iter().zip(&b).map(word).max().unwrap_or(Verdict::Same)
}

/// From which line on the order is free: at once in a listing, from the events in a description of
/// one object, never in YAML and JSON.
fn free_part(command: &str, lines: &[String]) -> usize {
    if STRUCTURED.is_match(command) {
        return lines.len();
    }
    let described = lines.iter().filter(|l| l.starts_with("Name:")).count();
    if format!(" {command} ").contains(" describe ") && described == 1 {
        let events = lines.iter().position(|l| l.starts_with("Events:"));
        return events.unwrap_or(lines.len());
    }
    0
}

/// The lines with the free ones sorted. The pods in a node's description are in the order of their
/// random names as well.
fn ordered(lines: &[String], free: usize) -> Vec<String> {
    let free = free.min(lines.len());
    let (fixed, rest) = lines.split_at(free);
    let borders = ["Non-terminated Pods:", "Allocated resources:"];
    let is_border = |l: &String| borders.iter().any(|border| l.starts_with(border));
    let at: Vec<usize> = (0..free).filter(|&i| is_border(&fixed[i])).collect();
    let (start, end) = match at[..] {
        [start, end] => (start, end),
        _ => (0, 0),
    };
    let sorted = |lines: &[String]| {
        let mut lines = lines.to_vec();
        lines.sort_by(|a, b| {
            sort_key(a)
                .partial_cmp(&sort_key(b))
                .expect("ages are numbers")
        });
        lines
    };
    let parts = [
        fixed[..start].to_vec(),
        sorted(&fixed[start..end]),
        fixed[end..].to_vec(),
        sorted(rest),
    ];
    parts.concat()
}

/// The words without the ages; then, for lines that differ in nothing else, the ages.
fn sort_key(line: &str) -> (Vec<&str>, Vec<f64>) {
    let words = line.split_whitespace();
    let wordless = |word| seconds(word).map_or(word, |_| "<t>");
    (
        words.clone().map(wordless).collect(),
        words.filter_map(seconds).collect(),
    )
}

/// How long the words are, line by line, whatever the order of the lines.
fn widths(lines: &[String]) -> Vec<Vec<usize>> {
    let line = |l: &String| l.split_whitespace().map(|w| w.chars().count()).collect();
    sorted(lines.iter().map(line).collect())
}

/// Where the words stand, line by line, whatever the order of the lines.
fn shapes(lines: &[String]) -> Vec<String> {
    let shape = |c: char| if c.is_whitespace() { c } else { 'x' };
    sorted(
        lines
            .iter()
            .map(|l| l.chars().map(shape).collect())
            .collect(),
    )
}

fn indents_differ(a: &[String], b: &[String]) -> bool {
    let indent = |line: &String| line.len() - line.trim_start_matches(' ').len();
    let (a, b) = (sorted(a.to_vec()), sorted(b.to_vec()));
    a.iter().zip(&b).any(|(x, y)| indent(x) != indent(y))
}

fn sorted<T: Ord>(mut list: Vec<T>) -> Vec<T> {
    list.sort();
    list
}

/// Whether every table of a text has kubectl's columns: the widest cell and three spaces, at least
/// six. True where there is no table.
fn is_laid_out(text: &str) -> bool {
    text.split('\n')
        .map(|line| line.chars().collect())
        .collect::<Vec<Vec<char>>>()
        .split(|line| line.iter().all(|c| c.is_whitespace()))
        .all(table_is_laid_out)
}

fn table_is_laid_out(block: &[Vec<char>]) -> bool {
    let [head, _, ..] = block else { return true };
    if !TABLE_HEAD.is_match(&head.iter().collect::<String>()) {
        return true;
    }
    let begins = |&at: &usize| {
        !head[at].is_whitespace() && (at == 0 || at >= 2 && head[at - 2..at] == [' ', ' '])
    };
    let starts: Vec<usize> = (0..head.len()).filter(begins).collect();
    starts.windows(2).all(|pair| {
        let (start, end) = (pair[0], pair[1]);
        let spills = |l: &Vec<char>| l.len() > end && l[end - 1] != ' ';
        let cell = |l: &Vec<char>| {
            let cell = &l[start.min(l.len())..end.min(l.len())];
            cell.iter()
                .rposition(|c| !c.is_whitespace())
                .map_or(0, |last| last + 1)
        };
        let widest = block.iter().map(cell).max().unwrap_or(0);
        !block.iter().any(spills) && end - start == usize::max(6, widest + 3)
    })
}

/// How many of one kind both have, and how many each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overlap {
    pub both: usize,
    pub recorded: usize,
    pub ours: usize,
}

/// The figures of one recording, or of several together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    pub verdicts: Vec<Verdict>,
    /// Events, by type, reason, kind and masked message.
    pub events: Overlap,
    /// Writes to objects but nodes and events, by kind, phase and counts.
    pub writes: Overlap,
    /// Of the events that both have: how many agree in time, within 0.5 s or 5%; and how many.
    pub on_time: (usize, usize),
}

impl AddAssign for Overlap {
    fn add_assign(&mut self, other: Overlap) {
        self.both += other.both;
        self.recorded += other.recorded;
        self.ours += other.ours;
    }
}

impl AddAssign<&Figures> for Figures {
    fn add_assign(&mut self, other: &Figures) {
        self.verdicts.extend(&other.verdicts);
        self.events += other.events;
        self.writes += other.writes;
        self.on_time.0 += other.on_time.0;
        self.on_time.1 += other.on_time.1;
    }
}

impl Figures {
    /// Compares a whole recording with ours.
    pub fn of(recorded: &Value, ours: &Value) -> Figures {
        let (a, b) = (event_times(recorded), event_times(ours));
        let counts =
            |events: &EventTimes| events.iter().map(|(k, v)| (k.clone(), v.len())).collect();
        Figures {
            verdicts: steps(recorded, ours),
            events: overlap(&counts(&a), &counts(&b)),
            writes: overlap(&writes_of(recorded), &writes_of(ours)),
            on_time: on_time(&a, &b),
        }
    }

    pub fn count(&self, verdict: Verdict) -> usize {
        self.verdicts.iter().filter(|v| **v == verdict).count()
    }

    /// The share of steps that are the same or differ in placement only, in percent.
    pub fn good_percent(&self) -> f64 {
        let good = self.verdicts.iter().filter(|v| v.is_good()).count();
        100.0 * good as f64 / self.verdicts.len().max(1) as f64
    }
}

type EventTimes = BTreeMap<[String; 4], Vec<f64>>;

fn timeline(recording: &Value) -> impl Iterator<Item = &Value> {
    recording["timeline"].as_array().into_iter().flatten()
}

fn event_times(recording: &Value) -> EventTimes {
    let mut times = EventTimes::new();
    let is_event = |e: &&Value| text(e, "kind") == "events" && text(e, "event") == "ADDED";
    for event in timeline(recording).filter(is_event) {
        let kind = text(event, "object").split('/').next().unwrap_or("");
        let key = [
            event["type"].to_string(),
            event["reason"].to_string(),
            kind.to_string(),
            mask_message(text(event, "message")),
        ];
        let at = event["at_s"].as_f64().unwrap_or(0.0);
        times.entry(key).or_default().push(at);
    }
    for list in times.values_mut() {
        list.sort_by(f64::total_cmp);
    }
    times
}

fn on_time(recorded: &EventTimes, ours: &EventTimes) -> (usize, usize) {
    let shared = recorded
        .iter()
        .filter_map(|(key, times)| Some((times, ours.get(key)?)));
    let pairs: Vec<(f64, f64)> = shared
        .flat_map(|(a, b)| a.iter().copied().zip(b.iter().copied()))
        .collect();
    let agrees = |(x, y): &&(f64, f64)| (x - y).abs() <= f64::max(0.5, 0.05 * x);
    (pairs.iter().filter(agrees).count(), pairs.len())
}

fn writes_of(recording: &Value) -> BTreeMap<String, usize> {
    const COUNTS: [&str; 6] = [
        "replicas",
        "readyReplicas",
        "succeeded",
        "failed",
        "active",
        "numberReady",
    ];
    let mut bag = BTreeMap::new();
    let is_write = |e: &&Value| !matches!(text(e, "kind"), "events" | "nodes");
    for write in timeline(recording).filter(is_write) {
        let own = [&write["kind"], &write["event"], &write["phase"]];
        let counts = COUNTS.map(|count| &write["status"][count]);
        let key: Vec<String> = own
            .into_iter()
            .chain([&write["spec"]["replicas"]])
            .chain(counts)
            .map(Value::to_string)
            .collect();
        *bag.entry(key.join(" ")).or_default() += 1;
    }
    bag
}

fn overlap<K: Ord>(recorded: &BTreeMap<K, usize>, ours: &BTreeMap<K, usize>) -> Overlap {
    let shared = |(key, n): (&K, &usize)| ours.get(key).map_or(0, |m| *m.min(n));
    Overlap {
        both: recorded.iter().map(shared).sum(),
        recorded: recorded.values().sum(),
        ours: ours.values().sum(),
    }
}
