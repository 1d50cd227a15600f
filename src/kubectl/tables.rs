//! Aligned text: Go's elastic tabs, as tables and descriptions use them.
//!
//! Upstream: Go's `text/tabwriter`; kubectl's fork of it, which remembers widths.

/// How wide columns become.
#[derive(Clone, Copy, Debug)]
pub struct Tabs {
    pub width_min: usize,
    pub padding: usize,
}

/// Tables of `get`.
pub const TABLE: Tabs = Tabs {
    width_min: 6,
    padding: 3,
};

/// Descriptions, and the history of rollouts.
pub const DESCRIPTION: Tabs = Tabs {
    width_min: 0,
    padding: 2,
};

/// Aligns text whose cells end with tabs: a column is as wide as the widest tab-ended cell of a run
/// of lines that all have one there.
pub fn align(text: &str, tabs: Tabs) -> String {
    lay_out(text, tabs, None)
}

/// The same for the lines of one table that come bit by bit: columns never get narrower than
/// `widths`, which grow with them.
pub fn align_with(text: &str, tabs: Tabs, widths: &mut Vec<usize>) -> String {
    lay_out(text, tabs, Some(widths))
}

fn lay_out(text: &str, tabs: Tabs, widths: Option<&mut Vec<usize>>) -> String {
    let (body, open) = match text.strip_suffix('\n') {
        Some(body) => (body, false),
        None => (text, true),
    };
    if text.is_empty() {
        return String::new();
    }
    let lines: Vec<Vec<&str>> = body.split('\n').map(|l| l.split('\t').collect()).collect();
    let mut writer = Writer {
        tabs,
        lines,
        out: String::with_capacity(text.len() * 2),
        least: widths,
    };
    let count = writer.lines.len();
    let written = writer.block(0, count, &mut Vec::new());
    writer.write(written, count, &[]);
    let mut out = writer.out;
    if open {
        out.pop();
    }
    out
}

struct Writer<'a, 't> {
    tabs: Tabs,
    lines: Vec<Vec<&'t str>>,
    out: String,
    /// The widths to remember, if they are.
    least: Option<&'a mut Vec<usize>>,
}

impl Writer<'_, '_> {
    /// Lays out lines `from..to`, whose first `widths.len()` columns are settled. Returns up to
    /// where it has written.
    fn block(&mut self, from: usize, to: usize, widths: &mut Vec<usize>) -> usize {
        let column = widths.len();
        let (mut from, mut line) = (from, from);
        while line < to {
            if self.cell(line, column).is_none() {
                line += 1;
                continue;
            }
            self.write(from, line, widths);
            from = line;
            let mut width = self.tabs.width_min;
            while let Some(cell) = self.cell(line, column).filter(|_| line < to) {
                width = width.max(cell.chars().count() + self.tabs.padding);
                line += 1;
            }
            widths.push(self.remembered(column, width));
            from = self.block(from, line, widths);
            self.write(from, line, widths);
            from = line;
            widths.pop();
        }
        from
    }

    fn remembered(&mut self, column: usize, width: usize) -> usize {
        let Some(all) = &mut self.least else {
            return width;
        };
        if column == all.len() {
            all.push(width);
        }
        let Some(least) = all.get_mut(column) else {
            return width;
        };
        *least = width.max(*least);
        *least
    }

    /// A cell that a tab ends.
    fn cell(&self, line: usize, column: usize) -> Option<&str> {
        let cells = self.lines.get(line)?;
        cells
            .get(column)
            .filter(|_| column + 1 < cells.len())
            .copied()
    }

    fn write(&mut self, from: usize, to: usize, widths: &[usize]) {
        for cells in self.lines.iter().take(to).skip(from) {
            for (column, cell) in cells.iter().enumerate() {
                self.out.push_str(cell);
                if let Some(width) = widths.get(column).filter(|_| column + 1 < cells.len()) {
                    let blanks = width.saturating_sub(cell.chars().count());
                    self.out.extend(std::iter::repeat_n(' ', blanks));
                }
            }
            self.out.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_blocks_of_lines() {
        let text = "Name:\tx\nLabels:\ta=1\n\tb=2\nPod Template:\n  Labels:\tapp=x\n  C:\nVolumes:\t<none>\nIP:\t\n";
        let aligned = "Name:    x\nLabels:  a=1\n         b=2\nPod Template:\n  Labels:  app=x\n  C:\nVolumes:  <none>\nIP:       \n";
        assert_eq!(align(text, DESCRIPTION), aligned);
    }

    #[test]
    fn tables_have_least_widths_and_no_padding_at_the_end() {
        let text = "NAME\tREADY\tAGE\nweb-66686b6766-2xk4p\t1/1\t3m\nx\t\té\n";
        let aligned = "NAME                   READY   AGE\nweb-66686b6766-2xk4p   1/1     3m\nx                              é\n";
        assert_eq!(align(text, TABLE), aligned);
    }

    #[test]
    fn widths_are_remembered_and_grow() {
        let mut widths = Vec::new();
        assert_eq!(
            align_with("STATUS\tAGE\nPending\t0s\n", TABLE, &mut widths),
            "STATUS    AGE\nPending   0s\n"
        );
        assert_eq!(
            align_with("ContainerCreating\t1s\n", TABLE, &mut widths),
            "ContainerCreating   1s\n"
        );
        assert_eq!(
            align_with("Running\t2s\n", TABLE, &mut widths),
            "Running             2s\n"
        );
    }
}
