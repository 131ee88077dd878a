//! All rules made ready to search with. Shared by every text that is searched; knows none of them.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use regex_automata::dfa::{StartKind as DfaStartKind, dense};
use regex_automata::util::syntax;

use crate::Class;
use crate::asked::{Asked, Block, InRows};
use crate::beginnings::Beginnings;
use crate::clean::Searcher;
use crate::custom::{Customs, DetectorError};
use crate::found::{Finding, Group, Rank};
use crate::joined::Family;
use crate::literals::{Literals, TextId};
use crate::per_kind::KindId;
use crate::places::{Places, Text};
use crate::rule::{Anchor, Rule, Shape};
use crate::rule_set::{self, RuleSet};
use crate::words::Words;

/// Rules, and where each of them is asked.
pub(crate) struct Rules {
    ready: Vec<Ready>,
    pub(crate) beginnings: Beginnings,
    pub(crate) literals: Literals,
    /// Of each text that the automaton knows.
    texts: Vec<Text>,
    pub(crate) words: Words,
    /// By how many digits there are.
    numbers: Vec<Asked>,
    /// For how many digits there are any, a bit for each.
    pub(crate) numbers_alone: u32,
    in_rows: Vec<InRows>,
    /// No rule asks for a number with fewer digits.
    pub(crate) shortest_number: usize,
    bytes: Vec<Asked>,
}

/// The rules of the catalogue, made once for the whole process, and the detectors of one policy.
#[derive(Debug)]
pub(crate) struct Sets {
    pub(crate) rules: Arc<Rules>,
    pub(crate) customs: Customs,
    pub(crate) searcher: Searcher,
}

pub(crate) struct Ready {
    pub(crate) rule: &'static Rule,
    pub(crate) rank: Rank,
    /// Rules with the same patterns share them.
    program: Arc<OnceLock<Option<Program>>>,
    /// Those of its block that have the same pattern for a value without a lead, itself among them.
    pub(crate) alike: u128,
    /// Those of its block that are asked together with it.
    pub(crate) family: Option<Arc<Family>>,
}

/// The automata of a [`Shape::Pattern`].
pub(crate) struct Program {
    pub(crate) lead: Option<Dfa>,
    pub(crate) value: Dfa,
}

pub(crate) type RuleId = u16;
pub(crate) type Dfa = dense::DFA<Vec<u32>>;
pub(crate) type DfaState = regex_automata::util::primitives::StateID;

impl Rules {
    pub(crate) fn new(rules: impl IntoIterator<Item = &'static Rule>) -> Result<Self, BuildError> {
        let mut places = Places::new();
        let mut ready: Vec<Ready> = Vec::new();
        let mut programs = HashMap::<_, Arc<OnceLock<_>>>::new();
        let mut kinds = HashMap::new();
        let mut rules: Vec<&'static Rule> = rules.into_iter().collect();
        rules.sort_by_key(|rule| together(rule));
        for rule in rules {
            let id = RuleId::try_from(ready.len()).map_err(|_| BuildError::Many)?;
            if !places.add(rule, id) {
                return Err(BuildError::Range(rule.kind));
            }
            let next = KindId::try_from(kinds.len()).map_err(|_| BuildError::Many)?;
            let kind = *kinds.entry(rule.kind).or_insert(next);
            ready.push(Ready {
                rule,
                rank: rule.rank(kind),
                program: programs.entry(patterns(rule)).or_default().clone(),
                alike: 0,
                family: None,
            });
        }
        let mut of_kinds = HashMap::<_, usize>::new();
        for ready in &ready {
            *of_kinds.entry(ready.rank.kind).or_default() += 1;
        }
        for block in ready.chunks_mut(rule_set::RULES) {
            find_alike(block);
            find_families(block, |ready| of_kinds.get(&ready.rank.kind) == Some(&1));
        }
        let all = ready.iter().map(|ready| ready.rule).collect();
        let literals = places.texts.automaton(&places.bytes);
        Ok(Self {
            ready,
            beginnings: Beginnings::new(all),
            literals: literals.ok_or(BuildError::Many)?,
            shortest_number: places.shortest_number(),
            numbers_alone: places.lengths(),
            texts: places.texts.meanings,
            words: Words::new(places.words).ok_or(BuildError::Many)?,
            in_rows: places.in_rows,
            numbers: places.numbers,
            bytes: places.bytes,
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.ready.len()
    }

    pub(crate) fn get(&self, id: RuleId) -> Option<&Ready> {
        self.ready.get(usize::from(id))
    }

    pub(crate) fn text(&self, id: TextId) -> Option<&Text> {
        self.texts.get(usize::from(id))
    }

    pub(crate) fn of_number(&self, digits: usize) -> &[Block] {
        at(&self.numbers, digits)
    }

    /// For how many digits there is a rule for numbers in a row of others, a bit for each, where these
    /// have a word near.
    pub(crate) fn in_rows(&self, near: &RuleSet, begins_text: bool) -> u32 {
        let asked = self.in_rows.iter().filter(|row| {
            let asked = row.block.asked(near.block(row.block.number), begins_text);
            row.block.in_rows & asked != 0
        });
        asked.fold(0, |all, row| all | row.digits)
    }

    pub(crate) fn at_byte(&self, byte: u8) -> &[Block] {
        at(&self.bytes, usize::from(byte))
    }
}

impl Sets {
    pub(crate) fn type_of(&self, id: RuleId) -> Option<(&'static str, Class)> {
        let rule = self.rules.get(id).map(|ready| ready.rule);
        let of_rule = rule.map(|rule| (rule.kind, rule.class));
        of_rule.or_else(|| self.customs.type_of(id))
    }

    /// What each rule of a group has found.
    pub(crate) fn findings(
        &self,
        group: &Group,
    ) -> impl Iterator<Item = (Finding, &'static Rule)> + use<'_> {
        let confidence = group.confidence;
        group.rules().filter_map(move |id| {
            let ready = self.rules.get(id)?;
            let finding = Finding {
                id,
                kind: ready.rank.kind,
                confidence,
            };
            Some((finding, ready.rule))
        })
    }

    pub(crate) fn kind_of(&self, id: RuleId) -> Option<KindId> {
        let of_rule = self.rules.get(id).map(|ready| ready.rank.kind);
        of_rule.or_else(|| self.customs.kind_of(id))
    }
}

impl Ready {
    /// Its value stands behind a lead.
    pub(crate) fn is_led(&self) -> bool {
        matches!(self.rule.shape, Shape::Pattern { lead, .. } if !lead.is_empty())
    }

    /// What it finds near one of its words, if that may be settled with what others find.
    pub(crate) fn group(&self, id: RuleId, range: &Range<usize>) -> Option<Group> {
        let (block, bit) = rule_set::place(id);
        let family = self.family.as_ref()?;
        (family.together & bit != 0).then(|| Group {
            block,
            rules: bit,
            confidence: self.rule.confidence.near,
            range: range.clone(),
        })
    }

    /// Made when it is first needed: most processes never meet most types of data. None where the
    /// rule is not a pattern; a test makes all of them.
    pub(crate) fn program(&self) -> Option<&Program> {
        let Shape::Pattern { lead, value } = self.rule.shape else {
            return None;
        };
        let program = || {
            let lead = (!lead.is_empty()).then(|| dfa(&[lead])).transpose().ok()?;
            let value = dfa(&[value]).ok()?;
            Some(Program { lead, value })
        };
        self.program.get_or_init(program).as_ref()
    }
}

/// Why rules are none.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    #[error("there are too many rules, or texts that they look for")]
    Many,
    #[error("the rule for {0} asks for more letters or digits than are looked at")]
    Range(&'static str),
    #[error("the detector `{0}`: {1}")]
    Detector(String, #[source] DetectorError),
    #[error("this process has met too many names of types; it must be started anew")]
    Names,
}

fn at(asked: &[Asked], place: usize) -> &[Block] {
    asked.get(place).map_or(&[], |asked| &asked.0)
}

/// Rules that are asked at the same places have numbers next to each other, and so few blocks.
fn together(rule: &Rule) -> (u8, usize, usize) {
    match rule.anchor {
        Anchor::Word {
            letters: (low, high),
        } => (0, low, high),
        Anchor::Number {
            digits: (low, high),
        } => (1, low, high),
        Anchor::Byte(byte) => (2, usize::from(byte), 0),
        Anchor::Literals(_) | Anchor::Names { .. } => (3, 0, 0),
    }
}

fn patterns(rule: &Rule) -> (&'static str, &'static str) {
    match rule.shape {
        Shape::Pattern { lead, value } => (lead, value),
        Shape::Number(_) | Shape::Custom(_) => ("", ""),
    }
}

/// Among the rules of one block.
fn find_alike(block: &mut [Ready]) {
    let mut alike = HashMap::<_, u128>::new();
    for (bit, ready) in block.iter().enumerate() {
        *alike.entry(value_alone(ready.rule, bit)).or_default() |= 1 << bit;
    }
    for (bit, ready) in block.iter_mut().enumerate() {
        let known = alike.get(&value_alone(ready.rule, bit));
        ready.alike = known.copied().unwrap_or_default();
    }
}

/// Among the rules of one block.
fn find_families(block: &mut [Ready], is_only: impl Fn(&Ready) -> bool) {
    let mut families = HashMap::<_, Family>::new();
    for (bit, ready) in block.iter().enumerate() {
        if let Some(name) = Family::name(ready.rule) {
            let family = families.entry(name).or_default();
            family.add(ready.rule, 1 << bit, is_only(ready));
        }
    }
    let families = families.into_iter();
    let families: HashMap<_, _> = families.map(|(name, all)| (name, Arc::new(all))).collect();
    for ready in block {
        let name = Family::name(ready.rule);
        ready.family = name.and_then(|name| families.get(&name).cloned());
    }
}

/// The pattern of a rule that wants nothing else, or what no other rule has.
fn value_alone(rule: &Rule, bit: usize) -> (&'static str, usize) {
    match rule.shape {
        Shape::Pattern { lead: "", value } => (value, 0),
        Shape::Pattern { .. } | Shape::Number(_) | Shape::Custom(_) => ("", bit),
    }
}

/// Anchored, for the longest match, over bytes, and without tables of Unicode: small, and made within microseconds.
pub(crate) fn dfa(patterns: &[&str]) -> Result<Dfa, Box<dense::BuildError>> {
    Ok(dense::Builder::new()
        .configure(
            dense::Config::new()
                .start_kind(DfaStartKind::Anchored)
                .match_kind(regex_automata::MatchKind::All)
                .accelerate(false),
        )
        .syntax(syntax::Config::new().unicode(false).utf8(false))
        .thompson(regex_automata::nfa::thompson::Config::new().utf8(false))
        .build_many(patterns)?)
}

/// How the automaton of a pattern begins behind this byte.
pub(crate) fn begin(dfa: &Dfa, before: Option<u8>) -> Option<DfaState> {
    use regex_automata::dfa::Automaton as _;
    let start = regex_automata::util::start::Config::new()
        .anchored(regex_automata::Anchored::Yes)
        .look_behind(before);
    dfa.start_state(&start).ok()
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rules")
            .field("rules", &self.ready.len())
            .field("texts", &self.texts.len())
            .finish_non_exhaustive()
    }
}
