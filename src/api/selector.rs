//! Label selectors: parsed from the command line's form or from `LabelSelector`, matched, printed.
//!
//! Upstream: `apimachinery/pkg/labels/selector.go`, `meta/v1/helpers.go`.

use std::collections::BTreeMap;

use super::Order;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

/// One requirement on one key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Requirement {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    DoesNotExist(String),
    GreaterThan(String, i64),
    LessThan(String, i64),
}

/// All requirements must hold. An empty selector selects everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Selector(pub Vec<Requirement>);

/// Why a selector's text cannot be read, in the server's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectorError(pub String);

impl Selector {
    /// The selector that a `LabelSelector` means. An unknown operator selects nothing.
    pub fn from_api(selector: &LabelSelector) -> Selector {
        let mut requirements = Vec::new();
        for (key, value) in selector.match_labels.iter().flatten() {
            requirements.push(Requirement::In(key.clone(), vec![value.clone()]));
        }
        for expression in selector.match_expressions.iter().flatten() {
            let key = expression.key.clone();
            let mut values = expression.values.clone().unwrap_or_default();
            values.order();
            requirements.push(match expression.operator.as_str() {
                "In" => Requirement::In(key, values),
                "NotIn" => Requirement::NotIn(key, values),
                "Exists" => Requirement::Exists(key),
                "DoesNotExist" => Requirement::DoesNotExist(key),
                _ => Requirement::In(key, Vec::new()),
            });
        }
        Selector(requirements)
    }

    /// Whether labels satisfy every requirement.
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        self.0.iter().all(|requirement| requirement.matches(labels))
    }

    /// Whether there is no requirement at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Requirement {
    fn key(&self) -> &str {
        match self {
            Requirement::In(key, _) | Requirement::NotIn(key, _) => key,
            Requirement::Exists(key) | Requirement::DoesNotExist(key) => key,
            Requirement::GreaterThan(key, _) | Requirement::LessThan(key, _) => key,
        }
    }

    fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        let value = labels.get(self.key());
        let number = || value.and_then(|v| v.parse::<i64>().ok());
        match self {
            Requirement::In(_, values) => value.is_some_and(|v| values.contains(v)),
            Requirement::NotIn(_, values) => !value.is_some_and(|v| values.contains(v)),
            Requirement::Exists(_) => value.is_some(),
            Requirement::DoesNotExist(_) => value.is_none(),
            Requirement::GreaterThan(_, bound) => number().is_some_and(|n| n > *bound),
            Requirement::LessThan(_, bound) => number().is_some_and(|n| n < *bound),
        }
    }
}

/// `app=web,tier in (a,b),!old`: as kubectl prints it (`<none>` is the printer's business).
impl std::fmt::Display for Selector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut parts: Vec<String> = Vec::new();
        for requirement in &self.0 {
            parts.push(match requirement {
                Requirement::In(key, values) if values.len() == 1 => {
                    format!("{key}={}", values.join(","))
                }
                Requirement::In(key, values) => format!("{key} in ({})", values.join(",")),
                Requirement::NotIn(key, values) if values.len() == 1 => {
                    format!("{key}!={}", values.join(","))
                }
                Requirement::NotIn(key, values) => format!("{key} notin ({})", values.join(",")),
                Requirement::Exists(key) => key.clone(),
                Requirement::DoesNotExist(key) => format!("!{key}"),
                Requirement::GreaterThan(key, n) => format!("{key}>{n}"),
                Requirement::LessThan(key, n) => format!("{key}<{n}"),
            });
        }
        f.write_str(&parts.join(","))
    }
}

impl std::str::FromStr for Selector {
    type Err = SelectorError;

    /// Reads `k=v`, `k==v`, `k!=v`, `k in (a,b)`, `k notin (a,b)`, `k`, `!k`, `k>1`, `k<1`, joined
    /// by commas.
    fn from_str(text: &str) -> Result<Selector, SelectorError> {
        let mut requirements = Vec::new();
        for part in split_outside_brackets(text) {
            let part = part.trim();
            if !part.is_empty() {
                requirements.push(parse_requirement(part)?);
            }
        }
        Ok(Selector(requirements))
    }
}

fn split_outside_brackets(text: &str) -> Vec<&str> {
    let mut depth = 0;
    text.split(|c| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        c == ',' && depth <= 0
    })
    .collect()
}

fn parse_requirement(part: &str) -> Result<Requirement, SelectorError> {
    let unable = |why: &str| SelectorError(format!("unable to parse requirement: {why}"));
    if let Some(key) = part.strip_prefix('!') {
        return Ok(Requirement::DoesNotExist(key.trim().to_string()));
    }
    for (operator, negated) in [(" notin ", true), (" in ", false)] {
        if let Some((key, list)) = part.split_once(operator) {
            let list = list.trim();
            let inner = list.strip_prefix('(').ok_or_else(|| {
                let mut words = list.split(|c: char| c.is_whitespace() || "=!<>".contains(c));
                let found = words.next().unwrap_or_default();
                unable(&format!("found '{found}' expected: '('"))
            })?;
            let inner = inner
                .strip_suffix(')')
                .ok_or_else(|| unable("found '', expected: ',' or ')'"))?;
            let mut values: Vec<String> = inner.split(',').map(|v| v.trim().to_string()).collect();
            values.order();
            let key = key.trim().to_string();
            return Ok(if negated {
                Requirement::NotIn(key, values)
            } else {
                Requirement::In(key, values)
            });
        }
    }
    if let Some((key, value)) = part.split_once("!=") {
        return Ok(Requirement::NotIn(
            key.trim().into(),
            vec![value.trim().into()],
        ));
    }
    if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
        return Ok(Requirement::In(
            key.trim().into(),
            vec![value.trim().into()],
        ));
    }
    let number = |text: &str| {
        text.trim()
            .parse()
            .map_err(|_| unable("for 'Gt', 'Lt' operators, the value must be an integer"))
    };
    if let Some((key, value)) = part.split_once('>') {
        return Ok(Requirement::GreaterThan(key.trim().into(), number(value)?));
    }
    if let Some((key, value)) = part.split_once('<') {
        return Ok(Requirement::LessThan(key.trim().into(), number(value)?));
    }
    if part.contains(char::is_whitespace) {
        return Err(unable(&format!("found '{}', expected: ',' or end", part)));
    }
    Ok(Requirement::Exists(part.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_matches_and_prints() {
        let labels = BTreeMap::from([
            ("app".to_string(), "web".to_string()),
            ("n".into(), "5".into()),
        ]);
        for (text, matches) in [
            ("app=web", true),
            ("app==web", true),
            ("app!=web", false),
            ("app in (a,web)", true),
            ("app notin (web)", false),
            ("app", true),
            ("!app", false),
            ("gone", false),
            ("n>4", true),
            ("n<4", false),
            ("app=web,n=6", false),
            ("", true),
        ] {
            let selector: Selector = text.parse().expect(text);
            assert_eq!(selector.matches(&labels), matches, "{text}");
        }
        let selector: Selector = "a in (y, x),b".parse().expect("a selector");
        assert_eq!(selector.to_string(), "a in (x,y),b");
        assert!("a in (b".parse::<Selector>().is_err());
    }
}
