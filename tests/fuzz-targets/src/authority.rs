//! Names of hosts, and paths: one spelling each, which other readers take for the same.

use aegis_policy::{Authority, Host, decoded_segments};

/// An authority, or a path where it begins with a slash.
pub fn authority(input: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(input) else {
        return false;
    };
    if text.starts_with('/') {
        return path(text);
    }
    let Ok(authority) = Authority::parse(text, DEFAULT_PORT) else {
        return false;
    };
    let shown = authority.to_string();
    assert_eq!(
        Authority::parse(&shown, DEFAULT_PORT).as_ref(),
        Ok(&authority)
    );
    assert_eq!(shown, shown.to_ascii_lowercase());
    let read = shown.parse::<http::uri::Authority>().ok();
    let host = authority.host().to_string();
    assert_eq!(read.as_ref().map(http::uri::Authority::host), Some(&*host));
    let port = read.and_then(|read| read.port_u16());
    assert_eq!(port, Some(authority.port()));
    let candidates = authority.host().candidates();
    assert_eq!(candidates.first(), Some(&host));
    assert!(candidates.iter().all(|candidate| host.ends_with(candidate)));
    let is_address = matches!(authority.host(), Host::Address(_));
    assert!(!is_address || candidates.len() == 1);
    true
}

/// Decoded segments have nothing by which a server could leave the place that they name.
fn path(text: &str) -> bool {
    let Ok(segments) = decoded_segments(text) else {
        return false;
    };
    for segment in &segments {
        assert!(!segment.contains(['/', '\\', '\0']));
        assert!(segment != "." && segment != "..");
    }
    true
}

const DEFAULT_PORT: u16 = 443;
