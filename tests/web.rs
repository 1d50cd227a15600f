//! What must come out the same in a browser as natively. Run by `npm test` in headless Chromium.
#![cfg(target_arch = "wasm32")]

#[path = "histories/mod.rs"]
mod histories;

use histories::{BATCH, HASHES, live, of_batch};
use kube_orrery::clock::{Seed, digest_of};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
fn a_digest_is_what_it_is_natively() {
    // The figure of the native test in src/clock/digest.rs, whatever the width of usize.
    assert_eq!(
        digest_of(&("orrery", 7_usize, -1_isize)),
        12_216_476_974_782_400_669
    );
}

#[wasm_bindgen_test]
fn a_seed_draws_what_it_draws_natively() {
    let seed = Seed(1).stream("names");
    assert_eq!(seed.suffix("web", 0), "85xkv");
}

/// The stories print their state hash: the native run wrote it, so the browser must come to the
/// same.
#[wasm_bindgen_test]
fn a_story_ends_in_the_same_state_as_natively() {
    for (name, text) in [
        ("failover", include_str!("scenarios/chapter/failover.txt")),
        (
            "rolling update",
            include_str!("scenarios/chapter/rolling-update.txt"),
        ),
        ("labels", include_str!("scenarios/chapter/labels.txt")),
    ] {
        let story = kube_orrery::scenario::parse(text).unwrap_or_else(|e| panic!("{name}: {e}"));
        let outcome = kube_orrery::scenario::run(&story);
        assert!(text.contains("\nhash\n"), "{name} asks for its hash");
        assert_eq!(outcome.text, text, "{name}");
    }
}

/// The same properties as natively, and the same last states.
#[wasm_bindgen_test]
fn histories_keep_the_rules_and_end_as_natively() {
    let lines = HASHES.lines();
    assert!(lines.clone().count() >= 10, "hashes.txt has gone missing");
    for (batch, line) in (1..).zip(lines) {
        let seeds = (batch - 1) * BATCH + 1..=batch * BATCH;
        let ends = seeds.map(|seed| live(seed).unwrap_or_else(|why| panic!("{why}")));
        let digests: Vec<u64> = ends.collect();
        assert_eq!(of_batch((batch, &digests)), line);
    }
}
