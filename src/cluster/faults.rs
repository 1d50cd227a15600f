//! The console's own words: faults, load, questions, and help.
//!
//! Upstream: none; a hand on the power switch.

use crate::apiserver::{Cause, Trigger};
use crate::client::Client;
use crate::kubectl::Output;
use crate::kubelet::NodeConfig;

use super::{World, load, why};

/// One word of the console that is not kubectl's.
struct Word {
    usage: &'static str,
    help: &'static str,
}

/// The vocabulary, as `help` prints it.
const WORDS: &[Word] = &[
    Word {
        usage: "node add NAME",
        help: "a new machine that joins the cluster",
    },
    Word {
        usage: "node off NAME",
        help: "switch a machine off: kubelet and containers are gone at once",
    },
    Word {
        usage: "node on NAME",
        help: "switch it on again",
    },
    Word {
        usage: load::SHORT,
        help: "what users ask of a workload (or memory=1Gi, off); alone: list it",
    },
    Word {
        usage: why::WHY,
        help: "the scheduler's decision about a pod: plugins, scores, reasons",
    },
    Word {
        usage: why::WHAT_IF,
        help: "play a command, see where its pods would go, take it back",
    },
    Word {
        usage: why::FITS,
        help: "how many pods like those of a file would find a node now",
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
            ["why", rest @ ..] => Some(self.why_word(rest, out)),
            ["what-if", ..] => {
                let command = line
                    .trim_start()
                    .strip_prefix("what-if")
                    .unwrap_or_default();
                Some(self.what_if_word(command, out))
            }
            ["fits", file] => Some(self.fits_word(file, out)),
            ["fits", ..] => {
                out.stderr = format!("usage: {}\n", why::FITS);
                Some(2)
            }
            ["load", rest @ ..] => Some(self.load_word(rest, out)),
            ["node", verb @ ("off" | "on"), name] => {
                Some(self.switch(name, *verb == "on", trigger, out))
            }
            ["node", "add", name] => Some(self.add_machine(name, trigger, out)),
            ["node", ..] => {
                out.stderr = "usage: node off NAME | node on NAME | node add NAME\n".into();
                Some(2)
            }
            _ => None,
        }
    }

    /// A new machine of the default size joins the cluster.
    fn add_machine(&mut self, name: &str, trigger: Trigger, out: &mut Output) -> i32 {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let edges = name.starts_with('-') || name.ends_with('-');
        if !name.bytes().all(plain) || edges || name.len() > 63 {
            out.stderr = format!("{name}: a node's name is of small letters, digits and dashes\n");
            return 1;
        }
        let cursor = self.api.store().revision();
        let cause = Cause {
            actor: "machine",
            trigger,
        };
        let mut client = Client::new(&mut self.api, cursor, cause);
        let fleet = &mut self.state.fleet;
        let config = NodeConfig::new(name, fleet.next_index(), false);
        match fleet.add_node(config, &mut client) {
            Ok(()) => {
                out.stdout = format!("node {name} added\n");
                0
            }
            Err(why) => {
                out.stderr = format!("{why}\n");
                1
            }
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
