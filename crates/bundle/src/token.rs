//! `.signatures.json` and the one token in it, as OPA writes them (JWS, RFC 7515); hashes no files itself.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::BundleError;
use crate::files::SignedFile;
use crate::keys::{Signer, TrustedKey};

/// What a signature states, once it has been verified.
#[derive(Debug)]
pub(crate) struct Statement {
    pub(crate) key: String,
    pub(crate) scope: String,
    pub(crate) files: Vec<SignedFile>,
}

/// The text of `.signatures.json`.
pub(crate) fn sign(
    files: Vec<SignedFile>,
    scope: String,
    signer: &Signer,
) -> Result<Vec<u8>, BundleError> {
    let failed = || BundleError::SigningFailed {
        key: signer.id().to_owned(),
    };
    let header = Header {
        alg: signer.algorithm().name().to_owned(),
        kid: signer.id().to_owned(),
        typ: Some(TYPE.to_owned()),
    };
    let payload = Payload {
        files,
        scope,
        keyid: None,
        iss: None,
        iat: None,
    };
    let mut token = encode(&header).ok_or_else(failed)?;
    token.push('.');
    token.push_str(&encode(&payload).ok_or_else(failed)?);
    let signature = signer.sign(token.as_bytes()).ok_or_else(failed)?;
    token.push('.');
    token.push_str(&URL_SAFE_NO_PAD.encode(signature));
    let signatures = Signatures {
        signatures: vec![token],
    };
    serde_json::to_vec(&signatures).map_err(|_| failed())
}

/// The key is chosen by its id, the algorithm by the key. The header's word on the algorithm is
/// only compared with that, so that nothing can be verified under another one.
pub(crate) fn verify(text: &[u8], keys: &[TrustedKey]) -> Result<Statement, BundleError> {
    let Signatures { signatures } =
        serde_json::from_slice(text).map_err(|_| BundleError::SignaturesMalformed {
            problem: "it must be an object with the list `signatures` and nothing else",
        })?;
    let [token] = signatures.as_slice() else {
        let count = signatures.len();
        return Err(BundleError::SignatureCount { count });
    };
    let malformed = |problem| BundleError::TokenMalformed { problem };
    let (message, signature) = token.rsplit_once('.').ok_or(malformed(NOT_THREE))?;
    let (header, payload) = message.split_once('.').ok_or(malformed(NOT_THREE))?;
    if payload.contains('.') {
        return Err(malformed(NOT_THREE));
    }
    let header: Header = decode(header).ok_or(malformed("its header cannot be read"))?;
    if header.typ.is_some_and(|typ| typ != TYPE) {
        return Err(malformed("it is of another type than `JWT`"));
    }
    let key = header.kid;
    if key.len() > MAX_KEY_ID {
        return Err(malformed("its key id is longer than 128 bytes"));
    }
    let Some(trusted) = keys.iter().find(|trusted| trusted.id() == key) else {
        return Err(BundleError::UntrustedKey { key });
    };
    if header.alg != trusted.algorithm().name() {
        return Err(BundleError::AlgorithmMismatch { key });
    }
    let signature = URL_SAFE_NO_PAD.decode(signature);
    let signature = signature.map_err(|_| malformed("its signature cannot be read"))?;
    if !trusted.verifies(message.as_bytes(), &signature) {
        return Err(BundleError::SignatureInvalid { key });
    }
    let payload: Payload = decode(payload).ok_or(malformed("its payload cannot be read"))?;
    if payload.keyid.is_some_and(|id| id != key) {
        return Err(malformed("it names two keys"));
    }
    Ok(Statement {
        key,
        scope: payload.scope,
        files: payload.files,
    })
}

/// Another field, such as OPA's `plugin`, would change how the signature is verified.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signatures {
    signatures: Vec<String>,
}

/// No `crit`, no embedded or linked key: a field that is not known is refused.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    kid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    typ: Option<String>,
}

/// `iss` and `iat` may be there, as OPA has them, and mean nothing: the manifest has the times.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload {
    files: Vec<SignedFile>,
    scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    keyid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iat: Option<i64>,
}

fn encode(value: &impl Serialize) -> Option<String> {
    let text = serde_json::to_vec(value).ok()?;
    Some(URL_SAFE_NO_PAD.encode(text))
}

fn decode<T: DeserializeOwned>(part: &str) -> Option<T> {
    let text = URL_SAFE_NO_PAD.decode(part).ok()?;
    serde_json::from_slice(&text).ok()
}

/// The id of a key that is not trusted is repeated in an error.
pub(crate) const MAX_KEY_ID: usize = 128;

const TYPE: &str = "JWT";
const NOT_THREE: &str = "it does not have three parts";
