//! One place where a value may be, until it is decided whether it is one. Reads on as the text comes.

use std::ops::Range;

use crate::rule::{Anchor, LEAD, Rule, Shape};
use crate::rules::{Program, Ready, RuleId, begin};
use crate::view::Verdict;
use crate::walk::{Trails, Walk, Walked};
use crate::window::Window;

#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub(crate) rule: RuleId,
    /// Of the rule, a word was near where the candidate began.
    pub(crate) near: bool,
    stage: Stage,
}

#[derive(Clone, Debug)]
enum Stage {
    /// Before the value.
    Lead {
        walk: Walk,
        /// Where it ends at the latest.
        stop: usize,
    },
    Value {
        start: usize,
        walk: Walk,
    },
    /// It is one, and goes on.
    Grows(Walk),
    Custom {
        anchor: usize,
        /// Where its value begins at the earliest, once it has to wait.
        start: Option<usize>,
    },
}

/// What the pattern of a value comes to that may begin at a place.
pub(crate) enum Fit {
    No,
    /// To here.
    Yes(usize),
    /// It is longer than is looked at.
    Long(Walk),
    /// It may be longer than has come.
    Open(Walk),
}

/// What has become of a candidate.
#[derive(Debug)]
pub(crate) enum Step {
    /// More of the text is needed.
    Open(Candidate),
    /// There is no value. These bytes were read as one.
    None(Range<usize>),
    Found {
        start: usize,
        end: usize,
        read: usize,
    },
    /// A value that is longer than is looked at. Its end comes as [`Step::Ends`].
    Grows {
        start: usize,
        rest: Candidate,
    },
    Ends {
        end: usize,
    },
}

impl Candidate {
    /// Of a pattern whose lead begins at this place. None where it has no lead.
    pub(crate) fn led(
        rule: RuleId,
        near: bool,
        ready: &Ready,
        at: usize,
        before: Option<u8>,
    ) -> Option<Self> {
        let lead = ready.program()?.lead.as_ref()?;
        let stage = Stage::Lead {
            walk: Walk::new(begin(lead, before)?, at),
            stop: at + LEAD,
        };
        Some(Self { rule, near, stage })
    }

    /// Of a value that goes on.
    pub(crate) fn value(rule: RuleId, near: bool, start: usize, walk: Walk) -> Self {
        let stage = Stage::Value { start, walk };
        Self { rule, near, stage }
    }

    /// Of a hand-written rule.
    pub(crate) fn custom(rule: RuleId, near: bool, anchor: usize) -> Self {
        let start = None;
        let stage = Stage::Custom { anchor, start };
        Self { rule, near, stage }
    }

    /// What is before this byte is of no further interest to it.
    pub(crate) fn holds(&self) -> Option<usize> {
        match &self.stage {
            // Where it ends if nothing more of it comes.
            Stage::Lead { walk, .. } | Stage::Grows(walk) => walk.matched,
            Stage::Value { start, .. } => Some(*start),
            Stage::Custom { start, .. } => *start,
        }
    }

    /// The bytes that it has read as a value.
    pub(crate) fn reads(&self) -> Option<Range<usize>> {
        match &self.stage {
            Stage::Value { start, walk } => Some(*start..walk.at),
            Stage::Lead { .. } | Stage::Grows(_) | Stage::Custom { .. } => None,
        }
    }

    /// Whether it waits for more and goes on as the one before it did, which waits again.
    pub(crate) fn follows(&mut self, trails: &Trails, window: Window<'_>) -> bool {
        match &mut self.stage {
            Stage::Value { start, walk } => trails.follows(self.rule, (*start, walk), window),
            Stage::Lead { .. } | Stage::Grows(_) | Stage::Custom { .. } => false,
        }
    }

    pub(crate) fn step(self, ready: &Ready, trails: &mut Trails, window: Window<'_>) -> Step {
        let Self { rule, near, stage } = self;
        let back = |stage| Step::Open(Self { rule, near, stage });
        match (stage, ready.rule.shape) {
            (Stage::Custom { anchor, start }, Shape::Custom(judge)) => {
                match judge(&window.view(anchor)) {
                    Verdict::More => {
                        let start = start.or_else(|| Some(earliest(ready.rule, anchor, window)));
                        back(Stage::Custom { anchor, start })
                    }
                    verdict => found(ready, window, verdict.range(anchor), 0..0),
                }
            }
            (stage, _) => match ready.program() {
                Some(program) => Self { rule, near, stage }.walk(ready, program, trails, window),
                None => Step::None(0..0),
            },
        }
    }

    fn walk(
        self,
        ready: &Ready,
        program: &Program,
        trails: &mut Trails,
        window: Window<'_>,
    ) -> Step {
        let Self { rule, near, stage } = self;
        let back = |stage| Self { rule, near, stage };
        let (start, mut walk) = match stage {
            Stage::Lead { mut walk, stop } => {
                let Some(lead) = &program.lead else {
                    return Step::None(0..0);
                };
                let walked = walk.on(lead, window, stop);
                if matches!(walked, Walked::Open) {
                    return Step::Open(back(Stage::Lead { walk, stop }));
                }
                let Some(start) = walk.matched.filter(|start| *start >= window.base) else {
                    return Step::None(0..0);
                };
                let before = start.checked_sub(1).and_then(|at| window.byte(at));
                let Some(state) = begin(&program.value, before) else {
                    return Step::None(0..0);
                };
                (start, Walk::new(state, start))
            }
            Stage::Value { start, walk } => (start, walk),
            Stage::Grows(mut walk) => {
                return match walk.on(&program.value, window, usize::MAX) {
                    Walked::Open => Step::Open(back(Stage::Grows(walk))),
                    Walked::Far | Walked::Done => Step::Ends {
                        end: walk.matched.unwrap_or(walk.at),
                    },
                };
            }
            Stage::Custom { .. } => return Step::None(0..0),
        };
        let walked = trails.walk(rule, (start, &mut walk), &program.value, window);
        let read = walk.at;
        match walked {
            Walked::Open => Step::Open(back(Stage::Value { start, walk })),
            Walked::Done => found(
                ready,
                window,
                walk.matched.map(|end| start..end),
                start..read,
            ),
            Walked::Far => {
                let value = walk.matched.map(|_| start..read);
                match found(ready, window, value, start..read) {
                    Step::Found { start, .. } => Step::Grows {
                        start,
                        rest: back(Stage::Grows(walk)),
                    },
                    step => step,
                }
            }
        }
    }
}

impl Fit {
    /// Of a rule without a lead.
    pub(crate) fn of(
        (rule, ready): (RuleId, &Ready),
        start: usize,
        before: Option<u8>,
        trails: &mut Trails,
        window: Window<'_>,
    ) -> Self {
        let value = ready.program().map(|program| &program.value);
        let state = value.and_then(|value| Some((value, begin(value, before)?)));
        let Some((value, state)) = state else {
            return Self::No;
        };
        let mut walk = Walk::new(state, start);
        let walked = match walk.on(value, window, trails.alone(start)) {
            Walked::Far => trails.walk(rule, (start, &mut walk), value, window),
            walked => walked,
        };
        match walked {
            Walked::Done => walk.matched.map_or(Self::No, Self::Yes),
            Walked::Far => Self::Long(walk),
            Walked::Open => Self::Open(walk),
        }
    }
}

/// Where the value of a hand-written rule begins at the earliest.
fn earliest(rule: &Rule, anchor: usize, window: Window<'_>) -> usize {
    match rule.anchor {
        // It may take what stands before its text or sign.
        Anchor::Literals(_) | Anchor::Byte(_) => window.run(anchor),
        Anchor::Names { .. } | Anchor::Word { .. } | Anchor::Number { .. } => anchor,
    }
}

/// If it withstands the check of its rule.
fn found(
    ready: &Ready,
    window: Window<'_>,
    range: Option<Range<usize>>,
    read: Range<usize>,
) -> Step {
    let Some(range) = range else {
        return Step::None(read);
    };
    if ready.rule.withstands(window.value(&range)) {
        Step::Found {
            start: range.start,
            end: range.end,
            read: read.end,
        }
    } else {
        Step::None(read)
    }
}
