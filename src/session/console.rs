//! The console's transcript: what was typed and printed. It is the visitor's, not the world's:
//! going back in time adds a remark and takes nothing away.
//!
//! Upstream: a terminal.

use crate::clock::SimTime;
use crate::kubectl::Output;
use crate::view::{ConsoleLine, Prompt, Stream};

use super::Session;
use super::journal::{Answer, Input, Recorded};

/// Lines that the page has not had yet.
#[derive(Default)]
pub(super) struct Transcript {
    fresh: Vec<ConsoleLine>,
}

impl Transcript {
    fn line(&mut self, at: SimTime, stream: Stream, text: impl Into<String>) {
        self.fresh.push(ConsoleLine {
            at_us: at.unix_micros(),
            stream,
            text: text.into(),
        });
    }

    fn output(&mut self, at: SimTime, output: &Output) {
        for (stream, text) in [(Stream::Out, &output.stdout), (Stream::Err, &output.stderr)] {
            for line in text.lines() {
                self.line(at, stream, line);
            }
        }
    }

    /// The clock was set back.
    pub(super) fn went_back(&mut self, to: SimTime) {
        self.line(to, Stream::Note, format!("clock-back\t{to}"));
    }

    /// A recorded act happened again while the clock ran through a known future.
    pub(super) fn replayed(&mut self, recorded: &Recorded, answer: Answer) {
        if let (Input::Console(line), Some((_, output, _))) = (&recorded.input, answer) {
            self.line(recorded.at, Stream::Input, line);
            self.output(recorded.at, &output);
        }
    }

    /// Takes the lines that the page has not had yet.
    pub(super) fn take(&mut self) -> Vec<ConsoleLine> {
        std::mem::take(&mut self.fresh)
    }
}

impl Session {
    pub(super) fn console(&mut self, line: String) {
        self.act(Input::Console(line));
    }

    /// Does something and prints what it answers.
    pub(super) fn act(&mut self, input: Input) {
        let at = self.world().now();
        self.goal = at;
        if self.history.in_past() {
            self.transcript
                .line(at, Stream::Note, format!("new-future\t{at}"));
        }
        if let Input::Console(line) = &input {
            self.transcript.line(at, Stream::Input, line.clone());
        }
        if let Some((_, output, _)) = self.history.act(input) {
            self.transcript.output(at, &output);
        }
        self.collect_printed();
    }

    /// Does something that a link brought; its output belongs into the transcript as well.
    pub(super) fn act_quietly(&mut self, input: Input) {
        self.collect_printed();
        self.act(input);
    }

    pub(super) fn collect_printed(&mut self) {
        for (_, output, _, at) in self.history.world_mut().take_printed() {
            self.transcript.output(at, &output);
        }
    }

    pub(super) fn interrupt(&mut self) {
        if let Some(id) = self.world().waiting_job() {
            let at = self.world().now();
            self.history.act(Input::Interrupt(id));
            self.transcript.line(at, Stream::Input, "^C");
        }
    }

    pub(super) fn prompt(&self) -> Prompt {
        match (self.world().waiting_job(), self.playing) {
            (None, _) => Prompt::Ready,
            (Some(_), true) => Prompt::Waiting,
            (Some(_), false) => Prompt::WaitingPaused,
        }
    }
}
