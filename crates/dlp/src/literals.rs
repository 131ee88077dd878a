//! One automaton (Aho and Corasick, 1975) that stops where a text ends that rules begin with or want nearby, where a number
//! begins, and at some signs. It says where to look; it knows no rule.

use std::collections::VecDeque;

/// What follows each state at each byte, as one table: a step is one look into it. The few rows that
/// most of a text needs come first. Letters count as small.
pub(crate) struct Literals {
    classes: [u8; 256],
    /// How many classes of bytes there are: the length of a row.
    width: usize,
    next: Vec<u32>,
    /// Of each state, which of `texts` end there.
    ends: Vec<(usize, usize)>,
    texts: Vec<TextId>,
}

pub(crate) type TextId = u16;

/// Where the row of a state begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct State(u32);

impl Literals {
    /// Of texts in small letters. None where there are more than it has numbers for.
    pub(crate) fn new(texts: &[String], signs: &[u8]) -> Option<Self> {
        let tree = Tree::new(texts)?;
        let digits = b"0123456789".iter().chain(signs);
        let classes = classes(
            texts
                .iter()
                .flat_map(|text| text.bytes())
                .chain(digits.copied()),
        )?;
        let width = usize::from(*classes.iter().max()?) + 1;
        let size = (tree.nodes.len() + 1) * width;
        u32::try_from(size).ok().filter(|size| size & STOP == 0)?;
        let mut literals = Self {
            classes,
            width,
            next: Vec::with_capacity(size),
            ends: Vec::new(),
            texts: Vec::new(),
        };
        literals.fill(&tree, signs)?;
        Some(literals)
    }

    /// Reads up to a byte at which it stops, and that byte: the state behind it, and how many bytes
    /// there were. None where it does not stop.
    #[inline]
    pub(crate) fn skip(&self, state: State, bytes: &[u8]) -> (State, Option<usize>) {
        let mut row = state.0;
        let (fours, rest) = bytes.as_chunks::<4>();
        for (four, at) in fours.iter().zip((0..).step_by(4)) {
            for (byte, length) in four.iter().zip(1..) {
                row = self.follow(row, *byte);
                if row & STOP != 0 {
                    return (State(row & !STOP), Some(at + length));
                }
            }
        }
        for (byte, length) in rest.iter().zip(bytes.len() - rest.len() + 1..) {
            row = self.follow(row, *byte);
            if row & STOP != 0 {
                return (State(row & !STOP), Some(length));
            }
        }
        (State(row), None)
    }

    /// The texts that end here, the longest first.
    pub(crate) fn texts(&self, state: State) -> &[TextId] {
        let (from, to) = self.ends_at(index(state.0));
        self.texts.get(from..to).unwrap_or_default()
    }

    /// All rows are there, and so all that may follow.
    #[inline]
    fn follow(&self, row: u32, byte: u8) -> u32 {
        match self.next.get(index(row) + self.class(byte)) {
            Some(next) => *next,
            None => STOP,
        }
    }

    #[inline]
    fn class(&self, byte: u8) -> usize {
        let class = self.classes.get(usize::from(byte)).copied();
        usize::from(class.unwrap_or_default())
    }

    fn ends_at(&self, row: usize) -> (usize, usize) {
        self.ends.get(row / self.width).copied().unwrap_or_default()
    }

    /// Makes the rows level by level, so that the row which a text falls back to is there before its own.
    fn fill(&mut self, tree: &Tree, signs: &[u8]) -> Option<()> {
        for (row, after_digit) in [(0, false), (self.width, true)] {
            self.next.resize(row + self.width, 0);
            self.ends.push((0, 0));
            for byte in 0..=u8::MAX {
                self.lead(row, byte, self.root(byte), after_digit, signs)?;
            }
        }
        let mut waiting = VecDeque::new();
        for (byte, node) in &tree.nodes.first()?.children {
            let fallback = self.root(*byte);
            let to = self.add(tree.nodes.get(*node)?.text, fallback);
            self.lead(0, *byte, to, false, signs)?;
            self.lead(self.width, *byte, to, true, signs)?;
            waiting.push_back((*node, fallback, byte.is_ascii_digit()));
        }
        while let Some((node, fallback, after_digit)) = waiting.pop_front() {
            let row = self.next.len();
            self.next
                .extend_from_within(fallback..fallback + self.width);
            for (byte, node) in &tree.nodes.get(node)?.children {
                let fallback = self.next.get(fallback + self.class(*byte))? & !STOP;
                let to = self.add(tree.nodes.get(*node)?.text, index(fallback));
                self.lead(row, *byte, to, after_digit, signs)?;
                waiting.push_back((*node, index(fallback), byte.is_ascii_digit()));
            }
        }
        Some(())
    }

    /// Numbers a state: the texts that end there are one of its own, and those of its fallback.
    fn add(&mut self, text: Option<TextId>, fallback: usize) -> usize {
        let (from, to) = self.ends_at(fallback);
        let first = self.texts.len();
        self.texts.extend(text);
        self.texts.extend_from_within(from..to);
        self.ends.push((first, self.texts.len()));
        (self.ends.len() - 1) * self.width
    }

    fn lead(
        &mut self,
        row: usize,
        byte: u8,
        to: usize,
        after_digit: bool,
        signs: &[u8],
    ) -> Option<()> {
        let (from, end) = self.ends_at(to);
        let stops = from < end || signs.contains(&byte) || byte.is_ascii_digit() && !after_digit;
        let stop = if stops { STOP } else { 0 };
        let at = row + self.class(byte);
        *self.next.get_mut(at)? = u32::try_from(to).ok()? | stop;
        Some(())
    }

    /// Within no text: whether that was a digit is all that is known.
    fn root(&self, byte: u8) -> usize {
        if byte.is_ascii_digit() { self.width } else { 0 }
    }
}

/// The beginnings of all texts.
struct Tree {
    nodes: Vec<Node>,
}

#[derive(Default)]
struct Node {
    children: Vec<(u8, usize)>,
    /// The text that ends here.
    text: Option<TextId>,
}

impl Tree {
    fn new(texts: &[String]) -> Option<Self> {
        let mut nodes = vec![Node::default()];
        for (id, text) in texts.iter().enumerate() {
            let mut at = 0;
            for byte in text.bytes() {
                let new = nodes.len();
                let children = &mut nodes.get_mut(at)?.children;
                let known = children.iter().find(|(other, _)| *other == byte);
                at = known.map_or(new, |(_, child)| *child);
                if at == new {
                    children.push((byte, new));
                    nodes.push(Node::default());
                }
            }
            nodes.get_mut(at)?.text = Some(TextId::try_from(id).ok()?);
        }
        Some(Self { nodes })
    }
}

/// One for each of these bytes, a capital's being that of its small letter, and one for all others.
fn classes(bytes: impl Iterator<Item = u8>) -> Option<[u8; 256]> {
    let mut classes = [0; 256];
    let mut last = 0_u8;
    for byte in bytes {
        let class = classes.get_mut(usize::from(byte))?;
        if *class == 0 {
            last = last.checked_add(1)?;
            *class = last;
        }
    }
    for capital in b'A'..=b'Z' {
        let small = *classes.get(usize::from(capital.to_ascii_lowercase()))?;
        *classes.get_mut(usize::from(capital))? = small;
    }
    Some(classes)
}

fn index(row: u32) -> usize {
    usize::try_from(row).unwrap_or_default()
}

/// Beside a state: the byte before it is one to stop at.
const STOP: u32 = 1 << 31;

#[cfg(test)]
mod tests {
    use super::*;

    /// The texts that end behind each byte.
    fn found(literals: &Literals, text: &str) -> Vec<(usize, Vec<TextId>)> {
        let mut state = State::default();
        let mut found = Vec::new();
        for (end, byte) in (1..).zip(text.bytes()) {
            (state, _) = literals.skip(state, &[byte]);
            let texts = literals.texts(state).to_vec();
            if !texts.is_empty() {
                found.push((end, texts));
            }
        }
        found
    }

    #[test]
    fn texts_within_texts_and_over_each_other_are_all_found_whatever_their_case() {
        let texts = ["token", "to", "ken", "kennwort", "é", "1a"].map(str::to_owned);
        let literals = Literals::new(&texts, b"@").unwrap();
        let expected = [
            (2, vec![1]),
            (5, vec![0, 2]),
            (10, vec![3]),
            (13, vec![4]),
            (15, vec![5]),
        ];
        assert_eq!(found(&literals, "TOKENnwort \u{e9}1A"), expected);
    }

    #[test]
    fn it_stops_at_signs_and_where_numbers_begin_and_at_no_other_byte() {
        let texts = ["b12".to_owned()];
        let literals = Literals::new(&texts, b"@").unwrap();
        let text = b"x@ a12 34 bb1 B123";
        let (mut state, mut rest, mut stops) = (State::default(), &text[..], Vec::new());
        while let (next, Some(length)) = literals.skip(state, rest) {
            (state, rest) = (next, &rest[length..]);
            stops.push(text.len() - rest.len());
        }
        assert_eq!(stops, [2, 5, 8, 13, 16, 17]);
    }
}
