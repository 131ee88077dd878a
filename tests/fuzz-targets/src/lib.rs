//! What must hold for every input of every parser. Fuzzers and tests call it; it makes no inputs of its own.
//!
//! Each target takes bytes and tells whether the parser accepted them; where a promise does not hold,
//! it panics. Seeds are meant to be read and written by people: where a target needs to be told more
//! than the parser's own input, that stands before it as text.

mod answer;
mod artifacts;
mod authoring;
mod authority;
mod bundle;
mod calls;
mod content;
mod conversation;
mod document;
mod framing;
mod grpc;
mod input;
mod inspect;
mod json;
mod limits;
mod list;
mod refusal;
mod scanner;
mod settings;
mod stored;
#[cfg(test)]
mod tests;
mod websocket;

pub use answer::{answer_array, answer_aws, answer_document, answer_events};
pub use artifacts::artifacts;
pub use authoring::authoring;
pub use authority::authority;
pub use bundle::bundle;
pub use content::content;
pub use conversation::conversation;
pub use document::document;
pub use framing::framing;
pub use grpc::grpc;
pub use inspect::{inspect, message};
pub use json::json;
pub use list::mcp_list;
pub use scanner::scanner;
pub use settings::settings;
pub use stored::stored;
pub use websocket::websocket;

/// The name of a target, and what it asks of one input.
pub type Target = (&'static str, fn(&[u8]) -> bool);

/// All of them; each has a program of its name under `tests/fuzz/fuzz_targets`.
pub const TARGETS: [Target; 21] = [
    ("answer_array", answer_array),
    ("answer_aws", answer_aws),
    ("answer_document", answer_document),
    ("answer_events", answer_events),
    ("artifacts", artifacts),
    ("authoring", authoring),
    ("authority", authority),
    ("bundle", bundle),
    ("content", content),
    ("conversation", conversation),
    ("document", document),
    ("framing", framing),
    ("grpc", grpc),
    ("inspect", inspect),
    ("json", json),
    ("mcp_list", mcp_list),
    ("message", message),
    ("scanner", scanner),
    ("settings", settings),
    ("stored", stored),
    ("websocket", websocket),
];
