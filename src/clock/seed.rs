//! Seeded draws: every draw is a hash of (seed, label, what, count), so one draw more in one
//! place never shifts another.
//!
//! Upstream: `apimachinery/pkg/util/rand` (the 27-letter alphabet) and UUIDv4 for uids.

use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};

use super::Digest;

/// The letters of random name suffixes: no vowels, no 0, 1, 3.
const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// The seed of a world, or of one labelled stream of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Seed(pub u64);

impl Seed {
    /// The seed of a labelled child stream.
    pub fn stream(self, label: &str) -> Seed {
        Seed(self.draw(label, 0))
    }

    /// Draw number `count` for the thing `what`: 64 uniform bits.
    pub fn draw(self, what: impl Hash, count: u64) -> u64 {
        let mut digest = Digest::default();
        self.0.hash(&mut digest);
        what.hash(&mut digest);
        count.hash(&mut digest);
        digest.finish()
    }

    /// A number in `0..bound` (0 if `bound` is 0).
    pub fn below(self, what: impl Hash, count: u64, bound: u64) -> u64 {
        self.draw(what, count).checked_rem(bound).unwrap_or(0)
    }

    /// A suffix of five letters as the API server's name generator makes them.
    pub fn suffix(self, what: impl Hash, count: u64) -> String {
        let mut bits = self.draw(what, count);
        let mut suffix = String::with_capacity(5);
        for _ in 0..5 {
            let letter = ALPHABET.get((bits % 27) as usize).copied().unwrap_or(b'x');
            suffix.push(char::from(letter));
            bits /= 27;
        }
        suffix
    }

    /// 128 bits in the form of a UUIDv4.
    pub fn uuid(self, what: impl Hash + Copy, count: u64) -> u128 {
        let high = u128::from(self.stream("uuid-high").draw(what, count));
        let low = u128::from(self.stream("uuid-low").draw(what, count));
        let bits = (high << 64) | low;
        (bits & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffix_uses_the_alphabet_and_depends_on_all_inputs() {
        let seed = Seed(1);
        let a = seed.suffix("web", 0);
        assert_eq!(a.len(), 5);
        assert!(a.bytes().all(|b| ALPHABET.contains(&b)));
        assert_ne!(a, seed.suffix("web", 1));
        assert_ne!(a, seed.suffix("other", 0));
        assert_ne!(a, Seed(2).suffix("web", 0));
    }

    #[test]
    fn uuid_says_version_four() {
        let text = format!("{:032x}", Seed(1).uuid("x", 0));
        assert_eq!(text.as_bytes()[12], b'4');
        assert!(matches!(text.as_bytes()[16], b'8' | b'9' | b'a' | b'b'));
    }
}
