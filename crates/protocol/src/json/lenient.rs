//! Text that a lenient reader may take for JSON although it is none. It reads no values.
//!
//! Lenient readers skip a byte order mark and comments, take names without quotes, `=` for `:`,
//! numbers that are none, commas at the end, one name twice.

/// Whether the text begins as an object with a member, or as a list of such.
///
/// Ordinary text may begin with a bracket as well: `[INFO] …`, `[a link](…)`, `{{ template }}`.
pub(crate) fn begins_as_object(text: &str) -> bool {
    let mut rest = significant(text);
    while let Some(inner) = rest.strip_prefix('[') {
        rest = significant(inner);
    }
    rest.strip_prefix('{').is_some_and(|inner| {
        let inner = significant(inner);
        inner.starts_with(['"', '\'']) || begins_with_bare_name(inner)
    })
}

fn begins_with_bare_name(text: &str) -> bool {
    let of_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '-' | '.' | '\\');
    let rest = text.trim_start_matches(of_name);
    rest.len() < text.len() && significant(rest).starts_with([':', '='])
}

/// Without what stands before the first significant character.
fn significant(mut text: &str) -> &str {
    let blank = |c: char| c.is_whitespace() || c.is_control() || c == '\u{feff}';
    loop {
        text = text.trim_start_matches(blank);
        let comment = if let Some(comment) = text.strip_prefix("/*") {
            comment.split_once("*/")
        } else if let Some(comment) = text.strip_prefix("//") {
            comment.split_once('\n')
        } else {
            return text;
        };
        text = comment.map_or("", |(_, rest)| rest);
    }
}

#[cfg(test)]
mod tests {
    use super::begins_as_object;

    #[test]
    fn what_a_lenient_reader_takes_for_an_object_begins_as_one() {
        for text in [
            r#"{"a":1,"a":2}"#,
            "\u{feff}{\"a\":1}",
            "\u{b}\u{a0}\r\n { \"a\":1}",
            r#"{"a":NaN}"#,
            r#"{"a":1,}"#,
            r#"{"a":1e999}"#,
            r#"{"a":1} {"a":2}"#,
            r#"/* x */ {"a":1}"#,
            "// x\n[ // y\n {\"a\":1}]",
            r#"{/**/"a":1}"#,
            "{'a':1}",
            "{a:1}",
            "{ $a_b = 1 }",
            r"{\u0061: 1}",
            r#"[[{"a":1}"#,
            "{\"",
        ] {
            assert!(begins_as_object(text), "{text}");
        }
    }

    #[test]
    fn ordinary_text_does_not() {
        for text in [
            "",
            "[INFO] started {\"a\":1}",
            "[a link](https://example.com) {}",
            "[x] done",
            "{{ name }}, hello",
            "{name}: hello",
            "{not json",
            "{ user(id: 1) { name } }",
            "{}",
            "[1, 2,]",
            "// only a comment",
            "/* not closed {\"a\":1}",
            "see {\"a\":1}",
            "\"a\" {\"b\":1}",
        ] {
            assert!(!begins_as_object(text), "{text}");
        }
    }
}
