//! Finds all mistakes of a typed reading: note one, take its node away, read again.

use std::mem;

use serde::de::DeserializeOwned;

use crate::mistake::{Fault, Mistake};
use crate::node::{Entry, Kind, Node, Place, Step};
use crate::problem::{Problem, Problems, nearest};

/// What a typed reading comes to.
pub(crate) struct Survey<T> {
    /// `None` where too little of the text is sound.
    pub(crate) value: Option<T>,
    /// What the value was read from where that is not the whole text: its sound part, and stand-ins
    /// for what is missing.
    pub(crate) rest: Option<Node>,
    pub(crate) problems: Problems,
}

pub(crate) fn read<T: DeserializeOwned>(file: &str, root: &Node) -> Result<T, Problems> {
    match survey(file, root) {
        Survey {
            value: Some(value),
            rest: None,
            ..
        } => Ok(value),
        survey => Err(survey.problems),
    }
}

pub(crate) fn survey<T: DeserializeOwned>(file: &str, root: &Node) -> Survey<T> {
    let mut problems = Problems::new();
    let mut mistake = match T::deserialize(root) {
        Ok(value) => {
            return Survey {
                value: Some(value),
                rest: None,
                problems,
            };
        }
        Err(mistake) => mistake,
    };
    let mut tree = root.clone();
    let mut value = None;
    // Every round takes a node away or adds a missing key, so the rounds end; the bound keeps a
    // hostile text from asking for many.
    for round in 0.. {
        if !follows_from_earlier(&tree, &mistake) {
            problems.push(explain(file, &tree, &mistake));
        }
        if round == MAX_ROUNDS {
            let message = "there are more mistakes than are told at once";
            problems.push(Problem::new(file, root.place, message));
            break;
        }
        if !settle(&mut tree, &mistake) {
            break;
        }
        match T::deserialize(&tree) {
            Ok(read) => {
                value = Some(read);
                break;
            }
            Err(next) => mistake = next,
        }
    }
    Survey {
        value,
        rest: Some(tree),
        problems: problems.sorted(),
    }
}

/// Takes the mistake out of the tree; false where nothing is left to read.
fn settle(tree: &mut Node, mistake: &Mistake) -> bool {
    if let Fault::MissingKey(key) = mistake.fault
        && let Some(node) = locate(tree, &mistake.path)
        && node.entries().iter().all(|entry| *entry.key != *key)
        && let Kind::Map(entries) = &mut node.kind
    {
        let value = Node::new(node.place, Kind::Anything);
        let place = node.place;
        let key = key.into();
        alter(entries, |entries| entries.push(Entry { key, place, value }));
        return true;
    }
    let mut path = mistake.path.as_slice();
    if locate(tree, path).is_some_and(|node| matches!(node.kind, Kind::Anything)) {
        // The stand-in does not please its reader: nothing more can be learnt from its owner.
        path = path.get(1..).unwrap_or_default();
    }
    remove(tree, path, mistake)
}

/// Takes away the node at the end of the path (and with a key, its value).
fn remove(tree: &mut Node, path: &[Step], mistake: &Mistake) -> bool {
    let Some((last, above)) = path.split_first() else {
        return false;
    };
    let Some(owner) = locate(tree, above) else {
        return false;
    };
    let settled = match (&mut owner.kind, *last) {
        (Kind::List(items), Step::Item(position)) if position < items.len() => {
            alter(items, |items| items.remove(position));
            String::new()
        }
        (Kind::Map(entries), Step::Value(position) | Step::Key(position))
            if position < entries.len() =>
        {
            let entry = alter(entries, |entries| entries.remove(position));
            entry.key.as_ref().to_owned()
        }
        _ => return false,
    };
    let near = match &mistake.fault {
        Fault::UnknownKey { key, known } => nearest(key, known.iter().copied()),
        _ => None,
    };
    alter(&mut owner.settled, |keys| {
        keys.push(settled);
        keys.extend(near.map(str::to_owned));
    });
    true
}

/// What a tree keeps has no spare room; only here is it made longer or shorter.
fn alter<T, R>(list: &mut Box<[T]>, change: impl FnOnce(&mut Vec<T>) -> R) -> R {
    let mut items = mem::take(list).into_vec();
    let result = change(&mut items);
    *list = items.into_boxed_slice();
    result
}

/// Whether this mistake is only the consequence of one that is reported already.
fn follows_from_earlier(tree: &Node, mistake: &Mistake) -> bool {
    let mut path = mistake.path.iter().rev();
    let node = path.try_fold(tree, |node, step| node.step(*step));
    node.is_some_and(|node| match &mistake.fault {
        _ if matches!(node.kind, Kind::Anything) => true,
        Fault::MissingKey(key) => node.settled.iter().any(|settled| is_spelling(settled, key)),
        Fault::UnknownKey { .. } => false,
        _ => !node.settled.is_empty(),
    })
}

/// Keys have a second spelling in documents: `keepLast` is `keep_last`.
fn is_spelling(key: &str, of: &str) -> bool {
    let letters = |key: &str| {
        let letters = key.chars().filter(|letter| *letter != '_');
        letters.flat_map(char::to_lowercase).collect::<String>()
    };
    letters(key) == letters(of)
}

fn locate<'n>(tree: &'n mut Node, path: &[Step]) -> Option<&'n mut Node> {
    path.iter()
        .rev()
        .try_fold(tree, |node, step| node.step_mut(*step))
}

fn explain(file: &str, tree: &Node, mistake: &Mistake) -> Problem {
    let (place, key) = whereabouts(tree, &mistake.path);
    let about = key.map(|key| format!("`{key}`: ")).unwrap_or_default();
    match &mistake.fault {
        Fault::MissingKey(key) => Problem::new(file, place, format!("the key `{key}` is missing")),
        Fault::UnknownKey { key, known } => {
            let problem = Problem::new(file, place, format!("unknown key `{key}`"));
            problem.with_hint(suggestion(key, known, "known keys are"))
        }
        Fault::UnknownWord { word, known } => {
            let expected = match known.len() {
                0..=MOST_WORDS => format!("expected {}", one_of(known)),
                _ => "nothing has this name".to_owned(),
            };
            let problem = Problem::new(file, place, format!("{about}{expected}"));
            match nearest(word, known.iter().copied()) {
                // The only one has been told.
                Some(near) if known.len() > 1 => {
                    problem.with_hint(format!("did you mean `{near}`?"))
                }
                _ => problem,
            }
        }
        Fault::Expected {
            expected,
            found: Some(found),
        } => Problem::new(
            file,
            place,
            format!("{about}expected {expected}, found {found}"),
        ),
        Fault::Expected {
            expected,
            found: None,
        } => Problem::new(file, place, format!("{about}expected {expected}")),
        Fault::Other(message) => Problem::new(file, place, format!("{about}{message}")),
    }
}

/// The place of the mistake and the nearest key above it.
fn whereabouts<'n>(tree: &'n Node, path: &[Step]) -> (Place, Option<&'n str>) {
    let mut node = tree;
    let mut place = tree.place;
    let mut key = None;
    for step in path.iter().rev() {
        if let Step::Value(position) | Step::Key(position) = *step
            && let Some(entry) = node.entries().get(position)
        {
            key = Some(&*entry.key);
            place = entry.place;
        }
        let Some(child) = node.step(*step) else { break };
        node = child;
        if !matches!(step, Step::Key(_)) {
            place = child.place;
        }
    }
    (place, key)
}

fn suggestion(word: &str, known: &[&'static str], otherwise: &str) -> String {
    match nearest(word, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("{otherwise} {}", quoted(known)),
    }
}

fn one_of(known: &[&str]) -> String {
    match known {
        [only] => format!("`{only}`"),
        _ => format!("one of {}", quoted(known)),
    }
}

fn quoted(words: &[&str]) -> String {
    words
        .iter()
        .map(|word| format!("`{word}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

const MAX_ROUNDS: usize = 200;

/// More words than these are not listed.
const MOST_WORDS: usize = 10;
