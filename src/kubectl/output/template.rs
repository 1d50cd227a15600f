//! JSONPath templates: text, `{.path}`, `{range .items[*]}…{end}`, `{"\n"}`.
//!
//! Upstream: `client-go/util/jsonpath`.

use serde_json::Value;

use super::path::{Step, find, parse};

/// A parsed template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    nodes: Vec<Node>,
    source: String,
    /// Print all results as one JSON list.
    as_json: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Node {
    Text(String),
    Path(Vec<Step>),
    Range(Vec<Step>, Vec<Node>),
}

impl Template {
    /// Reads a template. Errors: in the parser's words.
    pub fn parse(source: &str, as_json: bool) -> Result<Template, String> {
        // Each open range collects its own nodes.
        let mut open: Vec<(Vec<Step>, Vec<Node>)> = vec![(Vec::new(), Vec::new())];
        let mut left = source;
        while let Some((text, behind)) = left.split_once('{') {
            push(&mut open, Node::Text(text.to_string()));
            let end = action_end(behind).ok_or("unclosed action");
            let end = match (end, behind) {
                (Ok(end), _) => end,
                (Err(_), action) if brackets_open(action) => {
                    return Err("unterminated array".into());
                }
                (Err(why), _) => return Err(why.into()),
            };
            let action = behind.get(..end).unwrap_or_default().trim();
            left = behind.get(end + 1..).unwrap_or_default();
            if let Some(path) = action.strip_prefix("range") {
                open.push((parse(path.trim())?, Vec::new()));
            } else if action == "end" {
                match open.pop() {
                    Some((path, nodes)) if !open.is_empty() => {
                        push(&mut open, Node::Range(path, nodes))
                    }
                    _ => return Err("not in range, nothing to end".into()),
                }
            } else {
                for node in pieces(action)? {
                    push(&mut open, node);
                }
            }
        }
        push(&mut open, Node::Text(left.to_string()));
        match (open.len(), open.pop()) {
            (1, Some((_, nodes))) => Ok(Template {
                nodes,
                source: source.to_string(),
                as_json,
            }),
            _ => Err("unfinished range, need end".into()),
        }
    }

    /// Fills in the template. Errors: kubectl's whole text.
    pub fn print(&self, value: &Value) -> Result<String, String> {
        let mut results = Vec::new();
        let mut text = String::new();
        let done = walk(&self.nodes, value, &mut text, &mut results);
        done.map_err(|why| {
            format!(
                "error executing jsonpath \"{}\": Error executing template: {why}. Printing more information for debugging the template:\n\ttemplate was:\n\t\t{}\n\tobject given to jsonpath engine was:\n\t\t{value}\n\n",
                self.source, self.source
            )
        })?;
        if self.as_json {
            return Ok(super::to_json_text(&Value::Array(results)));
        }
        Ok(text)
    }
}

fn push(open: &mut [(Vec<Step>, Vec<Node>)], node: Node) {
    if let Some((_, nodes)) = open
        .last_mut()
        .filter(|_| node != Node::Text(String::new()))
    {
        nodes.push(node);
    }
}

fn brackets_open(action: &str) -> bool {
    action.matches('[').count() > action.matches(']').count()
}

/// Where the bracket closes that an action ends with, quoted texts apart.
fn action_end(text: &str) -> Option<usize> {
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            _ if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '}') => return Some(at),
            (None, _) => {}
        }
    }
    None
}

/// The paths and quoted texts of one action.
fn pieces(action: &str) -> Result<Vec<Node>, String> {
    let mut nodes = Vec::new();
    let mut left = action;
    while !left.is_empty() {
        let quote = left.chars().next().filter(|c| matches!(c, '"' | '\''));
        if let Some(quote) = quote {
            let inner = left.get(1..).unwrap_or_default();
            let end = inner.find(quote).ok_or("unterminated quoted string")?;
            nodes.push(Node::Text(unescape(inner.get(..end).unwrap_or_default())));
            left = inner.get(end + 1..).unwrap_or_default().trim_start();
            continue;
        }
        let mut depth = 0;
        let end = left.find(|c: char| {
            match c {
                '[' => depth += 1,
                ']' => depth -= 1,
                _ => {}
            }
            depth == 0 && c.is_whitespace()
        });
        let (path, behind) = left.split_at(end.unwrap_or(left.len()));
        nodes.push(Node::Path(parse(path)?));
        left = behind.trim_start();
    }
    Ok(nodes)
}

fn unescape(text: &str) -> String {
    text.replace("\\n", "\n")
        .replace("\\t", "\t")
        .replace("\\\"", "\"")
        .replace("\\\\", "\\")
}

fn walk(
    nodes: &[Node],
    value: &Value,
    text: &mut String,
    results: &mut Vec<Value>,
) -> Result<(), String> {
    for node in nodes {
        match node {
            Node::Text(part) => text.push_str(part),
            Node::Path(path) => {
                let values = find(path, value, false)?;
                results.extend(values.iter().map(|v| (*v).clone()));
                let texts: Vec<String> = values.into_iter().map(text_of).collect();
                text.push_str(&texts.join(" "));
            }
            Node::Range(path, inner) => {
                for item in find(path, value, false)? {
                    walk(inner, item, text, results)?;
                }
            }
        }
    }
    Ok(())
}

/// A value as text: strings bare, the rest as JSON.
pub fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "<nil>".into(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn templates_are_filled_in() {
        let value = json!({"items": [{"name": "a", "n": 1}, {"name": "b", "n": 2}]});
        for (source, text) in [
            ("{.items[*].name}", "a b"),
            ("{range .items[*]}{.name}={.n}{\"\\n\"}{end}", "a=1\nb=2\n"),
            ("names: {.items[0].name}!", "names: a!"),
            ("{.items[0]}", "{\"n\":1,\"name\":\"a\"}"),
            ("{range .items[?(@.n==2)]}{.name}{end}", "b"),
        ] {
            let template = Template::parse(source, false).expect(source);
            assert_eq!(template.print(&value).as_deref(), Ok(text), "{source}");
        }
        assert_eq!(
            Template::parse("{.items[*", false),
            Err("unterminated array".into())
        );
        let missing = Template::parse("{.x}", false).expect("a template");
        let text = missing.print(&value).expect_err("nothing there");
        assert!(text.starts_with(
            "error executing jsonpath \"{.x}\": Error executing template: x is not found. "
        ));
    }
}
