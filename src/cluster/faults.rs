//! The console's own words: faults, and help.
//!
//! Upstream: none; a hand on the power switch.

use crate::apiserver::{Cause, Trigger};
use crate::client::Client;
use crate::kubectl::Output;

use super::World;

/// One word of the console that is not kubectl's.
struct Word {
    usage: &'static str,
    help: &'static str,
}

/// The vocabulary, as `help` prints it.
const WORDS: &[Word] = &[
    Word {
        usage: "node off NAME",
        help: "switch a machine off: kubelet and containers are gone at once",
    },
    Word {
        usage: "node on NAME",
        help: "switch it on again",
    },
    Word {
        usage: "help",
        help: "print this list",
    },
    Word {
        usage: "kubectl …",
        help: "everything else: try kubectl help",
    },
];

impl World {
    /// Runs a line if it is one of our own words: the exit code, or `None` if it is not.
    pub(super) fn own_word(
        &mut self,
        line: &str,
        trigger: Trigger,
        out: &mut Output,
    ) -> Option<i32> {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [] => Some(0),
            [first, ..] if first.starts_with('#') => Some(0),
            ["help"] => {
                let width = WORDS
                    .iter()
                    .map(|w| w.usage.chars().count())
                    .max()
                    .unwrap_or(0);
                for word in WORDS {
                    let pad = width - word.usage.chars().count() + 2;
                    out.stdout += &format!("{}{}{}\n", word.usage, " ".repeat(pad), word.help);
                }
                Some(0)
            }
            ["node", verb @ ("off" | "on"), name] => {
                Some(self.switch(name, *verb == "on", trigger, out))
            }
            ["node", ..] => {
                out.stderr = "usage: node off NAME | node on NAME\n".into();
                Some(2)
            }
            _ => None,
        }
    }

    fn switch(&mut self, name: &str, on: bool, trigger: Trigger, out: &mut Output) -> i32 {
        let cursor = self.api.store().revision();
        let cause = Cause {
            actor: "machine",
            trigger,
        };
        let mut client = Client::new(&mut self.api, cursor, cause);
        let fleet = &mut self.state.fleet;
        let done = if on {
            fleet.power_on(name, &mut client)
        } else {
            fleet.power_off(name, &mut client)
        };
        match done {
            Ok(()) => {
                out.stdout = format!("node {name} powered {}\n", if on { "on" } else { "off" });
                0
            }
            Err(why) => {
                out.stderr = format!("{why}\n");
                1
            }
        }
    }
}
