//! The members of an A2A object, whichever way their names are written. It knows no method.

use serde_json::{Map, Value};

use crate::InspectError;
use crate::inspected::{Described, Place};
use crate::parameters::escape;
use crate::proto_json;

/// An object whose members have one reading: servers take `task_id` for `taskId`, and some `TaskID`.
pub(super) struct Members<'a>(Vec<Member<'a>>);

struct Member<'a> {
    /// In camel case.
    name: String,
    written: &'a str,
    value: &'a Value,
}

impl<'a> Members<'a> {
    /// Two members that are one to some server are an error.
    pub(super) fn of(object: &'a Map<String, Value>) -> Result<Self, InspectError> {
        let members = object.iter().map(|(written, value)| Member {
            name: proto_json::camel_case(written),
            written,
            value,
        });
        let members: Vec<_> = members.collect();
        let mut folded: Vec<_> = members.iter().map(|it| it.name.to_lowercase()).collect();
        folded.sort_unstable();
        if folded.windows(2).any(|pair| pair.first() == pair.last()) {
            return Err(InspectError::Malformed(
                "a member of the message is there in two spellings",
            ));
        }
        Ok(Self(members))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.member(name).is_some()
    }

    /// As it was sent.
    pub(super) fn written<'n>(&self, name: &'n str) -> &'n str
    where
        'a: 'n,
    {
        self.member(name).map_or(name, |member| member.written)
    }

    pub(super) fn object(&self, name: &str) -> Result<Option<Members<'a>>, InspectError> {
        self.map(name)?.map(Self::of).transpose()
    }

    /// An object whose members are the sender's own.
    pub(super) fn map(&self, name: &str) -> Result<Option<&'a Map<String, Value>>, InspectError> {
        match self.member(name).map(|member| member.value) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Object(members)) => Ok(Some(members)),
            Some(_) => Err(InspectError::Malformed(
                "a member of the message is no object",
            )),
        }
    }

    /// One member as the parameter `parameter`; `pointer` is the object's.
    pub(super) fn set(
        &self,
        described: &mut Described,
        pointer: &str,
        name: &str,
        parameter: &str,
    ) {
        if let Some(member) = self.member(name) {
            let place = Place::Body(format!("{pointer}/{}", escape(member.written)));
            described.set(parameter, member.value.clone(), place);
        }
    }

    /// Every member as a parameter; `id` is the name that `id` goes by, if another.
    pub(super) fn describe(&self, described: &mut Described, pointer: &str, id: Option<&str>) {
        for Member { name, .. } in &self.0 {
            let parameter = id.filter(|_| name == "id").unwrap_or(name);
            self.set(described, pointer, name, parameter);
        }
    }

    fn member(&self, name: &str) -> Option<&Member<'a>> {
        self.0.iter().find(|it| it.name.eq_ignore_ascii_case(name))
    }
}
