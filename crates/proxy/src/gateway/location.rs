//! What a `Location` means at the request that it answers (RFC 3986, 5.2). It decides nothing about where that leads.

use aegis_policy::Scheme;
use http::Uri;

/// Absolute, or a path and query of the same origin. `None` for what is no such reference, and for what
/// browsers read in another way than the RFC.
pub(super) fn resolved(location: &str, scheme: Scheme, path: &str) -> Option<Uri> {
    if location.contains('\\') {
        return None;
    }
    let (reference, _) = location.split_once('#').unwrap_or((location, ""));
    let first = reference.split(['/', '?']).next().unwrap_or_default();
    let absolute = if reference.starts_with("//") {
        format!("{}:{reference}", scheme.as_str())
    } else if reference.is_empty() || first.contains(':') || reference.starts_with('/') {
        reference.to_owned()
    } else if reference.starts_with('?') {
        format!("{path}{reference}")
    } else {
        beside(path, reference)
    };
    absolute.parse().ok()
}

/// A relative path takes the place of the last segment, and its dot segments are resolved.
fn beside(path: &str, reference: &str) -> String {
    let (reference, query) = match reference.split_once('?') {
        Some((reference, query)) => (reference, format!("?{query}")),
        None => (reference, String::new()),
    };
    let (folder, _) = path.rsplit_once('/').unwrap_or_default();
    let mut segments: Vec<&str> = folder.split('/').skip(1).collect();
    let mut names = reference.split('/').peekable();
    while let Some(name) = names.next() {
        let is_dots = matches!(name, "." | "..");
        if name == ".." {
            segments.pop();
        }
        if !is_dots {
            segments.push(name);
        } else if names.peek().is_none() {
            segments.push("");
        }
    }
    format!("/{}{query}", segments.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 3986, 5.4, as far as HTTP has a use for it.
    #[test]
    fn a_reference_is_resolved_as_the_rfc_has_it() {
        for (location, uri) in [
            ("g", "/b/c/g"),
            ("./g", "/b/c/g"),
            ("g/", "/b/c/g/"),
            ("/g", "/g"),
            ("//g/x", "https://g/x"),
            ("?y", "/b/c/d;p?y"),
            ("g?y", "/b/c/g?y"),
            ("g?y/../x", "/b/c/g?y/../x"),
            ("g#s/../x", "/b/c/g"),
            (";x", "/b/c/;x"),
            (".", "/b/c/"),
            ("./", "/b/c/"),
            ("..", "/b/"),
            ("../", "/b/"),
            ("../g", "/b/g"),
            ("../..", "/"),
            ("../../g", "/g"),
            ("../../../g", "/g"),
            (".g", "/b/c/.g"),
            ("./../g", "/b/g"),
            ("g/./h", "/b/c/g/h"),
            ("g/../h", "/b/c/h"),
            ("http://g/h", "http://g/h"),
        ] {
            let found = resolved(location, Scheme::Https, "/b/c/d;p");
            assert_eq!(found.unwrap().to_string(), uri, "{location}");
        }
    }

    #[test]
    fn what_is_no_such_reference_is_none() {
        for location in [
            "",
            "#s",
            "mailto:a@b.test/c",
            "http:/b/x",
            "\\\\g",
            "/\\g",
            "a b",
        ] {
            let found = resolved(location, Scheme::Https, "/b/c");
            assert_eq!(found, None, "{location}");
        }
    }
}
