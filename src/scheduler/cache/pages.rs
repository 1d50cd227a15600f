//! Arrays by node that a checkpoint shares page by page.
//!
//! Upstream: none; a checkpoint here is a clone, which must not copy what does not change.

use std::sync::Arc;

const PAGE: usize = 64;

/// An array of values; a page is copied when it is written to while a clone holds it too.
#[derive(Clone)]
pub(in crate::scheduler) struct Pages<T> {
    pages: Vec<Arc<Vec<T>>>,
}

impl<T> Default for Pages<T> {
    fn default() -> Self {
        Pages { pages: Vec::new() }
    }
}

impl<T: Clone> Pages<T> {
    pub(super) fn get(&self, index: u32) -> Option<&T> {
        let index = index as usize;
        self.pages.get(index / PAGE)?.get(index % PAGE)
    }

    pub(super) fn get_mut(&mut self, index: u32) -> Option<&mut T> {
        let index = index as usize;
        Arc::make_mut(self.pages.get_mut(index / PAGE)?).get_mut(index % PAGE)
    }

    /// Adds a value at the end and returns its index.
    pub(super) fn push(&mut self, value: T) -> u32 {
        if self.pages.last().is_none_or(|page| page.len() == PAGE) {
            self.pages.push(Arc::new(Vec::with_capacity(PAGE)));
        }
        if let Some(last) = self.pages.last_mut() {
            Arc::make_mut(last).push(value);
        }
        let full = self.pages.len().saturating_sub(1) * PAGE;
        let index = full + self.pages.last().map_or(0, |page| page.len() - 1);
        u32::try_from(index).unwrap_or(u32::MAX)
    }
}

/// Numbers by node of which most are zero; pages without any are not held.
#[derive(Clone)]
pub(in crate::scheduler) struct Sparse<T> {
    pages: Vec<Option<Arc<[T; PAGE]>>>,
}

impl<T> Default for Sparse<T> {
    fn default() -> Self {
        Sparse { pages: Vec::new() }
    }
}

impl<T: Copy + Default + PartialEq> Sparse<T> {
    /// The number at an index.
    pub(in crate::scheduler) fn get(&self, index: u32) -> T {
        let index = index as usize;
        let page = self.pages.get(index / PAGE).and_then(Option::as_ref);
        page.and_then(|page| page.get(index % PAGE))
            .copied()
            .unwrap_or_default()
    }

    /// Replaces the number at an index by what `change` makes of it.
    pub(super) fn update(&mut self, index: u32, change: impl FnOnce(T) -> T) {
        let index = index as usize;
        if self.pages.len() <= index / PAGE {
            self.pages.resize(index / PAGE + 1, None);
        }
        let Some(page) = self.pages.get_mut(index / PAGE) else {
            return;
        };
        let page = page.get_or_insert_with(|| Arc::new([T::default(); PAGE]));
        if let Some(slot) = Arc::make_mut(page).get_mut(index % PAGE) {
            *slot = change(*slot);
        }
    }

    /// All indices with a number that is not zero.
    pub(in crate::scheduler) fn iter(&self) -> impl Iterator<Item = (u32, T)> {
        let pages = self.pages.iter().enumerate();
        pages
            .filter_map(|(i, page)| page.as_ref().map(|page| (i * PAGE, page)))
            .flat_map(|(base, page)| {
                page.iter()
                    .enumerate()
                    .map(move |(i, value)| (u32::try_from(base + i).unwrap_or(u32::MAX), *value))
            })
            .filter(|(_, value)| *value != T::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clone_keeps_what_it_had() {
        let mut pages = Pages::default();
        for n in 0..130u32 {
            assert_eq!(pages.push(n), n);
        }
        let copy = pages.clone();
        *pages.get_mut(65).expect("it is there") = 7;
        assert_eq!((pages.get(65), copy.get(65)), (Some(&7), Some(&65)));
        assert_eq!(pages.get(130), None);
    }

    #[test]
    fn numbers_are_zero_until_set() {
        let mut sparse = Sparse::<u32>::default();
        sparse.update(200, |n| n + 3);
        sparse.update(1, |n| n + 1);
        assert_eq!(
            (sparse.get(200), sparse.get(199), sparse.get(9999)),
            (3, 0, 0)
        );
        assert_eq!(sparse.iter().collect::<Vec<_>>(), [(1, 1), (200, 3)]);
        sparse.update(1, |n| n - 1);
        assert_eq!(sparse.iter().count(), 1);
    }
}
