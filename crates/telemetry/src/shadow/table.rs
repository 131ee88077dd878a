//! The shadow report as text for people; it changes nothing about the numbers.

use std::fmt::{self, Write};

use super::{Group, Report};

pub(super) fn write(report: &Report, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Report {
        decisions,
        affected,
        ..
    } = report;
    writeln!(
        f,
        "{decisions} decisions, {affected} would have been different"
    )?;
    if let (Some(first), Some(last)) = (&report.first, &report.last) {
        writeln!(f, "from {first} to {last}")?;
    }
    if report.malformed_lines > 0 {
        writeln!(f, "{} lines could not be read", report.malformed_lines)?;
    }
    section(f, "would be denied", &report.would_deny)?;
    section(f, "would need approval", &report.would_need_approval)?;
    section(f, "would be sanitized", &report.would_sanitize)
}

fn section(f: &mut fmt::Formatter<'_>, title: &str, groups: &[Group]) -> fmt::Result {
    if groups.is_empty() {
        return Ok(());
    }
    writeln!(f, "\n{title}")?;
    let rows: Vec<_> = std::iter::once(HEADINGS.map(str::to_owned))
        .chain(groups.iter().map(cells))
        .collect();
    let widths: [usize; COLUMNS] = std::array::from_fn(|column| {
        let width =
            |row: &[String; COLUMNS]| row.get(column).map_or(0, |cell| cell.chars().count());
        rows.iter().map(width).max().unwrap_or(0)
    });
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            write!(line, "{cell:width$}  ")?;
        }
        writeln!(f, "{}", line.trim_end())?;
    }
    Ok(())
}

fn cells(group: &Group) -> [String; COLUMNS] {
    [
        group.count.to_string(),
        printable(&group.rule),
        printable(&format!("{}/{}", group.tenant, group.agent)),
        printable(&format!("{} {}", group.tool, group.action)),
        printable(&group.destination),
        printable(&group.first),
        printable(&group.last),
        printable(&group.decision_ids.join(" ")),
    ]
}

/// A log is a file that others may have written to: nothing in it may steer a terminal.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

const COLUMNS: usize = 8;
const HEADINGS: [&str; COLUMNS] = [
    "COUNT",
    "RULE",
    "AGENT",
    "TOOL",
    "DESTINATION",
    "FIRST",
    "LAST",
    "DECISION IDS",
];
