//! Stories of pods, held against what recordings of real kubelets show: the order of writes and
//! events, and their times.
//!
//! Upstream: none.

mod ends;
mod machines;
mod probing;
mod starts;

use serde_json::{Value, json};

use crate::clock::Span;

use super::RuntimeOptions;
use super::stage::StageSet;

/// Without the small differences between pods that start together and between pulls.
fn steady() -> RuntimeOptions {
    RuntimeOptions {
        stagger: Span::ZERO,
        pull_overhead: Span::millis(1),
        ..RuntimeOptions::default()
    }
}

fn one(name: &str, image: &str) -> Value {
    json!({ "containers": [{ "name": name, "image": image, "imagePullPolicy": "IfNotPresent" }] })
}

/// A pod with a token, whose volume takes its time.
fn run(name: &str, image: &str, command: &[&str], restart: &str) -> Value {
    json!({
        "restartPolicy": restart,
        "containers": [{ "name": name, "image": image, "command": command, "imagePullPolicy": "Always" }],
    })
}

fn assert_script(stage: &StageSet, pod: &str, from: i64, expected: &str) {
    let told = stage.script(pod, from).join("\n");
    let expected: Vec<&str> = expected
        .lines()
        .map(str::trim_end)
        .filter(|l| !l.is_empty())
        .collect();
    assert_eq!(told, expected.join("\n"), "\n{told}\n");
}

/// The times, in seconds after the start, of the lines that contain a text.
fn times(stage: &StageSet, pod: &str, text: &str) -> Vec<f64> {
    let lines = stage.script(pod, 0);
    let lines = lines.iter().filter(|line| line.contains(text));
    lines
        .filter_map(|line| line.split_whitespace().next()?.parse().ok())
        .collect()
}
