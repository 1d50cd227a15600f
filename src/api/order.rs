//! Sorting, with one sorting routine for all types: `slice::sort` comes as a copy of several
//! kilobytes for every type that is sorted, and the core has to be loaded.
//!
//! Upstream: Go's `sort.SliceStable`, which sorts through an interface as well.

use std::cmp::Ordering;

/// Stable sorting of lists; slower than `sort` by a constant factor.
pub trait Order<T> {
    /// Sorts by a comparison.
    fn order_by(&mut self, compare: impl Fn(&T, &T) -> Ordering);

    /// Sorts by a key.
    fn order_by_key<K: Ord>(&mut self, key: impl Fn(&T) -> K) {
        self.order_by(|a, b| key(a).cmp(&key(b)));
    }

    /// Sorts.
    fn order(&mut self)
    where
        T: Ord,
    {
        self.order_by(T::cmp);
    }
}

impl<T> Order<T> for [T] {
    fn order_by(&mut self, compare: impl Fn(&T, &T) -> Ordering) {
        if self.len() < 2 {
            return;
        }
        let mut sources: Vec<usize> = (0..self.len()).collect();
        sort_places(&mut sources, &|a, b| match (self.get(a), self.get(b)) {
            (Some(a), Some(b)) => compare(a, b),
            _ => Ordering::Equal,
        });
        // Round every cycle of the permutation once; a place that is done is its own source.
        for start in 0..self.len() {
            let mut at = start;
            while let Some(source) = sources.get_mut(at) {
                let from = std::mem::replace(source, at);
                if from == start {
                    break;
                }
                self.swap(at, from);
                at = from;
            }
        }
    }
}

fn sort_places(places: &mut [usize], compare: &dyn Fn(usize, usize) -> Ordering) {
    places.sort_by(|a, b| compare(*a, *b));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_as_the_stable_sort_of_the_standard_library() {
        for length in 0..60usize {
            let list: Vec<(usize, usize)> = (0..length).map(|n| (n * 7919 % 11, n)).collect();
            let (mut ours, mut theirs) = (list.clone(), list);
            ours.order_by_key(|pair| pair.0);
            theirs.sort_by_key(|pair| pair.0);
            assert_eq!(ours, theirs, "{length}");
        }
        let mut words = ["pod", "node", "event"];
        words.order();
        assert_eq!(words, ["event", "node", "pod"]);
    }
}
