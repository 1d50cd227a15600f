//! A long list that only grows at its end, in pieces: a full piece never changes, so that it is
//! never drawn again. The oldest piece goes when there are too many.
//!
//! Upstream: none.

use super::shared::Shared;

const PIECE: usize = 64;

#[derive(Clone)]
pub struct Chunks<T> {
    pieces: Vec<(u64, Shared<Vec<T>>)>,
    next: u64,
    most: usize,
}

impl<T: Clone> Chunks<T> {
    /// An empty list that keeps about this many entries.
    pub fn new(most: usize) -> Chunks<T> {
        Chunks {
            pieces: Vec::new(),
            next: 0,
            most: most.div_ceil(PIECE),
        }
    }

    pub fn extend(&mut self, entries: impl IntoIterator<Item = T>) {
        for entry in entries {
            let room = self
                .pieces
                .last()
                .is_some_and(|(_, piece)| piece.len() < PIECE);
            if !room {
                self.pieces
                    .push((self.next, Shared::new(Vec::with_capacity(PIECE))));
                self.next += 1;
            }
            if let Some((_, piece)) = self.pieces.last_mut() {
                piece.edit().push(entry);
            }
        }
        let spare = self.pieces.len().saturating_sub(self.most);
        self.pieces.drain(..spare);
    }

    /// Makes this the list, keeping the pieces that stay as they are.
    pub fn replace(&mut self, entries: Vec<T>)
    where
        T: PartialEq,
    {
        let known: Vec<&T> = self
            .pieces
            .iter()
            .flat_map(|(_, piece)| piece.iter())
            .collect();
        let start = entries
            .first()
            .and_then(|first| known.iter().position(|own| *own == first));
        let Some(start) = start else {
            self.pieces.clear();
            return self.extend(entries);
        };
        let same = known
            .iter()
            .skip(start)
            .zip(&entries)
            .take_while(|(own, new)| **own == *new);
        let same = same.count();
        self.cut(start, start + same);
        self.extend(entries.into_iter().skip(same));
    }

    pub fn drop_newest(&mut self, count: usize) {
        let all: usize = self.pieces.iter().map(|(_, piece)| piece.len()).sum();
        if count > 0 {
            self.cut(0, all.saturating_sub(count));
        }
    }

    /// Keeps the entries from one place up to another.
    fn cut(&mut self, from: usize, to: usize) {
        let mut before = 0;
        for (_, piece) in &mut self.pieces {
            let (start, end) = (before, before + piece.len());
            before = end;
            if end > to {
                piece.edit().truncate(to.saturating_sub(start));
            }
            if start < from {
                let gone = (from - start).min(piece.len());
                piece.edit().drain(..gone);
            }
        }
        self.pieces.retain(|(_, piece)| !piece.is_empty());
    }

    pub fn last(&self) -> Option<&T> {
        self.pieces.last().and_then(|(_, piece)| piece.last())
    }

    /// Puts this in the place of the last entry.
    pub fn replace_last(&mut self, entry: T) {
        if let Some(last) = self
            .pieces
            .last_mut()
            .and_then(|(_, piece)| piece.edit().last_mut())
        {
            *last = entry;
        }
    }

    /// The pieces with keys that stay theirs.
    pub fn pieces(&self) -> &[(u64, Shared<Vec<T>>)] {
        &self.pieces
    }
}

impl<T> PartialEq for Chunks<T> {
    fn eq(&self, other: &Self) -> bool {
        self.next == other.next && self.pieces == other.pieces
    }
}
