//! Where each rule is asked, while all of them are gathered. It asks none.

use std::collections::HashMap;

use crate::asked::{Asked, InRows};
use crate::literals::Literals;
use crate::rule::{Anchor, Rule};
use crate::rule_set::Blocks;
use crate::rules::RuleId;

pub(crate) struct Places {
    pub(crate) texts: Texts,
    /// By how many letters stand before the first digit.
    pub(crate) words: Vec<Asked>,
    /// By how many digits there are.
    pub(crate) numbers: Vec<Asked>,
    pub(crate) in_rows: Vec<InRows>,
    pub(crate) bytes: Vec<Asked>,
}

impl Places {
    pub(crate) fn new() -> Self {
        let none = |count| (0..count).map(|_| Asked::default()).collect();
        Self {
            texts: Texts::default(),
            words: none(MOST_LETTERS + 1),
            numbers: none(MOST_DIGITS + 1),
            in_rows: Vec::new(),
            bytes: none(256),
        }
    }

    /// Whether there is a place for it.
    pub(crate) fn add(&mut self, rule: &'static Rule, id: RuleId) -> bool {
        for word in rule.words.iter().chain(rule.more) {
            self.texts.word(word, id);
        }
        match rule.anchor {
            Anchor::Literals(literals) => {
                for text in literals {
                    self.texts.anchor(text, rule, id);
                }
                true
            }
            Anchor::Names { names, within } => {
                for text in names {
                    self.texts.name(text, within, rule, id);
                }
                true
            }
            Anchor::Word { letters } => ask(&mut self.words, letters, rule, id),
            Anchor::Number { digits } => {
                self.in_rows.extend(InRows::new(rule, id));
                ask(&mut self.numbers, digits, rule, id)
            }
            Anchor::Byte(byte) => {
                let byte = usize::from(byte);
                ask(&mut self.bytes, (byte, byte), rule, id)
            }
        }
    }

    /// There is none with fewer digits.
    pub(crate) fn shortest_number(&self) -> usize {
        let none = self.numbers.iter().take_while(|asked| asked.0.is_empty());
        none.count()
    }

    /// For how many digits there are any, a bit for each.
    pub(crate) fn lengths(&self) -> u32 {
        let any = |asked: &Asked| u32::from(!asked.0.is_empty());
        let numbers = (0..).zip(&self.numbers);
        numbers.fold(0, |all, (digits, asked)| all | any(asked) << digits)
    }
}

/// What a text of the automaton means.
#[derive(Default)]
pub(crate) struct Text {
    pub(crate) anchors: Asked,
    /// Of these rules it is a name.
    pub(crate) names: Asked,
    /// The same, but also within a word.
    pub(crate) within: Asked,
    /// Of these rules it is a word, if of any.
    pub(crate) is_word: bool,
    pub(crate) speaks_for: Blocks,
    /// Begins with a letter or a digit, so that none may stand before it.
    pub(crate) is_bounded: bool,
    pub(crate) length: usize,
}

/// Every text once.
#[derive(Default)]
pub(crate) struct Texts {
    all: Vec<String>,
    places: HashMap<String, usize>,
    pub(crate) meanings: Vec<Text>,
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
            meaning.is_word = true;
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

    pub(crate) fn automaton(&self, asked: &[Asked]) -> Option<Literals> {
        let signs = (0..=u8::MAX)
            .zip(asked)
            .filter(|(_, asked)| !asked.0.is_empty());
        let signs: Vec<u8> = signs.map(|(sign, _)| sign).collect();
        Literals::new(&self.all, &signs)
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

/// No rule asks for a word with more letters before its first digit.
pub(crate) const MOST_LETTERS: usize = 20;
const MOST_DIGITS: usize = 24;
