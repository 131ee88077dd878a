//! gRPC over HTTP/2: the method of a call from its path, and the sizes of messages as they pass. Messages are not read.

use aegis_policy::{CallKind, Protocol, Service, decoded_segments};
use http::{HeaderMap, HeaderName, Method, header};

use crate::inspected::{Described, Subject};
use crate::{Dialect, InspectError};

/// Whether the request is a call of gRPC, which must not be waited for: its messages may go on for
/// as long as the call.
pub fn is_call(method: &Method, headers: &HeaderMap, service: Option<&Service>) -> bool {
    let may_be = service.is_none_or(|service| service.protocol == Protocol::Grpc);
    let declared = headers.get(header::CONTENT_TYPE);
    let declared = declared.and_then(|value| value.to_str().ok());
    may_be && *method == Method::POST && declared.is_some_and(is_media_type)
}

/// The tool is `SERVER/package.Service`, the action the method.
pub(crate) fn describe(subject: &Subject<'_>) -> Result<Described, InspectError> {
    let segments = decoded_segments(subject.view.path)?;
    let [service, method] = segments.as_slice() else {
        return Err(InspectError::Malformed("the path names no method of gRPC"));
    };
    let tool = format!("{}/{service}", subject.server());
    let mut described = Described::new(CallKind::Grpc, tool, method.as_str());
    described.dialect = Dialect::Grpc;
    described.unread = true;
    Ok(described)
}

/// `application/grpc`, alone or with the name of an encoding behind a `+`. What browsers speak
/// (`application/grpc-web`) is another protocol.
pub(crate) fn is_media_type(declared: &str) -> bool {
    let essence = declared.split(';').next().unwrap_or_default().trim();
    let essence = essence.to_ascii_lowercase();
    let rest = essence.strip_prefix("application/grpc");
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('+'))
}

/// What the server says of a call that is over, in trailers or in a head without a body.
pub fn status(headers: &HeaderMap) -> Option<u32> {
    headers.get(STATUS)?.to_str().ok()?.parse().ok()
}

/// The messages that went one way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Messages {
    pub count: u64,
    /// Of the largest, as it was sent: compressed where the call is.
    pub largest: u32,
}

/// Counts messages as their bytes pass; keeps none of them.
#[derive(Debug, Default)]
pub struct Counter {
    messages: Messages,
    /// Of the message that passes now.
    left: u32,
    prefix: [u8; PREFIX],
    /// Bytes of the prefix that have come.
    have: usize,
}

impl Counter {
    /// The next bytes, however they are cut.
    pub fn feed(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let skipped = bytes
                .len()
                .min(usize::try_from(self.left).unwrap_or(usize::MAX));
            bytes = bytes.get(skipped..).unwrap_or_default();
            self.left -= u32::try_from(skipped).unwrap_or(self.left);
            let Some((byte, rest)) = bytes.split_first() else {
                return;
            };
            if let Some(place) = self.prefix.get_mut(self.have) {
                *place = *byte;
            }
            self.have += 1;
            bytes = rest;
            if self.have == PREFIX {
                self.begin();
            }
        }
    }

    /// Messages that have begun.
    pub fn messages(&self) -> Messages {
        self.messages
    }

    /// A flag, then the length in network order.
    fn begin(&mut self) {
        let [_, a, b, c, d] = self.prefix;
        self.have = 0;
        self.left = u32::from_be_bytes([a, b, c, d]);
        self.messages.count += 1;
        self.messages.largest = self.messages.largest.max(self.left);
    }
}

const PREFIX: usize = 5;
const STATUS: HeaderName = HeaderName::from_static("grpc-status");

#[cfg(test)]
mod tests;
