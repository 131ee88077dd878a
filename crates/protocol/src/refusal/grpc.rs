//! Refusals in gRPC: a head that is all of the answer, with a status, a message, and the document for programs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::{RefusalDocument, Rendered};

impl RefusalDocument<'_> {
    /// Clients raise the status with the message, and show the rest as metadata.
    pub(super) fn grpc(&self) -> Rendered {
        let message = format!("{}; what to do now: {}", self.explained(), self.next_step);
        let message = utf8_percent_encode(&message, IN_MESSAGES).to_string();
        let document = STANDARD_NO_PAD.encode(self.problem().to_string());
        let (status, _) = self.grpc_status();
        let words = [
            (STATUS, status.to_string()),
            (MESSAGE, message),
            (DOCUMENT, document),
        ];
        let mut headers = HeaderMap::new();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/grpc"),
        );
        // What does not fit is told by the audit log; the status always fits.
        let fitting = words.into_iter().filter(|(_, word)| word.len() <= MOST);
        for (name, word) in fitting {
            if let Ok(value) = HeaderValue::from_str(&word) {
                headers.insert(name, value);
            }
        }
        Rendered {
            headers,
            body: Bytes::new(),
        }
    }
}

/// Everything but printable ASCII, and the sign of the encoding itself.
const IN_MESSAGES: &AsciiSet = &CONTROLS.add(b'%');

/// Of one header: clients take 8 KiB of metadata.
const MOST: usize = 3 << 10;

const STATUS: HeaderName = HeaderName::from_static("grpc-status");
const MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
/// The problem document; clients decode what ends in `-bin`.
const DOCUMENT: HeaderName = HeaderName::from_static("aegis-refusal-bin");
