//! Whether the comparison gives the verdicts that the original of it (compare.py, which came with
//! the recordings) gave for recordings with some lines changed: verdicts/edits.jsonl has the
//! changes, each with the verdict of its step, verdicts/table.txt the figures of all of them.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::compare::{Figures, commands, steps};
use super::recordings::{self, Recording, read};
use super::table::table;

fn edits() -> Vec<Value> {
    let lines = read("verdicts/edits.jsonl");
    lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("an edit a line"))
        .collect()
}

fn index(value: &Value) -> usize {
    value.as_u64().expect("an index") as usize
}

/// A recording with the changes that belong to it.
fn edited(recording: &Recording, edits: &[Value]) -> Value {
    let mut value = recording.value.clone();
    let is_command = |step: &Value| step["command"].is_string();
    for edit in edits.iter().filter(|e| e["file"] == *recording.name) {
        if edit["step"].is_u64() {
            let steps = value["steps"].as_array_mut().expect("steps");
            let mut commands = steps.iter_mut().filter(|step| is_command(step));
            let step = commands.nth(index(&edit["step"])).expect("a step");
            edit_step(step, edit);
        } else {
            let change = &mut value["timeline"][index(&edit["timeline"])];
            for (field, to) in edit["to"].as_object().into_iter().flatten() {
                change[field] = to.clone();
            }
            if edit["to"].is_null() {
                *change = Value::Null;
            }
        }
    }
    let timeline = value["timeline"].as_array_mut().expect("a timeline");
    timeline.retain(|change| !change.is_null());
    value
}

fn edit_step(step: &mut Value, edit: &Value) {
    for field in ["exit", "command"] {
        if !edit[field].is_null() {
            step[field] = edit[field].clone();
        }
    }
    let Some(stream) = edit["stream"].as_str() else {
        return;
    };
    let text = step[stream].as_str().expect("a text").to_string();
    let mut lines: Vec<&str> = text.split('\n').collect();
    let line = index(&edit["line"]);
    if edit["swap"].is_u64() {
        lines.swap(line, index(&edit["swap"]));
    } else if let Some(to) = edit["to"].as_str() {
        lines[line] = to;
    } else {
        lines.remove(line);
    }
    step[stream] = lines.join("\n").into();
}

#[test]
fn verdicts_of_changed_steps_are_those_of_the_original() {
    let edits = edits();
    let mut checked = 0;
    for recording in recordings::all() {
        let ours = edited(&recording, &edits);
        let verdicts = steps(&recording.value, &ours);
        for edit in edits.iter().filter(|e| e["file"] == *recording.name) {
            let Some(expected) = edit["verdict"].as_str() else {
                continue;
            };
            let at = index(&edit["step"]);
            assert_eq!(verdicts[at].word(), expected, "{edit}");
            checked += 1;
        }
        let changed = |at: usize| {
            edits
                .iter()
                .any(|e| e["file"] == *recording.name && e["step"] == at)
        };
        for (at, step) in commands(&recording.value).iter().enumerate() {
            assert!(changed(at) || verdicts[at].word() == "same", "{step}");
        }
    }
    assert!(checked > 200, "only {checked} changed steps");
}

#[test]
fn figures_of_changed_recordings_are_those_of_the_original() {
    let edits = edits();
    let pairs: Vec<(Recording, Value)> = recordings::all()
        .into_iter()
        .map(|recording| {
            let ours = edited(&recording, &edits);
            (recording, ours)
        })
        .collect();
    let rows: Vec<(String, Figures)> = pairs
        .iter()
        .map(|(recording, ours)| (recording.name.clone(), Figures::of(&recording.value, ours)))
        .collect();
    assert_eq!(table(&rows), read("verdicts/table.txt"));
    if let Some(original) = original_table("changed", &pairs) {
        assert_eq!(table(&rows), original);
    }
}

/// The table that the original prints for pairs, where it lies beside the checkout and Python is
/// there to run it; none elsewhere.
pub fn original_table(label: &str, pairs: &[(Recording, Value)]) -> Option<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/tools/compare.py");
    if !script.exists() {
        return None;
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(label);
    let _ = fs::remove_dir_all(&folder);
    for part in ["recorded", "ours"] {
        fs::create_dir_all(folder.join(part)).expect("a folder in target/tmp");
    }
    for (recording, ours) in pairs {
        // Both are written by the same hand: the original minds the order of a list's keys.
        for (part, value) in [("recorded", &recording.value), ("ours", ours)] {
            let file = folder.join(part).join(&recording.name);
            fs::write(file, value.to_string()).expect("a file in target/tmp");
        }
    }
    let mut python = Command::new("python3");
    python.arg("-B").arg(script);
    let run = python.args(["recorded", "ours"].map(|part| folder.join(part)));
    let output = run.output().ok()?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "compare.py failed: {stderr}");
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}
