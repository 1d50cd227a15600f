//! `cargo bench`: how long large manifests take to be read, checked, decoded and applied, and how
//! that grows with their size; how soon hostile ones are refused. Each figure is the best of some
//! runs. The same benches run in a browser by `npm run figures`.
#![allow(clippy::disallowed_methods)] // benches need a clock; the core has none

use std::hint::black_box;
use std::time::Instant;

use kube_orrery::api::Kind;
use kube_orrery::api::yaml::{parse, split};
use kube_orrery::apiserver::{Store, check, decode};
use kube_orrery::session::{BENCHES, manifest};
use serde_json::Value;

const SIZES_KB: [usize; 3] = [250, 500, 1_000];
const RUNS: usize = 5;

/// Milliseconds of the best run.
fn best<T>(mut prepare: impl FnMut() -> T, mut run: impl FnMut(&mut T)) -> f64 {
    let times = (0..RUNS).map(|_| {
        let mut state = prepare();
        let begin = Instant::now();
        run(&mut state);
        begin.elapsed().as_secs_f64() * 1e3
    });
    times.fold(f64::INFINITY, f64::min)
}

fn values(text: &str) -> Vec<Value> {
    let pieces = split(text).into_iter();
    let read = pieces.map(|piece| parse(piece.text).expect("it is YAML").value());
    read.collect()
}

/// A part of the work on a text of this many kilobytes, measured alone: milliseconds.
type Part = (&'static str, fn(usize) -> f64);

const PARTS: &[Part] = &[
    ("read", |kilobytes| {
        best(
            || manifest(kilobytes * 1_000),
            |text| drop(black_box(values(text))),
        )
    }),
    ("decode", |kilobytes| {
        best(
            || values(&manifest(kilobytes * 1_000)),
            |values| {
                for value in values.iter() {
                    black_box(decode(Kind::Deployment, value)).expect("it is a Deployment");
                }
            },
        )
    }),
    ("check", |kilobytes| {
        best(
            || manifest(kilobytes * 1_000),
            |text| {
                let store = Store::default();
                drop(black_box(check(text, store.head())));
            },
        )
    }),
];

fn print(name: &str, times: &[f64]) {
    let growth = times.windows(2).map(|pair| match pair {
        [small, large] => format!("x{:.2}", large / small),
        _ => String::new(),
    });
    let times: Vec<String> = times.iter().map(|ms| format!("{ms:9.1}")).collect();
    let growth: Vec<String> = growth.collect();
    println!("{name:<8} {}   {}", times.join(" "), growth.join(" "));
}

fn main() {
    println!("milliseconds for 250, 500, 1000 KB, and the growth at each doubling");
    for (name, part) in PARTS {
        print(name, &SIZES_KB.map(part));
    }
    let applied: Vec<f64> = BENCHES
        .iter()
        .filter(|bench| bench.name.starts_with("apply "))
        .map(|bench| best(bench.prepare, bench.run))
        .collect();
    print("apply", &applied);
    println!("\nmilliseconds until it is refused, and how");
    for bench in BENCHES.iter().filter(|b| b.name.starts_with("refuse ")) {
        let took = best(bench.prepare, bench.run);
        let words = (bench.outcome)(&(bench.prepare)());
        println!("{took:9.1} {}: {words}", bench.name);
    }
}
