//! The keys of the section `gateway` as data.

use super::{GatewaySettings, KeyCommand};
use crate::reference::{Fallback, Key, duration, key, literal};

/// `NAME` stands for a name that the operator chooses.
pub(crate) fn keys() -> Vec<Key> {
    let sections: [&[Key]; 3] = [&services(), &keys_of_services(), &signatures()];
    sections.concat()
}

fn services() -> [Key; 4] {
    [
        key(
            "gateway.address",
            "address:port",
            literal(GatewaySettings::default().address),
            "The gateway, whose clients change their base URL only. Without the section there is none. Speaks TLS where the section `listen.tls` is. Port 0 lets the system choose.",
        ),
        key(
            "gateway.services.NAME.upstream",
            "URL",
            Fallback::Required,
            "Where `/NAME/…` goes: `https://HOST[:PORT][/PREFIX]`. `http://` on loopback only. A name has lower-case letters, digits and inner hyphens.",
        ),
        key(
            "gateway.services.NAME.insecure_http",
            "`true` or `false`",
            literal(false),
            "`true`: the upstream may be `http://` although it is not on loopback; its key can be read on the way.",
        ),
        key(
            "gateway.services.NAME.credential.send_as",
            "`bearer` or header",
            Fallback::Derived("with `key`"),
            "Where the service's key is put: `Authorization: Bearer KEY`, or the whole value of a header such as `x-api-key`. Without the section `credential` nothing is put.",
        ),
    ]
}

fn keys_of_services() -> [Key; 5] {
    let command = KeyCommand::new(Vec::new());
    let one_of_three = Fallback::Derived("one of the three");
    [
        key(
            "gateway.services.NAME.credential.key.file",
            "file",
            one_of_three.clone(),
            "Its first line is the key. Read for every call.",
        ),
        key(
            "gateway.services.NAME.credential.key.env",
            "variable",
            one_of_three.clone(),
            "A variable of the proxy's environment that holds the key.",
        ),
        key(
            "gateway.services.NAME.credential.key.command",
            "list of texts",
            one_of_three,
            "A program and its arguments, run without a shell. The first line that it prints is the key.",
        ),
        key(
            "gateway.services.NAME.credential.key.timeout",
            "duration",
            duration(command.timeout),
            "For the command to end.",
        ),
        key(
            "gateway.services.NAME.credential.key.cache",
            "duration",
            duration(command.cache),
            "How long what the command printed is used.",
        ),
    ]
}

fn signatures() -> [Key; 5] {
    [
        key(
            "gateway.services.NAME.credential.sigv4.region",
            "name",
            Fallback::Required,
            "Instead of `send_as` and `key`: requests are signed for this region of AWS (Signature Version 4).",
        ),
        key(
            "gateway.services.NAME.credential.sigv4.service",
            "name",
            literal("bedrock"),
            "The name that the service signs under.",
        ),
        key(
            "gateway.services.NAME.credential.sigv4.access_key_id",
            "mapping, as `key`",
            Fallback::Required,
            "The access key's id: `file`, `env` or `command`.",
        ),
        key(
            "gateway.services.NAME.credential.sigv4.secret_access_key",
            "mapping, as `key`",
            Fallback::Required,
            "The secret access key.",
        ),
        key(
            "gateway.services.NAME.credential.sigv4.session_token",
            "mapping, as `key`",
            Fallback::Absent,
            "The session token of temporary credentials.",
        ),
    ]
}
