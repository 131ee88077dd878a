//! All rules made ready to search with. Shared by every text that is searched; knows none of them.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use regex_automata::dfa::{StartKind as DfaStartKind, dense};
use regex_automata::util::syntax;

use crate::Class;
use crate::beginnings::Beginnings;
use crate::clean::Searcher;
use crate::custom::{Customs, DetectorError};
use crate::found::Rank;
use crate::literals::{Literals, TextId};
use crate::rule::{Anchor, Rule, Shape};
use crate::rule_set::{self, RuleSet};

/// Rules, and where each of them is asked.
pub(crate) struct Rules {
    ready: Vec<Ready>,
    pub(crate) beginnings: Beginnings,
    pub(crate) literals: Literals,
    /// Of each text that the automaton knows.
    texts: Vec<Text>,
    /// By how many letters stand before the first digit.
    words: Vec<Asked>,
    /// By how many digits there are.
    numbers: Vec<Asked>,
    /// The same in short.
    numbers_asked: Vec<NumberAsked>,
    /// No rule asks for a number with fewer digits.
    pub(crate) shortest_number: usize,
    bytes: Vec<Asked>,
}

/// Whether there are rules for numbers of so many digits.
struct NumberAsked {
    alone: bool,
    in_rows: bool,
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
}

/// The automata of a [`Shape::Pattern`].
pub(crate) struct Program {
    pub(crate) lead: Option<Dfa>,
    pub(crate) value: Dfa,
}

/// What a text of the automaton means.
#[derive(Default)]
pub(crate) struct Text {
    pub(crate) anchors: Asked,
    /// Of these rules it is a name.
    pub(crate) names: Asked,
    /// The same, but also within a word.
    pub(crate) within: Asked,
    /// Of these rules it is a word.
    pub(crate) speaks_for: RuleSet,
    /// Begins with a letter or a digit, so that none may stand before it.
    pub(crate) is_bounded: bool,
    pub(crate) length: usize,
}

/// The rules that are asked at one kind of place, in blocks: one bit for each.
#[derive(Default)]
pub(crate) struct Asked(pub(crate) Vec<Block>);

#[derive(Default)]
pub(crate) struct Block {
    pub(crate) number: usize,
    always: u128,
    /// Only near one of their words.
    near: u128,
    /// Those of them that also are asked where a text without a name begins.
    whole: u128,
    /// Those of all that are asked of a number in a row of others.
    in_rows: u128,
}

pub(crate) type RuleId = u16;
pub(crate) type Dfa = dense::DFA<Vec<u32>>;
pub(crate) type DfaState = regex_automata::util::primitives::StateID;

impl Rules {
    pub(crate) fn new(rules: impl IntoIterator<Item = &'static Rule>) -> Result<Self, BuildError> {
        let mut texts = Texts::default();
        let mut ready: Vec<Ready> = Vec::new();
        let places = |count| (0..count).map(|_| Asked::default()).collect::<Vec<_>>();
        let mut words = places(MOST_LETTERS + 1);
        let mut numbers = places(MOST_DIGITS + 1);
        let mut bytes = places(256);
        let mut programs = HashMap::<_, Arc<OnceLock<_>>>::new();
        let mut kinds = HashMap::new();
        let mut rules: Vec<&'static Rule> = rules.into_iter().collect();
        rules.sort_by_key(|rule| together(rule));
        for rule in rules {
            let id = RuleId::try_from(ready.len()).map_err(|_| BuildError::Many)?;
            let fits = match rule.anchor {
                Anchor::Literals(literals) => {
                    for text in literals {
                        texts.anchor(text, rule, id);
                    }
                    true
                }
                Anchor::Names { names, within } => {
                    for text in names {
                        texts.name(text, within, rule, id);
                    }
                    true
                }
                Anchor::Word { letters } => ask(&mut words, letters, rule, id),
                Anchor::Number { digits } => ask(&mut numbers, digits, rule, id),
                Anchor::Byte(byte) => {
                    let byte = usize::from(byte);
                    ask(&mut bytes, (byte, byte), rule, id)
                }
            };
            if !fits {
                return Err(BuildError::Range(rule.kind));
            }
            for word in rule.words.iter().chain(rule.more) {
                texts.word(word, id);
            }
            let kind = *kinds.entry(rule.kind).or_insert(id);
            ready.push(Ready {
                rule,
                rank: rule.rank(kind),
                program: programs.entry(patterns(rule)).or_default().clone(),
            });
        }
        let all = ready.iter().map(|ready| ready.rule).collect();
        Ok(Self {
            ready,
            beginnings: Beginnings::new(all),
            literals: texts.automaton(&bytes).ok_or(BuildError::Many)?,
            texts: texts.meanings,
            words,
            shortest_number: numbers
                .iter()
                .take_while(|asked| asked.0.is_empty())
                .count(),
            numbers_asked: numbers.iter().map(NumberAsked::new).collect(),
            numbers,
            bytes,
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

    pub(crate) fn of_word(&self, letters: usize) -> Option<&Asked> {
        self.words.get(letters)
    }

    pub(crate) fn of_number(&self, digits: usize) -> Option<&Asked> {
        self.numbers.get(digits)
    }

    /// Whether there is a rule for numbers of so many digits, as a part of a row of others or not.
    pub(crate) fn asks_number(&self, digits: usize, part: bool) -> bool {
        let asked = self.numbers_asked.get(digits);
        asked.is_some_and(|asked| if part { asked.in_rows } else { asked.alone })
    }

    pub(crate) fn at_byte(&self, byte: u8) -> Option<&Asked> {
        self.bytes.get(usize::from(byte))
    }
}

impl Sets {
    pub(crate) fn type_of(&self, id: RuleId) -> Option<(&'static str, Class)> {
        let rule = self.rules.get(id).map(|ready| ready.rule);
        let of_rule = rule.map(|rule| (rule.kind, rule.class));
        of_rule.or_else(|| self.customs.type_of(id))
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
            let lead = (!lead.is_empty()).then(|| dfa(lead)).transpose().ok()?;
            let value = dfa(value).ok()?;
            Some(Program { lead, value })
        };
        self.program.get_or_init(program).as_ref()
    }
}

impl Asked {
    fn add(&mut self, rule: &Rule, id: RuleId) {
        let (number, bit) = rule_set::place(id);
        if self.0.last().is_none_or(|last| last.number != number) {
            let block = Block {
                number,
                ..Block::default()
            };
            // Most have one.
            self.0.reserve_exact(1);
            self.0.push(block);
        }
        let Some(block) = self.0.last_mut() else {
            return;
        };
        let sure = rule.confidence;
        let bit_if = |holds: bool| if holds { bit } else { 0 };
        block.always |= bit_if(sure.alone > 0);
        block.near |= bit_if(sure.alone == 0);
        block.whole |= bit_if(sure.alone == 0 && sure.whole > 0);
        block.in_rows |= bit_if(rule.in_rows);
    }
}

impl NumberAsked {
    fn new(asked: &Asked) -> Self {
        let any = |in_rows| asked.0.iter().any(|block| block.of(in_rows) != 0);
        Self {
            alone: any(false),
            in_rows: any(true),
        }
    }
}

impl Block {
    /// All of them, or those that are asked of a number in a row of others.
    pub(crate) fn of(&self, in_rows: bool) -> u128 {
        if in_rows {
            self.in_rows
        } else {
            self.always | self.near
        }
    }

    /// Some only where they have a word nearby: `near` says which of this block have.
    pub(crate) fn asked(&self, near: impl FnOnce(usize) -> u128, begins_text: bool) -> u128 {
        let whole = if begins_text { self.whole } else { 0 };
        let near = match self.near {
            0 => 0,
            some => some & near(self.number),
        };
        self.always | near | whole
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

/// Every text once.
#[derive(Default)]
struct Texts {
    all: Vec<String>,
    places: HashMap<String, usize>,
    meanings: Vec<Text>,
}

impl Texts {
    fn anchor(&mut self, text: &str, rule: &Rule, id: RuleId) {
        let at = self.place(text);
        if let Some(meaning) = self.meanings.get_mut(at) {
            meaning.anchors.add(rule, id);
        }
    }

    fn name(&mut self, text: &str, within: bool, rule: &Rule, id: RuleId) {
        let at = self.place(text);
        if let Some(meaning) = self.meanings.get_mut(at) {
            let rules = if within {
                &mut meaning.within
            } else {
                &mut meaning.names
            };
            rules.add(rule, id);
        }
    }

    fn word(&mut self, text: &'static str, rule: RuleId) {
        let at = self.place(text);
        if let Some(meaning) = self.meanings.get_mut(at) {
            meaning.speaks_for.insert(rule);
        }
    }

    fn place(&mut self, text: &str) -> usize {
        let text = text.to_ascii_lowercase();
        if let Some(at) = self.places.get(&text) {
            return *at;
        }
        self.meanings.push(Text {
            is_bounded: text.starts_with(|first: char| first.is_ascii_alphanumeric()),
            length: text.len(),
            ..Text::default()
        });
        self.all.push(text.clone());
        self.places.insert(text, self.all.len() - 1);
        self.all.len() - 1
    }

    fn automaton(&self, asked: &[Asked]) -> Option<Literals> {
        let signs = (0..=u8::MAX)
            .zip(asked)
            .filter(|(_, asked)| !asked.0.is_empty());
        let signs: Vec<u8> = signs.map(|(sign, _)| sign).collect();
        Literals::new(&self.all, &signs)
    }
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

fn ask(asked: &mut [Asked], (low, high): (usize, usize), rule: &Rule, id: RuleId) -> bool {
    let Some(places) = asked.get_mut(low..=high) else {
        return false;
    };
    for place in places {
        place.add(rule, id);
    }
    true
}

/// Anchored, for the longest match, over bytes, and without tables of Unicode: small, and made within microseconds.
fn dfa(pattern: &str) -> Result<Dfa, Box<dense::BuildError>> {
    Ok(dense::Builder::new()
        .configure(
            dense::Config::new()
                .start_kind(DfaStartKind::Anchored)
                .match_kind(regex_automata::MatchKind::All)
                .accelerate(false),
        )
        .syntax(syntax::Config::new().unicode(false).utf8(false))
        .thompson(regex_automata::nfa::thompson::Config::new().utf8(false))
        .build(pattern)?)
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

const MOST_LETTERS: usize = 20;
const MOST_DIGITS: usize = 24;
