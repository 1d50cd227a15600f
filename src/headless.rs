//! The native program: runs stories, replays recordings, measures, without a screen.
//!
//! Upstream: none.
#![allow(clippy::disallowed_methods)] // benches need a clock; the core has none

use std::fs;
use std::process::ExitCode;
use std::time::Instant;

use kube_orrery::scenario;
use kube_orrery::session::BENCHES;

const USAGE: &str = "usage:
  kube-orrery run FILE              run a story and compare what it prints (UPDATE_EXPECT=1 rewrites it)
  kube-orrery replay FILE [--out OUT] [--set FLAG=DURATION] [--recorded-chance]
                                    replay a recording of a real cluster; OUT gets ours in the same form;
                                    --recorded-chance takes the moments of retries from it
  kube-orrery bench                 print the core's figures
";

/// Runs the command line; the exit code says how it went.
pub fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args.as_slice() {
        ["run", file] => run(file),
        ["replay", rest @ ..] => replay(rest),
        ["bench"] => bench(),
        _ => Err(USAGE.to_string()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{}", why.trim_end());
            ExitCode::FAILURE
        }
    }
}

fn read(file: &str) -> Result<String, String> {
    fs::read_to_string(file).map_err(|e| format!("{file}: {e}"))
}

fn run(file: &str) -> Result<(), String> {
    let text = read(file)?;
    let story = scenario::parse(&text).map_err(|e| format!("{file}: {e}"))?;
    let outcome = scenario::run(&story);
    print!("{}", outcome.text);
    eprintln!(
        "{} simulated, state hash {:016x}",
        outcome.passed, outcome.hash
    );
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(file, &outcome.text).map_err(|e| format!("{file}: {e}"))?;
    } else if outcome.text != text {
        return Err(format!("{file}: the story went differently"));
    }
    if outcome.failures.is_empty() {
        Ok(())
    } else {
        Err(outcome.failures.join("\n"))
    }
}

fn replay(args: &[&str]) -> Result<(), String> {
    let (mut file, mut out, mut flags, mut recorded_chance) = (None, None, Vec::new(), false);
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match *arg {
            "--out" => out = args.next(),
            "--recorded-chance" => recorded_chance = true,
            "--set" => {
                let pair = args.next().and_then(|word| word.split_once('='));
                let (name, value) = pair.ok_or("--set wants FLAG=DURATION")?;
                flags.push((name.to_string(), value.to_string()));
            }
            _ => file = Some(*arg),
        }
    }
    let file = file.ok_or(USAGE)?;
    let ours = scenario::replay_with(&read(file)?, &flags, recorded_chance)
        .map_err(|e| format!("{file}: {e}"))?;
    let text = serde_json::to_string(&ours).map_err(|e| e.to_string())?;
    match out {
        Some(out) => fs::write(out, text).map_err(|e| format!("{out}: {e}")),
        None => {
            println!("{text}");
            Ok(())
        }
    }
}

/// A JSON line a figure: the median of some runs, each on a world of its own.
fn bench() -> Result<(), String> {
    const RUNS: usize = 7;
    for bench in BENCHES {
        let mut millis = Vec::new();
        let mut outcome = String::new();
        for _ in 0..RUNS {
            let mut history = (bench.prepare)();
            let begin = Instant::now();
            (bench.run)(&mut history);
            millis.push(begin.elapsed().as_secs_f64() * 1e3);
            outcome = (bench.outcome)(&history);
        }
        millis.sort_by(f64::total_cmp);
        let median = millis.get(RUNS / 2).copied().unwrap_or(0.0);
        let line = serde_json::json!({
            "name": format!("{} ({outcome})", bench.name), "value": (median * 1e3).round() / 1e3,
            "unit": "ms", "budget": bench.budget_ms,
        });
        println!("{line}");
    }
    Ok(())
}
