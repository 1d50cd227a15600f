//! Forms of names, labels, ports and percentages, with the texts that explain them.
//!
//! Upstream: `apimachinery/pkg/util/validation/validation.go`, `pkg/api/validate/content`.

const LABEL_REGEX: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";

/// `<rule> (e.g. 'a',  or 'b', regex used for validation is '<regex>')`.
fn rule(text: &str, examples: &[&str], regex: &str) -> String {
    let mut out = format!("{text} (e.g. ");
    for (i, example) in examples.iter().enumerate() {
        if i > 0 {
            out.push_str(" or ");
        }
        out.push_str(&format!("'{example}', "));
    }
    out + &format!("regex used for validation is '{regex}')")
}

fn lower(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit()
}

fn is_label(text: &str) -> bool {
    text.starts_with(lower) && text.ends_with(lower) && text.chars().all(|c| lower(c) || c == '-')
}

/// Why a text is no DNS label; empty if it is one.
pub(super) fn dns_1123_label(text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if text.len() > 63 {
        problems.push("must be no more than 63 bytes".to_string());
    }
    if !is_label(text) {
        problems.push(rule(
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
            &["my-name", "123-abc"],
            LABEL_REGEX,
        ));
    }
    problems
}

/// Why a text is no DNS label that begins with a letter; empty if it is one.
pub(super) fn dns_1035_label(text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if text.len() > 63 {
        problems.push("must be no more than 63 bytes".to_string());
    }
    if !is_label(text) || text.starts_with(|c: char| c.is_ascii_digit()) {
        problems.push(rule(
            "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
            &["my-name", "abc-123"],
            "[a-z]([-a-z0-9]*[a-z0-9])?",
        ));
    }
    problems
}

/// Why a text is no DNS subdomain; empty if it is one.
pub(super) fn dns_1123_subdomain(text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if text.len() > 253 {
        problems.push("must be no more than 253 characters".to_string());
    }
    if !text.split('.').all(is_label) {
        let regex = format!("{LABEL_REGEX}(\\.{LABEL_REGEX})*");
        problems.push(rule(
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
            &["example.com"],
            &regex,
        ));
    }
    problems
}

fn is_word(text: &str) -> bool {
    let edge = |c: char| c.is_ascii_alphanumeric();
    let inner = |c: char| edge(c) || matches!(c, '-' | '_' | '.');
    text.starts_with(edge) && text.ends_with(edge) && text.chars().all(inner)
}

const WORD_REGEX: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";

/// Why a text is no label value; empty if it is one.
pub(super) fn label_value(text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if text.len() > 63 {
        problems.push("must be no more than 63 bytes".to_string());
    }
    if !text.is_empty() && !is_word(text) {
        problems.push(rule(
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
            &["MyValue", "my_value", "12345"],
            &format!("({WORD_REGEX})?"),
        ));
    }
    problems
}

/// Why a text is no key of a label or annotation; empty if it is one.
pub(super) fn qualified_name(text: &str) -> Vec<String> {
    let examples = &["MyName", "my.name", "123-abc"];
    let words = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
    let parts: Vec<&str> = text.split('/').collect();
    let mut problems = Vec::new();
    let name = match parts.as_slice() {
        [name] => name,
        [prefix, name] => {
            if prefix.is_empty() {
                problems.push("prefix part must be non-empty".to_string());
            } else {
                let of_prefix = dns_1123_subdomain(prefix).into_iter();
                problems.extend(of_prefix.map(|p| format!("prefix part {p}")));
            }
            name
        }
        _ => {
            let text = rule(&format!("a qualified name {words}"), examples, WORD_REGEX);
            return vec![format!(
                "{text} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            )];
        }
    };
    if name.is_empty() {
        problems.push("name part must be non-empty".to_string());
    } else if name.len() > 63 {
        problems.push("name part must be no more than 63 bytes".to_string());
    }
    if !is_word(name) {
        problems.push(rule(&format!("name part {words}"), examples, WORD_REGEX));
    }
    problems
}

/// Why a text is no name of a port; empty if it is one.
pub(super) fn port_name(text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let mut add = |when: bool, why: &str| {
        if when {
            problems.push(why.to_string());
        }
    };
    add(text.len() > 15, "must be no more than 15 characters");
    let only = text.chars().all(|c| lower(c) || c == '-') && !text.is_empty();
    add(
        !only,
        "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)",
    );
    add(
        !text.contains(|c: char| c.is_ascii_lowercase()),
        "must contain at least one letter (a-z)",
    );
    add(text.contains("--"), "must not contain consecutive hyphens");
    add(
        text.starts_with('-') || text.ends_with('-'),
        "must not begin or end with a hyphen",
    );
    problems
}

/// Why a text is no percentage; empty if it is one.
pub(super) fn percent(text: &str) -> Vec<String> {
    let number = text.strip_suffix('%').unwrap_or_default();
    if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) {
        return Vec::new();
    }
    let words = "a valid percent string must be a numeric string followed by an ending '%'";
    vec![rule(words, &["1%", "93%"], "[0-9]+%")]
}

/// Why a text is no key of a ConfigMap or Secret; empty if it is one.
pub(super) fn config_key(text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if text.len() > 253 {
        problems.push("must be no more than 253 characters".to_string());
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if text.is_empty() || !text.chars().all(allowed) {
        let words = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
        let examples = &["key.name", "KEY_NAME", "key-name"];
        problems.push(rule(words, examples, "[-._a-zA-Z0-9]+"));
    }
    match text {
        "." | ".." => problems.push(format!("must not be '{text}'")),
        _ if text.starts_with("..") => problems.push("must not start with '..'".to_string()),
        _ => {}
    }
    problems
}

/// Why a text is no `*.` and a DNS subdomain; empty if it is.
pub(super) fn wildcard_subdomain(text: &str) -> Vec<String> {
    let rest = text.strip_prefix("*.").unwrap_or_default();
    if rest.split('.').all(is_label) {
        return Vec::new();
    }
    let words = "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character";
    let regex = format!("\\*\\.{LABEL_REGEX}(\\.{LABEL_REGEX})*");
    vec![rule(words, &["*.example.com"], &regex)]
}

/// Why a text cannot be a part of a URL's path; empty if it can.
pub(super) fn path_segment(text: &str) -> Vec<String> {
    if matches!(text, "." | "..") {
        return vec![format!("may not be '{text}'")];
    }
    let illegal = ["/", "%"].into_iter().filter(|part| text.contains(part));
    illegal
        .map(|part| format!("may not contain '{part}'"))
        .collect()
}

pub(super) const NONNEGATIVE: &str = "must be greater than or equal to 0";
pub(super) const PORT_RANGE: &str = "must be between 1 and 65535, inclusive";
pub(super) const IMMUTABLE: &str = "field is immutable";
