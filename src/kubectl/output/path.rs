//! Paths into JSON: `.spec.containers[0].image`, `['a.b']`, `[*]`, `..name`, `[?(@.x=="y")]`.
//!
//! Upstream: `client-go/util/jsonpath`. Differs: filters compare one path with one literal.

use serde_json::Value;

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Field(String),
    Index(i64),
    Slice(Option<i64>, Option<i64>),
    All,
    Union(Vec<Step>),
    Recursive(String),
    Filter(Vec<Step>, Option<(String, Literal)>),
}

/// What a filter compares with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literal {
    Text(String),
    /// A number, true, false or null, as written.
    Bare(String),
}

/// Why a path cannot be read, or finds nothing.
pub type PathError = String;

/// Reads a path. Errors: in the words of the JSONPath parser.
pub fn parse(text: &str) -> Result<Vec<Step>, PathError> {
    let mut chars: Vec<char> = text.chars().collect();
    chars.reverse();
    let steps = steps(&mut chars)?;
    match chars.last() {
        None => Ok(steps),
        Some(c) => Err(format!(
            "unrecognized character in action: U+{:04X} '{c}'",
            *c as u32
        )),
    }
}

/// The characters that are left, last first.
type Left = Vec<char>;

fn name(left: &mut Left) -> String {
    let mut name = String::new();
    while let Some(c) = left.last().copied() {
        match c {
            '\\' => {
                left.pop();
                name.extend(left.pop());
            }
            '.' | '[' | ']' | ')' | '=' | '!' | '<' | '>' | '}' | '"' | '\'' | ',' => break,
            c if c.is_whitespace() => break,
            c => {
                name.push(c);
                left.pop();
            }
        }
    }
    name
}

fn steps(left: &mut Left) -> Result<Vec<Step>, PathError> {
    let mut steps = Vec::new();
    loop {
        match left.last().copied() {
            Some('$' | '@') => {
                left.pop();
            }
            Some('.') => {
                left.pop();
                if left.last() == Some(&'.') {
                    left.pop();
                    steps.push(Step::Recursive(name(left)));
                    continue;
                }
                let name = name(left);
                if name == "*" {
                    steps.push(Step::All);
                } else if !name.is_empty() {
                    steps.push(Step::Field(name));
                }
            }
            Some('[') => {
                left.pop();
                steps.push(bracket(left)?);
            }
            Some(c) if steps.is_empty() && (c.is_alphanumeric() || c == '_') => {
                steps.push(Step::Field(name(left)));
            }
            _ => return Ok(steps),
        }
    }
}

fn bracket(left: &mut Left) -> Result<Step, PathError> {
    let unterminated = || "unterminated array".to_string();
    if left.last() == Some(&'?') {
        left.pop();
        if left.pop() != Some('(') {
            return Err("unterminated filter".into());
        }
        return filter(left);
    }
    let mut parts = vec![String::new()];
    let mut quoted = Vec::new();
    loop {
        match left.pop().ok_or_else(unterminated)? {
            ']' => break,
            ',' => parts.push(String::new()),
            quote @ ('\'' | '"') => {
                let text = until(left, quote).ok_or_else(unterminated)?;
                quoted.push(parts.len() - 1);
                if let Some(part) = parts.last_mut() {
                    part.push_str(&text);
                }
            }
            c if c.is_whitespace() => {}
            c => {
                if let Some(part) = parts.last_mut() {
                    part.push(c);
                }
            }
        }
    }
    let read = |(at, part): (usize, &String)| one(part, quoted.contains(&at));
    let mut steps = parts
        .iter()
        .enumerate()
        .map(read)
        .collect::<Result<Vec<_>, _>>()?;
    match (steps.len(), steps.pop()) {
        (1, Some(only)) => Ok(only),
        (_, last) => {
            steps.extend(last);
            Ok(Step::Union(steps))
        }
    }
}

fn one(part: &str, quoted: bool) -> Result<Step, PathError> {
    let number = |text: &str| {
        let invalid = || format!("invalid array index {part}");
        if text.is_empty() {
            Ok(None)
        } else {
            text.parse().map(Some).map_err(|_| invalid())
        }
    };
    if quoted {
        Ok(Step::Field(part.to_string()))
    } else if part == "*" {
        Ok(Step::All)
    } else if let Some((from, to)) = part.split_once(':') {
        Ok(Step::Slice(number(from)?, number(to)?))
    } else {
        number(part)?
            .map(Step::Index)
            .ok_or_else(|| format!("invalid array index {part}"))
    }
}

fn until(left: &mut Left, end: char) -> Option<String> {
    let mut text = String::new();
    loop {
        match left.pop()? {
            '\\' => text.extend(left.pop()),
            c if c == end => return Some(text),
            c => text.push(c),
        }
    }
}

fn filter(left: &mut Left) -> Result<Step, PathError> {
    let unterminated = || "unterminated filter".to_string();
    skip_blanks(left);
    let path = steps(left)?;
    skip_blanks(left);
    let mut operator = String::new();
    while let Some(c) = left
        .last()
        .copied()
        .filter(|c| matches!(c, '=' | '!' | '<' | '>'))
    {
        operator.push(c);
        left.pop();
    }
    skip_blanks(left);
    let literal = match left.last().copied() {
        Some(quote @ ('\'' | '"')) => {
            left.pop();
            Literal::Text(until(left, quote).ok_or_else(unterminated)?)
        }
        _ => {
            let mut text = String::new();
            while let Some(c) = left.last().copied().filter(|c| *c != ')') {
                text.push(c);
                left.pop();
            }
            Literal::Bare(text.trim().to_string())
        }
    };
    skip_blanks(left);
    if left.pop() != Some(')') || left.pop() != Some(']') {
        return Err(unterminated());
    }
    let comparison = (!operator.is_empty()).then_some((operator, literal));
    Ok(Step::Filter(path, comparison))
}

fn skip_blanks(left: &mut Left) {
    while left.last().is_some_and(|c| c.is_whitespace()) {
        left.pop();
    }
}

/// The values that a path leads to. Errors: a field that is not there, unless that is allowed.
pub fn find<'v>(
    steps: &[Step],
    value: &'v Value,
    missing_allowed: bool,
) -> Result<Vec<&'v Value>, PathError> {
    let mut values = vec![value];
    for step in steps {
        let mut next = Vec::new();
        for value in values {
            next.extend(take(step, value, missing_allowed)?);
        }
        values = next;
    }
    Ok(values)
}

fn take<'v>(step: &Step, value: &'v Value, lenient: bool) -> Result<Vec<&'v Value>, PathError> {
    let children = || -> Vec<&'v Value> {
        match value {
            Value::Array(items) => items.iter().collect(),
            Value::Object(map) => map.values().collect(),
            _ => Vec::new(),
        }
    };
    match step {
        Step::Field(name) => match value.get(name) {
            Some(found) => Ok(vec![found]),
            None if lenient => Ok(Vec::new()),
            None => Err(format!("{name} is not found")),
        },
        Step::All => Ok(children()),
        Step::Index(index) => {
            let items = value.as_array().ok_or("is not array or slice")?;
            let at = if *index < 0 {
                index + items.len() as i64
            } else {
                *index
            };
            match usize::try_from(at).ok().and_then(|at| items.get(at)) {
                Some(found) => Ok(vec![found]),
                None if lenient => Ok(Vec::new()),
                None => Err(format!(
                    "array index out of bounds: index {index}, length {}",
                    items.len()
                )),
            }
        }
        Step::Slice(from, to) => {
            let items = value.as_array().ok_or("is not array or slice")?;
            let length = items.len() as i64;
            let place = |at: i64| (if at < 0 { at + length } else { at }).clamp(0, length) as usize;
            let (from, to) = (place(from.unwrap_or(0)), place(to.unwrap_or(length)));
            Ok(items
                .get(from..to.max(from))
                .into_iter()
                .flatten()
                .collect())
        }
        Step::Union(steps) => {
            let mut all = Vec::new();
            for step in steps {
                all.extend(take(step, value, lenient)?);
            }
            Ok(all)
        }
        Step::Recursive(name) => {
            let mut found = Vec::new();
            collect(name, value, &mut found);
            Ok(found)
        }
        Step::Filter(path, comparison) => {
            let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
            let passes = |item: &&Value| passes(path, comparison.as_ref(), item);
            Ok(items.iter().filter(passes).collect())
        }
    }
}

fn collect<'v>(name: &str, value: &'v Value, found: &mut Vec<&'v Value>) {
    if name.is_empty() {
        found.push(value);
    } else {
        found.extend(value.get(name));
    }
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(name, item, found)),
        Value::Object(map) => map.values().for_each(|item| collect(name, item, found)),
        _ => {}
    }
}

fn passes(path: &[Step], comparison: Option<&(String, Literal)>, item: &Value) -> bool {
    let values = find(path, item, true).unwrap_or_default();
    let Some(value) = values.first() else {
        return false;
    };
    let Some((operator, literal)) = comparison else {
        return true;
    };
    let (own, other) = match (value, literal) {
        (Value::String(own), Literal::Text(other)) => (own.clone(), other.clone()),
        (Value::String(_), Literal::Bare(_)) => return false,
        (value, Literal::Bare(other) | Literal::Text(other)) => (value.to_string(), other.clone()),
    };
    let order = match (own.parse::<f64>(), other.parse::<f64>()) {
        (Ok(a), Ok(b)) if matches!(literal, Literal::Bare(_)) => a.partial_cmp(&b),
        _ => Some(own.cmp(&other)),
    };
    match (operator.as_str(), order) {
        ("==", Some(order)) => order.is_eq(),
        ("!=", Some(order)) => order.is_ne(),
        ("<", Some(order)) => order.is_lt(),
        ("<=", Some(order)) => order.is_le(),
        (">", Some(order)) => order.is_gt(),
        (">=", Some(order)) => order.is_ge(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn paths_lead_to_values() {
        let value = json!({"items": [
            {"metadata": {"name": "a", "labels": {"x.y/z": "1"}}, "n": 3},
            {"metadata": {"name": "b"}, "n": 5},
        ]});
        for (path, found) in [
            (".items[*].metadata.name", vec![json!("a"), json!("b")]),
            ("items[0].n", vec![json!(3)]),
            (".items[-1:].n", vec![json!(5)]),
            (".items[0].metadata.labels.x\\.y/z", vec![json!("1")]),
            (".items[0].metadata.labels['x.y/z']", vec![json!("1")]),
            ("..name", vec![json!("a"), json!("b")]),
            (".items[?(@.metadata.name==\"b\")].n", vec![json!(5)]),
            (".items[?(@.n>3)].metadata.name", vec![json!("b")]),
            (".items[0,1].n", vec![json!(3), json!(5)]),
            (".items[0]['n','metadata'].name", vec![json!("a")]),
        ] {
            let steps = parse(path).expect(path);
            let values = find(&steps, &value, true).expect(path);
            assert_eq!(
                values.into_iter().cloned().collect::<Vec<_>>(),
                found,
                "{path}"
            );
        }
        assert_eq!(parse(".items[*"), Err("unterminated array".into()));
        let missing = find(&parse(".x").expect("a path"), &value, false);
        assert_eq!(missing, Err("x is not found".into()));
    }
}
