//! Everything that is wrong with a file of manifests, each at its place: for an editor.
//!
//! Upstream: none; the rules are those of decoding and validation.

use serde_json::Value;

use crate::api::yaml::{
    Node, Place, Position, TextSpan, Tree, check_size, parse, parse_path, split,
};
use crate::api::{Kind, Order, go_quote};

use super::decode::{self, Problem, What};
use super::{FieldError, Snapshot, validation};

/// A problem of a text. Lines and columns count from 1, the end is exclusive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    pub line: u32,
    pub column: u32,
    pub end_line: u32,
    pub end_column: u32,
    pub message: String,
    /// `Deployment web`; empty where there is no object yet.
    pub object: String,
    /// It would be accepted all the same.
    pub warning: bool,
}

/// More problems than a reader can use.
const DIAGNOSTICS_MAX: usize = 1000;

/// Finds the problems of a text, in the order of the text, for a server that serves these kinds.
pub fn check(text: &str, server: Snapshot<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let pieces = match check_size(text) {
        Ok(()) => split(text),
        Err(error) => {
            let mut checker = Checker {
                offset: 0,
                found: &mut found,
                object: String::new(),
                server,
            };
            checker.add(error.span, error.message, false);
            Vec::new()
        }
    };
    for piece in pieces {
        let mut checker = Checker {
            offset: piece.line_offset,
            found: &mut found,
            object: String::new(),
            server,
        };
        match parse(piece.text) {
            Ok(node) => checker.document(&node),
            Err(error) => {
                let words = error
                    .message
                    .split_once(": ")
                    .filter(|(line, _)| line.starts_with("line "));
                let words = words.map_or(error.message.as_str(), |(_, words)| words);
                checker.add(error.span, words, false);
            }
        }
        if found.len() > DIAGNOSTICS_MAX {
            break;
        }
    }
    found.order_by_key(|d| (d.line, d.column));
    found.truncate(DIAGNOSTICS_MAX);
    found
}

struct Checker<'f> {
    offset: u32,
    found: &'f mut Vec<Diagnostic>,
    object: String,
    server: Snapshot<'f>,
}

impl Checker<'_> {
    fn add(&mut self, span: TextSpan, message: impl Into<String>, warning: bool) {
        let TextSpan { start, end } = span;
        let start = Position {
            line: start.line.max(1),
            column: start.column.max(1),
        };
        let end = if end > start {
            end
        } else {
            Position {
                column: start.column + 1,
                ..start
            }
        };
        self.found.push(Diagnostic {
            line: start.line + self.offset,
            column: start.column,
            end_line: end.line + self.offset,
            end_column: end.column,
            message: message.into(),
            object: self.object.clone(),
            warning,
        });
    }

    fn document(&mut self, node: &Node) {
        let Tree::Map(entries) = &node.tree else {
            if !matches!(&node.tree, Tree::Scalar(Value::Null)) {
                self.add(
                    node.first_span(),
                    "a manifest is an object with apiVersion, kind, metadata and spec",
                    false,
                );
            }
            return;
        };
        self.duplicates(node);
        let text = |key: &str| {
            let entry = entries.iter().rev().find(|e| e.key == key)?;
            entry.value.value().as_str().map(str::to_string)
        };
        let (api_version, word) = (text("apiVersion"), text("kind"));
        if word.as_deref().is_some_and(|k| k.ends_with("List")) {
            let items = entries
                .iter()
                .rev()
                .find(|e| e.key == "items")
                .map(|e| &e.value.tree);
            if let Some(Tree::Seq(items)) = items {
                items.iter().for_each(|item| self.document(item));
                return;
            }
        }
        let at = |key: &str| node.locate(&parse_path(key)).span;
        let (Some(api_version), Some(word)) = (&api_version, &word) else {
            for (missing, key) in [
                (api_version.is_none(), "apiVersion"),
                (word.is_none(), "kind"),
            ] {
                if missing {
                    self.add(at(key), format!("{key} not set"), false);
                }
            }
            return;
        };
        match self.server.kind_by_gvk(api_version, word) {
            Some(kind) => self.object(kind, node),
            None => {
                let other = self.server.kind_by_word(word);
                let key = if other.is_some() {
                    "apiVersion"
                } else {
                    "kind"
                };
                let hint = match other {
                    Some(kind) if kind.name() == word => {
                        format!(" (it is in {})", kind.api_version())
                    }
                    Some(kind) => format!(" (did you mean {}?)", kind.name()),
                    None => String::new(),
                };
                let key = if other.is_some_and(|k| k.name() != word) {
                    "kind"
                } else {
                    key
                };
                let words = format!(
                    "no matches for kind {} in version {}{hint}",
                    go_quote(word),
                    go_quote(api_version)
                );
                self.add(at(key), words, false);
            }
        }
    }

    /// Keys that stand twice: kubectl takes the last one without a word.
    fn duplicates(&mut self, node: &Node) {
        match &node.tree {
            Tree::Map(entries) => {
                let mut seen = std::collections::BTreeSet::new();
                for entry in entries {
                    if !seen.insert(&entry.key) {
                        let words = format!(
                            "key {} is given twice: the last one counts",
                            go_quote(&entry.key)
                        );
                        self.add(entry.key_span, words, true);
                    }
                    self.duplicates(&entry.value);
                }
            }
            Tree::Seq(items) => items.iter().for_each(|item| self.duplicates(item)),
            Tree::Scalar(_) => {}
        }
    }

    fn object(&mut self, kind: Kind, node: &Node) {
        let value = node.value();
        let name = value
            .pointer("/metadata/name")
            .and_then(Value::as_str)
            .unwrap_or_default();
        self.object = format!("{} {name}", kind.name()).trim_end().to_string();
        let (mut object, problems) = match decode::read(kind, &value) {
            Ok(read) => read,
            Err(why) => return self.add(node.first_span(), why, false),
        };
        for problem in &problems {
            self.form(node, problem);
        }
        if kind.info().namespaced && object.meta.namespace.is_empty() {
            object.meta.namespace = "default".into();
        }
        let mut errors = validation::validate_create(&object, false);
        // What could not be read was replaced by nothing: its consequences are no news.
        errors.retain(|error| !problems.iter().any(|p| follows_from(error, p)));
        for error in errors {
            let place = locate(node, &error.path);
            let span = if place.exact {
                place.span
            } else {
                parent_key(node, &error.path, place)
            };
            self.add(span, error.to_string(), false);
        }
        for warning in validation::create_warnings(&object) {
            let span = node.locate(&parse_path("metadata.name")).span;
            self.add(span, warning, true);
        }
    }

    fn form(&mut self, node: &Node, problem: &Problem) {
        let place = node.locate(&parse_path(&problem.path));
        match &problem.what {
            What::UnknownField => {
                let words = format!("unknown field {}", go_quote(&problem.path));
                self.add(place.key.unwrap_or(place.span), words, false);
            }
            What::WrongType(wrong) => {
                let words = format!("{}: {}", problem.path, wrong.plain_words());
                self.add(place.span, words, false);
            }
            What::Unreadable(why) => {
                self.add(place.span, format!("{}: {why}", problem.path), false)
            }
        }
    }
}

/// Validation calls a template's labels by a path that no manifest has.
fn locate(node: &Node, path: &str) -> Place {
    for (named, real) in [
        ("spec.template.labels", "spec.template.metadata.labels"),
        (
            "spec.template.annotations",
            "spec.template.metadata.annotations",
        ),
        ("metadata.taints", "spec.taints"),
    ] {
        if let Some(rest) = path.strip_prefix(named) {
            return node.locate(&parse_path(&format!("{real}{rest}")));
        }
    }
    node.locate(&parse_path(path))
}

/// Something missing is marked at the key of what it is missing in.
fn parent_key(node: &Node, path: &str, place: Place) -> TextSpan {
    let parent = path
        .rsplit_once(['.', '['])
        .map_or("", |(parent, _)| parent);
    let parent = node.locate(&parse_path(parent));
    if parent.exact {
        parent.span
    } else {
        place.span
    }
}

fn follows_from(error: &FieldError, problem: &Problem) -> bool {
    if problem.what == What::UnknownField {
        return false;
    }
    let path = problem.path.as_str();
    let (shorter, longer) = if error.path.len() < path.len() {
        (error.path.as_str(), path)
    } else {
        (path, error.path.as_str())
    };
    longer.starts_with(shorter)
        || (path.ends_with("abels") || path.contains("abels.")) && error.path.contains("abels")
}

#[cfg(test)]
mod tests {
    use super::super::Store;
    use super::*;

    fn check(text: &str) -> Vec<Diagnostic> {
        super::check(text, Store::default().head())
    }

    const GOOD: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 2
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
      - name: nginx
        image: nginx:1.7.9
";

    /// Line, column, end column and message of each problem.
    fn marks(text: &str) -> Vec<(u32, u32, u32, String)> {
        let found = check(text).into_iter();
        found
            .map(|d| (d.line, d.column, d.end_column, d.message))
            .collect()
    }

    #[test]
    fn each_problem_stands_at_its_place() {
        assert_eq!(marks(GOOD), []);
        let edit = |from: &str, to: &str| {
            assert!(GOOD.contains(from), "{from}");
            GOOD.replace(from, to)
        };
        for (text, place, words) in [
            (
                edit("  replicas", "\treplicas"),
                (6, 1, 2),
                "found character that cannot start any token",
            ),
            (
                edit("replicas:", "replicsa:"),
                (6, 3, 11),
                "unknown field \"spec.replicsa\"",
            ),
            (
                edit("replicas: 2", "replicas: two"),
                (6, 13, 16),
                "spec.replicas: expected an integer, found a string",
            ),
            (
                edit("replicas: 2", "replicas: -1"),
                (6, 13, 15),
                "spec.replicas: Invalid value: -1: must be greater than or equal to 0",
            ),
            (
                edit("name: nginx\n", "name: Nginx\n"),
                (16, 15, 20),
                "spec.template.spec.containers[0].name: Invalid value: \"Nginx\"",
            ),
            (
                edit("        image: nginx:1.7.9\n", ""),
                (16, 9, 13),
                "spec.template.spec.containers[0].image: Required value",
            ),
            (
                edit("kind: Deployment", "kind: Deploymnet"),
                (2, 7, 17),
                "no matches for kind \"Deploymnet\" in version \"apps/v1\"",
            ),
            (
                edit("apps/v1", "v1"),
                (1, 13, 15),
                "no matches for kind \"Deployment\" in version \"v1\" (it is in apps/v1)",
            ),
            (edit("kind: Deployment\n", ""), (1, 1, 11), "kind not set"),
            (
                edit("  name: web\n", "  name: web\n  name: web\n"),
                (5, 3, 7),
                "key \"name\" is given twice: the last one counts",
            ),
            (
                edit("        app: web\n", "        app: other\n"),
                (12, 7, 13),
                "spec.template.metadata.labels: Invalid value",
            ),
        ] {
            let found = marks(&text);
            let [(line, column, end, message)] = found.as_slice() else {
                panic!("{text}: {found:?}");
            };
            assert_eq!((*line, *column, *end), place, "{text}: {message}");
            assert!(message.starts_with(words), "{message}");
        }
    }

    #[test]
    fn all_problems_of_all_documents_are_found_at_once() {
        let bad = GOOD
            .replace("replicas: 2", "replicas: two")
            .replace("image:", "imagee:");
        let no_selector = GOOD.replace("  selector:\n    matchLabels:\n      app: web\n", "");
        let found = check(&format!(
            "{bad}---\n{no_selector}---\nnot an object\n---\n{GOOD}"
        ));
        let lines: Vec<(u32, &str)> = found.iter().map(|d| (d.line, d.object.as_str())).collect();
        let web = "Deployment web";
        assert_eq!(
            lines,
            [
                (6, web),
                (16, web),
                (17, web),
                (23, web),
                (27, web),
                (34, "")
            ],
            "{found:#?}"
        );
    }

    #[test]
    fn good_documents_have_no_problems_however_many() {
        let many = format!("{GOOD}---\n").repeat(200);
        assert_eq!(check(&many), []);
    }

    #[cfg(not(target_arch = "wasm32"))]
    mod properties {
        use proptest::prelude::*;

        use super::*;

        proptest! {
            #![proptest_config(ProptestConfig::with_cases(100))]

            #[test]
            fn no_text_panics(at in 0usize..400, cut in 0usize..40, put in "[a-z:\\-{}\\[\\]&*!|>'\"# \t\n0-9]{0,12}") {
                let mut text: Vec<char> = GOOD.chars().collect();
                let at = at.min(text.len());
                let end = (at + cut).min(text.len());
                text.splice(at..end, put.chars());
                let text: String = text.into_iter().collect();
                for found in check(&text) {
                    prop_assert!(found.line >= 1 && found.column >= 1);
                    prop_assert!((found.line, found.column) < (found.end_line, found.end_column));
                }
            }
        }
    }
}
