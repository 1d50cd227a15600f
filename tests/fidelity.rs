//! The simulator held against recordings of a real cluster: tests/fidelity/README.md.

#[path = "fidelity/compare.rs"]
mod compare;
#[path = "fidelity/document.rs"]
mod document;
#[path = "fidelity/mask.rs"]
mod mask;
#[path = "fidelity/ratchet.rs"]
mod ratchet;
#[path = "fidelity/recordings.rs"]
mod recordings;
#[path = "fidelity/table.rs"]
mod table;
#[path = "fidelity/verdicts.rs"]
mod verdicts;

use std::fs;
use std::panic;
use std::path::Path;
use std::sync::LazyLock;

use serde_json::{Value, json};

use compare::Figures;
use ratchet::Ratchet;
use recordings::Recording;

/// What the simulator made of every recording.
struct Replays {
    pairs: Vec<(Recording, Value)>,
    rows: Vec<(String, Figures)>,
    /// Replays that panicked or refused, with their words.
    failed: Vec<String>,
}

static REPLAYS: LazyLock<Replays> = LazyLock::new(|| {
    let mut all = Replays {
        pairs: Vec::new(),
        rows: Vec::new(),
        failed: Vec::new(),
    };
    for recording in recordings::all() {
        let text = recording.value.to_string();
        let ours = match panic::catch_unwind(|| kube_orrery::scenario::replay(&text)) {
            Ok(Ok(ours)) => ours,
            Ok(Err(why)) => failure(&mut all, &recording, &why),
            Err(_) => failure(&mut all, &recording, "the replay panicked"),
        };
        let figures = Figures::of(&recording.value, &ours);
        all.rows.push((recording.name.clone(), figures));
        all.pairs.push((recording, ours));
    }
    all
});

fn failure(all: &mut Replays, recording: &Recording, why: &str) -> Value {
    all.failed.push(format!("{}: {why}", recording.name));
    json!({ "steps": [], "timeline": [] })
}

fn differing() -> Ratchet {
    let cases = REPLAYS.pairs.iter().zip(&REPLAYS.rows);
    cases
        .flat_map(|((recording, _), (_, figures))| ratchet::now(recording, figures))
        .collect()
}

fn assert_none(wrong: &[String], advice: &str) {
    assert!(
        wrong.is_empty(),
        "{} things, {advice}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn every_recording_replays_to_its_end() {
    assert!(REPLAYS.rows.len() >= 25, "the recordings have gone missing");
    assert_none(&REPLAYS.failed, "not replayed");
}

#[test]
fn the_table() {
    let table = table::table(&REPLAYS.rows);
    println!("\n{table}");
    if let Some(original) = verdicts::original_table("replayed", &REPLAYS.pairs) {
        assert_eq!(table, original);
    }
}

#[test]
fn only_listed_steps_differ() {
    assert_none(
        &ratchet::check(&differing()),
        "see tests/fidelity/README.md on the ratchet",
    );
}

#[test]
fn timelines_do_not_get_worse() {
    assert_none(
        &ratchet::check_floors(&REPLAYS.rows),
        "see tests/fidelity/floors.txt",
    );
}

/// A step whose reason is chance must be the same once the recorded chance is given to the replay.
#[test]
fn what_is_put_down_to_chance_differs_by_chance() {
    let listed = ratchet::listed(&differing());
    let by_chance = listed
        .iter()
        .filter(|(_, entry)| entry.reason.starts_with("chance:"));
    let by_chance: Vec<&(String, usize)> = by_chance.map(|(step, _)| step).collect();
    assert!(!by_chance.is_empty(), "no step is put down to chance");
    let mut wrong = Vec::new();
    for (recording, _) in &REPLAYS.pairs {
        let text = recording.value.to_string();
        let ours = kube_orrery::scenario::replay_with(&text, &[], true).expect("a replay");
        let figures = Figures::of(&recording.value, &ours);
        let differs = ratchet::now(recording, &figures);
        let still = by_chance.iter().filter(|step| differs.contains_key(**step));
        wrong.extend(still.map(|(name, step)| format!("{name} {step}")));
    }
    assert_none(&wrong, "which differ by more than chance");
}

#[test]
fn the_page_on_fidelity_is_up_to_date() {
    let page = document::page(&REPLAYS.rows, &ratchet::listed(&differing()));
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/FIDELITY.md");
    if ratchet::updating() {
        fs::write(&file, &page).expect("a writable docs/FIDELITY.md");
    }
    let written = fs::read_to_string(&file).unwrap_or_default();
    let advice = "UPDATE_EXPECT=1 cargo test --test fidelity writes docs/FIDELITY.md anew";
    assert!(written == page, "{advice}");
}
