//! Rows under headings, for people. What others have written is shown without its control characters.

/// Columns as wide as their widest cell, two spaces apart.
pub(crate) fn table<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> String {
    let shown = |row: &[String; N]| row.each_ref().map(|cell| shown(cell));
    let rows: Vec<[String; N]> = rows.iter().map(shown).collect();
    let mut widths = head.map(str::len);
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: [&str; N]| {
        let padded = cells.iter().zip(widths);
        let padded = padded.map(|(cell, width)| format!("{cell:width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let mut lines = vec![line(head)];
    lines.extend(
        rows.iter()
            .map(|row| line(row.each_ref().map(String::as_str))),
    );
    lines.join("\n")
}

/// A terminal must not take commands from a data plane or an agent.
pub(crate) fn shown(text: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    match text {
        "" => "-".to_owned(),
        text => text.chars().map(plain).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn columns_stand_below_their_headings_and_no_cell_can_steer_the_terminal() {
        let rows = [
            ["a".to_owned(), "\u{1b}[2Jx".to_owned()],
            ["längst".to_owned(), String::new()],
        ];
        assert_eq!(
            table(["ONE", "TWO"], &rows),
            "ONE     TWO\na        [2Jx\nlängst  -"
        );
    }
}
