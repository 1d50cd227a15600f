//! A map that forgets what came first and is cheap to clone, since a recorder is part of every
//! checkpoint: what is old is shared, what is new is a short list that is copied.
//!
//! Upstream: `k8s.io/utils/lru` behind the event correlator. Differs: the oldest insertion goes,
//! not the least used, and only when the new entries are put to the old ones, so that somewhat
//! more than `keys_max` may be known.

use std::sync::Arc;

/// Entries by 64-bit keys.
#[derive(Clone, Debug)]
pub(super) struct Recent<V> {
    /// By key; both lists.
    old: Arc<Vec<Entry<V>>>,
    new: Vec<Entry<V>>,
    inserted: u64,
    keys_max: usize,
}

#[derive(Clone, Debug)]
struct Entry<V> {
    key: u64,
    /// The how manieth insertion it was.
    place: u64,
    value: V,
}

/// The new list is put to the old one beyond this length, and a part of the old one's.
const NEW_MAX: usize = 32;
const NEW_SHARE: usize = 16;

impl<V: Clone> Recent<V> {
    /// An empty map that forgets beyond this number.
    pub(super) fn new(keys_max: usize) -> Recent<V> {
        Recent {
            old: Arc::default(),
            new: Vec::new(),
            inserted: 0,
            keys_max,
        }
    }

    /// What is known of a key, to change.
    pub(super) fn get_mut(&mut self, key: u64) -> Option<&mut V> {
        let at = self.find(key).ok()?;
        self.new.get_mut(at).map(|entry| &mut entry.value)
    }

    /// Puts a value in.
    pub(super) fn insert(&mut self, key: u64, value: V) {
        match self.find(key) {
            Ok(at) => {
                if let Some(known) = self.new.get_mut(at) {
                    known.value = value;
                }
            }
            Err(at) => {
                self.insert_new(at, key, value);
            }
        }
    }

    /// What is known of a key, or else this.
    pub(super) fn get_or_insert_with(&mut self, key: u64, make: impl FnOnce() -> V) -> &mut V {
        let at = match self.find(key) {
            Ok(at) => at,
            Err(at) => self.insert_new(at, key, make()),
        };
        match self.new.get_mut(at) {
            Some(entry) => &mut entry.value,
            None => unreachable!("it is there or was just inserted"),
        }
    }

    /// The key's place in the new list, where it then is if it is known at all; else where it
    /// belongs.
    fn find(&mut self, key: u64) -> Result<usize, usize> {
        let at = match place(&self.new, key) {
            Err(at) => at,
            found => return found,
        };
        let known = place(&self.old, key).ok();
        let known = known.and_then(|known| self.old.get(known)).cloned();
        self.new.insert(at, known.ok_or(at)?);
        Ok(at)
    }

    fn insert_new(&mut self, mut at: usize, key: u64, value: V) -> usize {
        if self.new.len() >= NEW_MAX + self.old.len() / NEW_SHARE {
            self.settle();
            at = 0;
        }
        self.inserted += 1;
        let entry = Entry {
            key,
            place: self.inserted,
            value,
        };
        self.new.insert(at, entry);
        at
    }

    fn settle(&mut self) {
        let mut fresh = std::mem::take(&mut self.new).into_iter().peekable();
        let mut all = Vec::with_capacity(self.old.len() + fresh.len());
        for known in self.old.iter() {
            while let Some(entry) = fresh.next_if(|entry| entry.key < known.key) {
                all.push(entry);
            }
            if fresh.peek().is_none_or(|entry| entry.key != known.key) {
                all.push(known.clone());
            }
        }
        all.extend(fresh);
        if let Some(over) = all
            .len()
            .checked_sub(self.keys_max)
            .filter(|over| *over > 0)
        {
            let mut places: Vec<u64> = all.iter().map(|entry| entry.place).collect();
            let (_, last_out, _) = places.select_nth_unstable(over - 1);
            let last_out = *last_out;
            all.retain(|entry| entry.place > last_out);
        }
        self.old = Arc::new(all);
    }
}

fn place<V>(entries: &[Entry<V>], key: u64) -> Result<usize, usize> {
    entries.binary_search_by_key(&key, |entry| entry.key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::digest_of;

    #[test]
    fn knows_what_was_put_in_last_and_forgets_the_first() {
        let mut recent = Recent::new(100);
        for number in 0..1000u32 {
            recent.insert(digest_of(&number), number);
        }
        let known = |recent: &mut Recent<u32>, n: u32| recent.get_mut(digest_of(&n)).copied();
        for number in 900..1000 {
            assert_eq!(known(&mut recent, number), Some(number));
        }
        for number in 0..850 {
            assert_eq!(known(&mut recent, number), None);
        }
    }

    #[test]
    fn a_change_reaches_the_one_that_makes_it_alone() {
        let mut recent = Recent::new(1000);
        for number in 0..100u64 {
            recent.insert(number, 0);
        }
        let before = recent.clone();
        for number in 0..100u64 {
            *recent.get_or_insert_with(number, || unreachable!()) += 1;
        }
        recent.insert(7, 5);
        let all = |mut of: Recent<i32>| (0..100).map(|n| *of.get_mut(n).unwrap()).sum::<i32>();
        assert_eq!((all(before), all(recent)), (0, 104));
    }
}
