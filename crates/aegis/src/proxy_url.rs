//! The proxy's URL as clients take it, with the credential inside. Its `Debug` form hides the secret.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use http::Uri;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::exit::{Exit, Failure};
use crate::secret::Secret;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProxyUrl {
    scheme: String,
    host: String,
    port: u16,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum ProxyUrlError {
    #[error("expected http://HOST:PORT or https://HOST:PORT")]
    Form,
    #[error("a secret does not belong on the command line: use --credential and --secret-file")]
    Credential,
}

/// A URL with a credential in it. Displayed only where a user asked for it.
#[derive(Clone)]
pub(crate) struct SecretUrl(String);

impl ProxyUrl {
    /// As an argument. The parser of arguments does not read it, since it repeats what it refuses.
    pub(crate) fn given(text: &str) -> Result<Self, Failure> {
        let read = text.parse();
        read.map_err(|error| Failure::new(Exit::Usage, format!("--proxy: {error}")))
    }

    /// Where this machine reaches a listener; one that listens everywhere is reached on loopback.
    pub(crate) fn of_listener(address: SocketAddr, tls: bool) -> Self {
        let ip = match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        let scheme = if tls { "https" } else { "http" };
        let host = match ip {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        };
        Self {
            scheme: scheme.to_owned(),
            host,
            port: address.port(),
        }
    }

    /// `HOST:PORT`.
    pub(crate) fn address(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    pub(crate) fn is_loopback(&self) -> bool {
        let host = self.host.trim_matches(['[', ']']);
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }

    pub(crate) fn speaks_tls(&self) -> bool {
        self.scheme == "https"
    }

    pub(crate) fn with(&self, credential: Option<(&str, &Secret)>) -> SecretUrl {
        let user = credential.map(|(id, secret)| {
            let (id, secret) = (encoded(id), encoded(secret.expose()));
            format!("{id}:{secret}@")
        });
        SecretUrl(format!(
            "{}://{}{}",
            self.scheme,
            user.unwrap_or_default(),
            self.address()
        ))
    }
}

impl FromStr for ProxyUrl {
    type Err = ProxyUrlError;

    fn from_str(text: &str) -> Result<Self, ProxyUrlError> {
        let uri = Uri::from_str(text).map_err(|_| ProxyUrlError::Form)?;
        let (scheme, authority) = (uri.scheme_str(), uri.authority());
        let (Some(scheme @ ("http" | "https")), Some(authority)) = (scheme, authority) else {
            return Err(ProxyUrlError::Form);
        };
        if authority.as_str().contains('@') {
            return Err(ProxyUrlError::Credential);
        }
        let port = authority
            .port_u16()
            .filter(|port| *port != 0)
            .ok_or(ProxyUrlError::Form)?;
        if uri.path() != "/" || uri.query().is_some() {
            return Err(ProxyUrlError::Form);
        }
        Ok(Self {
            scheme: scheme.to_owned(),
            host: authority.host().to_owned(),
            port,
        })
    }
}

impl fmt::Display for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.address())
    }
}

impl SecretUrl {
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretUrl(…)")
    }
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

/// All but the unreserved characters of RFC 3986, 2.3.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_a_scheme_a_host_and_a_port_and_nothing_else() {
        for good in [
            "http://127.0.0.1:3128",
            "https://proxy.example:443/",
            "http://[::1]:3128",
        ] {
            assert!(good.parse::<ProxyUrl>().is_ok(), "{good}");
        }
        let bad = [
            "127.0.0.1:3128",
            "http://proxy.example",
            "ftp://a:1",
            "http://a:1/path",
            "",
        ];
        for bad in bad {
            assert_eq!(bad.parse::<ProxyUrl>(), Err(ProxyUrlError::Form), "{bad}");
        }
    }

    #[test]
    fn a_secret_in_the_argument_is_refused() {
        let parsed = "http://id:secret@127.0.0.1:3128".parse::<ProxyUrl>();
        assert_eq!(parsed, Err(ProxyUrlError::Credential));
    }

    #[test]
    fn what_listens_everywhere_is_reached_on_loopback() {
        let everywhere = "0.0.0.0:3128".parse().unwrap();
        let url = ProxyUrl::of_listener(everywhere, true);
        assert_eq!(url.to_string(), "https://127.0.0.1:3128");
        assert!(url.is_loopback());
    }
}
