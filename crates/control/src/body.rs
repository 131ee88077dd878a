//! Bodies of requests, read within a limit and a time, and made into what they should be. Repeats nothing of them in errors.

use std::error::Error;
use std::io::Read as _;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::Query;
use bytes::Bytes;
use flate2::read::GzDecoder;
use http::{HeaderMap, Uri, header};
use http_body_util::LengthLimitError;
use serde::de::DeserializeOwned;

use crate::error::Fault;

/// How much of a body is read, and for how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) bytes: usize,
    pub(crate) time: Duration,
}

pub(crate) async fn json<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: Body,
    bounds: Bounds,
) -> Result<T, Fault> {
    if !matches!(encoding(headers)?, Encoding::Identity) {
        return Err(Fault::Encoding);
    }
    let bytes = read(body, bounds).await?;
    parse(&bytes)
}

/// As it comes or unpacked from gzip, the latter up to `unpacked` bytes.
pub(crate) async fn maybe_gzip(
    headers: &HeaderMap,
    body: Body,
    bounds: Bounds,
    unpacked: usize,
) -> Result<Vec<u8>, Fault> {
    let encoding = encoding(headers)?;
    let bytes = read(body, bounds).await?;
    if matches!(encoding, Encoding::Identity) {
        return Ok(bytes.into());
    }
    let inflated = tokio::task::spawn_blocking(move || inflate(&bytes, unpacked)).await;
    inflated.map_err(|_| Fault::Internal("unpacking was cut short"))?
}

/// A mistake is told by its place: its text may be anything.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Fault> {
    serde_json::from_slice(bytes).map_err(|error| {
        let what = match error.classify() {
            serde_json::error::Category::Data => "the JSON is not what /openapi.json asks for",
            _ => "the body is not JSON",
        };
        let place = format!("{what}: line {}, column {}", error.line(), error.column());
        Fault::Malformed(place.into())
    })
}

pub(crate) fn query<T: DeserializeOwned>(uri: &Uri) -> Result<T, Fault> {
    let query = Query::try_from_uri(uri);
    let Query(query) = query
        .map_err(|_| Fault::Malformed("the query is not what /openapi.json asks for".into()))?;
    Ok(query)
}

enum Encoding {
    Identity,
    Gzip,
}

fn encoding(headers: &HeaderMap) -> Result<Encoding, Fault> {
    let Some(encoding) = headers.get(header::CONTENT_ENCODING) else {
        return Ok(Encoding::Identity);
    };
    match encoding.as_bytes() {
        b"identity" => Ok(Encoding::Identity),
        b"gzip" => Ok(Encoding::Gzip),
        _ => Err(Fault::Encoding),
    }
}

async fn read(body: Body, bounds: Bounds) -> Result<Bytes, Fault> {
    let limit = bounds.bytes;
    let read = tokio::time::timeout(bounds.time, to_bytes(body, limit)).await;
    match read {
        Err(_) => Err(Fault::TooSlow),
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) => {
            if error
                .source()
                .is_some_and(<dyn Error>::is::<LengthLimitError>)
            {
                return Err(Fault::TooLarge { limit });
            }
            Err(Fault::Malformed("the body ended too early".into()))
        }
    }
}

fn inflate(bytes: &[u8], limit: usize) -> Result<Vec<u8>, Fault> {
    let mut unpacked = Vec::new();
    let allowed = (limit as u64).saturating_add(1);
    let read = GzDecoder::new(bytes)
        .take(allowed)
        .read_to_end(&mut unpacked);
    match read {
        Err(_) => Err(Fault::Malformed("the body is not gzip".into())),
        Ok(_) if unpacked.len() > limit => Err(Fault::TooLarge { limit }),
        Ok(_) => Ok(unpacked),
    }
}
