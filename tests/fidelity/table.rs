//! The table of figures, one row a recording.

use super::compare::{Figures, Overlap, Verdict};

/// The table and its last line, the share of good steps.
pub fn table(rows: &[(String, Figures)]) -> String {
    let mut total = Figures::default();
    let mut lines = vec![format!(
        "{:34} {:>5} {:>5} {:>5} {:>5} {:>6} {:>5}  {}",
        "recording",
        "steps",
        "same",
        "plcmt",
        "time",
        "layout",
        "diff",
        "events recall/prec   writes recall/prec  on time"
    )];
    for (name, figures) in rows {
        lines.push(row(name, figures));
        total += figures;
    }
    lines.push(row("total", &total));
    let steps = total.verdicts.len();
    let good = total.good_percent();
    lines.push(format!("same or placement: {good:.1}% of {steps} steps"));
    lines.join("\n") + "\n"
}

fn row(name: &str, figures: &Figures) -> String {
    let count = |verdict| figures.count(verdict);
    let pair = |o: Overlap| format!("{} / {}", share(o.both, o.recorded), share(o.both, o.ours));
    format!(
        "{name:34} {:5} {:5} {:5} {:5} {:6} {:5}  {}    {}   {}",
        figures.verdicts.len(),
        count(Verdict::Same),
        count(Verdict::Placement),
        count(Verdict::Time),
        count(Verdict::Layout),
        count(Verdict::Different),
        pair(figures.events),
        pair(figures.writes),
        share(figures.on_time.0, figures.on_time.1),
    )
}

fn share(part: usize, whole: usize) -> String {
    if whole == 0 {
        return "    -".to_string();
    }
    format!("{:5.1}%", 100.0 * part as f64 / whole as f64)
}
