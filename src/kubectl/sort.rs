//! Sorting as Go's `sort.Sort` does it, with its order of equal elements, and the natural order of
//! texts that `--sort-by` uses.
//!
//! Upstream: Go's `sort` (pattern-defeating quicksort; insertion sort up to 12 elements), which
//! kubectl uses for events and for `--sort-by`; `fvbommel/sortorder` (natural order).

use std::cmp::Ordering;

/// Sorts as Go does: not stable, but the same input gives the same order.
pub fn go_sort<T>(items: &mut [T], less: impl Fn(&T, &T) -> bool) {
    let n = items.len();
    let limit = usize::BITS - n.leading_zeros();
    let mut sorter = Sorter { items, less };
    sorter.quick(0, n, limit);
}

const INSERTION_MAX: usize = 12;
const NINTHER_MIN: usize = 50;
const SWAPS_MAX: u32 = 4 * 3;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Hint {
    Unknown,
    Increasing,
    Decreasing,
}

struct Sorter<'a, T, F> {
    items: &'a mut [T],
    less: F,
}

impl<T, F: Fn(&T, &T) -> bool> Sorter<'_, T, F> {
    fn less(&self, i: usize, j: usize) -> bool {
        match (self.items.get(i), self.items.get(j)) {
            (Some(a), Some(b)) => (self.less)(a, b),
            _ => false,
        }
    }

    fn swap(&mut self, i: usize, j: usize) {
        if i < self.items.len() && j < self.items.len() {
            self.items.swap(i, j);
        }
    }

    fn quick(&mut self, mut a: usize, mut b: usize, mut limit: u32) {
        let (mut balanced, mut partitioned) = (true, true);
        loop {
            let length = b - a;
            if length <= INSERTION_MAX {
                return self.insertion(a, b);
            }
            if limit == 0 {
                return self.heap(a, b);
            }
            if !balanced {
                self.break_patterns(a, b);
                limit -= 1;
            }
            let (mut pivot, mut hint) = self.choose_pivot(a, b);
            if hint == Hint::Decreasing {
                self.reverse(a, b);
                pivot = (b - 1) - (pivot - a);
                hint = Hint::Increasing;
            }
            let likely = balanced && partitioned && hint == Hint::Increasing;
            if likely && self.partial_insertion(a, b) {
                return;
            }
            // What lies before `a` is no greater than the range: many may equal the pivot.
            if a > 0 && !self.less(a - 1, pivot) {
                a = self.partition_equal(a, b, pivot);
                continue;
            }
            let (middle, already) = self.partition(a, b, pivot);
            partitioned = already;
            let (left, right) = (middle - a, b - middle);
            let threshold = length / 8;
            if left < right {
                balanced = left >= threshold;
                self.quick(a, middle, limit);
                a = middle + 1;
            } else {
                balanced = right >= threshold;
                self.quick(middle + 1, b, limit);
                b = middle;
            }
        }
    }

    fn insertion(&mut self, a: usize, b: usize) {
        for i in a + 1..b {
            let mut j = i;
            while j > a && self.less(j, j - 1) {
                self.swap(j, j - 1);
                j -= 1;
            }
        }
    }

    fn heap(&mut self, a: usize, b: usize) {
        let high = b - a;
        for i in (0..high.saturating_sub(1) / 2 + 1).rev() {
            self.sift_down(i, high, a);
        }
        for i in (0..high).rev() {
            self.swap(a, a + i);
            self.sift_down(0, i, a);
        }
    }

    fn sift_down(&mut self, low: usize, high: usize, first: usize) {
        let mut root = low;
        loop {
            let mut child = 2 * root + 1;
            if child >= high {
                return;
            }
            if child + 1 < high && self.less(first + child, first + child + 1) {
                child += 1;
            }
            if !self.less(first + root, first + child) {
                return;
            }
            self.swap(first + root, first + child);
            root = child;
        }
    }

    /// Puts elements no greater than the pivot before it. Returns where the pivot came to stand and
    /// whether nothing had to move.
    fn partition(&mut self, a: usize, b: usize, pivot: usize) -> (usize, bool) {
        self.swap(a, pivot);
        let (mut i, mut j) = (a + 1, b - 1);
        while i <= j && self.less(i, a) {
            i += 1;
        }
        while i <= j && !self.less(j, a) {
            j -= 1;
        }
        if i > j {
            self.swap(j, a);
            return (j, true);
        }
        self.swap(i, j);
        i += 1;
        j -= 1;
        loop {
            while i <= j && self.less(i, a) {
                i += 1;
            }
            while i <= j && !self.less(j, a) {
                j -= 1;
            }
            if i > j {
                break;
            }
            self.swap(i, j);
            i += 1;
            j -= 1;
        }
        self.swap(j, a);
        (j, false)
    }

    /// Puts the elements equal to the pivot first; none is less. Returns where the greater begin.
    fn partition_equal(&mut self, a: usize, b: usize, pivot: usize) -> usize {
        self.swap(a, pivot);
        let (mut i, mut j) = (a + 1, b - 1);
        loop {
            while i <= j && !self.less(a, i) {
                i += 1;
            }
            while i <= j && self.less(a, j) {
                j -= 1;
            }
            if i > j {
                return i;
            }
            self.swap(i, j);
            i += 1;
            j -= 1;
        }
    }

    fn partial_insertion(&mut self, a: usize, b: usize) -> bool {
        const STEPS_MAX: usize = 5;
        const SHORTEST_SHIFTING: usize = 50;
        let mut i = a + 1;
        for _ in 0..STEPS_MAX {
            while i < b && !self.less(i, i - 1) {
                i += 1;
            }
            if i == b {
                return true;
            }
            if b - a < SHORTEST_SHIFTING {
                return false;
            }
            self.swap(i, i - 1);
            if i - a >= 2 {
                for j in (1..i).rev() {
                    if !self.less(j, j - 1) {
                        break;
                    }
                    self.swap(j, j - 1);
                }
            }
            if b - i >= 2 {
                for j in i + 1..b {
                    if !self.less(j, j - 1) {
                        break;
                    }
                    self.swap(j, j - 1);
                }
            }
        }
        false
    }

    fn break_patterns(&mut self, a: usize, b: usize) {
        let length = b - a;
        if length < 8 {
            return;
        }
        let mut random = length as u64;
        let modulus = 1u64 << (u64::BITS - (length as u64).leading_zeros());
        let at = a + (length / 4) * 2 - 1;
        for i in 0..3 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let mut other = (random & (modulus - 1)) as usize;
            if other >= length {
                other -= length;
            }
            self.swap(at - 1 + i, a + other);
        }
    }

    fn choose_pivot(&self, a: usize, b: usize) -> (usize, Hint) {
        let length = b - a;
        let mut swaps = 0;
        let (mut i, mut j, mut k) = (a + length / 4, a + length / 4 * 2, a + length / 4 * 3);
        if length >= 8 {
            if length >= NINTHER_MIN {
                i = self.median_adjacent(i, &mut swaps);
                j = self.median_adjacent(j, &mut swaps);
                k = self.median_adjacent(k, &mut swaps);
            }
            j = self.median(i, j, k, &mut swaps);
        }
        match swaps {
            0 => (j, Hint::Increasing),
            SWAPS_MAX => (j, Hint::Decreasing),
            _ => (j, Hint::Unknown),
        }
    }

    fn order(&self, a: usize, b: usize, swaps: &mut u32) -> (usize, usize) {
        if self.less(b, a) {
            *swaps += 1;
            (b, a)
        } else {
            (a, b)
        }
    }

    fn median(&self, a: usize, b: usize, c: usize, swaps: &mut u32) -> usize {
        let (a, b) = self.order(a, b, swaps);
        let (b, _) = self.order(b, c, swaps);
        let (_, b) = self.order(a, b, swaps);
        b
    }

    fn median_adjacent(&self, a: usize, swaps: &mut u32) -> usize {
        self.median(a - 1, a, a + 1, swaps)
    }

    fn reverse(&mut self, a: usize, b: usize) {
        if let Some(range) = self.items.get_mut(a..b) {
            range.reverse();
        }
    }
}

/// Whether `a` comes before `b` when runs of digits count as numbers.
pub fn natural_less(a: &str, b: &str) -> bool {
    natural(a.as_bytes(), b.as_bytes()) == Ordering::Less
}

fn natural(a: &[u8], b: &[u8]) -> Ordering {
    let (mut i, mut j) = (0, 0);
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        if x.is_ascii_digit() && y.is_ascii_digit() {
            let (zeros_a, digits_a) = number(a.get(i..).unwrap_or_default());
            let (zeros_b, digits_b) = number(b.get(j..).unwrap_or_default());
            let by_value = digits_a
                .len()
                .cmp(&digits_b.len())
                .then(digits_a.cmp(digits_b));
            // The same number: the one with fewer leading zeros first.
            let order = by_value.then(zeros_a.cmp(&zeros_b));
            if order != Ordering::Equal {
                return order;
            }
            i += zeros_a + digits_a.len();
            j += zeros_b + digits_b.len();
        } else if x != y {
            return x.cmp(y);
        } else {
            i += 1;
            j += 1;
        }
    }
    (a.len() - i).cmp(&(b.len() - j))
}

/// How many leading zeros, and the digits behind them.
fn number(text: &[u8]) -> (usize, &[u8]) {
    let zeros = text.iter().take_while(|c| **c == b'0').count();
    let end = text.iter().take_while(|c| c.is_ascii_digit()).count();
    (zeros, text.get(zeros..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_lists_of_every_length_and_shape() {
        for n in [0, 1, 5, 12, 13, 49, 50, 200, 1000] {
            for keys in [1, 2, 7, 1000] {
                let mut seed = 42u64;
                let mut items: Vec<(u64, usize)> = (0..n)
                    .map(|i| {
                        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                        ((seed >> 33) % keys, i)
                    })
                    .collect();
                go_sort(&mut items, |a, b| a.0 < b.0);
                assert!(items.is_sorted_by_key(|item| item.0), "{n} {keys}");
                items.sort_unstable_by_key(|item| item.1);
                assert!(items.iter().enumerate().all(|(i, item)| item.1 == i));
            }
        }
    }

    #[test]
    fn short_lists_keep_the_order_of_equals() {
        let mut items: Vec<(u8, u8)> = (0..12).map(|i| (1 - i % 2, i)).collect();
        let mut stable = items.clone();
        stable.sort_by_key(|item| item.0);
        go_sort(&mut items, |a, b| a.0 < b.0);
        assert_eq!(items, stable);
    }

    #[test]
    fn natural_order_counts_numbers() {
        for (a, b) in [
            ("a2", "a10"),
            ("a", "b"),
            ("2026-11-23T05:51:27Z", "2026-11-23T05:51:28Z"),
            ("a1", "a01"),
            ("a", "a1"),
        ] {
            assert!(natural_less(a, b), "{a} {b}");
            assert!(!natural_less(b, a), "{b} {a}");
        }
    }
}
