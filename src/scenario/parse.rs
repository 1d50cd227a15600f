//! Reading a story: settings first, then steps, each with what it is expected to print.
//!
//! Upstream: none.

use crate::clock::Span;
use crate::cluster::Setup;

use super::condition::Condition;
use super::settings;

/// A story, read.
pub struct Story {
    pub setup: Setup,
    pub steps: Vec<Step>,
    /// Everything before the first step, to be written back as it was.
    pub head: String,
}

/// One step with its place in the text.
pub struct Step {
    pub act: Act,
    /// Its lines as they were written, without the expectation.
    pub source: String,
    /// What stands behind `----`; `None` if the step has no expectation.
    pub expected: Option<String>,
    pub line: usize,
}

/// What a step does.
pub enum Act {
    /// Remarks and empty lines.
    Nothing,
    File {
        name: String,
        text: String,
    },
    Console(String),
    Wait(Span),
    Until {
        condition: Condition,
        within: Span,
    },
    Always(Condition),
    Trace(Span),
    Hash,
}

/// What cannot be read, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    pub line: usize,
    pub message: String,
}

impl std::fmt::Display for ParseError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

/// "until" gives up after this, unless `within` says otherwise.
const WITHIN: Span = Span::secs(300);

/// Reads a story. Errors: the first line that is none of the grammar's.
pub fn parse(text: &str) -> Result<Story, ParseError> {
    let lines: Vec<&str> = text.lines().collect();
    let head_end = lines
        .iter()
        .position(|line| !is_head(line))
        .unwrap_or(lines.len());
    let (head, body) = lines.split_at(head_end);
    let mut setup = settings::Settings::default();
    for (i, line) in head.iter().enumerate() {
        setup.line(line).map_err(|message| ParseError {
            line: i + 1,
            message,
        })?;
    }
    let setup = setup.finish().map_err(|message| ParseError {
        line: head_end.max(1),
        message,
    })?;
    let mut reader = Reader {
        lines: body,
        at: 0,
        offset: head_end,
    };
    let mut steps = Vec::new();
    while reader.at < body.len() {
        steps.push(reader.step()?);
    }
    let head = head.iter().map(|line| format!("{line}\n")).collect();
    Ok(Story { setup, steps, head })
}

fn is_head(line: &str) -> bool {
    let word = line.split_whitespace().next().unwrap_or_default();
    word.is_empty() || word.starts_with('#') || settings::WORDS.contains(&word)
}

struct Reader<'a> {
    lines: &'a [&'a str],
    at: usize,
    offset: usize,
}

impl<'a> Reader<'a> {
    fn step(&mut self) -> Result<Step, ParseError> {
        let start = self.at;
        let line = self.next().unwrap_or_default();
        let error = |message: String| ParseError {
            line: start + self.offset + 1,
            message,
        };
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let act = match word {
            "" => Act::Nothing,
            _ if word.starts_with('#') => Act::Nothing,
            "file" => Act::File {
                name: rest.trim().to_string(),
                text: String::new(),
            },
            "$" => Act::Console(rest.to_string()),
            "wait" => Act::Wait(span(rest).map_err(error)?),
            "until" => until(rest).map_err(error)?,
            "always" => Act::Always(Condition::parse(rest).map_err(error)?),
            "trace" => Act::Trace(span(rest).map_err(error)?),
            "hash" => Act::Hash,
            _ => {
                return Err(error(format!(
                    "unknown word \"{word}\": expected $, file, wait, until, always, trace, hash or #"
                )));
            }
        };
        let act = if let Act::File { name, .. } = act {
            Act::File {
                name,
                text: self.indented(),
            }
        } else {
            act
        };
        let source = self
            .lines
            .get(start..self.at)
            .unwrap_or_default()
            .iter()
            .map(|l| format!("{l}\n"))
            .collect();
        let expected = (self.peek() == Some("----")).then(|| self.expectation());
        Ok(Step {
            act,
            source,
            expected,
            line: start + self.offset + 1,
        })
    }

    fn peek(&self) -> Option<&'a str> {
        self.lines.get(self.at).copied()
    }

    fn next(&mut self) -> Option<&'a str> {
        let line = self.peek()?;
        self.at += 1;
        Some(line)
    }

    /// Lines that are indented by two blanks, without them; empty lines between them belong to
    /// them.
    fn indented(&mut self) -> String {
        let mut text = String::new();
        while let Some(line) = self.peek() {
            let more = self
                .lines
                .get(self.at..)
                .unwrap_or_default()
                .iter()
                .find(|l| !l.is_empty());
            let inside = line.starts_with("  ")
                || (line.is_empty() && more.is_some_and(|l| l.starts_with("  ")));
            if !inside {
                break;
            }
            text += line.strip_prefix("  ").unwrap_or_default();
            text.push('\n');
            self.at += 1;
        }
        text
    }

    /// Lines behind `----`: up to an empty line, or up to a second `----` where the output itself
    /// has empty lines (the first line behind `----` is then `----` again).
    fn expectation(&mut self) -> String {
        self.at += 1;
        let fenced = self.peek() == Some("----");
        if fenced {
            self.at += 1;
        }
        let mut text = String::new();
        while let Some(line) = self.peek() {
            if (fenced && line == "----") || (!fenced && line.is_empty()) {
                self.at += usize::from(fenced);
                break;
            }
            text += line;
            text.push('\n');
            self.at += 1;
        }
        text
    }
}

fn until(rest: &str) -> Result<Act, String> {
    let (condition, within) = match rest.split_once(" within ") {
        Some((condition, limit)) => (condition, span(limit)?),
        None => (rest, WITHIN),
    };
    Ok(Act::Until {
        condition: Condition::parse(condition)?,
        within,
    })
}

/// `10s`, `1.5s`, `200ms`, `5m`, `1h`.
pub(super) fn span(text: &str) -> Result<Span, String> {
    let text = text.trim();
    let bad = || format!("\"{text}\" is no duration: write 200ms, 10s, 5m or 1h");
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .ok_or_else(bad)?;
    let (number, unit) = text.split_at(end);
    let number: f64 = number.parse().map_err(|_| bad())?;
    let unit = match unit {
        "ms" => 1e3,
        "s" => 1e6,
        "m" => 60e6,
        "h" => 3600e6,
        _ => return Err(bad()),
    };
    if number > 1e6 {
        return Err(bad());
    }
    Ok(Span::micros((number * unit) as i64))
}
