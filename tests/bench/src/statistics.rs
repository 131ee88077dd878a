//! Percentiles, medians and the rows of Markdown tables.

/// Of measurements in ascending order; zero where there are none.
pub(crate) fn percentile(sorted: &[u64], percent: usize) -> u64 {
    let at = sorted.len().saturating_sub(1) * percent / 100;
    sorted.get(at).copied().unwrap_or_default()
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// Nanoseconds as microseconds with one decimal.
pub(crate) fn micros(nanos: u64) -> String {
    format!("{}.{}", nanos / 1000, nanos % 1000 / 100)
}

pub(crate) fn row(cells: &[String]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

pub(crate) fn head(titles: &[&str]) -> String {
    let rule = "|---".repeat(titles.len());
    format!("| {} |\n{rule}|\n", titles.join(" | "))
}
