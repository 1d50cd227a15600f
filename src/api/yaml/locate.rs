//! From a field's path back to its place in the text.
//!
//! Upstream: none.

use super::TextSpan;
use super::read::{Node, Tree};

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    Key(String),
    Index(usize),
}

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// A scalar's own span, or the key of a mapping or list; of the nearest parent that exists.
    pub span: TextSpan,
    /// The key of the node, where it has one.
    pub key: Option<TextSpan>,
    /// Whether the whole path exists.
    pub exact: bool,
}

/// Reads `spec.containers[0].resources.requests[cpu]`.
pub fn parse_path(path: &str) -> Vec<Segment> {
    let mut segments = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            let (word, after) = inner.split_once(']').unwrap_or((inner, ""));
            segments.push(match word.parse() {
                Ok(index) => Segment::Index(index),
                Err(_) => Segment::Key(word.to_string()),
            });
            rest = after;
        } else {
            rest = rest.strip_prefix('.').unwrap_or(rest);
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            if word.is_empty() {
                break;
            }
            segments.push(Segment::Key(word.to_string()));
            rest = after;
        }
    }
    segments
}

impl Node {
    /// Where a path leads.
    pub fn locate(&self, path: &[Segment]) -> Place {
        let (mut node, mut key, mut anchor) = (self, None, self.first_span());
        for (i, segment) in path.iter().enumerate() {
            let step = match (segment, &node.tree) {
                (Segment::Key(name), Tree::Map(entries)) => entries
                    .iter()
                    .rev()
                    .find(|e| e.key == *name)
                    .map(|e| (&e.value, Some(e.key_span))),
                (Segment::Index(index), Tree::Seq(items)) => items.get(*index).map(|n| (n, None)),
                _ => None,
            };
            let Some((next, next_key)) = step else {
                let span = if i == 0 { self.first_span() } else { anchor };
                return Place {
                    span,
                    key,
                    exact: false,
                };
            };
            (node, key) = (next, next_key);
            anchor = next_key.unwrap_or_else(|| next.first_span());
        }
        let scalar = matches!(node.tree, Tree::Scalar(_)) && node.span.start < node.span.end;
        let span = if scalar { node.span } else { anchor };
        Place {
            span,
            key,
            exact: true,
        }
    }

    /// The first key of a mapping, the first item of a list, or the scalar itself.
    pub fn first_span(&self) -> TextSpan {
        match &self.tree {
            Tree::Map(entries) => entries.first().map_or(self.span, |e| e.key_span),
            Tree::Seq(items) => items.first().map_or(self.span, Node::first_span),
            Tree::Scalar(_) => self.span,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{parse, parse_path};

    #[test]
    fn finds_nodes_and_nearest_parents() {
        let text = "spec:\n  items:\n  - name: a\n    size: 3\n  - name: b\n";
        let node = parse(text).expect("it is YAML");
        let at = |path: &str| {
            let place = node.locate(&parse_path(path));
            let (start, end) = (place.span.start, place.span.end);
            (start.line, start.column, end.line, end.column, place.exact)
        };
        assert_eq!(at("spec.items[0].size"), (4, 11, 4, 12, true));
        assert_eq!(at("spec.items[1].name"), (5, 11, 5, 12, true));
        assert_eq!(at("spec.items"), (2, 3, 2, 8, true));
        assert_eq!(at("spec.items[1].size"), (5, 5, 5, 9, false));
        assert_eq!(at("spec.selector"), (1, 1, 1, 5, false));
        assert_eq!(at("metadata.name"), (1, 1, 1, 5, false));
    }
}
