//! Keys that sign and keys that are trusted; shows no private key and takes no algorithm from a token.

use std::fmt;
use std::str::FromStr;

use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair,
    Ed25519KeyPair, KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair,
    UnparsedPublicKey, VerificationAlgorithm,
};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{PrivatePkcs8KeyDer, SubjectPublicKeyInfoDer};
use thiserror::Error;
use x509_parser::oid_registry::{
    OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_PKCS1_RSAENCRYPTION, OID_SIG_ED25519,
};
use x509_parser::prelude::FromDer;
use x509_parser::x509::SubjectPublicKeyInfo;

use crate::token::MAX_KEY_ID;

/// How a bundle is signed, by the names of RFC 7518 and RFC 8037. Where OPA's own loader is to verify
/// it, take `ES256` or `RS256`: its documentation of bundle keys does not list `EdDSA`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Ed25519: the same input makes the same signature.
    EdDsa,
    /// ECDSA on P-256 with SHA-256, with a random nonce: every signature is another.
    Es256,
    /// RSA PKCS #1 v1.5 with SHA-256, 2048 bits or more: the same input makes the same signature.
    Rs256,
}

impl Algorithm {
    pub fn name(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
        }
    }

    fn verification(self) -> &'static dyn VerificationAlgorithm {
        match self {
            Self::EdDsa => &ED25519,
            Self::Es256 => &ECDSA_P256_SHA256_FIXED,
            Self::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
        }
    }

    fn fits(self, key: &SubjectPublicKeyInfo<'_>) -> bool {
        let kind = &key.algorithm.algorithm;
        let curve = || key.algorithm.parameters.as_ref()?.as_oid().ok();
        match self {
            Self::EdDsa => *kind == OID_SIG_ED25519,
            Self::Es256 => *kind == OID_KEY_TYPE_EC_PUBLIC_KEY && curve() == Some(OID_EC_P256),
            Self::Rs256 => {
                let bits = key.parsed().map_or(0, |key| key.key_size());
                *kind == OID_PKCS1_RSAENCRYPTION && RSA_BITS.contains(&bits)
            }
        }
    }
}

impl FromStr for Algorithm {
    type Err = KeyError;

    fn from_str(name: &str) -> Result<Self, KeyError> {
        [Self::EdDsa, Self::Es256, Self::Rs256]
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
            .ok_or(KeyError::UnknownAlgorithm)
    }
}

/// Why a key cannot be used. Says nothing of the key itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeyError {
    #[error("the algorithm is none of EdDSA, ES256 and RS256")]
    UnknownAlgorithm,
    #[error("the id of a key must have 1 to {MAX_KEY_ID} bytes")]
    BadId,
    #[error("the key is not PEM of the kind `{label}`")]
    NotPem { label: &'static str },
    #[error("the key is not one for {}, or too short", algorithm.name())]
    WrongKind { algorithm: Algorithm },
}

/// A public key whose signatures count, under the one algorithm that is configured for it.
#[derive(Clone, PartialEq, Eq)]
pub struct TrustedKey {
    id: String,
    algorithm: Algorithm,
    /// As ring takes it: the contents of the bit string of the SPKI.
    key: Vec<u8>,
}

impl TrustedKey {
    /// `pem` is a `PUBLIC KEY` (SPKI, RFC 5280).
    pub fn from_pem(id: &str, algorithm: Algorithm, pem: &str) -> Result<Self, KeyError> {
        let wrong = KeyError::WrongKind { algorithm };
        let label = "PUBLIC KEY";
        let der = SubjectPublicKeyInfoDer::from_pem_slice(pem.as_bytes())
            .map_err(|_| KeyError::NotPem { label })?;
        let (rest, key) = SubjectPublicKeyInfo::from_der(&der).map_err(|_| wrong)?;
        if !rest.is_empty() || !algorithm.fits(&key) {
            return Err(wrong);
        }
        Ok(Self {
            id: checked(id)?,
            algorithm,
            key: key.subject_public_key.data.into_owned(),
        })
    }

    pub fn id(&self) -> &str {
        &self.id
    }

    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The contents of the bit string of the SPKI (RFC 5280): an Ed25519 key, an uncompressed point
    /// on P-256, or `RSAPublicKey` in DER.
    pub fn public_key(&self) -> &[u8] {
        &self.key
    }

    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(self.algorithm.verification(), &self.key)
            .verify(message, signature)
            .is_ok()
    }
}

impl fmt::Debug for TrustedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrustedKey")
            .field("id", &self.id)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

/// A private key that signs bundles.
pub struct Signer {
    id: String,
    pair: Pair,
    random: SystemRandom,
}

enum Pair {
    EdDsa(Ed25519KeyPair),
    Es256(EcdsaKeyPair),
    Rs256(Box<RsaKeyPair>),
}

impl Signer {
    /// `pem` is a `PRIVATE KEY` (PKCS #8, RFC 5208), not encrypted.
    pub fn from_pem(id: &str, algorithm: Algorithm, pem: &str) -> Result<Self, KeyError> {
        let wrong = |_| KeyError::WrongKind { algorithm };
        let label = "PRIVATE KEY";
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes())
            .map_err(|_| KeyError::NotPem { label })?;
        let der = der.secret_pkcs8_der();
        let random = SystemRandom::new();
        let pair = match algorithm {
            // Version 1, as OpenSSL writes it, has no public key to compare with.
            Algorithm::EdDsa => Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map(Pair::EdDsa),
            Algorithm::Es256 => {
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der, &random)
                    .map(Pair::Es256)
            }
            Algorithm::Rs256 => RsaKeyPair::from_pkcs8(der).map(|pair| Pair::Rs256(Box::new(pair))),
        };
        Ok(Self {
            id: checked(id)?,
            pair: pair.map_err(wrong)?,
            random,
        })
    }

    pub fn id(&self) -> &str {
        &self.id
    }

    pub fn algorithm(&self) -> Algorithm {
        match self.pair {
            Pair::EdDsa(_) => Algorithm::EdDsa,
            Pair::Es256(_) => Algorithm::Es256,
            Pair::Rs256(_) => Algorithm::Rs256,
        }
    }

    /// The public half, so that whoever signs can open what it made before it hands it out.
    pub fn trusted_key(&self) -> TrustedKey {
        let key = match &self.pair {
            Pair::EdDsa(pair) => pair.public_key().as_ref(),
            Pair::Es256(pair) => pair.public_key().as_ref(),
            Pair::Rs256(pair) => pair.public_key().as_ref(),
        };
        TrustedKey {
            id: self.id.clone(),
            algorithm: self.algorithm(),
            key: key.to_vec(),
        }
    }

    /// `None` if the system has no random numbers to give.
    pub(crate) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        match &self.pair {
            Pair::EdDsa(pair) => Some(pair.sign(message).as_ref().to_vec()),
            Pair::Es256(pair) => {
                let signature = pair.sign(&self.random, message).ok()?;
                Some(signature.as_ref().to_vec())
            }
            Pair::Rs256(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &self.random, message, &mut signature)
                    .ok()?;
                Some(signature)
            }
        }
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("id", &self.id)
            .field("algorithm", &self.algorithm())
            .finish_non_exhaustive()
    }
}

fn checked(id: &str) -> Result<String, KeyError> {
    match id.len() {
        1..=MAX_KEY_ID => Ok(id.to_owned()),
        _ => Err(KeyError::BadId),
    }
}

/// What ring verifies.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
