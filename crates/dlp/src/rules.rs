//! All rules made ready to search with. Shared by every text that is searched; knows none of them.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
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
use crate::number::Number;
use crate::per_kind::KindId;
use crate::places::{Places, Text};
use crate::rule::{Anchor, Rule, Shape};
use crate::rule_set::{self, RuleSet};
use crate::words::Words;

/// Rules, and where each of them is asked.
pub(crate) struct Rules {
    ready: Vec<Ready>,
    kinds: Vec<KindId>,
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
    /// Those of its block that have the same pattern for a value without a lead, or want the same of a number, itself
    /// among them.
    pub(crate) alike: u128,
    /// Those that look at a value again as it does.
    pub(crate) checked: u128,
    /// Those that are as sure of what they find, if that gives way to nothing but a value of its own type.
    pub(crate) settled: u128,
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
                checked: 0,
                settled: 0,
                family: None,
            });
        }
        for block in ready.chunks_mut(rule_set::RULES) {
            let alike = same(block, wanted);
            let checked = same(block, |rule| Some(rule.check.map(|check| check as usize)));
            let settled = same(block, |rule| rule.is_strong().then_some(rule.confidence));
            let same = alike.into_iter().zip(checked).zip(settled);
            for (ready, ((alike, checked), settled)) in block.iter_mut().zip(same) {
                (ready.alike, ready.checked, ready.settled) = (alike, checked, settled);
            }
            find_families(block);
        }
        let all = ready.iter().map(|ready| ready.rule).collect();
        let literals = places.texts.automaton(&places.bytes);
        Ok(Self {
            kinds: ready.iter().map(|ready| ready.rank.kind).collect(),
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

    /// The number of the type that a rule finds.
    pub(crate) fn kind_of(&self, id: RuleId) -> KindId {
        let kind = self.kinds.get(usize::from(id)).copied();
        kind.unwrap_or_default()
    }

    /// Those of some rules of a block for numbers that this one fits.
    pub(crate) fn fitting(&self, block: usize, mut some: u128, number: &Number<'_>) -> u128 {
        let mut fitting = 0;
        while let Some((id, _)) = rule_set::rules(block, some).next()
            && let Some(ready) = self.get(id)
            && let Shape::Number(fits) = ready.rule.shape
        {
            if fits(number) {
                fitting |= some & ready.alike;
            }
            some &= !ready.alike;
        }
        fitting
    }

    /// Those of some rules of a block whose check a value withstands.
    pub(crate) fn withstood(&self, block: usize, mut some: u128, value: &[u8]) -> u128 {
        let mut withstood = 0;
        while let Some((id, _)) = rule_set::rules(block, some).next()
            && let Some(ready) = self.get(id)
        {
            if ready.rule.withstands(value) {
                withstood |= some & ready.checked;
            }
            some &= !ready.checked;
        }
        withstood
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
        let (near, is_whole) = (group.near, group.is_whole);
        let are_near = near == group.rules;
        rule_set::ids(group.block, group.rules).map_while(move |id| {
            let ready = self.rules.get(id)?;
            let is_near = are_near || near & rule_set::place(id).1 != 0;
            let finding = Finding {
                id,
                kind: ready.rank.kind,
                confidence: ready.rule.confidence.of(is_near, is_whole),
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

/// For each rule of a block those of which something is the same, itself among them; none where it is nothing.
fn same<T: Eq + Hash>(block: &[Ready], of: impl Fn(&Rule) -> Option<T>) -> Vec<u128> {
    let of: Vec<_> = block.iter().map(|ready| of(ready.rule)).collect();
    let mut same = HashMap::<_, u128>::new();
    for (bit, of) in of.iter().enumerate().filter(|(_, of)| of.is_some()) {
        *same.entry(of).or_default() |= 1 << bit;
    }
    let same = of.iter().map(|of| same.get(of).copied());
    same.map(Option::unwrap_or_default).collect()
}

/// Among the rules of one block.
fn find_families(block: &mut [Ready]) {
    let mut families = HashMap::<_, Family>::new();
    for (bit, ready) in block.iter().enumerate() {
        if let Some(name) = Family::name(ready.rule) {
            families.entry(name).or_default().add(ready.rule, 1 << bit);
        }
    }
    let families = families.into_iter();
    let families: HashMap<_, _> = families.map(|(name, all)| (name, Arc::new(all))).collect();
    for ready in block {
        let name = Family::name(ready.rule);
        ready.family = name.and_then(|name| families.get(&name).cloned());
    }
}

/// What a rule wants that wants nothing else, if others may want the same: a pattern, or that a number fits.
fn wanted(rule: &Rule) -> Option<(&'static str, usize)> {
    match rule.shape {
        Shape::Pattern { lead: "", value } => Some((value, 0)),
        Shape::Number(fits) => Some(("", fits as usize)),
        Shape::Pattern { .. } | Shape::Custom(_) => None,
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
