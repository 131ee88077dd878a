//! The calls that an answer proposes: put together from their parts, and what was decided about each.
//!
//! It reads no event itself: each API's reader says what an event adds to which call, and where.

use std::ops::Range;

use serde_json::{Map, Value};

use super::AnswerError;
use super::call::{Call, Form, Head, Key, Mark, ProposedCall, Role, State, Written};

#[derive(Debug)]
pub(super) struct Calls {
    all: Vec<Call>,
    /// Those of the event that is being read.
    marks: Vec<Mark>,
    /// The API repeats calls after their decision, so that their arguments are kept.
    repeats: bool,
    /// The stream does not begin with its first event.
    resumes: bool,
    /// Bytes of arguments that are kept.
    bytes: usize,
    limit: usize,
}

impl Calls {
    /// `limit`: calls in one answer.
    pub(super) fn new(repeats: bool, limit: usize) -> Self {
        Self {
            all: Vec::new(),
            marks: Vec::new(),
            repeats,
            resumes: false,
            bytes: 0,
            limit,
        }
    }

    pub(super) fn resume(&mut self, resumes: bool) {
        self.resumes = resumes;
    }

    pub(super) fn resumes(&self) -> bool {
        self.resumes
    }

    /// A call begins in a place that has had none. It is whole once its key is ended or completed.
    pub(super) fn begin(&mut self, key: Key, head: Head) -> Result<(), AnswerError> {
        if self.find(key).is_some() {
            return Err(AnswerError::Ambiguous("two calls in one place"));
        }
        let at = self.add(Some(key), head)?;
        self.mention(at);
        Ok(())
    }

    /// The same with what its arguments begin with, which may be nothing yet.
    pub(super) fn begin_with(
        &mut self,
        key: Key,
        head: Head,
        written: Written,
    ) -> Result<(), AnswerError> {
        self.begin(key, head)?;
        if written.span.is_empty() {
            return Ok(());
        }
        self.initial(key, written)
    }

    /// The call in this place.
    pub(super) fn at(&self, key: Key) -> Option<&Head> {
        Some(&self.all.get(self.find(key)?)?.head)
    }

    /// Arguments that came with the beginning: text that pieces add to, or a value that they replace.
    pub(super) fn initial(&mut self, key: Key, written: Written) -> Result<(), AnswerError> {
        let (at, call) = self.open(key)?;
        let kept = written.text.len();
        if written.bare {
            call.initial = Some(written.text);
        } else {
            call.text = written.text;
        }
        self.keep(kept);
        self.mark(at, written.span, written.bare, Role::Initial);
        Ok(())
    }

    /// The next piece of the arguments.
    pub(super) fn piece(&mut self, key: Key, written: &Written) -> Result<(), AnswerError> {
        let (at, call) = self.open(key)?;
        let role = match call.pieces {
            0 => Role::FirstPiece,
            _ => Role::Piece,
        };
        call.pieces += 1;
        call.text.push_str(&written.text);
        self.keep(written.text.len());
        self.mark(at, written.span.clone(), written.bare, role);
        Ok(())
    }

    /// The call in this place is complete.
    pub(super) fn end(&mut self, key: Key) -> Result<(), AnswerError> {
        let (at, call) = self.open(key)?;
        call.close()?;
        self.mention(at);
        Ok(())
    }

    /// All calls are complete whose keys begin so.
    pub(super) fn end_all(&mut self, group: u64) -> Result<(), AnswerError> {
        let of_group = |call: &Call| call.key.is_some_and(|key| key.0 == group);
        for at in 0..self.all.len() {
            if let Some(call) = self.all.get_mut(at)
                && call.state == State::Open
                && of_group(call)
            {
                call.close()?;
                self.mention(at);
            }
        }
        Ok(())
    }

    /// The whole arguments of the call in this place, in addition to the pieces they came in.
    pub(super) fn complete(&mut self, key: Key, written: Written) -> Result<(), AnswerError> {
        let at = self.find(key).ok_or(self.missing())?;
        let twin = self.twin(at, &written.text);
        let call = self
            .all
            .get_mut(at)
            .ok_or(AnswerError::Malformed(NO_CALL))?;
        let begun = call.pieces > 0 || !call.text.is_empty() || call.state != State::Open;
        if begun && call.text != written.text {
            return Err(AnswerError::Ambiguous(
                "arguments that change while they arrive",
            ));
        }
        if call.state == State::Open {
            // Judged already, when the item began.
            call.state = if twin.is_some() {
                State::Released
            } else {
                State::Complete
            };
            call.text.clone_from(&written.text);
            self.keep(if begun { 0 } else { written.text.len() });
        }
        self.told_whole(twin.unwrap_or(at), written.span, written.bare)
    }

    /// A whole call in one place. Where the API repeats calls, one that is alike shares its decision.
    pub(super) fn whole(&mut self, head: Head, written: Written) -> Result<(), AnswerError> {
        let alike = |call: &Call| {
            call.state != State::Open && call.head == head && call.text == written.text
        };
        let known = self.all.iter().position(alike).filter(|_| self.repeats);
        let at = match known {
            Some(at) => at,
            None => self.add(None, head)?,
        };
        if let (None, Some(call)) = (known, self.all.get_mut(at)) {
            call.state = State::Complete;
            call.text = written.text;
            let kept = call.text.len();
            self.keep(kept);
        }
        self.told_whole(at, written.span, written.bare)
    }

    pub(super) fn has_marks(&self) -> bool {
        !self.marks.is_empty()
    }

    /// The places of the event that was just read.
    pub(super) fn take_marks(&mut self) -> Vec<Mark> {
        std::mem::take(&mut self.marks)
    }

    /// Where the event that was just read states arguments.
    pub(super) fn places(&self) -> Vec<Range<usize>> {
        let places = self.marks.iter().map(|mark| mark.span.clone());
        places.filter(|place| !place.is_empty()).collect()
    }

    pub(super) fn kept_bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn any_open(&self) -> bool {
        self.all.iter().any(|call| call.state == State::Open)
    }

    /// The next call that waits for a verdict.
    pub(super) fn proposed(&self) -> Option<ProposedCall> {
        self.all
            .iter()
            .find(|call| call.waits())
            .map(Call::proposed)
    }

    /// As it is, or with what `restore` makes of its arguments, as they are written.
    pub(super) fn release(
        &mut self,
        restore: impl Fn(Form, &str) -> Option<String>,
    ) -> Result<(), AnswerError> {
        let waiting = self.all.iter().find(|call| call.waits());
        let restored = waiting.filter(|call| call.is_replaceable());
        let restored = restored.and_then(|call| restore(call.head.form, &call.text));
        self.decide(restored.map_or(State::Released, State::Replaced))
    }

    /// The key of the call that waits for a verdict, where it has one.
    pub(super) fn waiting(&self) -> Option<Key> {
        self.all.iter().find(|call| call.waits())?.key
    }

    /// The call that waits and those with these keys are not told.
    pub(super) fn refuse(&mut self, keys: &[Key]) {
        let waiting = self.all.iter().position(Call::waits);
        for (at, call) in self.all.iter_mut().enumerate() {
            let meant = call.key.is_some_and(|key| keys.contains(&key));
            if meant || Some(at) == waiting {
                call.state = State::Refused;
            }
        }
    }

    /// Whether no part of these places belongs to a refused call.
    pub(super) fn lets(&self, marks: &[Mark]) -> bool {
        let refused = |call: &Call| call.state == State::Refused;
        !marks
            .iter()
            .any(|mark| self.all.get(mark.call).is_some_and(refused))
    }

    /// Open calls with these keys are complete as they are.
    pub(super) fn close(&mut self, keys: &[Key]) -> Result<(), AnswerError> {
        for call in &mut self.all {
            let meant = call.key.is_some_and(|key| keys.contains(&key));
            if meant && call.state == State::Open {
                call.close()?;
            }
        }
        Ok(())
    }

    /// The call in this place is named again.
    pub(super) fn mentioned(&mut self, key: Key) -> Result<(), AnswerError> {
        let at = self.find(key).ok_or(self.missing())?;
        self.mention(at);
        Ok(())
    }

    /// With these arguments, and what `restore` makes of them.
    pub(super) fn replace(
        &mut self,
        arguments: &Map<String, Value>,
        restore: impl Fn(Form, &str) -> Option<String>,
    ) -> Result<(), AnswerError> {
        let waiting = self.all.iter().find(|call| call.waits());
        let call = waiting.ok_or(AnswerError::NothingProposed)?;
        let text = call.replacement(arguments)?;
        let restored = restore(call.head.form, &text);
        self.decide(State::Replaced(restored.unwrap_or(text)))
    }

    /// Whether everything that goes with these places may go out.
    pub(super) fn decided(&self, marks: &[Mark]) -> bool {
        marks.iter().all(|mark| {
            let call = self.all.get(mark.call);
            call.is_some_and(|call| !matches!(call.state, State::Open | State::Complete))
        })
    }

    /// The event's JSON with the arguments that were replaced, and these other edits; `None` where
    /// nothing changes.
    pub(super) fn rewritten(
        &self,
        json: &str,
        marks: &[Mark],
        mut edits: Vec<(Range<usize>, String)>,
    ) -> Result<Option<String>, AnswerError> {
        let replaced =
            |mark: &Mark| Some((mark.span.clone(), self.all.get(mark.call)?.instead(mark)?));
        edits.extend(marks.iter().filter_map(replaced));
        if edits.is_empty() {
            return Ok(None);
        }
        edits.sort_by_key(|(span, _)| span.start);
        let mut text = String::with_capacity(json.len());
        let mut done = 0;
        for (span, instead) in edits {
            text.push_str(json.get(done..span.start).ok_or(AnswerError::Fixed)?);
            text.push_str(&instead);
            done = span.end;
        }
        text.push_str(json.get(done..).ok_or(AnswerError::Fixed)?);
        Ok(Some(text))
    }

    fn decide(&mut self, state: State) -> Result<(), AnswerError> {
        let waiting = self.all.iter_mut().find(|call| call.waits());
        let call = waiting.ok_or(AnswerError::NothingProposed)?;
        call.state = state;
        if !self.repeats {
            self.bytes -= call.text.len();
            call.text = String::new();
        }
        Ok(())
    }

    /// A part of a call whose beginning nobody here has seen.
    fn missing(&self) -> AnswerError {
        if self.resumes {
            AnswerError::Headless
        } else {
            AnswerError::Malformed(NO_CALL)
        }
    }

    fn find(&self, key: Key) -> Option<usize> {
        self.all.iter().position(|call| call.key == Some(key))
    }

    fn open(&mut self, key: Key) -> Result<(usize, &mut Call), AnswerError> {
        let at = self.find(key).ok_or(self.missing())?;
        match self.all.get_mut(at) {
            Some(call) if call.state == State::Open => Ok((at, call)),
            _ => Err(AnswerError::Ambiguous("a call that goes on after its end")),
        }
    }

    /// A released call like this one, which holds no pieces and so nothing else to judge.
    fn twin(&self, at: usize, text: &str) -> Option<usize> {
        let head = &self.all.get(at)?.head;
        let like = |call: &Call| call.state == State::Released && call.head == *head;
        self.all
            .iter()
            .position(|call| head.form == Form::Item && like(call) && call.text == text)
    }

    fn add(&mut self, key: Option<Key>, head: Head) -> Result<usize, AnswerError> {
        if self.all.len() >= self.limit {
            return Err(AnswerError::TooManyCalls);
        }
        if head.name.is_empty() {
            return Err(AnswerError::Malformed("a call without a name"));
        }
        self.all.push(Call {
            key,
            head,
            initial: None,
            text: String::new(),
            pieces: 0,
            placed: false,
            fixed: false,
            state: State::Open,
        });
        Ok(self.all.len() - 1)
    }

    fn keep(&mut self, bytes: usize) {
        self.bytes += bytes;
    }

    /// Nobody would find arguments that were replaced where the call is told without any.
    fn told_whole(&mut self, at: usize, span: Range<usize>, bare: bool) -> Result<(), AnswerError> {
        if let Some(call) = self.all.get_mut(at).filter(|_| span.is_empty()) {
            if matches!(call.state, State::Replaced(_)) {
                return Err(AnswerError::Fixed);
            }
            call.fixed = true;
        }
        self.mark(at, span, bare, Role::Whole);
        Ok(())
    }

    fn mention(&mut self, call: usize) {
        self.mark(call, 0..0, false, Role::Mention);
    }

    fn mark(&mut self, call: usize, span: Range<usize>, bare: bool, role: Role) {
        if let Some(call) = self.all.get_mut(call) {
            call.placed |= !span.is_empty();
        }
        self.marks.push(Mark {
            call,
            span,
            bare,
            role,
        });
    }
}

const NO_CALL: &str = "a part of a call that has not begun";
