//! Messages to intent parts, refusals in the caller's own protocol.
//!
//! Pure functions over bytes: no sockets, no clock, no policy. What cannot be read for certain is
//! an [`InspectError`], and whoever gets one denies.

mod a2a;
pub mod answer;
mod body;
mod clean;
mod error;
mod findings;
pub mod framing;
mod generic;
pub mod grpc;
mod heard;
mod inspected;
pub mod json;
mod json_rpc;
mod llm;
pub mod mcp;
mod media_type;
mod message;
mod multipart;
mod nested;
mod parameters;
pub mod paths;
pub mod proposed;
mod proto_json;
mod pseudonyms;
mod recognise;
mod redact;
mod refusal;
mod rest;
mod rewrite;
#[cfg(test)]
mod testing;
mod urlencoded;
pub mod websocket;

pub use body::is_identity;
pub use clean::{Cleaner, Content, ContentError, Denied, Found, Medium, Step};
pub use error::InspectError;
pub use heard::{Finder, Heard, Texts};
pub use inspected::{BodyView, Inspected, Reading, RequestView, inspect};
pub use llm::{LlmApi, Stored};
pub use message::{MessageView, inspect_message};
pub use pseudonyms::{Means, Pseudonyms, Unnamed};
pub use redact::{RedactError, Rewritten, is_signed};
pub use refusal::{Dialect, RefusalDocument, Rendered, render};
