//! The contract of Rego's `input` as one table: `docs/policy.md` describes it, `input` builds it. It judges no call.

#[cfg(test)]
mod tests;

use std::fmt;

use Shape::{Any, Facts, List, Map, Nullable, Number, Object, OneOf, Text, Truth};

use crate::check::DATA_TYPES;

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
    Both,
    /// Absent or empty in `connect`.
    Request,
    /// Only for the library: what the users' modules found.
    Library,
}

/// The table. What is in an object of `both` may still be for `request` alone.
pub(super) static INPUT: Shape = Object(&[
    both("version", Number),
    both("phase", OneOf(&["connect", "request"])),
    both("id", Text),
    both("time", Text),
    both("front", OneOf(&["forward"])),
    both("region", Text),
    both(
        "tenant",
        Object(&[
            both("id", Text),
            both("regions", Nullable(&List(&Text))),
            both("labels", Map(&Text)),
        ]),
    ),
    both(
        "agent",
        Object(&[
            both("id", Text),
            both("auth", OneOf(&["anonymous", "credential", "certificate"])),
            both("labels", Map(&Text)),
        ]),
    ),
    both(
        "destination",
        Object(&[
            both("scheme", OneOf(&["http", "https"])),
            both("host", Text),
            both("port", Number),
            both("candidates", List(&Text)),
            request("path", Text),
            both("provider", Text),
            both("regions", List(&Text)),
        ]),
    ),
    both(
        "call",
        Object(&[
            both("kind", OneOf(&["tunnel", "http", "tool", "llm", "mcp"])),
            both("tool", Text),
            both("action", Text),
            request("parameters", Map(&Any)),
            both("misspelled", List(&Text)),
            request("model", Text),
            both("stream", Truth),
            both("truncated", Truth),
            both("opaque", Truth),
        ]),
    ),
    request(
        "http",
        Object(&[request("method", Text), request("content_type", Text)]),
    ),
    both(
        "dlp",
        Object(&[
            request("findings", List(&FINDING)),
            request("types", List(&OneOf(&DATA_TYPES))),
            request("classes", List(&OneOf(&DATA_CLASSES))),
        ]),
    ),
    both("facts", Facts),
    request("patterns", Map(&Truth)),
    Field {
        name: "ext",
        phases: Phases::Library,
        shape: Any,
    },
]);

static FINDING: Shape = Object(&[
    request("type", OneOf(&DATA_TYPES)),
    request("class", OneOf(&DATA_CLASSES)),
    request("path", Text),
    request("count", Number),
]);

const DATA_CLASSES: [&str; 3] = ["pii", "pci", "secret"];

const fn both(name: &'static str, shape: Shape) -> Field {
    Field {
        name,
        phases: Phases::Both,
        shape,
    }
}

const fn request(name: &'static str, shape: Shape) -> Field {
    Field {
        name,
        phases: Phases::Request,
        shape,
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Text => f.write_str("text"),
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
