//! A 64-bit digest that is the same natively and in wasm.
//!
//! Upstream: none. `std`'s hashers differ by target (`usize`) and by run (random keys); this one
//! widens `usize` to 64 bits and is unkeyed: it tells states apart, it is no defence.

use std::hash::{Hash, Hasher};

/// The hasher; feed it through `Hash`.
#[derive(Clone, Copy)]
pub struct Digest(u64);

impl Default for Digest {
    fn default() -> Self {
        Digest(0x9e37_79b9_7f4a_7c15)
    }
}

/// The digest of one value.
pub fn digest_of<T: Hash + ?Sized>(value: &T) -> u64 {
    let mut digest = Digest::default();
    value.hash(&mut digest);
    digest.finish()
}

/// Appends a number as 16 hex digits.
pub fn push_hex(text: &mut String, number: u64) {
    for place in (0..16).rev() {
        let digit = (number >> (4 * place)) as u32 & 15;
        text.push(char::from_digit(digit, 16).unwrap_or('0'));
    }
}

impl Digest {
    fn mix(&mut self, word: u64) {
        let x = (self.0 ^ word).wrapping_mul(0xff51_afd7_ed55_8ccd);
        self.0 = (x ^ (x >> 32))
            .wrapping_mul(0xc4ce_b9fe_1a85_ec53)
            .rotate_left(29);
    }
}

impl Hasher for Digest {
    fn finish(&self) -> u64 {
        let x = (self.0 ^ (self.0 >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        x ^ (x >> 33)
    }

    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.mix(u64::from_le_bytes(*word));
        }
        let last = rest.iter().rev();
        let last = last.fold(0, |word, byte| (word << 8) | u64::from(*byte));
        self.mix(last ^ ((bytes.len() as u64) << 56));
    }

    fn write_u8(&mut self, n: u8) {
        self.mix(u64::from(n));
    }
    fn write_u16(&mut self, n: u16) {
        self.mix(u64::from(n));
    }
    fn write_u32(&mut self, n: u32) {
        self.mix(u64::from(n));
    }
    fn write_u64(&mut self, n: u64) {
        self.mix(n);
    }
    fn write_u128(&mut self, n: u128) {
        self.mix(n as u64);
        self.mix((n >> 64) as u64);
    }
    fn write_usize(&mut self, n: usize) {
        self.mix(n as u64);
    }
    fn write_i8(&mut self, n: i8) {
        self.mix(i64::from(n) as u64);
    }
    fn write_i16(&mut self, n: i16) {
        self.mix(i64::from(n) as u64);
    }
    fn write_i32(&mut self, n: i32) {
        self.mix(i64::from(n) as u64);
    }
    fn write_i64(&mut self, n: i64) {
        self.mix(n as u64);
    }
    fn write_isize(&mut self, n: isize) {
        self.mix(n as i64 as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_a_fixed_value() {
        // The same figure must come out in wasm: tests/web.rs asserts it there.
        assert_eq!(digest_of(&("orrery", 7usize, -1isize)), DIGEST_OF_SAMPLE);
    }

    #[test]
    fn hex_keeps_its_zeros() {
        let mut text = String::from("x.");
        push_hex(&mut text, 0x0018_ea96_b62e_6d0f);
        assert_eq!(text, "x.0018ea96b62e6d0f");
    }

    #[test]
    fn tells_neighbours_apart() {
        assert_ne!(digest_of(&1u64), digest_of(&2u64));
        assert_ne!(digest_of("ab"), digest_of("ba"));
        assert_ne!(digest_of(&["a", "bc"]), digest_of(&["ab", "c"]));
    }

    const DIGEST_OF_SAMPLE: u64 = 12_216_476_974_782_400_669;
}
