//! The one strict form of `host:port`, made once and used for policy, DNS, dial, SNI, `Host` and audit.
//!
//! Everything that names a destination is parsed here or refused; two spellings of one host can
//! never reach two different parts of the line.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

/// A destination name: a canonical host and a port, never zero.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Authority {
    host: Host,
    port: u16,
}

/// A canonical host: a lower-case DNS name without a trailing dot, or an address literal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    Name(Arc<str>),
    Address(IpAddr),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthorityError {
    #[error("the host is empty")]
    Empty,
    #[error("the host is longer than 253 characters or has a label longer than 63")]
    TooLong,
    #[error(
        "the host has a character that no DNS name may have; international names are written as xn--"
    )]
    Character,
    #[error("the host has an empty label, or a label that starts or ends with a hyphen")]
    Label,
    #[error(
        "the host looks like an address but is not one in plain form (four decimal numbers, or [IPv6])"
    )]
    AmbiguousAddress,
    #[error("the port is not a number from 1 to 65535")]
    Port,
    #[error("user information before the host is not accepted")]
    UserInfo,
}

impl Authority {
    pub fn new(host: Host, port: u16) -> Result<Self, AuthorityError> {
        if port == 0 {
            return Err(AuthorityError::Port);
        }
        Ok(Self { host, port })
    }

    /// Reads `host`, `host:port` or `[v6]:port`; without a port, `default_port` is meant.
    pub fn parse(text: &str, default_port: u16) -> Result<Self, AuthorityError> {
        if text.contains('@') {
            return Err(AuthorityError::UserInfo);
        }
        let (host, port) = split_port(text)?;
        let port = match port {
            Some(digits) => parse_port(digits)?,
            None => default_port,
        };
        Self::new(Host::parse(host)?, port)
    }

    pub fn host(&self) -> &Host {
        &self.host
    }

    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Host {
    /// Reads a DNS name, an IPv4 address in four decimal parts, or an IPv6 address in brackets.
    ///
    /// RFC 952 and 1123 letters, digits and hyphens, plus the underscore that real services use.
    /// Shorthand, octal and hexadecimal IPv4 forms (`127.1`, `0177.0.0.1`, `0x7f.1`) are refused:
    /// resolvers disagree about them.
    pub fn parse(text: &str) -> Result<Self, AuthorityError> {
        if let Some(inner) = text
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            let address: Ipv6Addr = inner
                .parse()
                .map_err(|_| AuthorityError::AmbiguousAddress)?;
            // One address, one spelling: `[::ffff:a.b.c.d]` is the IPv4 address that the kernel would dial.
            return Ok(Self::Address(IpAddr::V6(address).to_canonical()));
        }
        let name = text.strip_suffix('.').unwrap_or(text);
        if name.is_empty() {
            return Err(AuthorityError::Empty);
        }
        if name.len() > 253 {
            return Err(AuthorityError::TooLong);
        }
        if let Ok(address) = name.parse::<Ipv4Addr>() {
            return Ok(Self::Address(IpAddr::V4(address)));
        }
        name.split('.').try_for_each(check_label)?;
        if looks_numeric(name) {
            return Err(AuthorityError::AmbiguousAddress);
        }
        Ok(Self::Name(name.to_ascii_lowercase().into()))
    }

    /// The host and every suffix of it that a rule may name: `a.b.c` gives `a.b.c`, `.b.c`, `.c`.
    /// An address has no suffixes.
    pub fn candidates(&self) -> Vec<String> {
        let whole = self.to_string();
        let mut found = Vec::with_capacity(4);
        if let Self::Name(name) = self {
            found.extend(
                name.match_indices('.')
                    .filter_map(|(at, _)| name.get(at..).map(str::to_owned)),
            );
        }
        found.insert(0, whole);
        found
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Address(IpAddr::V4(address)) => write!(f, "{address}"),
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
        }
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

fn split_port(text: &str) -> Result<(&str, Option<&str>), AuthorityError> {
    if text.starts_with('[') {
        let end = text.find(']').ok_or(AuthorityError::AmbiguousAddress)?;
        let (host, rest) = text.split_at(end + 1);
        return match rest.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if rest.is_empty() => Ok((host, None)),
            None => Err(AuthorityError::Character),
        };
    }
    match text.split_once(':') {
        Some((_, port)) if port.contains(':') => Err(AuthorityError::AmbiguousAddress),
        Some((host, port)) => Ok((host, Some(port))),
        None => Ok((text, None)),
    }
}

fn parse_port(digits: &str) -> Result<u16, AuthorityError> {
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(AuthorityError::Port);
    }
    digits.parse().map_err(|_| AuthorityError::Port)
}

fn check_label(label: &str) -> Result<(), AuthorityError> {
    if label.len() > 63 {
        return Err(AuthorityError::TooLong);
    }
    if !label
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    {
        return Err(AuthorityError::Character);
    }
    if label.is_empty() || label.starts_with('-') || label.ends_with('-') {
        return Err(AuthorityError::Label);
    }
    Ok(())
}

/// WHATWG's rule: a name whose last label is a number is meant as an IPv4 address.
fn looks_numeric(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    let hex = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    last.bytes().all(|b| b.is_ascii_digit())
        || hex.is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests;
