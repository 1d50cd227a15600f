//! The page's words in the visitor's language. `words.rs` is the table: a row a text.
//!
//! Upstream: none.

use super::words::{EN, Words};

/// All texts in the visitor's language. (English is the only one yet.)
pub fn t() -> &'static Words {
    &EN
}

/// A text with its `{0}`, `{1}`, … replaced.
pub fn fill(text: &str, arguments: &[&str]) -> String {
    let mut filled = text.to_owned();
    for (index, argument) in arguments.iter().enumerate() {
        filled = filled.replace(&format!("{{{index}}}"), argument);
    }
    filled
}

/// A remark from the core: a key of the table, then arguments, separated by tabs. What the table
/// does not know is shown as it came.
pub fn note(remark: &str) -> String {
    keyed("note_", remark)
}

/// A step of a causal chain (`view::WhyStep`), which carries its key in the same form.
pub fn why(act: &str) -> String {
    keyed("", act)
}

fn keyed(family: &str, remark: &str) -> String {
    let mut parts = remark.split('\t');
    let key = parts.next().unwrap_or_default();
    let arguments: Vec<&str> = parts.collect();
    match t().by_key(&format!("{family}{}", key.replace('-', "_"))) {
        Some(text) => fill(text, &arguments),
        None if arguments.is_empty() => key.to_owned(),
        None => format!("{key}: {}", arguments.join(", ")),
    }
}
