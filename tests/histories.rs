//! Random histories, natively: `tests/histories/` says what must hold. 10,000 of them with
//! `KUBE_ORRERY_LONG=1`. `HISTORY=17` lives that one alone. `UPDATE_EXPECT=1` writes the digests
//! that `tests/web.rs` compares in a browser.
#![cfg(not(target_arch = "wasm32"))]

#[path = "histories/mod.rs"]
mod histories;

use std::ops::RangeInclusive;
use std::{env, fs, thread};

use histories::{HASHES, of_batch};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/histories/hashes.txt");
/// As many batches of seeds have their digests in the file.
const BATCHES: u64 = 10;

/// What a history came to, by its seed.
type Ends = Vec<(u64, Result<u64, String>)>;

/// Lives the histories of some seeds, on all processors.
fn live_all(seeds: &RangeInclusive<u64>) -> Ends {
    let workers = thread::available_parallelism().map_or(2, usize::from);
    let share = |worker: usize| {
        let own = seeds.clone().skip(worker).step_by(workers);
        own.map(|seed| (seed, histories::live(seed)))
            .collect::<Ends>()
    };
    let mut ends: Ends = thread::scope(|scope| {
        let share = &share;
        let threads: Vec<_> = (0..workers)
            .map(|worker| scope.spawn(move || share(worker)))
            .collect();
        let ends = threads.into_iter().map(|thread| thread.join());
        ends.flat_map(|ends| ends.expect("a history panicked"))
            .collect()
    });
    ends.sort_by_key(|end| end.0);
    ends
}

#[test]
fn every_history_keeps_the_rules_and_ends_as_it_did() {
    if let Ok(seed) = env::var("HISTORY") {
        let end = histories::live(seed.parse().expect("a seed"));
        return assert!(end.is_ok(), "{}", end.unwrap_err());
    }
    let (long, update) = ["KUBE_ORRERY_LONG", "UPDATE_EXPECT"]
        .map(|name| env::var_os(name).is_some())
        .into();
    let last = match (long, update) {
        (true, _) => 10_000,
        (false, true) => BATCHES * histories::BATCH,
        (false, false) => 2 * histories::BATCH,
    };
    let ends = live_all(&(1..=last));
    let broken: Vec<&String> = ends.iter().filter_map(|end| end.1.as_ref().err()).collect();
    let first: Vec<&str> = broken.iter().take(5).map(|why| why.as_str()).collect();
    assert!(
        broken.is_empty(),
        "{} histories, see tests/histories/: {}",
        broken.len(),
        first.join("\n\n")
    );
    let digests: Vec<u64> = ends.into_iter().flat_map(|end| end.1).collect();
    let batches = digests.chunks(histories::BATCH as usize);
    let lines: Vec<String> = (1..=BATCHES).zip(batches).map(of_batch).collect();
    if update {
        fs::write(FILE, lines.join("\n") + "\n").expect("written");
    } else {
        let written: Vec<&str> = HASHES.lines().take(lines.len()).collect();
        assert_eq!(
            written, lines,
            "UPDATE_EXPECT=1 writes tests/histories/hashes.txt anew"
        );
    }
}
