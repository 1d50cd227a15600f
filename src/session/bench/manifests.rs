//! Benches of manifests: a large file is read, checked, applied; a hostile one is refused.
//!
//! Upstream: none; the figures that the project promises.

use std::fmt::Write;

use crate::apiserver::check;
use crate::cluster::Setup;
use crate::session::history::History;
use crate::session::journal::Input;

use super::Bench;

/// What a refusal may take, milliseconds.
const REFUSAL_MS: f64 = 100.0;

const fn apply(name: &'static str, prepare: fn() -> History, budget_ms: f64) -> Bench {
    Bench {
        name,
        prepare,
        run: apply_file,
        outcome: deployments,
        budget_ms,
    }
}

pub(super) const APPLY_250_KB: Bench = apply("apply 250 KB of manifests", || file(250), 125.0);
pub(super) const APPLY_500_KB: Bench = apply("apply 500 KB of manifests", || file(500), 250.0);
pub(super) const APPLY_1_MB: Bench = apply("apply 1 MB of manifests", || file(1_000), 500.0);

pub(super) const CHECK_1_MB: Bench = Bench {
    name: "the editor's look at 1 MB of manifests",
    prepare: || file(1_000),
    run: check_file,
    outcome: |history| format!("{} KB", text(history).len() / 1000),
    budget_ms: 500.0,
};

const fn refuse(name: &'static str, prepare: fn() -> History) -> Bench {
    Bench {
        name,
        prepare,
        run: apply_file,
        outcome: refusal,
        budget_ms: REFUSAL_MS,
    }
}

pub(super) const ALIAS_BOMB: Bench = refuse("refuse an alias bomb", || with(alias_bomb()));
pub(super) const DEEP_NESTING: Bench = refuse("refuse 100,000 levels of nesting", || {
    with("[".repeat(100_000))
});
pub(super) const HUGE_FILE: Bench = refuse("refuse a file of 50 MB", || with(manifest(50_000_000)));

/// Deployments, each its own document and each a little different, until the text has this many
/// bytes: some 1,500 to a megabyte.
pub fn manifest(bytes: usize) -> String {
    let mut text = String::with_capacity(bytes + 1_000);
    for number in 0.. {
        if text.len() >= bytes {
            break;
        }
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "---
# Deployment {number} of a generated file.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web-{number}
  labels: {{app: web, part: \"{number}\"}}
  annotations:
    example.com/owner: team {team}
spec:
  replicas: {replicas}
  selector:
    matchLabels:
      app: web-{number}
  template:
    metadata:
      labels:
        app: web-{number}
    spec:
      containers:
      - name: nginx
        image: nginx:1.7.9
        ports:
        - containerPort: 80
        env:
        - name: NUMBER
          value: '{number}'
        resources:
          requests: {{cpu: 10m, memory: 16Mi}}
          limits:
            memory: 64Mi
        readinessProbe:
          httpGet: {{path: /, port: 80}}
",
            team = number % 7,
            replicas = number % 3,
        );
    }
    text
}

fn alias_bomb() -> String {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_string();
    for level in 1..30 {
        let below = format!("*a{}", level - 1);
        let _ = writeln!(text, "a{level}: &a{level} [{}]", vec![below; 9].join(", "));
    }
    text
}

const NAME: &str = "big.yml";

fn with(text: String) -> History {
    let mut history = History::new(Setup::chapter(1));
    let name = NAME.to_string();
    history.act(Input::WriteFile { name, text });
    history
}

fn file(kilobytes: usize) -> History {
    with(manifest(kilobytes * 1_000))
}

fn text(history: &History) -> &str {
    let file = history.world().files().get(NAME);
    file.map(String::as_str).unwrap_or_default()
}

fn apply_file(history: &mut History) {
    let answer = history.act(Input::Console(format!("kubectl apply -f {NAME}")));
    std::hint::black_box(answer);
}

fn check_file(history: &mut History) {
    std::hint::black_box(check(text(history), history.world().store().head()));
}

fn deployments(history: &History) -> String {
    let head = history.world().store().head();
    let count = head
        .list(crate::api::Kind::Deployment, Some("default"))
        .count();
    format!("{count} Deployments")
}

/// The words in which the file is refused.
fn refusal(history: &History) -> String {
    let found = check(text(history), history.world().store().head());
    found
        .first()
        .map_or("accepted".to_string(), |problem| problem.message.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_measured_happens() {
        for (bench, outcome) in [
            (&APPLY_250_KB, "380 Deployments"),
            (&ALIAS_BOMB, "document contains excessive aliasing"),
            (&DEEP_NESTING, "exceeded max depth of 100"),
        ] {
            let mut history = (bench.prepare)();
            (bench.run)(&mut history);
            assert_eq!((bench.outcome)(&history), outcome, "{}", bench.name);
        }
    }

    #[test]
    fn hostile_files_are_refused_and_leave_nothing() {
        for text in [alias_bomb(), "[".repeat(100_000), manifest(6_000_000)] {
            let mut history = with(text);
            let before = history.world().store().revision();
            let answer = history.act(Input::Console(format!("kubectl apply -f {NAME}")));
            let (_, output, _) = answer.expect("a command answers");
            assert!(
                output.stderr.starts_with("error: error parsing big.yml: "),
                "{}",
                output.stderr
            );
            assert_eq!(history.world().store().revision(), before);
        }
    }
}
