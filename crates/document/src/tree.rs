//! The event parser's view of a text: structure and places; every scalar is still text.
//!
//! Bounds what a text may ask for: depth, and how much aliases may copy.

#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use granit_parser::{Event, Marker, Parser, ScanError, Span};

use crate::node::{Entry, Kind, Node, Place};
use crate::problem::{Problem, Problems};

/// The one document of the text; `None` where there is none.
pub(crate) fn build(file: &str, text: &str) -> Result<Option<Node>, Problems> {
    let builder = Builder {
        file,
        ..Builder::default()
    };
    Ok(builder.run(text)?.pop())
}

/// Every document of the text, whatever is in it.
pub(crate) fn build_all(file: &str, text: &str) -> Result<Vec<Node>, Problems> {
    let builder = Builder {
        file,
        may_be_several: true,
        ..Builder::default()
    };
    builder.run(text)
}

#[derive(Default)]
struct Builder<'a> {
    file: &'a str,
    may_be_several: bool,
    /// The collections that are open, outermost first.
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    /// Each text once: the keys of a policy are the same few words thousands of times.
    texts: HashSet<Arc<str>>,
    /// How many nodes aliases have brought in so far.
    copied: usize,
    documents: usize,
    roots: Vec<Node>,
    problems: Problems,
    stopped: bool,
}

struct Open {
    place: Place,
    anchor: usize,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Map {
        entries: Vec<Entry>,
        seen: HashMap<Arc<str>, Place>,
        key: Option<(Arc<str>, Place)>,
    },
}

impl Builder<'_> {
    fn run(mut self, text: &str) -> Result<Vec<Node>, Problems> {
        for event in Parser::new_from_str(text) {
            match event.map_err(|error| syntax(self.file, text, &error)) {
                Ok((event, span)) => self.take(event, span),
                Err(problem) => {
                    self.problems.push(problem);
                    break;
                }
            }
            if self.stopped {
                break;
            }
        }
        self.problems.into_result(self.roots)
    }

    fn take(&mut self, event: Event<'_>, span: Span) {
        let place = place(&span.start);
        match event {
            Event::DocumentStart(..) => self.document(place),
            Event::Alias(anchor) => self.alias(anchor, place),
            Event::Scalar(text, _, anchor, tag) => {
                self.refuse_tag(tag.is_some(), place);
                let text = self.shared(&text);
                self.finish(Node::new(place, Kind::Text(text)), anchor);
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.refuse_tag(tag.is_some(), place);
                self.start(place, anchor, Content::List(Vec::new()));
            }
            Event::MappingStart(_, anchor, tag) => {
                self.refuse_tag(tag.is_some(), place);
                let content = Content::Map {
                    entries: Vec::new(),
                    seen: HashMap::new(),
                    key: None,
                };
                self.start(place, anchor, content);
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            _ => {}
        }
    }

    fn document(&mut self, place: Place) {
        self.documents += 1;
        // What one document names is not known in the next.
        self.anchors.clear();
        if self.documents > 1 && !self.may_be_several {
            self.stop(place, "a second document starts here; a file holds one");
        }
    }

    fn start(&mut self, place: Place, anchor: usize, content: Content) {
        if self.open.len() >= MAX_DEPTH {
            return self.stop(place, format!("nested deeper than {MAX_DEPTH} levels"));
        }
        self.open.push(Open {
            place,
            anchor,
            content,
        });
    }

    fn end(&mut self) {
        let Some(open) = self.open.pop() else { return };
        let kind = match open.content {
            Content::List(items) => Kind::List(items.into()),
            Content::Map { entries, .. } => Kind::Map(entries.into()),
        };
        self.finish(Node::new(open.place, kind), open.anchor);
    }

    fn finish(&mut self, node: Node, anchor: usize) {
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        self.attach(node);
    }

    fn alias(&mut self, anchor: usize, place: Place) {
        let Some(node) = self.anchors.get(&anchor) else {
            return self.stop(place, "the alias stands inside the value that it repeats");
        };
        self.copied += node.size();
        if self.copied > MAX_COPIED {
            return self.stop(
                place,
                format!("aliases repeat more than {MAX_COPIED} values"),
            );
        }
        if self.open.len() + node.height() > MAX_DEPTH {
            return self.stop(place, format!("nested deeper than {MAX_DEPTH} levels"));
        }
        self.attach(node.clone());
    }

    fn attach(&mut self, node: Node) {
        let Some(open) = self.open.last_mut() else {
            self.roots.push(node);
            return;
        };
        match &mut open.content {
            Content::List(items) => items.push(node),
            Content::Map { entries, seen, key } => {
                if let Some((key, place)) = key.take() {
                    entries.push(Entry {
                        key,
                        place,
                        value: node,
                    });
                    return;
                }
                let (name, fault) = name_of(&node, seen);
                *key = Some((name, node.place));
                if let Some(message) = fault {
                    self.problems
                        .push(Problem::new(self.file, node.place, message));
                }
            }
        }
    }

    fn shared(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.texts.get(text) {
            return Arc::clone(known);
        }
        let text: Arc<str> = text.into();
        self.texts.insert(Arc::clone(&text));
        text
    }

    fn refuse_tag(&mut self, tagged: bool, place: Place) {
        if tagged {
            let message = "tags such as !name are not accepted";
            self.problems.push(Problem::new(self.file, place, message));
        }
    }

    fn stop(&mut self, place: Place, message: impl Into<String>) {
        self.problems.push(Problem::new(self.file, place, message));
        self.stopped = true;
    }
}

/// A key's name, and what is wrong with it.
fn name_of(node: &Node, seen: &mut HashMap<Arc<str>, Place>) -> (Arc<str>, Option<String>) {
    let Kind::Text(name) = &node.kind else {
        return ("".into(), Some("a key must be text".to_owned()));
    };
    let fault = match seen.insert(Arc::clone(name), node.place) {
        Some(first) => Some(format!(
            "the key `{name}` is already on line {}",
            first.line()
        )),
        None if name.as_ref() == "<<" => {
            Some("merge keys (<<) are not accepted; repeat the value with an alias".to_owned())
        }
        None => None,
    };
    (Arc::clone(name), fault)
}

fn syntax(file: &str, text: &str, error: &ScanError) -> Problem {
    let place = place(error.marker());
    match tab_in_indentation(text, place.line()) {
        Some(tab) => Problem::new(file, tab, "a tab in the indentation").with_hint("use spaces"),
        None => Problem::new(file, place, error.info()),
    }
}

/// The parser complains about the value before the tab; what its author must see is the tab.
fn tab_in_indentation(text: &str, from_line: usize) -> Option<Place> {
    let mut lines = text
        .lines()
        .enumerate()
        .skip(from_line.saturating_sub(1))
        .take(2);
    lines.find_map(|(position, line)| {
        let spaces = line.len() - line.trim_start_matches(' ').len();
        let tab = line.trim_start_matches(' ').starts_with('\t');
        tab.then(|| Place::new(position + 1, spaces + 1))
    })
}

/// The parser counts columns from 0.
fn place(marker: &Marker) -> Place {
    Place::new(marker.line(), marker.col() + 1)
}

const MAX_DEPTH: usize = 100;

/// Enough for shared blocks of a large policy, far below what a bomb asks for.
const MAX_COPIED: usize = 100_000;
