//! What is wrong with a client's framing, in words that hold nothing of what it sent.

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FramingError {
    #[error("the client sent a line that does not end with CR LF, or a bare CR or LF")]
    LineEnd,
    #[error("the client sent a request line that is not METHOD target HTTP/1.x")]
    RequestLine,
    #[error("the client sent a request target that is no URL, path, host and port, or *")]
    Target,
    #[error("the client sent HTTP/0.9")]
    Http09,
    #[error("the client sent an HTTP/2 preface on an HTTP/1 connection")]
    Http2Preface,
    #[error("the client sent a header line without a name and a colon right behind it")]
    HeaderName,
    #[error("the client folded a header line")]
    Folding,
    #[error("the client sent a control character in a header value")]
    HeaderValue,
    #[error("the client sent no host header")]
    HostMissing,
    #[error("the client sent more than one host header")]
    HostTwice,
    #[error("the client sent more than one content-length")]
    ContentLengthTwice,
    #[error("the client sent a content-length that is not a plain number")]
    ContentLength,
    #[error("the client sent a transfer-encoding other than chunked")]
    TransferEncoding,
    #[error("the client sent both content-length and transfer-encoding")]
    BothLengths,
    #[error("the client sent transfer-encoding with HTTP/1.0")]
    ChunkedHttp10,
    #[error("the client sent a body with CONNECT")]
    ConnectBody,
    #[error("the client sent a malformed chunk size or chunk extension")]
    ChunkSize,
    #[error("the client sent a chunk that does not end where its size says")]
    ChunkEnd,
    #[error("the client sent a trailer that would change the framing")]
    Trailer,
    #[error("the client sent bytes before the answer to its upgrade or refused tunnel")]
    EarlyBytes,
    #[error("the client sent a head longer than the limit")]
    HeadTooLong,
    #[error("the client sent more header lines than the limit")]
    TooManyHeaders,
    #[error("the client sent a chunk line longer than the limit")]
    ChunkLineTooLong,
}

/// What kind of refusal the error calls for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FramingKind {
    Malformed,
    TooLarge,
}

impl FramingError {
    pub fn kind(self) -> FramingKind {
        match self {
            Self::HeadTooLong | Self::TooManyHeaders | Self::ChunkLineTooLong => {
                FramingKind::TooLarge
            }
            _ => FramingKind::Malformed,
        }
    }

    /// The text for the record.
    pub fn what(self) -> String {
        self.to_string()
    }
}
