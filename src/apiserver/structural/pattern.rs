//! Regular expressions as schemas use them.
//!
//! Upstream: Go's `regexp` (RE2). Differs: read by `regex-lite`, whose grammar is nearly the same;
//! a pattern that it does not read (classes of Unicode's properties) matches everything.

use regex_lite::{Regex, RegexBuilder};

/// Bytes that a pattern may become: more than one that somebody wrote needs.
const SIZE_MAX: usize = 1 << 18;

/// A pattern, ready to match.
#[derive(Debug)]
pub(in crate::apiserver) struct Pattern(Regex);

impl Pattern {
    /// Reads a pattern; `None` if it is none, or one of those that are not read here.
    pub(in crate::apiserver) fn new(text: &str) -> Option<Pattern> {
        let read = RegexBuilder::new(text).size_limit(SIZE_MAX).build();
        read.ok().map(Pattern)
    }

    /// Whether it matches anywhere in a text.
    pub(in crate::apiserver) fn matches(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_schemas() {
        let cron = r"^(\d+|\*)(/\d+)?(\s+(\d+|\*)(/\d+)?){4}$";
        for (pattern, text, matches) in [
            (cron, "*/5 * * * *", true),
            (cron, "* * * *", false),
            ("a", "bab", true),
            ("^[1-9][0-9]{0,2}$", "100", true),
            ("^[1-9][0-9]{0,2}$", "007", false),
            // As Go's: letters of ASCII alone, the end of the text alone.
            (r"^\w+$", "é", false),
            ("^a$", "a\n", false),
            (r"^[\w.-]+$", "a.b-c", true),
            ("^[[:alpha:]]+$", "a1", false),
            ("(?i)^example", "Example.com", true),
        ] {
            let read = Pattern::new(pattern).expect(pattern);
            assert_eq!(read.matches(text), matches, "{pattern} {text:?}");
        }
        for bad in [
            "(",
            "a)",
            "[a",
            "*a",
            "a{2,1}",
            r"\pL",
            "((a{1000}){1000}){1000}",
        ] {
            assert!(Pattern::new(bad).is_none(), "{bad}");
        }
    }
}
