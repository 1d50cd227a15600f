//! The documents of a file.
//!
//! Upstream: `apimachinery/pkg/util/yaml/decoder.go` (YAMLReader).

/// One document's text, still to be parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    pub text: &'a str,
    /// How many lines of the file stand before the text.
    pub line_offset: u32,
}

/// Cuts a file at lines that begin with `---`. A marker before the first line belongs to the first
/// document, as upstream counts its lines.
pub fn split(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut start, mut at, mut start_line) = (0, 0, 0);
    for (number, line) in (0u32..).zip(text.split_inclusive('\n')) {
        let end = at + line.len();
        if at > start && is_marker(line) {
            push(&mut pieces, text, start, at, start_line);
            (start, start_line) = (end, number + 1);
        }
        at = end;
    }
    push(&mut pieces, text, start, at, start_line);
    pieces
}

fn is_marker(line: &str) -> bool {
    line.strip_prefix("---").is_some_and(|rest| {
        let rest = rest.trim();
        rest.is_empty() || rest.starts_with('#')
    })
}

fn push<'a>(pieces: &mut Vec<Piece<'a>>, text: &'a str, from: usize, to: usize, line_offset: u32) {
    if let Some(text) = text.get(from..to).filter(|t| !t.trim().is_empty()) {
        pieces.push(Piece { text, line_offset });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_at_markers() {
        let cut = |text: &'static str| -> Vec<(&'static str, u32)> {
            let pieces = split(text).into_iter();
            pieces.map(|p| (p.text, p.line_offset)).collect()
        };
        assert_eq!(cut("a: 1\n---\nb: 2\n"), [("a: 1\n", 0), ("b: 2\n", 2)]);
        assert_eq!(cut("---\na: 1\n--- # x\n"), [("---\na: 1\n", 0)]);
        assert_eq!(cut("a: |\n  x\n--- y\n"), [("a: |\n  x\n--- y\n", 0)]);
        assert_eq!(cut(" \n\n"), []);
        assert_eq!(cut("a: 1\n...\n---\n"), [("a: 1\n...\n", 0)]);
    }
}
