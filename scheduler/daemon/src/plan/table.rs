//! Columns of text.

/// A cell longer than this is cut.
const WIDEST: usize = 34;

/// Rows below a head, two blanks between columns: so many columns from the left are words, the others
/// are numbers and stand to the right.
pub(crate) fn table(words: usize, rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let cells = |column: usize| rows.iter().filter_map(move |row| row.get(column));
    let width = |column| cells(column).map(|cell| cut(cell).chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let cell = cut(cell);
            let blanks = " ".repeat(width - cell.chars().count());
            line.push_str("  ");
            line.push_str(&if column < words { cell + &blanks } else { blanks + &cell });
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// A row of a head or of a body.
pub(crate) fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).into()
}

/// The beginning of what is too long; nothing in it moves a cursor.
fn cut(text: &str) -> String {
    let shown = text.chars().map(|c| if c.is_control() { '?' } else { c });
    if text.chars().count() <= WIDEST {
        return shown.collect();
    }
    shown.take(WIDEST - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_left_and_numbers_right() {
        let rows = [row(["name", "checks", "x"]), row(["a", "1,000", ""]), row(["a long one", "7", "y"])];
        assert_eq!(
            table(1, &rows),
            "  name        checks  x\n  a            1,000\n  a long one       7  y\n"
        );
        let long = table(1, &[row([&"é\u{1b}".repeat(40), "1"])]);
        assert_eq!(long, format!("  {}é…  1\n", "é?".repeat(16)));
    }
}
