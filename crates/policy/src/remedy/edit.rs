//! One edit of the policy data, in words and as a deed. It knows no rule.

use std::fmt;

use serde_json::{Map, Value as Json};

#[derive(Clone, Debug, PartialEq)]
pub struct Edit {
    /// From `aegis` on. The last part may be missing from the data so far.
    pub path: Vec<String>,
    pub alteration: Alteration,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Alteration {
    /// Another value, or one where none is.
    Set {
        from: Option<Json>,
        to: Json,
    },
    /// One more item of a list.
    Add(Json),
    Remove,
}

impl Alteration {
    /// Mappings that are missing on the way are made.
    pub(super) fn apply(&self, data: &mut Map<String, Json>, path: &[String]) {
        let Some((last, above)) = path.split_last() else {
            return;
        };
        let mut owner = data;
        for key in above {
            let next = owner
                .entry(key.as_str())
                .or_insert_with(|| Map::new().into());
            let Some(next) = next.as_object_mut() else {
                return;
            };
            owner = next;
        }
        match self {
            Self::Set { to, .. } => {
                owner.insert(last.clone(), to.clone());
            }
            Self::Remove => {
                owner.remove(last);
            }
            Self::Add(item) => {
                let items = owner
                    .entry(last.as_str())
                    .or_insert_with(|| Json::Array(Vec::new()));
                if let Some(items) = items.as_array_mut() {
                    items.push(item.clone());
                }
            }
        }
    }
}

/// `set aegis.….amount.max to 900000, which is 100000 now`
impl fmt::Display for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.join(".");
        match &self.alteration {
            Alteration::Set { from: None, to } => {
                write!(f, "set {path} to {to}, which is not there now")
            }
            Alteration::Set {
                from: Some(from),
                to,
            } => write!(f, "set {path} to {to}, which is {from} now"),
            Alteration::Add(item) => write!(f, "add {item} to {path}"),
            Alteration::Remove => write!(f, "remove {path}"),
        }
    }
}
