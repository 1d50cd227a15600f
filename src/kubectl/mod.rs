//! kubectl: the command line's verbs, printers and describers, word for word.
//!
//! Upstream: `staging/src/k8s.io/kubectl`, `cli-runtime`, `pkg/printers/internalversion`.

use std::collections::BTreeMap;
use std::hash::Hash;

use crate::client::Client;
use crate::clock::SimTime;

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

/// A command that was started: plain data, so that a checkpoint can hold one that waits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Command {
    line: String,
}

impl Command {
    /// Starts `kubectl …` (the words behind `kubectl`, unsplit). Output so far goes to `out`.
    pub fn start(
        line: &str,
        files: &mut Files,
        client: &mut Client<'_>,
        out: &mut Output,
    ) -> (Command, Progress) {
        let _ = (files, client, out);
        (
            Command {
                line: line.to_string(),
            },
            Progress::Done(0),
        )
    }

    /// Goes on after a change or when its moment has come.
    pub fn resume(
        &mut self,
        files: &mut Files,
        client: &mut Client<'_>,
        out: &mut Output,
    ) -> Progress {
        let _ = (files, client, out, &self.line);
        Progress::Done(0)
    }
}
