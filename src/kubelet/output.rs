//! What a process writes, and when: pieces of text with the time after its start, the last of which
//! may come again and again.
//!
//! Upstream: none.

use std::sync::Arc;

use crate::clock::{SimTime, Span};

/// Stands for the date in a text.
pub(super) const DATE: char = '\u{1}';
/// Stands for the pod's name.
pub(super) const HOSTNAME: char = '\u{2}';
/// Stands for so many digits of π, up to the next one: `\u{3}2000\u{3}`.
pub(super) const PI: char = '\u{3}';

/// Older lines than these have been rotated away.
const KEPT: i64 = 5_000;

/// The output of a process that nobody stops.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Written {
    /// In the order of their times.
    pub pieces: Vec<(Span, Arc<str>)>,
    pub again: Option<Again>,
}

/// An endless loop: the pieces from `from` on come again every `period`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Again {
    pub from: usize,
    pub period: Span,
}

impl Written {
    /// A text at the start.
    pub(super) fn text(text: &str) -> Written {
        let mut out = Written::default();
        out.push(Span::ZERO, text);
        out
    }

    pub(super) fn push(&mut self, at: Span, text: &str) {
        if !text.is_empty() {
            self.pieces.push((at, text.into()));
        }
    }

    /// Appends what another process writes that starts so much later.
    pub(super) fn append(&mut self, at: Span, other: &Written) {
        let from = self.pieces.len();
        let pieces = other.pieces.iter();
        self.pieces
            .extend(pieces.map(|(after, text)| (at + *after, text.clone())));
        let again = other.again;
        self.again = again.map(|again| Again {
            from: from + again.from,
            ..again
        });
    }

    /// The pieces written after one time and until another, both since the start.
    pub(super) fn between(&self, after: Option<Span>, until: Span) -> Vec<(Span, &str)> {
        let wanted = |at: Span| at <= until && after.is_none_or(|after| at > after);
        let first = self.again.map_or(self.pieces.len(), |again| again.from);
        let (once, loops) = self.pieces.split_at_checked(first).unwrap_or_default();
        let mut out: Vec<(Span, &str)> = Vec::new();
        out.extend(once.iter().map(|(at, text)| (*at, &**text)));
        let period = self
            .again
            .map_or(1, |again| again.period.as_micros().max(1));
        if let Some((start, _)) = loops.first().filter(|(start, _)| *start <= until) {
            let last = (until - *start).as_micros() / period;
            let seen = after.map_or(0, |after| ((after - *start).as_micros() / period).max(0));
            for round in seen.max(last - KEPT)..=last {
                let shift = Span::micros(round * period);
                out.extend(loops.iter().map(|(at, text)| (*at + shift, &**text)));
            }
        }
        out.retain(|(at, _)| wanted(*at));
        out
    }

    /// When something is written next.
    pub(super) fn next(&self, after: Span) -> Option<Span> {
        let period = self.again.map_or(Span::ZERO, |again| again.period);
        let last = self.pieces.last().map(|(at, _)| *at)?;
        let until = last.max(after) + period;
        let next = self.between(Some(after), until).into_iter().next();
        next.map(|(at, _)| at)
    }
}

/// The text with its date and names filled in.
pub(super) fn fill(text: &str, at: SimTime, pod: &str) -> String {
    let mut out = text.replace(DATE, &date(at)).replace(HOSTNAME, pod);
    while let Some((head, rest)) = out.split_once(PI) {
        let (digits, tail) = rest.split_once(PI).unwrap_or((rest, ""));
        let digits = digits.parse().unwrap_or(1usize).clamp(1, 10_000);
        out = format!("{head}{}{tail}", pi(digits));
    }
    out
}

/// As `date` prints it: `Mon Jan  5 09:00:00 UTC 2026`.
fn date(at: SimTime) -> String {
    let stamp = jiff::Timestamp::from_second(at.unix_secs()).unwrap_or_default();
    stamp.strftime("%a %b %e %H:%M:%S UTC %Y").to_string()
}

/// π with so many digits, rounded, by the spigot of Rabinowitz and Wagon.
fn pi(digits: usize) -> String {
    let wanted = digits + 3;
    let mut state = vec![2u64; wanted * 10 / 3 + 2];
    let mut found: Vec<u8> = Vec::with_capacity(wanted + 1);
    for _ in 0..wanted {
        let mut carry = 0;
        for (index, cell) in state.iter_mut().enumerate().rev() {
            let index = index as u64;
            let value = *cell * 10 + carry;
            let divisor = if index == 0 { 10 } else { 2 * index + 1 };
            *cell = value % divisor;
            carry = value / divisor * index.max(1);
        }
        // A digit of ten is carried into those before it.
        let mut digit = carry;
        if digit == 10 {
            digit = 0;
            carry_into(&mut found);
        }
        found.push(u8::try_from(digit).unwrap_or(0));
    }
    let up = found.get(digits).is_some_and(|next| *next >= 5);
    found.truncate(digits);
    if up {
        carry_into(&mut found);
    }
    let text: String = found.iter().map(|d| char::from(b'0' + d)).collect();
    match text.split_at_checked(1) {
        Some((whole, rest)) if !rest.is_empty() => format!("{whole}.{rest}"),
        _ => text,
    }
}

fn carry_into(digits: &mut [u8]) {
    for digit in digits.iter_mut().rev() {
        *digit = (*digit + 1) % 10;
        if *digit != 0 {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pi_has_the_digits_that_it_has() {
        assert_eq!(pi(1), "3");
        assert_eq!(pi(5), "3.1416");
        assert_eq!(pi(20), "3.1415926535897932385");
        let long = pi(2000);
        assert_eq!(long.len(), 2001);
        // The first six nines in a row, at the 762nd decimal place.
        assert_eq!(&long[2 + 761..2 + 767], "999999");
    }

    #[test]
    fn loops_write_again() {
        let mut out = Written::text("begin\n");
        out.push(Span::secs(1), "a\n");
        out.push(Span::secs(2), "b\n");
        out.again = Some(Again {
            from: 1,
            period: Span::secs(10),
        });
        let texts = |after: Option<i64>, until| -> Vec<String> {
            let pieces = out.between(after.map(Span::secs), Span::secs(until));
            let text = |(at, text): (Span, &str)| format!("{} {}", at.as_secs(), text.trim());
            pieces.into_iter().map(text).collect()
        };
        assert_eq!(texts(None, 12), ["0 begin", "1 a", "2 b", "11 a", "12 b"]);
        assert_eq!(texts(Some(2), 21), ["11 a", "12 b", "21 a"]);
        assert_eq!(out.next(Span::secs(2)), Some(Span::secs(11)));
        assert_eq!(out.next(Span::secs(11)), Some(Span::secs(12)));
        assert_eq!(Written::text("x\n").next(Span::ZERO), None);
    }
}
