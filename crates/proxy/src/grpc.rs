//! What a call of gRPC shows as it passes: its messages both ways, and how it ended. It changes nothing.

use std::sync::{Mutex, OnceLock, PoisonError};

use aegis_protocol::grpc::{self, Counter, Messages};
use bytes::Bytes;
use http::HeaderMap;
use http_body::Frame;

#[derive(Debug, Default)]
pub(crate) struct GrpcTraffic {
    received: Mutex<Counter>,
    sent: Mutex<Counter>,
    status: OnceLock<u32>,
}

impl GrpcTraffic {
    pub(crate) fn came(&self, data: &[u8]) {
        feed(&self.received, data);
    }

    /// The last frame tells how the call ended.
    pub(crate) fn goes(&self, frame: &Frame<Bytes>) {
        if let Some(data) = frame.data_ref() {
            feed(&self.sent, data);
        }
        if let Some(trailers) = frame.trailers_ref() {
            self.ended(trailers);
        }
    }

    /// A head may be the whole answer.
    pub(crate) fn ended(&self, headers: &HeaderMap) {
        if let Some(status) = grpc::status(headers) {
            let _ = self.status.set(status);
        }
    }

    pub(crate) fn received(&self) -> Messages {
        messages(&self.received)
    }

    pub(crate) fn sent(&self) -> Messages {
        messages(&self.sent)
    }

    pub(crate) fn status(&self) -> Option<u32> {
        self.status.get().copied()
    }
}

fn feed(counter: &Mutex<Counter>, data: &[u8]) {
    let mut counter = counter.lock().unwrap_or_else(PoisonError::into_inner);
    counter.feed(data);
}

fn messages(counter: &Mutex<Counter>) -> Messages {
    let counter = counter.lock().unwrap_or_else(PoisonError::into_inner);
    counter.messages()
}
