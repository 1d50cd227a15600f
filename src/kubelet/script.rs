//! A shell script, as far as examples use one: lists joined by `;`, `&&` and `||`, `if`, `for`,
//! endless loops, variables, `trap`, `exit`, and the programs of the catalogue.
//!
//! Upstream: a POSIX shell. Differs: no pipes, functions, arithmetic or redirections; a condition
//! that is no program of the catalogue fails.

use std::collections::BTreeMap;

use crate::clock::Span;

use super::output::{Again, DATE, HOSTNAME, Written};
use super::programs::Program;

/// An endless loop without a pause goes round this often.
const ROUND_MIN: Span = Span::millis(100);
/// More commands than these are not run one by one.
const COMMANDS_MAX: usize = 10_000;

/// Longer than any story, in microseconds.
const LASTS_MAX: i64 = 100_000_000_000_000_000;

/// How a command is joined to the one before it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Joint {
    Then,
    And,
    Or,
}

struct Command {
    joint: Joint,
    words: Vec<String>,
}

/// How a list of commands ends.
#[derive(PartialEq, Eq)]
enum End {
    Falls,
    Exits,
    Never,
}

/// A script while it runs.
#[derive(Default)]
struct Shell {
    lasts: Span,
    written: Written,
    exit_code: i32,
    trap: bool,
    variables: BTreeMap<String, String>,
    commands: usize,
}

/// The process that runs a script.
pub(super) fn read(text: &str) -> Program {
    let mut shell = Shell::default();
    let end = shell.run(&commands(text));
    Program {
        start_error: None,
        lasts: (end != End::Never).then_some(shell.lasts),
        exit_code: shell.exit_code,
        on_term: shell.trap.then_some(0),
        output: shell.written.into(),
    }
}

/// The commands of a text, with their words unquoted.
fn commands(text: &str) -> Vec<Command> {
    let mut out = Vec::new();
    let (mut joint, mut words) = (Joint::Then, Vec::new());
    let (mut word, mut quote, mut has_word) = (String::new(), None, false);
    let text = text
        .replace("$(date)", &DATE.to_string())
        .replace("`date`", &DATE.to_string())
        .replace("$(hostname)", &HOSTNAME.to_string())
        .replace("$HOSTNAME", &HOSTNAME.to_string());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), c) => word.push(c),
            (None, '"' | '\'') => (quote, has_word) = (Some(c), true),
            (None, '\\') => word.extend(chars.next()),
            (None, ';' | '\n' | '&' | '|') => {
                if has_word || !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                has_word = false;
                if !words.is_empty() {
                    let words = std::mem::take(&mut words);
                    out.push(Command { joint, words });
                }
                let doubled = chars.next_if_eq(&c).is_some();
                joint = match (c, doubled) {
                    ('&', true) => Joint::And,
                    ('|', true) => Joint::Or,
                    _ => Joint::Then,
                };
            }
            (None, c) if c.is_whitespace() => {
                if has_word || !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                has_word = false;
            }
            (None, c) => word.push(c),
        }
    }
    if has_word || !word.is_empty() {
        words.push(word);
    }
    if !words.is_empty() {
        out.push(Command { joint, words });
    }
    keywords_apart(out)
}

/// `do echo a` is a keyword and a command.
fn keywords_apart(commands: Vec<Command>) -> Vec<Command> {
    let mut out = Vec::new();
    for command in commands {
        let (joint, mut words) = (command.joint, command.words);
        while matches!(
            words.first().map(String::as_str),
            Some("do" | "then" | "else")
        ) {
            let keyword = vec![words.remove(0)];
            out.push(Command {
                joint,
                words: keyword,
            });
        }
        if !words.is_empty() {
            out.push(Command { joint, words });
        }
    }
    out
}

/// Where the block that is open before these commands ends, by its keywords.
fn block_end(commands: &[Command], opens: &[&str], closes: &str) -> usize {
    let mut depth = 1;
    let first = |command: &Command| command.words.first().cloned().unwrap_or_default();
    let mut firsts = commands.iter().map(first);
    let end = firsts.position(|word| {
        if opens.contains(&word.as_str()) {
            depth += 1;
        } else if word == closes {
            depth -= 1;
        }
        depth == 0
    });
    end.unwrap_or(commands.len())
}

impl Shell {
    fn run(&mut self, commands: &[Command]) -> End {
        let mut rest = commands;
        while let Some((command, after)) = rest.split_first() {
            rest = after;
            self.commands += 1;
            if self.commands > COMMANDS_MAX {
                return End::Exits;
            }
            let skipped = match command.joint {
                Joint::Then => false,
                Joint::And => self.exit_code != 0,
                Joint::Or => self.exit_code == 0,
            };
            if skipped {
                continue;
            }
            let words: Vec<String> = command.words.iter().map(|w| self.expand(w)).collect();
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let end = match words.as_slice() {
                ["while" | "until" | "for", ..] => {
                    let end = block_end(rest, &["while", "until", "for"], "done");
                    let (body, after) = rest.split_at_checked(end).unwrap_or((rest, &[]));
                    rest = after.get(1..).unwrap_or_default();
                    let body = body.get(1..).unwrap_or_default();
                    self.repeat(&words, body)
                }
                ["if", condition @ ..] => {
                    let end = block_end(rest, &["if"], "fi");
                    let (body, after) = rest.split_at_checked(end).unwrap_or((rest, &[]));
                    rest = after.get(1..).unwrap_or_default();
                    self.choose(condition, body)
                }
                _ => self.command(&words),
            };
            if end != End::Falls {
                return end;
            }
        }
        End::Falls
    }

    /// `$i`, `${i}`.
    fn expand(&self, word: &str) -> String {
        let mut out = word.to_string();
        for (name, value) in &self.variables {
            out = out.replace(&format!("${{{name}}}"), value);
            out = out.replace(&format!("${name}"), value);
        }
        out
    }

    fn command(&mut self, words: &[&str]) -> End {
        match words {
            [] | [":" | "set" | "cd" | "export" | "wait" | "do" | "done", ..] => self.exit_code = 0,
            ["trap", ..] => self.trap = true,
            ["exit"] => return End::Exits,
            ["exit", code, ..] => {
                self.exit_code = code.parse().unwrap_or(2);
                return End::Exits;
            }
            [assignment] if is_assignment(assignment) => {
                if let Some((name, value)) = assignment.split_once('=') {
                    self.variables.insert(name.to_string(), value.to_string());
                }
            }
            ["exec", rest @ ..] => {
                let end = self.command(rest);
                return if end == End::Falls { End::Exits } else { end };
            }
            [program, rest @ ..] => return self.start(program, rest),
        }
        End::Falls
    }

    fn start(&mut self, name: &str, args: &[&str]) -> End {
        let program = Program::run(name, args);
        if program.start_error.is_some() {
            self.exit_code = 127;
            let text = format!("sh: {name}: not found\n");
            self.written.push(self.lasts, &text);
            return End::Falls;
        }
        self.written.append(self.lasts, &program.output);
        self.exit_code = program.exit_code;
        match program.lasts {
            Some(lasts) => {
                let sum = self.lasts.as_micros().saturating_add(lasts.as_micros());
                self.lasts = Span::micros(sum.min(LASTS_MAX));
            }
            None => return End::Never,
        }
        End::Falls
    }

    fn repeat(&mut self, words: &[&str], body: &[Command]) -> End {
        match words {
            ["while", "true" | ":" | "[", ..] | ["until", "false"] => {
                let (from, begun) = (self.written.pieces.len(), self.lasts);
                let end = self.run(body);
                if end == End::Falls {
                    let period = (self.lasts - begun).max(ROUND_MIN);
                    self.written.again = Some(Again { from, period });
                    return End::Never;
                }
                end
            }
            ["until", condition @ ..] => {
                let end = self.command(condition);
                if end == End::Falls && self.exit_code != 0 {
                    return End::Never;
                }
                end
            }
            ["for", name, "in", values @ ..] => {
                for value in values {
                    self.variables.insert(name.to_string(), value.to_string());
                    let end = self.run(body);
                    if end != End::Falls {
                        return end;
                    }
                }
                End::Falls
            }
            // What it waits for does not come to pass here.
            _ => End::Never,
        }
    }

    fn choose(&mut self, condition: &[&str], body: &[Command]) -> End {
        let end = self.command(condition);
        if end != End::Falls {
            return end;
        }
        let is_else = |command: &Command| command.words.first().is_some_and(|w| w == "else");
        let at = body.iter().position(is_else).unwrap_or(body.len());
        let (then, otherwise) = body.split_at_checked(at).unwrap_or((body, &[]));
        let chosen = if self.exit_code == 0 { then } else { otherwise };
        self.exit_code = 0;
        self.run(chosen.get(1..).unwrap_or_default())
    }
}

fn is_assignment(word: &str) -> bool {
    let name = word.split_once('=').map_or("", |(name, _)| name);
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_write_and_end_as_a_shell_would() {
        for (script, lasts, exit_code, output) in [
            ("echo 'hi; you'; sleep 1", Some(1), 0, "0 hi; you"),
            ("true && echo a || echo b", Some(0), 0, "0 a"),
            ("false && echo a || echo b", Some(0), 0, "0 b"),
            ("sleep 2; echo x; exit 3; echo y", Some(2), 3, "2 x"),
            (
                "for i in 3 2 1; do echo $i; sleep 1; done; echo go",
                Some(3),
                0,
                "0 3, 1 2, 2 1, 3 go",
            ),
            (
                "nosuch; echo $? ",
                Some(0),
                0,
                "0 sh: nosuch: not found, 0 $?",
            ),
            (
                "if false; then echo a; else echo b; fi; echo c",
                Some(0),
                0,
                "0 b, 0 c",
            ),
            (
                "while true; do echo x; sleep 5; done",
                None,
                0,
                "0 x, 5 x, 10 x",
            ),
            ("while true\ndo\n echo x\n exit 4\ndone", Some(0), 4, "0 x"),
            ("GREETING=hey; echo \"$GREETING\"", Some(0), 0, "0 hey"),
            ("exec sleep 7", Some(7), 0, ""),
            ("tail -f /dev/null; echo never", None, 0, ""),
        ] {
            let program = read(script);
            assert_eq!(program.lasts, lasts.map(Span::secs), "{script}");
            assert_eq!(program.exit_code, exit_code, "{script}");
            let written = program.output.between(None, Span::secs(10));
            let written = written
                .iter()
                .map(|(at, t)| format!("{} {}", at.as_secs(), t.trim()));
            assert_eq!(written.collect::<Vec<_>>().join(", "), output, "{script}");
        }
    }
}
