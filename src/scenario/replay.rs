//! Replaying a recording of a real cluster: the same commands at the same moments, our own output
//! and our own timeline, in the recording's form.
//!
//! Upstream: none; the form is described in tests/fidelity/README.md.

use serde_json::{Map, Value, json};

use crate::clock::{SimTime, Span};
use crate::cluster::{JobId, JobState, World};

use super::names::Names;
use super::parse::span;
use super::recording::{Fault, Recording, Step};
use super::timeline;
use crate::api::Order;

/// What we did in the steps of a recording, in the recording's form: `steps` with our own `stdout`,
/// `stderr` and `exit`, and `timeline`. Errors: where the recording is none.
pub fn replay(text: &str) -> Result<Value, String> {
    replay_with(text, &[], false)
}

/// The same with flags (docs/SCENARIOS.md), for calibrating our own timings. With `recorded_chance`
/// the moments of retries and the neighbours' pulls come from the recording: what is then the same
/// differed by chance. Errors: also an unknown flag, or a value that is none for it.
pub fn replay_with(
    text: &str,
    flags: &[(String, String)],
    recorded_chance: bool,
) -> Result<Value, String> {
    let recording = Recording::read(text)?;
    let mut setup = recording.setup()?;
    if !recorded_chance {
        setup.forget_chance();
    }
    for (name, value) in flags {
        setup.set_flag(name, value, span(value).ok())?;
    }
    let mut world = World::new(setup);
    let mut runner = Runner {
        names: recording.names.clone(),
        results: vec![Map::new(); recording.steps.len()],
        running: Vec::new(),
    };
    let mut order: Vec<usize> = (0..recording.steps.len()).collect();
    order.order_by_key(|i| recording.steps.get(*i).map(|s| s.at));
    for index in order {
        let Some(step) = recording.steps.get(index) else {
            continue;
        };
        runner.run_until(&mut world, recording.start + step.at + step.effect_after);
        runner.start(&mut world, index, step);
    }
    runner.finish(&mut world, &recording);
    let last = recording.timeline_end.max(world.now() - recording.start);
    runner.run_until(&mut world, recording.start + last);
    let steps = recording.steps.iter().zip(runner.results);
    let steps = steps.map(|(step, result)| {
        let mut out = step.raw.clone();
        for key in ["stdout", "stderr", "exit", "took_s", "lines"] {
            out.remove(key);
        }
        out.extend(result);
        Value::Object(out)
    });
    Ok(json!({
        "title": recording.title,
        "kubernetes": "kube-orrery",
        "start": recording.start.rfc3339(),
        "steps": steps.collect::<Vec<_>>(),
        "timeline": timeline::of(&world, recording.start),
    }))
}

/// Commands that still wait after the last step are given up after this.
const GIVE_UP: Span = Span::secs(1800);

struct Runner {
    names: Names,
    results: Vec<Map<String, Value>>,
    running: Vec<Running>,
}

struct Running {
    job: JobId,
    step: usize,
    stdout: String,
    stderr: String,
    /// A recorded timeout that ended the command (exit 124).
    ends: Option<SimTime>,
}

impl Runner {
    fn start(&mut self, world: &mut World, index: usize, step: &Step) {
        if let (Some(name), Some(text)) = (&step.file, &step.manifest) {
            world.write_file(name, text);
        }
        match &step.fault {
            Some(Fault::Switch { on, nodes }) => {
                for node in nodes {
                    world.console(&format!("node {} {node}", if *on { "on" } else { "off" }));
                }
            }
            Some(Fault::Restart { nodes }) => {
                for node in nodes {
                    world.console(&format!("kubelet restart {node}"));
                }
            }
            Some(Fault::Command(line)) => {
                world.console(line);
            }
            None => {}
        }
        let Some(line) = &step.command else { return };
        let line = self.names.translate(line, world);
        let (job, output, state) = world.console(&line);
        match state {
            JobState::Done(code) => self.done(index, output.stdout, output.stderr, code),
            JobState::Waiting => {
                let ends = step.timeout.map(|after| world.now() + after);
                let (stdout, stderr) = (output.stdout, output.stderr);
                self.running.push(Running {
                    job,
                    step: index,
                    stdout,
                    stderr,
                    ends,
                });
            }
        }
    }

    fn done(&mut self, step: usize, stdout: String, stderr: String, exit: i32) {
        if let Some(result) = self.results.get_mut(step) {
            result.insert("stdout".into(), stdout.into());
            result.insert("stderr".into(), stderr.into());
            result.insert("exit".into(), exit.into());
        }
    }

    fn run_until(&mut self, world: &mut World, until: SimTime) {
        loop {
            let end = self
                .running
                .iter()
                .filter_map(|r| r.ends)
                .min()
                .filter(|at| *at <= until);
            world.run_until(end.unwrap_or(until).max(world.now()));
            self.collect(world);
            let Some(end) = end else { return };
            while let Some(at) = self
                .running
                .iter()
                .position(|r| r.ends.is_some_and(|ends| ends <= end))
            {
                let ended = self.running.remove(at);
                world.interrupt(ended.job);
                self.done(ended.step, ended.stdout, ended.stderr, 124);
            }
        }
    }

    fn collect(&mut self, world: &mut World) {
        for (job, output, state, _) in world.take_printed() {
            let Some(at) = self.running.iter().position(|r| r.job == job) else {
                continue;
            };
            if let Some(running) = self.running.get_mut(at) {
                running.stdout += &output.stdout;
                running.stderr += &output.stderr;
            }
            if let JobState::Done(code) = state {
                let ended = self.running.remove(at);
                self.done(ended.step, ended.stdout, ended.stderr, code);
            }
        }
    }

    fn finish(&mut self, world: &mut World, recording: &Recording) {
        let last = recording.start + recording.timeline_end;
        self.run_until(world, last.max(world.now()));
        let limit = world.now() + GIVE_UP;
        while !self.running.is_empty() {
            let Some(next) = world.next_at().filter(|at| *at <= limit) else {
                break;
            };
            self.run_until(world, next);
        }
        for left in std::mem::take(&mut self.running) {
            self.done(left.step, left.stdout, left.stderr, 124);
        }
    }
}
