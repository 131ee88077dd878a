//! A content type, read as RFC 9110 has it. It decides nothing about the body.

/// Names are in lower case.
pub(crate) struct MediaType {
    essence: String,
    parameters: Vec<(String, String)>,
    /// How often the text says `boundary=`, wherever that is.
    boundaries: usize,
}

impl MediaType {
    /// `None` where it is not one media type, or has a parameter in the form of RFC 2231 (`boundary*`), which
    /// some readers take for the plain one. What stands behind it and is no parameter is left out, as
    /// most readers do.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (essence, rest) = text.split_once(';').unwrap_or((text, ""));
        let essence = essence.trim().to_ascii_lowercase();
        let (kind, subtype) = essence.split_once('/')?;
        if !(is_token(kind) && is_token(subtype)) {
            return None;
        }
        let parameters = parameters(rest);
        if parameters.iter().any(|(name, _)| name.contains('*')) {
            return None;
        }
        let compact: String = rest.split_ascii_whitespace().collect();
        Some(Self {
            boundaries: compact.to_ascii_lowercase().matches("boundary=").count(),
            parameters,
            essence,
        })
    }

    /// Type and subtype, in lower case.
    pub(crate) fn essence(&self) -> &str {
        &self.essence
    }

    /// Whether the body is JSON by its name.
    pub(crate) fn is_json(&self) -> bool {
        matches!(&*self.essence, "application/json" | "text/json")
            || self.essence.ends_with("+json")
    }

    /// Every value of the parameter of this name: readers differ in which one they take.
    pub(crate) fn parameter<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let of_it = self.parameters.iter().filter(move |(it, _)| it == name);
        of_it.map(|(_, value)| value.as_str())
    }

    /// The one boundary that every reader takes.
    pub(crate) fn boundary(&self) -> Option<&str> {
        let mut all = self.parameter("boundary");
        all.next().filter(|_| self.boundaries == 1)
    }

    /// Whether it names a character set.
    pub(crate) fn names_charset(&self) -> bool {
        self.parameter("charset").next().is_some()
    }

    /// Whether it names a character set that the test does not pass.
    pub(crate) fn has_charset(&self, foreign: impl Fn(&str) -> bool) -> bool {
        self.parameter("charset").any(foreign)
    }
}

/// As `; name=value` or `; name="value"`, with any blanks around the signs. The same for the headers of
/// parts of a body.
pub(crate) fn parameters(mut text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    while !text.is_empty() {
        let end = text.find(['=', ';']).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        let Some(value) = rest.strip_prefix('=') else {
            text = rest.strip_prefix(';').unwrap_or_default();
            continue;
        };
        let (value, rest) = if let Some(quoted) = value.trim_start().strip_prefix('"') {
            unquoted(quoted)
        } else {
            let (value, rest) = value.split_once(';').unwrap_or((value, ""));
            (value.trim().to_owned(), rest)
        };
        found.push((name.trim().to_ascii_lowercase(), value));
        text = rest;
    }
    found
}

/// The text up to the closing quote, and what follows the next `;`.
fn unquoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => {
                let after = text.get(at + 1..).unwrap_or_default();
                return (value, after.split_once(';').map_or("", |(_, rest)| rest));
            }
            '\\' => value.extend(chars.next().map(|(_, c)| c)),
            c => value.push(c),
        }
    }
    (value, "")
}

/// As RFC 9110 has it.
pub(crate) fn is_token(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_however_they_are_written() {
        for text in [
            "text/plain;charset=utf-16",
            "Text/Plain ; Charset = utf-16 ; x",
            "text/plain; charset=\"utf-16\"",
            "text/plain; charset = \"utf\\-16\"",
            "text/plain;; a=\"; charset=utf-8\"; charset=utf-16;",
            "text/plain; boundary=\"a\\\";b\"; charset=utf-16",
        ] {
            let media = MediaType::parse(text).unwrap();
            assert_eq!(media.essence(), "text/plain");
            let charset: Vec<&str> = media.parameter("charset").collect();
            assert_eq!(charset, ["utf-16"], "{text}");
        }
    }

    #[test]
    fn what_is_not_one_media_type_is_none() {
        for text in [
            "",
            "text",
            "text/",
            "/plain",
            "text/plain, text/html",
            "te xt/plain",
            "a/b/c",
            "a/b; charset*=utf-8''x",
        ] {
            assert!(MediaType::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_quote_without_end_ends_with_the_text() {
        let media = MediaType::parse("a/b; c=\"d; charset=e").unwrap();
        assert_eq!(media.parameter("c").collect::<Vec<_>>(), ["d; charset=e"]);
        assert_eq!(media.parameter("charset").next(), None);
    }
}
