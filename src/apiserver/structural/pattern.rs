//! Regular expressions as schemas use them: a set of states walks over the text once.
//!
//! Upstream: Go's `regexp` (RE2). Differs: a pattern that cannot be read or grows too large matches
//! everything.

mod read;

use read::Reader;

/// More instructions than a pattern that somebody wrote needs.
const STEPS_MAX: usize = 5000;

/// A pattern, ready to match.
#[derive(Debug)]
pub(in crate::apiserver) struct Pattern {
    program: Vec<Step>,
}

#[derive(Clone, Debug)]
enum Step {
    Class(Class),
    Start,
    End,
    /// A boundary of a word, or (`false`) none.
    Word(bool),
    Split(usize, usize),
    Jump(usize),
    Done,
}

#[derive(Clone, Debug, Default)]
struct Class {
    ranges: Vec<(char, char)>,
    negated: bool,
}

impl Class {
    fn of(ranges: &[(char, char)], negated: bool) -> Class {
        Class {
            ranges: ranges.to_vec(),
            negated,
        }
    }

    fn has(&self, c: char) -> bool {
        self.ranges
            .iter()
            .any(|(from, to)| (*from..=*to).contains(&c))
            != self.negated
    }

    /// Adds another class; a negated one by the gaps between its ranges.
    fn add(&mut self, other: &Class) {
        if !other.negated {
            return self.ranges.extend(&other.ranges);
        }
        let mut from = '\0';
        for (low, high) in &other.ranges {
            if let Some(before) = char::from_u32((*low as u32).wrapping_sub(1)) {
                self.ranges.push((from, before));
            }
            from = char::from_u32(*high as u32 + 1).unwrap_or(char::MAX);
        }
        self.ranges.push((from, char::MAX));
    }
}

#[derive(Clone, Debug)]
enum Node {
    Empty,
    One(Step),
    Chain(Vec<Node>),
    Either(Vec<Node>),
    Repeat(Box<Node>, u32, Option<u32>),
}

impl Pattern {
    /// Reads a pattern; `None` if it is none, or one of those that are not read here.
    pub(in crate::apiserver) fn new(text: &str) -> Option<Pattern> {
        let node = Reader::read(text)?;
        let mut program = Vec::new();
        write(&node, &mut program)?;
        program.push(Step::Done);
        Some(Pattern { program })
    }

    /// Whether it matches anywhere in a text.
    pub(in crate::apiserver) fn matches(&self, text: &str) -> bool {
        let chars: Vec<char> = text.chars().collect();
        let mut now: Vec<bool> = vec![false; self.program.len()];
        for at in 0..=chars.len() {
            if self.enter(0, &chars, at, &mut now) {
                return true;
            }
            let Some(c) = chars.get(at) else { break };
            let mut next = vec![false; self.program.len()];
            for (place, step) in self.program.iter().enumerate() {
                let here = now.get(place) == Some(&true);
                let moves = here && matches!(step, Step::Class(class) if class.has(*c));
                if moves && self.enter(place + 1, &chars, at + 1, &mut next) {
                    return true;
                }
            }
            now = next;
        }
        false
    }

    /// Marks all places that are reached from one without a character; whether the end is.
    fn enter(&self, place: usize, text: &[char], at: usize, marks: &mut [bool]) -> bool {
        let is_word = |at: Option<usize>| {
            let c = at.and_then(|at| text.get(at));
            c.is_some_and(|c| c.is_ascii_alphanumeric() || *c == '_')
        };
        let mut open = vec![place];
        while let Some(place) = open.pop() {
            match marks.get_mut(place) {
                Some(mark) if !*mark => *mark = true,
                _ => continue,
            }
            match self.program.get(place) {
                Some(Step::Done) => return true,
                Some(Step::Start) if at == 0 => open.push(place + 1),
                Some(Step::End) if at == text.len() => open.push(place + 1),
                Some(Step::Word(wanted))
                    if (is_word(at.checked_sub(1)) != is_word(Some(at))) == *wanted =>
                {
                    open.push(place + 1);
                }
                Some(Step::Jump(to)) => open.push(*to),
                Some(Step::Split(first, second)) => open.extend([*second, *first]),
                _ => {}
            }
        }
        false
    }
}

fn write(node: &Node, out: &mut Vec<Step>) -> Option<()> {
    if out.len() > STEPS_MAX {
        return None;
    }
    match node {
        Node::Empty => {}
        Node::One(step) => out.push(step.clone()),
        Node::Chain(parts) => {
            for part in parts {
                write(part, out)?;
            }
        }
        Node::Either(parts) => {
            let mut jumps = Vec::new();
            for part in parts {
                let split = out.len();
                out.push(Step::Split(split + 1, 0));
                write(part, out)?;
                jumps.push(out.len());
                out.push(Step::Done);
                let next = out.len();
                *out.get_mut(split)? = Step::Split(split + 1, next);
            }
            // Behind the last alternative nothing is left to try.
            let dead = Class::default();
            out.push(Step::Class(dead));
            let end = out.len();
            for jump in jumps {
                *out.get_mut(jump)? = Step::Jump(end);
            }
        }
        Node::Repeat(part, least, most) => {
            for _ in 0..*least {
                write(part, out)?;
            }
            match most {
                None => {
                    let split = out.len();
                    out.push(Step::Split(split + 1, 0));
                    write(part, out)?;
                    out.push(Step::Jump(split));
                    let next = out.len();
                    *out.get_mut(split)? = Step::Split(split + 1, next);
                }
                Some(most) => {
                    let mut splits = Vec::new();
                    for _ in *least..*most {
                        splits.push(out.len());
                        out.push(Step::Split(out.len() + 1, 0));
                        write(part, out)?;
                    }
                    let next = out.len();
                    for split in splits {
                        *out.get_mut(split)? = Step::Split(split + 1, next);
                    }
                }
            }
        }
    }
    Some(())
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    const TEXTS: &[&str] = &[
        "",
        "a",
        "A",
        "b",
        "ab",
        "aab",
        "abab",
        "1",
        "10",
        "007",
        "* * * * *",
        "*/5 * * * *",
        "* * * *",
        "x-1",
        "x_1",
        "-",
        "]",
        "a.b",
        "a\nb",
        "10.0.0.1",
        "foo bar",
        "foo",
        "{2}",
        "example.com",
        "Example.com",
        "100m",
        "1Gi",
        "^",
        "$",
        "a$",
        "zz9",
    ];

    // Texts in ASCII: to the oracle, `\w` has all letters of Unicode.
    #[test]
    fn patterns_match_what_a_regex_matches() {
        for pattern in [
            r"^(\d+|\*)(/\d+)?(\s+(\d+|\*)(/\d+)?){4}$",
            "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
            "^[1-9][0-9]{0,2}$",
            "a",
            "^a|b$",
            "^(a|b)*$",
            "^(?:a+)+b$",
            "(?i)^example",
            "[^a-z]",
            r"[^\d]",
            r"^\w+$",
            r"\bfoo\b",
            r"^[\w.-]+$",
            "^.$",
            "^$",
            "^a?$",
            "^a{2}",
            "x*",
            "[]a]",
            "^[[:alpha:]]+$",
            r"^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$",
            "^(|a)$",
            "(?i)[a-c]b",
            r"^\^",
            "^[^-]",
            "a{1,}b",
            "(?P<x>o)o",
            r"\$$",
            r"[+\-.]",
            "^(a*)*$",
            r"[\D1]",
        ] {
            let oracle = regex::Regex::new(pattern).expect(pattern);
            let own = Pattern::new(pattern).expect(pattern);
            for text in TEXTS {
                assert_eq!(
                    own.matches(text),
                    oracle.is_match(text),
                    "{pattern} {text:?}"
                );
            }
        }
        for bad in ["(", "a)", "[a", "*a", "\\", "[z-a]", "(?z)"] {
            assert!(regex::Regex::new(bad).is_err(), "{bad}");
            assert!(Pattern::new(bad).is_none(), "{bad}");
        }
        assert!(Pattern::new("((((a{99}){99}){99}){99})").is_none());
    }
}
