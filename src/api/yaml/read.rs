//! One document's text to a tree with spans.
//!
//! Upstream: `sigs.k8s.io/yaml` (YAMLToJSON), `goyaml.v2/decode.go` (merge keys, aliases).

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};
use serde_json::{Map, Value};

use super::resolve::{Resolved, plain_value, resolve};
use super::{Position, TextSpan, YamlError, check_size, syntax};

/// Deeper nesting is refused, so that nothing that walks a tree can run out of stack.
const DEPTH_MAX: usize = 100;
/// How many nodes aliases may add: beyond it the text is taken for a bomb.
const ALIASED_NODES_MAX: usize = 20_000;

/// A node of a document.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub span: TextSpan,
    pub tree: Tree,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    /// Anything but an object or a list.
    Scalar(Value),
    Seq(Vec<Node>),
    /// In the order of the text; a key that stands twice is kept twice, the last one counts.
    Map(Vec<Entry>),
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub key: String,
    pub key_span: TextSpan,
    pub value: Node,
}

impl Node {
    /// The node as JSON; of keys that stand twice the last one counts.
    pub fn value(&self) -> Value {
        match &self.tree {
            Tree::Scalar(value) => value.clone(),
            Tree::Seq(items) => items.iter().map(Node::value).collect(),
            Tree::Map(entries) => {
                let pairs = entries.iter().map(|e| (e.key.clone(), e.value.value()));
                Value::Object(pairs.collect::<Map<String, Value>>())
            }
        }
    }

    fn size(&self) -> usize {
        match &self.tree {
            Tree::Scalar(_) => 1,
            Tree::Seq(items) => 1 + items.iter().map(Node::size).sum::<usize>(),
            Tree::Map(entries) => 1 + entries.iter().map(|e| e.value.size()).sum::<usize>(),
        }
    }

    fn null(span: TextSpan) -> Node {
        Node {
            span,
            tree: Tree::Scalar(Value::Null),
        }
    }
}

/// Reads one document (the first, if the text holds several). An empty text is null.
/// Errors: syntax, nesting, aliases or size out of bounds.
pub fn parse(text: &str) -> Result<Node, YamlError> {
    check_size(text)?;
    let mut builder = Builder::default();
    let found = builder.run(text);
    // libyaml's port slows down on deep nesting: it only sees what the first parser has bounded.
    if builder.too_deep || unbalanced(text) {
        let message = format!("exceeded max depth of {DEPTH_MAX}");
        let span = builder.last;
        return Err(YamlError { message, span });
    }
    if (found.is_err() || syntax::may_differ(text))
        && let Some(error) = syntax::check(text)
    {
        return Err(error);
    }
    found
}

/// Whether a text opens far more brackets in a row than it may nest.
fn unbalanced(text: &str) -> bool {
    let mut depth = 0usize;
    for byte in text.bytes() {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' | b'"' | b'\'' | b'#' => depth = 0,
            _ => {}
        }
        if depth > 10 * DEPTH_MAX {
            return true;
        }
    }
    false
}

/// What is open while events come in.
struct Open {
    span: TextSpan,
    anchor: usize,
    kind: OpenKind,
}

enum OpenKind {
    Seq(Vec<Node>),
    /// Entries so far, and a key that waits for its value.
    Map(Vec<Entry>, Option<(KeyKind, TextSpan)>),
}

enum KeyKind {
    Name(String),
    Merge,
}

#[derive(Default)]
struct Builder {
    stack: Vec<Open>,
    anchors: Vec<(usize, Node)>,
    aliased: usize,
    root: Option<Node>,
    too_deep: bool,
    last: TextSpan,
}

type Step = Result<(), YamlError>;

impl Builder {
    fn run(&mut self, text: &str) -> Result<Node, YamlError> {
        for event in Parser::new_from_str(text) {
            let (event, span) = event.map_err(|e| self.scan_error(&e))?;
            self.last = text_span(span);
            if matches!(event, Event::DocumentEnd) {
                break;
            }
            self.take(event)?;
            if self.too_deep {
                break;
            }
        }
        Ok(self.root.take().unwrap_or_else(|| Node::null(self.last)))
    }

    fn scan_error(&self, error: &saphyr_parser::ScanError) -> YamlError {
        let start = position(*error.marker());
        let end = Position {
            column: start.column + 1,
            ..start
        };
        let message = format!("line {}: {}", start.line, error.info());
        YamlError {
            message,
            span: TextSpan { start, end },
        }
    }

    fn take(&mut self, event: Event<'_>) -> Step {
        let span = self.last;
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let quoted = style != ScalarStyle::Plain;
                if !quoted && tag.is_none() && self.wants_key() && resolve(&text) == Resolved::Merge
                {
                    return self.key(KeyKind::Merge, span);
                }
                let value = scalar(&text, quoted, tag.as_deref());
                self.add(
                    Node {
                        span,
                        tree: Tree::Scalar(value),
                    },
                    anchor,
                )
            }
            Event::SequenceStart(anchor, _) => self.open(OpenKind::Seq(Vec::new()), anchor),
            Event::MappingStart(anchor, _) => self.open(OpenKind::Map(Vec::new(), None), anchor),
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(id) => {
                let node = self.alias(id)?;
                self.add(node, 0)
            }
            _ => Ok(()),
        }
    }

    fn open(&mut self, kind: OpenKind, anchor: usize) -> Step {
        if self.wants_key() {
            return Err(self.error("invalid map key"));
        }
        self.too_deep = self.stack.len() >= DEPTH_MAX;
        self.stack.push(Open {
            span: self.last,
            anchor,
            kind,
        });
        Ok(())
    }

    fn close(&mut self) -> Step {
        let Some(open) = self.stack.pop() else {
            return Ok(());
        };
        let span = TextSpan {
            start: open.span.start,
            end: self.last.end,
        };
        let tree = match open.kind {
            OpenKind::Seq(items) => Tree::Seq(items),
            OpenKind::Map(entries, _) => Tree::Map(entries),
        };
        self.add(Node { span, tree }, open.anchor)
    }

    fn alias(&mut self, id: usize) -> Result<Node, YamlError> {
        let Some((_, node)) = self.anchors.iter().rev().find(|(known, _)| *known == id) else {
            return Err(self.error("anchor value contains itself"));
        };
        let mut node = node.clone();
        self.aliased += node.size();
        if self.aliased > ALIASED_NODES_MAX {
            return Err(self.error("document contains excessive aliasing"));
        }
        node.span = self.last;
        Ok(node)
    }

    fn error(&self, message: &str) -> YamlError {
        YamlError {
            message: message.to_string(),
            span: self.last,
        }
    }

    fn wants_key(&self) -> bool {
        matches!(
            self.stack.last(),
            Some(Open {
                kind: OpenKind::Map(_, None),
                ..
            })
        )
    }

    fn key(&mut self, new: KeyKind, span: TextSpan) -> Step {
        if let Some(Open {
            kind: OpenKind::Map(_, waiting),
            ..
        }) = self.stack.last_mut()
        {
            *waiting = Some((new, span));
        }
        Ok(())
    }

    fn add(&mut self, node: Node, anchor: usize) -> Step {
        if anchor > 0 {
            self.anchors.push((anchor, node.clone()));
            self.aliased += node.size();
        }
        if self.wants_key() {
            let Tree::Scalar(value) = &node.tree else {
                return Err(self.error("invalid map key"));
            };
            let name = match value {
                Value::String(text) => text.clone(),
                Value::Null => "null".to_string(),
                other => other.to_string(),
            };
            return self.key(KeyKind::Name(name), node.span);
        }
        match self.stack.last_mut() {
            None => self.root = Some(node),
            Some(Open {
                kind: OpenKind::Seq(items),
                ..
            }) => items.push(node),
            Some(Open {
                kind: OpenKind::Map(entries, waiting),
                ..
            }) => match waiting.take() {
                Some((KeyKind::Name(key), key_span)) => {
                    entries.push(Entry {
                        key,
                        key_span,
                        value: node,
                    });
                }
                Some((KeyKind::Merge, _)) if merge(entries, &node) => {}
                _ => {
                    return Err(
                        self.error("map merge requires map or sequence of maps as the value")
                    );
                }
            },
        }
        Ok(())
    }
}

/// `<<: *defaults`. Returns false if the value is no mapping or list of mappings.
fn merge(entries: &mut Vec<Entry>, from: &Node) -> bool {
    match &from.tree {
        Tree::Map(new) => {
            for entry in new {
                match entries.iter_mut().find(|e| e.key == entry.key) {
                    Some(old) => old.value = entry.value.clone(),
                    None => entries.push(entry.clone()),
                }
            }
            true
        }
        Tree::Seq(items) => items
            .iter()
            .rev()
            .all(|item| matches!(item.tree, Tree::Map(_)) && merge(entries, item)),
        Tree::Scalar(_) => false,
    }
}

fn scalar(text: &str, quoted: bool, tag: Option<&Tag>) -> Value {
    let string = || Value::String(text.to_string());
    match tag
        .filter(|t| t.is_yaml_core_schema())
        .map(|t| t.suffix.as_str())
    {
        Some("str") => string(),
        Some("int" | "float" | "bool" | "null") => plain_value(text),
        _ if quoted => string(),
        _ => plain_value(text),
    }
}

fn position(marker: saphyr_parser::Marker) -> Position {
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Position {
        line: number(marker.line()).max(1),
        column: number(marker.col()).saturating_add(1),
    }
}

fn text_span(span: Span) -> TextSpan {
    TextSpan {
        start: position(span.start),
        end: position(span.end),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::TEXT_BYTES_MAX;
    use super::*;

    fn read(text: &str) -> Value {
        parse(text)
            .unwrap_or_else(|e| panic!("{text}: {}", e.message))
            .value()
    }

    fn refused(text: &str) -> String {
        parse(text).expect_err(text).message
    }

    #[test]
    fn reads_as_kubernetes_does() {
        for (text, value) in [
            (
                "a: 1\nb: [x, 'y', \"1\"]\n",
                json!({"a": 1, "b": ["x", "y", "1"]}),
            ),
            ("a: yes\nb: 'yes'\n", json!({"a": true, "b": "yes"})),
            ("a: 1\na: 2\n", json!({"a": 2})),
            ("1: x\ntrue: z\n", json!({"1": "x", "true": "z"})),
            (
                "a: &x {k: 1}\nb: *x\n",
                json!({"a": {"k": 1}, "b": {"k": 1}}),
            ),
            (
                "a: &x {k: 1, l: 2}\nb:\n  <<: *x\n  l: 3\n",
                json!({"a": {"k": 1, "l": 2}, "b": {"k": 1, "l": 3}}),
            ),
            ("a: !!str 1\n", json!({"a": "1"})),
            ("a: |\n  x\n  y\n", json!({"a": "x\ny\n"})),
            ("{\"apiVersion\":\"v1\",}", json!({"apiVersion": "v1"})),
            ("", json!(null)),
            ("# only a comment\n", json!(null)),
            ("a:\n", json!({"a": null})),
        ] {
            assert_eq!(read(text), value, "{text}");
        }
    }

    #[test]
    fn syntax_errors_have_kubectls_words_and_lines() {
        let head = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: x\n";
        for (text, words) in [
            (
                "spec:\n   replicas: 2\n  selector:\n    a: b\n",
                "line 6: did not find expected key",
            ),
            (
                "spec:\n\treplicas: 2\n",
                "line 6: found character that cannot start any token",
            ),
            (
                "spec:\n  a: 1\n  template\n    metadata:\n      a: b\n",
                "line 8: could not find expected ':'",
            ),
            (
                "spec:\n  name: nginx\n    image: x\n",
                "line 7: mapping values are not allowed in this context",
            ),
            (
                "spec:\n  - name: nginx\n   image: x\n",
                "line 6: did not find expected '-' indicator",
            ),
        ] {
            assert_eq!(refused(&format!("{head}{text}")), words, "{text}");
        }
    }

    /// One edit anywhere in a manifest, and then another: where neither puts anything odd, libyaml
    /// finds no error that saphyr has let pass.
    #[test]
    fn plain_texts_are_taken_alike() {
        let good = "kind: Deployment\nmetadata:\n  name: web\n  labels:\n    a: b\n    c: \"d\"\nspec:\n  template:\n    spec:\n      containers:\n      - name: nginx\n        image: 'nginx:1.7.9'\n        args:\n        - a\n        - x # y\n        text: |\n          a\n          b\n";
        let puts = [
            "", " ", "  ", ":", ": ", "- ", "-", "[", "]", "{", "}", "&a ", "*a ", "!", "|", ">",
            "'", "\"", "#", " #", "\n", "\n\t", "%", "@", "`", ",", "? ", "\\", "---\n", "...\n",
            "\u{7}", "\u{85}", "é",
        ];
        let edit = |text: &str, at: usize, cut: usize, put: &str| -> String {
            let mut chars: Vec<char> = text.chars().collect();
            let at = at.min(chars.len());
            let end = (at + cut).min(chars.len());
            chars.splice(at..end, put.chars());
            chars.into_iter().collect()
        };
        let (mut skipped, mut refused) = (0, 0);
        let flow = "kind: Pod\nmetadata: {name: web, labels: {a: b, c: \"d\"}}\nspec:\n  containers: [{name: 'x', args: [a, b-c, 1]}]\n";
        for (good, at) in [good, flow]
            .into_iter()
            .flat_map(|good| (0..good.len()).step_by(2).map(move |at| (good, at)))
        {
            for (n, put) in puts.into_iter().enumerate() {
                let once = edit(good, at, n % 3, put);
                let other = puts.get((at + n) % puts.len()).unwrap_or(&"");
                for text in [edit(&once, at * 7 % good.len(), at % 3, other), once] {
                    let taken = Builder::default().run(&text).is_ok();
                    let error = syntax::check(&text);
                    refused += usize::from(taken && error.is_some());
                    if taken && !syntax::may_differ(&text) {
                        skipped += 1;
                        assert_eq!(error, None, "{text}");
                    }
                }
            }
        }
        assert!(skipped > 1000 && refused > 100, "{skipped} {refused}");
    }

    #[test]
    fn bombs_are_refused() {
        assert!(refused(&"[".repeat(200_000)).contains("max depth"));
        assert!(refused(&"- ".repeat(200)).contains("max depth"));
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_string();
        for i in 1..12 {
            let last = format!("*a{}", i - 1);
            let line = format!("a{i}: &a{i} [{}]\n", vec![last; 9].join(", "));
            bomb.push_str(&line);
        }
        assert!(refused(&bomb).contains("excessive aliasing"));
        assert!(refused(&"a".repeat(TEXT_BYTES_MAX + 1)).contains("5 MB"));
    }
}
