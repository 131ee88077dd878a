//! Signs requests to AWS, Signature Version 4. The request must not change afterwards.

use std::time::SystemTime;

use aegis_config::Sigv4;
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use http::{HeaderName, header};

use super::credential::{Unproven, sensitive};
use super::key::Key;
use crate::body::RequestBody;
use crate::sha256::sha256;

pub(super) struct Signer {
    region: String,
    service: String,
    access_key_id: Key,
    secret_access_key: Key,
    session_token: Option<Key>,
}

impl Signer {
    pub(super) fn new(settings: &Sigv4) -> Self {
        Self {
            region: settings.region.to_string(),
            service: settings.service.to_string(),
            access_key_id: Key::new(&settings.access_key_id),
            secret_access_key: Key::new(&settings.secret_access_key),
            session_token: settings.session_token.as_ref().map(Key::new),
        }
    }

    pub(super) async fn sign(
        &self,
        request: &mut http::Request<RequestBody>,
    ) -> Result<(), Unproven> {
        let digest = sha256(request.body().complete().ok_or(Unproven::Body)?);
        let identity = self.credentials().await?.into();
        let params = SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(&self.service)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|_| Unproven::Signing)?
            .into();
        let uri = request.uri().to_string();
        // Not all headers: the hop to AWS may still change some. The body only as its hash.
        let signed = request.headers().iter().filter(|(name, _)| is_signed(name));
        let signed = signed.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let body = SignableBody::Precomputed(hex::encode(digest));
        let signable = SignableRequest::new(request.method().as_str(), uri, signed, body);
        let signature = signable.and_then(|signable| sign(signable, &params));
        let (instructions, _) = signature.map_err(|_| Unproven::Signing)?.into_parts();
        for (name, value) in instructions.headers() {
            let name = HeaderName::try_from(name).map_err(|_| Unproven::Header)?;
            request.headers_mut().insert(name, sensitive(value)?);
        }
        Ok(())
    }

    async fn credentials(&self) -> Result<Credentials, Unproven> {
        let id = self.access_key_id.read().await?;
        let secret = self.secret_access_key.read().await?;
        let token = match &self.session_token {
            Some(token) => Some(token.read().await?.to_string()),
            None => None,
        };
        Ok(Credentials::new(&**id, &**secret, token, None, "settings"))
    }
}

fn is_signed(name: &HeaderName) -> bool {
    *name == header::CONTENT_TYPE || name.as_str().starts_with("x-amz")
}
