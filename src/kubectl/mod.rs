//! kubectl: the command line's verbs, printers and describers, word for word.
//!
//! Upstream: `staging/src/k8s.io/kubectl`, `cli-runtime`, `pkg/printers/internalversion`.

mod age;
mod args;
mod columns;
mod console;
mod describe;
mod edits;
mod errors;
mod fields;
mod manifest;
mod names;
mod objects;
mod output;
mod printers;
mod resources;
mod sort;
mod tables;
#[cfg(test)]
mod tests;
mod verbs;

use std::collections::BTreeMap;
use std::hash::Hash;
use std::sync::Arc;

use crate::client::{Client, LogSource, NoLogs};
use crate::clock::SimTime;

pub use columns::{NodeColumns, PodColumns, node_columns, pod_columns};
pub use tables::{TABLE, align};

use console::{Console, Flow};
use errors::Failure;
use verbs::Waiting;

/// What a command writes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Output {
    pub stdout: String,
    pub stderr: String,
}

/// The files that `-f` reads and an editor writes: the scenario's own.
pub type Files = BTreeMap<String, String>;

/// How far a command is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Progress {
    /// It ended with this exit code.
    Done(i32),
    /// It goes on at the next change of the store, or at this moment, whichever is first.
    Waiting(Option<SimTime>),
}

/// The settings of a console: what a kubeconfig's context and a terminal say.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Settings {
    /// The namespace of the context.
    pub namespace: Arc<str>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            namespace: "default".into(),
        }
    }
}

/// A command that was started: plain data, so that a checkpoint can hold one that waits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Command {
    settings: Settings,
    /// `None` once it has ended.
    waiting: Option<Waiting>,
}

impl Command {
    /// Starts `kubectl …` (the words behind `kubectl`, unsplit). Output so far goes to `out`.
    pub fn start(
        line: &str,
        files: &mut Files,
        client: &mut Client<'_>,
        out: &mut Output,
    ) -> (Command, Progress) {
        Command::start_with(Settings::default(), line, files, client, &NoLogs, out)
    }

    /// The same with settings of one's own, and containers that write.
    pub fn start_with(
        settings: Settings,
        line: &str,
        files: &mut Files,
        client: &mut Client<'_>,
        logs: &dyn LogSource,
        out: &mut Output,
    ) -> (Command, Progress) {
        let mut command = Command {
            settings,
            waiting: None,
        };
        let mut console = Console::new(&command.settings, client, files, logs, out);
        let flow = verbs::start(line, &mut console);
        let progress = command.settle(flow, out);
        (command, progress)
    }

    /// Goes on after a change or when its moment has come.
    pub fn resume(
        &mut self,
        files: &mut Files,
        client: &mut Client<'_>,
        logs: &dyn LogSource,
        out: &mut Output,
    ) -> Progress {
        let Some(waiting) = self.waiting.take() else {
            return Progress::Done(0);
        };
        let mut console = Console::new(&self.settings, client, files, logs, out);
        let flow = waiting.resume(&mut console);
        self.settle(flow, out)
    }

    fn settle(&mut self, flow: Result<Flow, Failure>, out: &mut Output) -> Progress {
        match flow {
            Ok(Flow::Done(code)) => Progress::Done(code),
            Ok(Flow::Wait(waiting, wake)) => {
                self.waiting = Some(*waiting);
                Progress::Waiting(wake)
            }
            Err(failure) => {
                if !failure.text.is_empty() {
                    out.stderr.push_str(&failure.text);
                    if !failure.text.ends_with('\n') {
                        out.stderr.push('\n');
                    }
                }
                Progress::Done(failure.code)
            }
        }
    }
}
