//! Paths as the most lenient servers read them: to find what one of them may be asked for. It judges nothing.
//!
//! Servers decode once or twice, some take a backslash for a slash, and some cut off what is behind
//! `;`, a NUL or an encoded `?` or `#`, blanks, or dots at the end of a name.

use percent_encoding::percent_decode_str;

/// What `at` sees in the segments of the path, decoded once, or else in what only some servers make of them; whether
/// it was the latter.
pub(crate) fn find<T>(path: &str, at: impl Fn(&[&str]) -> Option<T>) -> Option<(T, bool)> {
    let decoded = percent_decode_str(path).decode_utf8_lossy();
    let segments: Vec<&str> = decoded.split('/').filter(|it| !it.is_empty()).collect();
    if let Some(found) = at(&segments) {
        return Some((found, false));
    }
    if is_plain(path) {
        return None;
    }
    let resolved = resolved(path);
    let segments: Vec<&str> = resolved.iter().map(String::as_str).collect();
    at(&segments).map(|found| (found, true))
}

/// Whether nothing is left to resolve: every server finds the same segments in it.
fn is_plain(path: &str) -> bool {
    let special = |byte: u8| !byte.is_ascii_graphic() || b"%\\;?#".contains(&byte);
    !path.bytes().any(special) && !path.split('/').any(|segment| segment.ends_with('.'))
}

/// The segments that are left when dot segments are resolved; no empty ones are among them.
pub(crate) fn resolved(path: &str) -> Vec<String> {
    let mut segments = Vec::new();
    for name in names(path) {
        match name.as_str() {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            _ => segments.push(name),
        }
    }
    segments
}

/// Whether some server reads a dot segment in the path.
pub fn climbs(path: &str) -> bool {
    names(path).any(|name| name == "." || name == "..")
}

fn names(path: &str) -> impl Iterator<Item = String> {
    path.split('/').flat_map(|segment| {
        let once = percent_decode_str(segment).decode_utf8_lossy();
        let twice = percent_decode_str(&once).decode_utf8_lossy();
        let parts = twice.split(['/', '\\']).map(name);
        parts.collect::<Vec<_>>()
    })
}

fn name(part: &str) -> String {
    let name = part.split([';', '?', '#', '\0']).next().unwrap_or_default();
    let blank = |c: char| c.is_whitespace() || c.is_control();
    let name = name.trim_matches(blank);
    if name.bytes().all(|byte| byte == b'.') {
        return name.to_owned();
    }
    name.trim_end_matches(|c| c == '.' || blank(c)).to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_spelling_of_a_path_resolves_to_it() {
        for path in [
            "/a/b",
            "//a///b/",
            "/x/../a/b",
            "/../a/./b/.",
            "/a/%2e/b",
            "/a/%252e%252e/a/b",
            "/a%2fb",
            "/a%252Fb",
            "/a\\b",
            "/a/x\\..\\b",
            "/a;x=1/b;y",
            "/a/..;z/a/b",
            "/a/b%00",
            "/a/b%00c",
            "/a/b%20",
            "/a/b.",
            "/a./b%2e.%20.",
            "/a/%09b%250a",
            "/a/b%3Fc=d",
            "/a/b%2523c",
        ] {
            assert_eq!(resolved(path), ["a", "b"], "{path}");
        }
        for path in ["/a/c", "/a/b/c", "/a/b/..", "/a.b", "/a/.b", "/a/b/..."] {
            assert_ne!(resolved(path), ["a", "b"], "{path}");
        }
    }

    proptest! {
        #[test]
        fn nothing_is_resolved_in_a_plain_path(path in "[a-c/.:~%2\\\\;?# \\tä-]{0,12}") {
            let segments: Vec<&str> = path.split('/').filter(|it| !it.is_empty()).collect();
            if is_plain(&path) {
                prop_assert_eq!(resolved(&path), segments);
            }
        }
    }

    #[test]
    fn what_only_some_servers_find_is_found_last() {
        let at = |segments: &[&str]| (segments == ["a", "b"]).then_some(());
        assert_eq!(find("/a/b", at), Some(((), false)));
        assert_eq!(find("/%61//b", at), Some(((), false)));
        assert_eq!(find("/a/./b.", at), Some(((), true)));
        assert_eq!(find("/a/c", at), None);
    }

    #[test]
    fn a_dot_segment_is_seen_in_every_spelling() {
        for path in [
            "/.",
            "/a/..",
            "/%2e%2E/",
            "/a%252f..",
            "/..;x",
            "/..%20/",
            "a\\..\\b",
        ] {
            assert!(climbs(path), "{path}");
        }
        for path in ["", "/", "/...", "/a.b/.c/d..", "/a;..", "/%2e%2e%2e"] {
            assert!(!climbs(path), "{path}");
        }
    }
}
