//! One member of the W3C `baggage` header, taken out and put in. What it says is not looked at.

use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::percent_decode;

/// Takes out every member that some reader would take for ours; their values, as far as they are text.
pub(super) fn take(headers: &mut HeaderMap) -> Vec<String> {
    let is_there = |value: &HeaderValue| members(value).any(is_ours);
    if !headers.get_all(BAGGAGE).iter().any(is_there) {
        return Vec::new();
    }
    let values: Vec<HeaderValue> = headers.get_all(BAGGAGE).iter().cloned().collect();
    headers.remove(BAGGAGE);
    let mut found = Vec::new();
    for value in values {
        let (ours, others): (Vec<&[u8]>, Vec<&[u8]>) = members(&value).partition(|it| is_ours(it));
        found.extend(ours.into_iter().map(said));
        // What is left over of a valid value is one.
        if let Ok(rest) = HeaderValue::from_bytes(&others.join(&b","[..]))
            && !rest.is_empty()
        {
            headers.append(BAGGAGE, rest);
        }
    }
    found
}

/// The first member, so that whoever reads a part of the list only reads this one.
pub(super) fn put(headers: &mut HeaderMap, value: &str) {
    let mut whole = format!("{MEMBER}={value}").into_bytes();
    for other in headers.get_all(BAGGAGE) {
        whole.push(b',');
        whole.extend_from_slice(other.as_bytes());
    }
    if let Ok(whole) = HeaderValue::from_bytes(&whole) {
        headers.insert(BAGGAGE, whole);
    }
}

fn members(value: &HeaderValue) -> impl Iterator<Item = &[u8]> {
    value.as_bytes().split(|byte| *byte == b',')
}

/// Propagators decode the key, some with `+` as a space, and may write it in another way again.
fn is_ours(member: &[u8]) -> bool {
    let key = member
        .split(|byte| *byte == b'=')
        .next()
        .unwrap_or_default();
    let decoded: Vec<u8> = percent_decode(key).collect();
    let is_space = |byte: &u8| byte.is_ascii_whitespace() || *byte == b'+';
    let from = decoded.iter().position(|byte| !is_space(byte));
    let to = decoded.iter().rposition(|byte| !is_space(byte));
    let name = from.zip(to).and_then(|(from, to)| decoded.get(from..=to));
    name.is_some_and(|name| name.eq_ignore_ascii_case(MEMBER.as_bytes()))
}

/// The value without properties.
fn said(member: &[u8]) -> String {
    let mut parts = member.splitn(2, |byte| *byte == b'=').skip(1);
    let value = parts.next().unwrap_or_default();
    let value = value.split(|byte| *byte == b';').next().unwrap_or_default();
    String::from_utf8_lossy(value.trim_ascii()).into_owned()
}

const BAGGAGE: HeaderName = HeaderName::from_static("baggage");
const MEMBER: &str = "aegis-chain";
