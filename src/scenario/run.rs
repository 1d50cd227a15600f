//! Running a story: the text comes out again, with what really was printed.
//!
//! Upstream: etcd-io/raft's interaction tests and cockroach's datadriven tests, in form.

use crate::api::Key;
use crate::apiserver::Change;
use crate::clock::{SimTime, Span};
use crate::cluster::{JobState, World};
use crate::kubectl::{Output, pod_columns};

use super::condition::Condition;
use super::parse::{Act, Step, Story};

/// What became of a story.
pub struct Outcome {
    /// The story with its actual output: equal to its text if everything came as expected.
    pub text: String,
    /// Conditions that did not come true, and always-conditions that broke: line and text.
    pub failures: Vec<String>,
    /// The world's hash at the end.
    pub hash: u64,
    /// The simulated time that passed.
    pub passed: Span,
}

/// A command of the console that blocks is waited for no longer than this.
const COMMAND_MAX: Span = Span::secs(3600);

/// Runs a story from its beginning.
pub fn run(story: &Story) -> Outcome {
    let mut runner = Runner {
        world: World::new(story.setup.clone()),
        always: Vec::new(),
        failures: Vec::new(),
    };
    let mut text = story.head.clone();
    for step in &story.steps {
        text += &step.source;
        let printed = runner.step(step);
        match (&step.expected, printed.is_empty()) {
            (Some(_), _) => text += &block(&printed),
            // Output that nobody expected gets a block of its own, with the empty line that ends
            // it.
            (None, false) => text += &format!("{}\n", block(&printed)),
            (None, true) => {}
        }
    }
    Outcome {
        text,
        failures: runner.failures,
        hash: runner.world.hash(),
        passed: runner.world.now() - runner.world.start(),
    }
}

/// Output behind `----`; fenced by a second one where it has empty lines itself.
fn block(printed: &str) -> String {
    let fenced = printed.lines().any(str::is_empty);
    if fenced {
        format!("----\n----\n{printed}----\n")
    } else {
        format!("----\n{printed}")
    }
}

struct Runner {
    world: World,
    /// What must hold at every event from here on, and the line that said so.
    always: Vec<(Condition, usize)>,
    failures: Vec<String>,
}

impl Runner {
    fn step(&mut self, step: &Step) -> String {
        match &step.act {
            Act::Nothing => String::new(),
            Act::File { name, text } => {
                self.world.write_file(name, text);
                String::new()
            }
            Act::Console(line) => self.console(line, step.line),
            Act::Wait(span) => {
                let until = self.world.now() + *span;
                self.run_until(until);
                String::new()
            }
            Act::Until { condition, within } => self.until(condition, *within, step.line),
            Act::Always(condition) => {
                self.always.push((condition.clone(), step.line));
                self.check_always();
                String::new()
            }
            Act::Trace(span) => self.trace(*span),
            Act::Hash => format!("{:016x}\n", self.world.hash()),
        }
    }

    fn console(&mut self, line: &str, at_line: usize) -> String {
        let (id, mut output, state) = self.world.console(line);
        self.check_always();
        let limit = self.world.now() + COMMAND_MAX;
        let mut waiting = state == JobState::Waiting;
        while waiting {
            let Some(next) = self.world.next_at().filter(|at| *at <= limit) else {
                self.failures.push(format!(
                    "line {at_line}: `{line}` did not end within {COMMAND_MAX}"
                ));
                break;
            };
            self.run_until(next);
            for (job, more, state, _) in self.world.take_printed() {
                if job == id {
                    output.stdout += &more.stdout;
                    output.stderr += &more.stderr;
                    waiting = state == JobState::Waiting;
                }
            }
        }
        let Output { stdout, stderr } = output;
        stdout + &stderr
    }

    fn until(&mut self, condition: &Condition, within: Span, line: usize) -> String {
        let limit = self.world.now() + within;
        while !condition.holds(&self.world) {
            // "quiet" becomes true without an event: look once a second at least.
            let second = self.world.now() + Span::secs(1);
            let next = self.world.next_at().map_or(second, |at| at.min(second));
            if next > limit {
                self.failures
                    .push(format!("line {line}: not within {within}"));
                break;
            }
            self.run_until(next);
        }
        format!(
            "t={:.1}s\n",
            (self.world.now() - self.world.start()).as_secs_f64()
        )
    }

    fn run_until(&mut self, until: SimTime) {
        if self.always.is_empty() {
            return self.world.run_until(until);
        }
        while let Some(next) = self.world.next_at().filter(|at| *at <= until) {
            self.world.run_until(next);
            self.check_always();
        }
        self.world.run_until(until);
    }

    fn check_always(&mut self) {
        let at = (self.world.now() - self.world.start()).as_secs_f64();
        let broken: Vec<usize> = self
            .always
            .iter()
            .filter(|a| !a.0.holds(&self.world))
            .map(|a| a.1)
            .collect();
        for line in broken {
            self.failures
                .push(format!("line {line}: no longer holds at t={at:.3}s"));
            self.always.retain(|a| a.1 != line);
        }
    }

    fn trace(&mut self, span: Span) -> String {
        let before = self.world.store().revision();
        let until = self.world.now() + span;
        self.run_until(until);
        let store = self.world.store();
        store
            .changes(before, u64::MAX)
            .map(|change| trace_line(&change, self.world.start()))
            .collect()
    }
}

fn trace_line(change: &Change<'_>, start: SimTime) -> String {
    let object = change.object();
    let Key { kind, name, .. } = object.key();
    let verb = match (change.old, change.new) {
        (None, _) => "create",
        (_, None) => "delete",
        _ => "update",
    };
    let what = match change.new.map(|o| &o.body) {
        Some(crate::api::Body::Pod(_)) => pod_columns(object).status,
        Some(crate::api::Body::Event(event)) => format!("{} {}", event.reason, event.message),
        Some(crate::api::Body::ReplicaSet(rs)) => {
            format!(
                "replicas {} status {} ready {}",
                rs.replicas, rs.status.replicas, rs.status.ready_replicas
            )
        }
        Some(crate::api::Body::Deployment(d)) => {
            format!(
                "updated {} ready {} available {}",
                d.status.updated_replicas, d.status.ready_replicas, d.status.available_replicas
            )
        }
        _ => String::new(),
    };
    let at = (change.at - start).as_secs_f64();
    let line = format!(
        "{at:7.2}s  {:24}  {verb}  {}/{name}  {what}",
        change.cause.actor,
        kind.info().singular
    );
    format!("{}\n", line.trim_end())
}
