//! From the written section `gateway` to what it means, with all its mistakes.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::Path;

use super::{
    GatewayService, GatewaySettings, KeyCommand, KeySource, SendAs, ServiceCredential, ServiceUrl,
    Sigv4, mirror,
};
use aegis_document::nearest;

use crate::convert::{Check, or};
use crate::names::is_place_of_a_server;
use crate::sections::Listen;

pub(crate) fn gateway(
    written: Option<mirror::Gateway>,
    base: &Path,
    listen: &Listen,
    check: &mut Check<'_>,
) -> Option<GatewaySettings> {
    let written = written?;
    let address = or(written.address, GatewaySettings::default().address);
    if address.port() != 0 && [listen.forward, listen.admin].contains(&address) {
        let message = "the gateway's port must differ from the forward and the admin port";
        check.refuse(&["gateway", "address"], message);
    }
    let mut settings = GatewaySettings::at(address);
    if written.services.is_empty() {
        check.refuse(
            &["gateway", "services"],
            "a gateway needs at least one service",
        );
    }
    for (name, service) in written.services {
        let mut place = Place {
            path: vec!["gateway", "services", &name],
            base,
            check,
        };
        if let Some(service) = place.service(service) {
            settings.services.insert(name.as_str().into(), service);
        }
    }
    Some(settings)
}

/// Where a value stands, for its mistakes.
struct Place<'p, 'd> {
    path: Vec<&'p str>,
    base: &'p Path,
    check: &'p mut Check<'d>,
}

impl<'d> Place<'_, 'd> {
    fn below<'q>(&'q mut self, key: &'q str) -> Place<'q, 'd> {
        let path = self.path.iter().copied().chain([key]).collect();
        Place {
            path,
            base: self.base,
            check: self.check,
        }
    }

    fn refuse<T>(&mut self, message: &str) -> Option<T> {
        self.check.refuse(&self.path, message);
        None
    }

    fn service(&mut self, written: mirror::Service) -> Option<GatewayService> {
        let is_name = self.path.last().is_some_and(|name| is_service_name(name));
        if !is_name {
            self.refuse::<()>(
                "a service's name has lower-case letters, digits and inner hyphens only",
            );
        }
        let plain = written.insecure_http.unwrap_or(false);
        let upstream = self.below("upstream").upstream(&written.upstream, plain);
        let credential = written
            .credential
            .map(|credential| self.below("credential").credential(credential));
        Some(GatewayService {
            upstream: upstream?,
            credential: match credential {
                Some(credential) => Some(credential?),
                None => None,
            },
        })
    }

    fn upstream(&mut self, written: &str, plain: bool) -> Option<ServiceUrl> {
        let (tls, rest) = match written.split_once("://") {
            Some(("https", rest)) => (true, rest),
            Some(("http", rest)) => (false, rest),
            _ => (true, ""),
        };
        let (authority, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
        let segments = || prefix.split('/');
        let ambiguous = segments().any(|it| it == "." || it == "..")
            || (!prefix.is_empty() && segments().any(str::is_empty));
        if !is_place_of_a_server(rest) || ambiguous {
            return self.refuse(
                "expected https://HOST[:PORT][/PREFIX], without credentials, query, dot or empty segments",
            );
        }
        if !tls && !plain && !is_loopback(authority) {
            return self.refuse(
                "a key over plain HTTP can be read on the way: write https://, or `insecure_http: true` beside it",
            );
        }
        let slash = if prefix.is_empty() { "" } else { "/" };
        Some(ServiceUrl {
            tls,
            authority: authority.into(),
            prefix: format!("{slash}{prefix}").into(),
        })
    }

    fn credential(&mut self, written: mirror::Credential) -> Option<ServiceCredential> {
        match (written.send_as, written.key, written.sigv4) {
            (Some(send_as), Some(key), None) => {
                let send_as = self.below("send_as").send_as(&send_as);
                let key = self.below("key").source(key);
                Some(ServiceCredential::Key {
                    send_as: send_as?,
                    key: key?,
                })
            }
            (None, None, Some(sigv4)) => self
                .below("sigv4")
                .sigv4(sigv4)
                .map(ServiceCredential::Sigv4),
            _ => self.refuse("expected either `send_as` and `key`, or `sigv4`"),
        }
    }

    fn send_as(&mut self, written: &str) -> Option<SendAs> {
        if written == "bearer" {
            return Some(SendAs::Bearer);
        }
        let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if written.is_empty() || !written.bytes().all(is_name) {
            return self.refuse("expected `bearer` or the name of a header in lower case");
        }
        if NO_PLACE_FOR_A_KEY.contains(&written) || written.starts_with("proxy-") {
            return self.refuse("this header cannot carry a key");
        }
        // A key in a header that nobody reads is refused by the service, which says something else.
        if nearest(written, ["bearer"]).is_some() {
            return self.refuse(
                "expected `bearer` or the name of a header: no header has this name; did you mean `bearer`?",
            );
        }
        if written == "basic" {
            return self
                .refuse("expected `bearer` or the name of a header: no header has this name");
        }
        Some(SendAs::Header(written.into()))
    }

    fn sigv4(&mut self, written: mirror::Sigv4) -> Option<Sigv4> {
        let service = written.service.unwrap_or_else(|| "bedrock".to_owned());
        for (key, name) in [("region", &written.region), ("service", &service)] {
            if !is_service_name(name) {
                self.below(key).refuse::<()>(
                    "expected a name as AWS writes it, such as eu-central-1 or bedrock",
                );
            }
        }
        let access_key_id = self.below("access_key_id").source(written.access_key_id);
        let secret_access_key = self
            .below("secret_access_key")
            .source(written.secret_access_key);
        let session_token = written
            .session_token
            .map(|source| self.below("session_token").source(source));
        Some(Sigv4 {
            region: written.region.into(),
            service: service.into(),
            access_key_id: access_key_id?,
            secret_access_key: secret_access_key?,
            session_token: match session_token {
                Some(source) => Some(source?),
                None => None,
            },
        })
    }

    fn source(&mut self, written: mirror::Source) -> Option<KeySource> {
        let timed = written.timeout.is_some() || written.cache.is_some();
        let source = match (written.file, written.env, written.command) {
            (Some(file), None, None) => KeySource::File(self.base.join(file)),
            (None, Some(name), None) if is_variable(&name) => KeySource::Env(name.into()),
            (None, Some(_), None) => {
                return self
                    .below("env")
                    .refuse("a variable's name has letters, digits and underscores only");
            }
            (None, None, Some(argv)) => {
                if argv.first().is_none_or(String::is_empty) {
                    return self.below("command").refuse("a command needs a program");
                }
                let default = KeyCommand::new(argv);
                let command = KeyCommand {
                    timeout: or(written.timeout, default.timeout),
                    cache: or(written.cache, default.cache),
                    ..default
                };
                for (key, value) in [("timeout", command.timeout), ("cache", command.cache)] {
                    let place = self.below(key);
                    place.check.duration(&place.path, value);
                }
                return Some(KeySource::Command(command));
            }
            _ => return self.refuse("exactly one of `file`, `env` and `command` is needed"),
        };
        if timed {
            return self.refuse("`timeout` and `cache` belong to a `command`");
        }
        Some(source)
    }
}

/// What can stand in a path as it is, and in a host name's label.
fn is_service_name(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&name.len())
        && name.bytes().all(is_part)
        && !name.starts_with('-')
        && !name.ends_with('-')
}

fn is_variable(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn is_loopback(authority: &str) -> bool {
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => host,
        _ => authority,
    };
    let in_brackets = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    host == "localhost"
        || host.parse().is_ok_and(|it: Ipv4Addr| it.is_loopback())
        || in_brackets
            .and_then(|address| address.parse().ok())
            .is_some_and(|it: Ipv6Addr| it.is_loopback())
}

/// They belong to the message or to its way, and are set or removed after the key.
const NO_PLACE_FOR_A_KEY: [&str; 14] = [
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "te",
    "traceparent",
    "tracestate",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];
