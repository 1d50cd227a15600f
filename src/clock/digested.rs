//! A shared value that remembers its digest until it is changed, so that the digest of a large
//! state costs what has changed since the last one.
//!
//! Upstream: none.

use std::cell::OnceCell;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use super::digest_of;

/// A clone shares the value with the original until one of the two changes.
#[derive(Clone, Debug)]
pub struct Digested<T> {
    value: Arc<T>,
    digest: OnceCell<u64>,
}

impl<T> Digested<T> {
    /// Takes a value.
    pub fn new(value: T) -> Digested<T> {
        Digested {
            value: Arc::new(value),
            digest: OnceCell::new(),
        }
    }
}

impl<T: Clone> Digested<T> {
    /// The value, to change: the only way to it, so that no digest outlives its value.
    pub fn edit(&mut self) -> &mut T {
        self.digest.take();
        Arc::make_mut(&mut self.value)
    }

    /// The value, for oneself.
    pub fn into_inner(self) -> T {
        Arc::unwrap_or_clone(self.value)
    }
}

impl<T> Deref for Digested<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: Hash> Hash for Digested<T> {
    fn hash<H: Hasher>(&self, h: &mut H) {
        h.write_u64(*self.digest.get_or_init(|| digest_of(&*self.value)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_the_values_before_and_after_a_change() {
        let mut own = Digested::new(1);
        let other = own.clone();
        assert_eq!(digest_of(&own), digest_of(&Digested::new(1)));
        *own.edit() = 2;
        assert_eq!(digest_of(&own), digest_of(&Digested::new(2)));
        assert_eq!(digest_of(&other), digest_of(&Digested::new(1)));
        assert_eq!((*own, *other), (2, 1));
    }
}
