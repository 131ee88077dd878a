//! The contract of Rego's `input` as one table: `docs/policy.md` describes it, `input` builds it. It judges no call.

#[cfg(test)]
mod tests;

use std::fmt;

use Shape::{Any, DataType, Facts, List, Map, Nullable, Number, Object, OneOf, Text, Truth};

use crate::sensitive::CLASSES;

/// What stands at one place of the input.
#[derive(Debug)]
pub(super) enum Shape {
    Text,
    Number,
    Truth,
    /// JSON as it was sent.
    Any,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// The name of a type of sensitive data.
    DataType,
    Nullable(&'static Shape),
    List(&'static Shape),
    /// Exactly these fields.
    Object(&'static [Field]),
    /// Names that the data or the call chooses.
    Map(&'static Shape),
    /// Truths by the names of the data's section `facts`.
    Facts,
}

#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) phases: Phases,
    pub(super) shape: Shape,
}

/// When a field says something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phases {
    All,
    /// Absent or empty in `connect`.
    Described,
    /// Only for the library: what the users' modules found.
    Library,
}

/// The table. What is in an object of `all` may still be missing in `connect`.
pub(super) static INPUT: Shape = Object(&[
    all("version", Number),
    all("phase", OneOf(&["connect", "request", "proposed_call"])),
    all("id", Text),
    all("time", Text),
    all("front", OneOf(&["forward", "gateway"])),
    all("region", Text),
    all(
        "tenant",
        Object(&[
            all("id", Text),
            all("regions", Nullable(&List(&Text))),
            all("labels", Map(&Text)),
        ]),
    ),
    all(
        "agent",
        Object(&[
            all("id", Text),
            all("auth", OneOf(&["anonymous", "credential", "certificate"])),
            all("labels", Map(&Text)),
        ]),
    ),
    all(
        "chain",
        Object(&[
            described("agents", List(&Text)),
            described("depth", Number),
            described("loop", Truth),
            all("trace_id", Text),
        ]),
    ),
    all(
        "destination",
        Object(&[
            all("scheme", OneOf(&["http", "https"])),
            all("host", Text),
            all("port", Number),
            all("candidates", List(&Text)),
            described("path", Text),
            all("provider", Text),
            all("regions", List(&Text)),
        ]),
    ),
    all(
        "call",
        Object(&[
            all(
                "kind",
                OneOf(&["tunnel", "http", "tool", "llm", "mcp", "a2a", "grpc"]),
            ),
            all("tool", Text),
            all("action", Text),
            described("parameters", Map(&Any)),
            all("misspelled", List(&Text)),
            described("model", Text),
            all("stream", Truth),
            all("truncated", Truth),
            all("unread", OneOf(&["nothing", "parts", "body"])),
            all("opaque", Truth),
            all("changed", Truth),
        ]),
    ),
    described(
        "http",
        Object(&[described("method", Text), described("content_type", Text)]),
    ),
    all(
        "dlp",
        Object(&[
            described("findings", List(&FINDING)),
            described("types", List(&DataType)),
            described("classes", List(&OneOf(&CLASSES))),
        ]),
    ),
    all("facts", Facts),
    described("patterns", Map(&Truth)),
    Field {
        name: "ext",
        phases: Phases::Library,
        shape: Any,
    },
]);

static FINDING: Shape = Object(&[
    described("type", DataType),
    described("class", OneOf(&CLASSES)),
    described("path", Text),
    described("count", Number),
    described("confidence", Number),
]);

const fn all(name: &'static str, shape: Shape) -> Field {
    Field {
        name,
        phases: Phases::All,
        shape,
    }
}

const fn described(name: &'static str, shape: Shape) -> Field {
    Field {
        name,
        phases: Phases::Described,
        shape,
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Text => f.write_str("text"),
            DataType => f.write_str("type of data"),
            Number => f.write_str("number"),
            Truth => f.write_str("true or false"),
            Any => f.write_str("anything"),
            OneOf(words) => write!(f, "`{}`", words.join("`, `")),
            Nullable(shape) => write!(f, "{shape}, or null"),
            List(of) => write!(f, "list of {of}"),
            Object(_) | Map(_) | Facts => f.write_str("object"),
        }
    }
}
