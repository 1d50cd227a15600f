//! Names as keys of ordered maps: compared eight bytes at a time.
//!
//! Upstream: none. The order is that of `str`. A standard library without its own `memcmp` (wasm)
//! compares byte by byte, and the names of a ReplicaSet's pods, or of their events, begin alike.

use std::cmp::Ordering;
use std::sync::Arc;

/// A name that sorts as its text does.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name(pub Arc<str>);

impl Ord for Name {
    fn cmp(&self, other: &Self) -> Ordering {
        compare_names(&self.0, &other.0)
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl From<&str> for Name {
    fn from(name: &str) -> Name {
        Name(name.into())
    }
}

/// The order of two texts, as `str` has it.
pub(super) fn compare_names(a: &str, b: &str) -> Ordering {
    let (a_words, a_rest) = a.as_bytes().as_chunks::<8>();
    let (b_words, b_rest) = b.as_bytes().as_chunks::<8>();
    for (one, other) in a_words.iter().zip(b_words) {
        if one != other {
            return u64::from_be_bytes(*one).cmp(&u64::from_be_bytes(*other));
        }
    }
    match a_words.len().cmp(&b_words.len()) {
        Ordering::Equal => a_rest.cmp(b_rest),
        // The shorter one's rest is set against as much of the longer one's next word.
        Ordering::Less => compare_ends(a_rest, b_words.get(a_words.len())),
        Ordering::Greater => compare_ends(b_rest, a_words.get(b_words.len())).reverse(),
    }
}

/// The rest of a text (below eight bytes) against one that has a whole word there.
fn compare_ends(rest: &[u8], word: Option<&[u8; 8]>) -> Ordering {
    rest.cmp(word.map_or(&[][..], |word| word.as_slice()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_as_text_does() {
        let names = [
            "",
            "a",
            "web",
            "web-5d9f7c8b5",
            "web-5d9f7c8b5-x7k2p",
            "web-5d9f7c8b5-x7k2q",
            "web-5d9f",
            "web-5d9fa",
            "web-5d9",
            "é",
            "zzzzzzzz",
            "zzzzzzzzz",
            "web-5d9f7c8b5-x7k2",
            "web-5d9f\u{0}",
            "12345678",
            "1234567",
            "123456789abcdef0",
            "123456789abcdef",
        ];
        for a in names {
            for b in names {
                assert_eq!(compare_names(a, b), a.cmp(b), "{a:?} {b:?}");
            }
        }
    }
}
