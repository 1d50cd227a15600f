//! Reads the text of a regular expression.
//!
//! Upstream: Go's `regexp/syntax`. Differs: classes of Unicode properties are not read.

use super::{Class, Node, Step};

const DIGIT: &[(char, char)] = &[('0', '9')];
const SPACE: &[(char, char)] = &[('\t', '\n'), ('\u{c}', '\r'), (' ', ' ')];
const WORD: &[(char, char)] = &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')];

/// Reads the text of a pattern; `None` is anywhere that it is none.
pub(super) struct Reader {
    /// The characters that are left, last first.
    left: Vec<char>,
    any_case: bool,
}

impl Reader {
    /// Reads a whole pattern.
    pub(super) fn read(text: &str) -> Option<Node> {
        let mut reader = Reader {
            left: text.chars().rev().collect(),
            any_case: false,
        };
        let node = reader.either()?;
        reader.left.is_empty().then_some(node)
    }

    fn eat(&mut self, c: char) -> bool {
        let found = self.left.last() == Some(&c);
        if found {
            self.left.pop();
        }
        found
    }

    fn either(&mut self) -> Option<Node> {
        let mut parts = vec![self.chain()?];
        while self.eat('|') {
            parts.push(self.chain()?);
        }
        if parts.len() == 1 {
            return parts.pop();
        }
        Some(Node::Either(parts))
    }

    fn chain(&mut self) -> Option<Node> {
        let mut parts = Vec::new();
        while let Some(c) = self
            .left
            .last()
            .copied()
            .filter(|c| !matches!(c, '|' | ')'))
        {
            if c == '{' && self.counts().is_some() {
                return None;
            }
            self.left.pop();
            let part = self.atom(c)?;
            parts.push(self.repeated(part)?);
        }
        Some(Node::Chain(parts))
    }

    fn atom(&mut self, c: char) -> Option<Node> {
        Some(match c {
            '(' => return self.group(),
            '[' => Node::One(Step::Class(self.class()?)),
            '.' => Node::One(Step::Class(Class::of(&[('\n', '\n')], true))),
            '^' => Node::One(Step::Start),
            '$' => Node::One(Step::End),
            '*' | '+' | '?' => return None,
            '\\' => match self.left.last() {
                Some('b' | 'B') => Node::One(Step::Word(self.left.pop() == Some('b'))),
                Some('A') => self.left.pop().map(|_| Node::One(Step::Start))?,
                Some('z') => self.left.pop().map(|_| Node::One(Step::End))?,
                _ => Node::One(Step::Class(self.escape()?)),
            },
            c => Node::One(Step::Class(self.literal(c))),
        })
    }

    fn group(&mut self) -> Option<Node> {
        let before = self.any_case;
        if self.eat('?') {
            if self.eat('P') || self.left.last() == Some(&'<') {
                while self.left.pop()? != '>' {}
            } else {
                loop {
                    match self.left.pop()? {
                        'i' => self.any_case = true,
                        ':' => break,
                        // Flags for all that follows.
                        ')' => return Some(Node::Empty),
                        _ => return None,
                    }
                }
            }
        }
        let inner = self.either()?;
        self.any_case = before;
        self.eat(')').then_some(inner)
    }

    fn repeated(&mut self, part: Node) -> Option<Node> {
        let mut part = part;
        loop {
            let (least, most) = match self.left.last() {
                Some('*') => (0, None),
                Some('+') => (1, None),
                Some('?') => (0, Some(1)),
                Some('{') => match self.counts() {
                    Some(counts) => counts,
                    None => return Some(part),
                },
                _ => return Some(part),
            };
            if self.left.pop()? == '{' {
                while self.left.pop()? != '}' {}
            }
            // Whether much or little is taken first makes no difference to whether it matches.
            self.eat('?');
            part = Node::Repeat(Box::new(part), least, most);
        }
    }

    /// What `{2,5}` ahead says; `None` if the brace is a plain character.
    fn counts(&self) -> Option<(u32, Option<u32>)> {
        let ahead: String = self
            .left
            .iter()
            .rev()
            .skip(1)
            .take_while(|c| **c != '}')
            .collect();
        let (least, most) = ahead.split_once(',').unwrap_or((&ahead, &ahead));
        let least: u32 = least.parse().ok().filter(|n| *n <= 1000)?;
        let most = match most {
            "" => None,
            most => Some(most.parse().ok().filter(|n| (least..=1000).contains(n))?),
        };
        Some((least, most))
    }

    fn literal(&self, c: char) -> Class {
        if self.any_case && c.is_ascii_alphabetic() {
            let (low, high) = (c.to_ascii_lowercase(), c.to_ascii_uppercase());
            return Class::of(&[(low, low), (high, high)], false);
        }
        Class::of(&[(c, c)], false)
    }

    fn escape(&mut self) -> Option<Class> {
        let plain = |c| Some(Class::of(&[(c, c)], false));
        match self.left.pop()? {
            'd' => Some(Class::of(DIGIT, false)),
            'D' => Some(Class::of(DIGIT, true)),
            's' => Some(Class::of(SPACE, false)),
            'S' => Some(Class::of(SPACE, true)),
            'w' => Some(Class::of(WORD, false)),
            'W' => Some(Class::of(WORD, true)),
            't' => plain('\t'),
            'n' => plain('\n'),
            'r' => plain('\r'),
            'f' => plain('\u{c}'),
            'v' => plain('\u{b}'),
            c if c.is_ascii_alphanumeric() => None,
            c => plain(c),
        }
    }

    fn class(&mut self) -> Option<Class> {
        let mut class = Class {
            negated: self.eat('^'),
            ..Class::default()
        };
        let mut first = true;
        loop {
            let one = match self.left.pop()? {
                ']' if !first => break,
                '[' if self.left.last() == Some(&':') => self.named()?,
                '\\' => self.escape()?,
                c => Class::of(&[(c, c)], false),
            };
            first = false;
            let mut ahead = self.left.iter().rev();
            let dash = ahead.next() == Some(&'-') && ahead.next() != Some(&']');
            match one.ranges[..] {
                [(from, same)] if dash && from == same && !one.negated => {
                    self.left.pop();
                    let to = match self.left.pop()? {
                        '\\' => self.escape()?.ranges.first()?.0,
                        c => c,
                    };
                    class.ranges.push((from <= to).then_some((from, to))?);
                }
                _ => class.add(&one),
            }
        }
        if self.any_case {
            for (from, to) in class.ranges.clone() {
                if from.is_ascii_alphabetic() && to.is_ascii_alphabetic() {
                    let lower = (from.to_ascii_lowercase(), to.to_ascii_lowercase());
                    let upper = (from.to_ascii_uppercase(), to.to_ascii_uppercase());
                    class.ranges.extend([lower, upper]);
                }
            }
        }
        Some(class)
    }

    /// `[:alpha:]` and its like.
    fn named(&mut self) -> Option<Class> {
        let ahead: String = self.left.iter().rev().take_while(|c| **c != ']').collect();
        for _ in 0..=ahead.len() {
            self.left.pop();
        }
        let ranges: &[(char, char)] = match ahead.as_str() {
            ":alpha:" => &[('A', 'Z'), ('a', 'z')],
            ":digit:" => DIGIT,
            ":alnum:" => &[('0', '9'), ('A', 'Z'), ('a', 'z')],
            ":lower:" => &[('a', 'z')],
            ":upper:" => &[('A', 'Z')],
            ":space:" => &[('\t', '\r'), (' ', ' ')],
            ":word:" => WORD,
            ":punct:" => &[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
            ":xdigit:" => &[('0', '9'), ('A', 'F'), ('a', 'f')],
            _ => return None,
        };
        Some(Class::of(ranges, false))
    }
}
