//! Differences of two texts as `diff -u` prints them.
//!
//! Upstream: GNU diff, which `kubectl diff` calls. Differs: where several shortest differences
//! exist, another one may be shown.

/// Lines of context around a change.
const CONTEXT: usize = 3;
/// Beyond this many line pairs the whole text is shown as replaced.
const PAIRS_MAX: usize = 4_000_000;

/// The hunks that lead from one text to another, without the two header lines; empty if equal.
pub fn unified_diff(old: &str, new: &str) -> String {
    let (a, b): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let edits = edits(&a, &b);
    let changed: Vec<usize> = edits
        .iter()
        .enumerate()
        .filter_map(|(i, edit)| (edit.sign != ' ').then_some(i))
        .collect();
    let mut out = String::new();
    let mut rest = changed.as_slice();
    while let Some(first) = rest.first().copied() {
        let mut last = first;
        let mut taken = 0;
        for next in rest {
            if *next > last + 2 * CONTEXT + 1 {
                break;
            }
            last = *next;
            taken += 1;
        }
        rest = rest.get(taken..).unwrap_or_default();
        let from = first.saturating_sub(CONTEXT);
        let to = (last + CONTEXT + 1).min(edits.len());
        hunk(edits.get(from..to).unwrap_or_default(), &mut out);
    }
    out
}

struct Edit<'t> {
    sign: char,
    line: &'t str,
    /// Lines of either text before this one.
    before: (usize, usize),
}

fn hunk(edits: &[Edit<'_>], out: &mut String) {
    let olds = edits.iter().filter(|e| e.sign != '+').count();
    let news = edits.iter().filter(|e| e.sign != '-').count();
    let (old, new) = edits.first().map_or((0, 0), |e| e.before);
    let range = |start: usize, count: usize| match count {
        0 => format!("{start},0"),
        1 => format!("{}", start + 1),
        _ => format!("{},{count}", start + 1),
    };
    out.push_str(&format!(
        "@@ -{} +{} @@\n",
        range(old, olds),
        range(new, news)
    ));
    for edit in edits {
        out.push(edit.sign);
        out.push_str(edit.line);
        out.push('\n');
    }
}

/// Every line of both texts, in order, as kept, taken out or put in.
fn edits<'t>(a: &[&'t str], b: &[&'t str]) -> Vec<Edit<'t>> {
    let start = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let tail = |x: &[&str]| x.len() - start;
    let end = a
        .iter()
        .rev()
        .zip(b.iter().rev())
        .take(tail(a).min(tail(b)))
        .take_while(|(x, y)| x == y)
        .count();
    let middle = |x: &[&'t str]| x.get(start..x.len() - end).unwrap_or_default().to_vec();
    let (old, new) = (middle(a), middle(b));
    let keeps = longest_common(&old, &new);
    let mut out = Vec::with_capacity(a.len() + b.len());
    let (mut i, mut j) = (0, 0);
    let mut push = |sign: char, line: &'t str, i: usize, j: usize| {
        out.push(Edit {
            sign,
            line,
            before: (i, j),
        });
    };
    for line in a.iter().take(start) {
        push(' ', line, i, j);
        (i, j) = (i + 1, j + 1);
    }
    let (mut x, mut y) = (0, 0);
    for (keep_x, keep_y) in keeps.into_iter().chain([(old.len(), new.len())]) {
        for line in old.get(x..keep_x).unwrap_or_default() {
            push('-', line, i, j);
            i += 1;
        }
        for line in new.get(y..keep_y).unwrap_or_default() {
            push('+', line, i, j);
            j += 1;
        }
        if let Some(line) = old.get(keep_x) {
            push(' ', line, i, j);
            (i, j) = (i + 1, j + 1);
        }
        (x, y) = (keep_x + 1, keep_y + 1);
    }
    for line in a.iter().skip(a.len() - end) {
        push(' ', line, i, j);
        (i, j) = (i + 1, j + 1);
    }
    out
}

/// Pairs of indices of a longest common subsequence.
fn longest_common(a: &[&str], b: &[&str]) -> Vec<(usize, usize)> {
    if a.len().saturating_mul(b.len()) > PAIRS_MAX {
        return Vec::new();
    }
    let width = b.len() + 1;
    let mut table = vec![0u32; (a.len() + 1) * width];
    let at = |table: &[u32], i: usize, j: usize| table.get(i * width + j).copied().unwrap_or(0);
    for (i, x) in a.iter().enumerate().rev() {
        for (j, y) in b.iter().enumerate().rev() {
            let value = if x == y {
                at(&table, i + 1, j + 1) + 1
            } else {
                at(&table, i + 1, j).max(at(&table, i, j + 1))
            };
            if let Some(slot) = table.get_mut(i * width + j) {
                *slot = value;
            }
        }
    }
    let (mut i, mut j, mut pairs) = (0, 0, Vec::new());
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        if x == y {
            pairs.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if at(&table, i + 1, j) >= at(&table, i, j + 1) {
            i += 1;
        } else {
            j += 1;
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_hunks_with_context() {
        let old = "a\nb\nc\nd\ne\nf\ng\nh\n";
        let new = "a\nb\nc\nd\nE\nf\ng\nh\n";
        assert_eq!(
            unified_diff(old, new),
            "@@ -2,7 +2,7 @@\n b\n c\n d\n-e\n+E\n f\n g\n h\n"
        );
        assert_eq!(unified_diff("", "x\ny\n"), "@@ -0,0 +1,2 @@\n+x\n+y\n");
        assert_eq!(unified_diff(old, old), "");
        let (old, new) = (
            "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n",
            "0\n2\n3\n4\n5\n6\n7\n8\n9\n10\n12\n",
        );
        assert_eq!(
            unified_diff(old, new),
            "@@ -1,4 +1,4 @@\n-1\n+0\n 2\n 3\n 4\n@@ -8,4 +8,4 @@\n 8\n 9\n 10\n-11\n+12\n"
        );
    }
}
