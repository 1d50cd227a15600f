//! Syntax errors in libyaml's words, with the line that go-yaml gives them.
//!
//! Upstream: `goyaml.v2/decode.go` (parser.fail). The words come from libyaml's port to Rust.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Position, TextSpan, YamlError};

/// What the parser says, in contrast to the scanner, whose lines count from one.
const PARSER_WORDS: &[&str] = &[
    "did not find expected <stream-start>",
    "did not find expected <document start>",
    "did not find expected node content",
    "did not find expected '-' indicator",
    "did not find expected key",
    "did not find expected ',' or ']'",
    "did not find expected ',' or '}'",
    "found duplicate %YAML directive",
    "found incompatible YAML document",
    "found duplicate %TAG directive",
    "found undefined tag handle",
];

/// Whether a text has anything that saphyr takes and libyaml may not: control characters and tabs,
/// tags and directives, markers of documents, empty keys, colons before commas, flow collections
/// over several lines or among block scalars. Most texts have
/// nothing of it, and need not be read twice.
pub(super) fn may_differ(text: &str) -> bool {
    let (mut last, mut depth, mut has_flow, mut has_block) = (b'\n', 0i32, false, false);
    let is_odd = text.bytes().any(|byte| {
        let before = std::mem::replace(&mut last, byte);
        has_flow |= matches!(byte, b'{' | b'[');
        depth += i32::from(matches!(byte, b'{' | b'[')) - i32::from(matches!(byte, b'}' | b']'));
        has_block |= matches!(byte, b'|' | b'>');
        match byte {
            b'\n' => depth != 0,
            b'!' | b'%' | b'@' | b'`' | b'?' | b'&' | b'*' | b'\\' => true,
            b':' => matches!(before, b' ' | b'\n' | b'{' | b'[' | b',' | b'-' | b':'),
            b',' | b'}' | b']' => matches!(before, b':' | b',' | b'[' | b'{'),
            b'.' | b'-' => before == byte,
            _ => !(b' '..=b'~').contains(&byte),
        }
    });
    is_odd || (has_flow && has_block)
}

/// The first syntax error of one document. Takes time in proportion to the text, as long as the
/// caller has bounded the nesting.
pub(super) fn check(text: &str) -> Option<YamlError> {
    let document = serde_yaml::Deserializer::from_str(text).next()?;
    let error = IgnoredAny::deserialize(document).err()?;
    let said = error.to_string();
    // `problem at line 7 column 3, context at line 2 column 1`
    let problem = said.split(" at line ").next().unwrap_or(&said);
    let problem = problem.split(", while ").next().unwrap_or(problem);
    let problem = problem.split(" at position ").next().unwrap_or(problem);
    if problem.contains("unknown anchor") || problem.contains("EndOfStream") {
        return None;
    }
    let (line, column) = error.location().map_or((1, 1), |l| (l.line(), l.column()));
    let shown = if PARSER_WORDS.contains(&problem) {
        line.saturating_sub(1)
    } else {
        line
    };
    // go-yaml falls back to the context's line where the problem stands on the first one.
    let shown = if line <= 1 {
        context_line(&said).unwrap_or(0)
    } else {
        shown
    };
    let message = if shown == 0 {
        problem.to_string()
    } else {
        format!("line {shown}: {problem}")
    };
    let line = u32::try_from(line).unwrap_or(u32::MAX).max(1);
    let column = u32::try_from(column).unwrap_or(u32::MAX).max(1);
    let start = Position { line, column };
    let end = Position {
        line,
        column: column + 1,
    };
    Some(YamlError {
        message,
        span: TextSpan { start, end },
    })
}

fn context_line(said: &str) -> Option<usize> {
    let (_, context) = said.split_once(", while ")?;
    let (_, place) = context.split_once(" at line ")?;
    let line: usize = place.split(' ').next()?.parse().ok()?;
    (line > 1).then_some(line)
}
