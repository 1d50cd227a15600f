//! The console's commands: started as inputs, going on while the clock runs.
//!
//! Upstream: a shell with `kubectl` on a machine that can reach the API server.

use std::hash::Hash;

use crate::apiserver::{Cause, Change, Trigger};
use crate::client::{Client, Component};
use crate::clock::{Digest, SimTime};
use crate::kubectl::{Command, Output, Progress, Settings};

use super::World;
use super::load::Measured;
use super::world::Process;

/// Names a command of the console.
pub type JobId = u32;

/// How a command stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JobState {
    Waiting,
    Done(i32),
}

/// A command that was started.
#[derive(Clone, Debug, Hash)]
struct Job {
    id: JobId,
    command: Command,
    wake: Option<SimTime>,
    trigger: Trigger,
    /// The revision up to which it has seen changes.
    seen: u64,
}

/// The commands that wait. What they print is not part of the world: it is handed out.
#[derive(Clone, Debug, Default)]
pub(super) struct Console {
    jobs: Vec<Job>,
    next: JobId,
    /// Output since it was last taken: of waiting commands.
    printed: Vec<(JobId, Output, JobState, SimTime)>,
}

impl Hash for Console {
    fn hash<H: std::hash::Hasher>(&self, h: &mut H) {
        self.jobs.hash(h);
        self.next.hash(h);
    }
}

/// The console is scheduled like a component: its waiting commands have wake times.
impl Component for Console {
    fn observe(&mut self, _: &Change<'_>, _: SimTime) {}

    fn next_run(&self) -> Option<SimTime> {
        self.jobs.iter().filter_map(|job| job.wake).min()
    }

    fn run(&mut self, _: &mut Client<'_>) {}

    fn digest(&self, digest: &mut Digest) {
        self.hash(digest);
    }
}

impl World {
    /// Runs a line of the console as an input: kubectl, or a word of our own (`node off NAME`).
    /// Returns the command's number, what it printed and whether it goes on.
    pub fn console(&mut self, line: &str) -> (JobId, Output, JobState) {
        self.state.inputs += 1;
        let trigger = Trigger::Input(self.state.inputs);
        self.state.console.next += 1;
        let id = self.state.console.next;
        let mut out = Output::default();
        let state = match self.own_word(line, trigger, &mut out) {
            Some(code) => JobState::Done(code),
            None => self.start_kubectl(id, line, trigger, &mut out),
        };
        self.settle();
        (id, out, state)
    }

    fn start_kubectl(
        &mut self,
        id: JobId,
        line: &str,
        trigger: Trigger,
        out: &mut Output,
    ) -> JobState {
        let line = line.trim();
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        if !matches!(word, "kubectl" | "k") {
            out.stderr = format!("{word}: command not found (try: help)\n");
            return JobState::Done(127);
        }
        let revision = self.api.store().revision();
        let cause = Cause {
            actor: "kubectl",
            trigger,
        };
        let settings = Settings {
            namespace: self.setup.context.as_str().into(),
        };
        let measured = Measured {
            fleet: &self.state.fleet,
            load: &self.state.load,
        };
        let mut client = Client::new(&mut self.api, revision, cause).with_meters(&measured);
        let (command, progress) = Command::start_with(
            settings,
            rest,
            &mut self.state.files,
            &mut client,
            &self.setup.runtime,
            out,
        );
        match progress {
            Progress::Done(code) => JobState::Done(code),
            Progress::Waiting(wake) => {
                let seen = self.api.store().revision();
                self.state.console.jobs.push(Job {
                    id,
                    command,
                    wake,
                    trigger,
                    seen,
                });
                JobState::Waiting
            }
        }
    }

    pub(super) fn resume_console(&mut self) {
        let (now, cursor) = (
            self.now(),
            self.state.wires[Process::Console as usize].cursor,
        );
        let mut jobs = std::mem::take(&mut self.state.console.jobs);
        jobs.retain_mut(|job| {
            if job.seen >= cursor && job.wake.is_none_or(|wake| wake > now) {
                return true;
            }
            job.seen = cursor.max(job.seen);
            let cause = Cause {
                actor: "kubectl",
                trigger: job.trigger,
            };
            let mut client = Client::new(&mut self.api, cursor, cause);
            let mut out = Output::default();
            let logs = &self.setup.runtime;
            let progress = job
                .command
                .resume(&mut self.state.files, &mut client, logs, &mut out);
            let state = match progress {
                Progress::Done(code) => JobState::Done(code),
                Progress::Waiting(wake) => {
                    job.wake = wake;
                    JobState::Waiting
                }
            };
            if out != Output::default() || state != JobState::Waiting {
                self.state.console.printed.push((job.id, out, state, now));
            }
            state == JobState::Waiting
        });
        self.state.console.jobs = jobs;
    }

    /// What waiting commands have printed since this was last asked, with the moment.
    pub fn take_printed(&mut self) -> Vec<(JobId, Output, JobState, SimTime)> {
        std::mem::take(&mut self.state.console.printed)
    }

    /// The last started of the commands that wait.
    pub fn waiting_job(&self) -> Option<JobId> {
        self.state.console.jobs.last().map(|job| job.id)
    }

    /// Ctrl-C, as an input: ends a waiting command with exit code 130.
    pub fn interrupt(&mut self, id: JobId) {
        self.state.inputs += 1;
        self.state.console.jobs.retain(|job| job.id != id);
    }

    /// Writes a file of the scenario, as an input.
    pub fn write_file(&mut self, name: &str, text: &str) {
        self.state.inputs += 1;
        self.state.files.insert(name.to_string(), text.to_string());
    }
}
