//! One automaton (Aho and Corasick, 1975) that stops where a text ends that rules begin with or want nearby, where a number
//! begins, and at some signs. It says where to look; it knows no rule.

use std::collections::VecDeque;

/// What follows a state is one row of a table: a step is one look into it. Letters count as small. Few texts
/// have bytes beyond ASCII, so those have rows of their own, which many states share.
pub(crate) struct Literals {
    /// Of each byte, where it is in a row: [`BEYOND`] of all that are not ASCII.
    columns: [u8; 256],
    /// In rows of [`WIDTH`], one for each state. At [`BEYOND`] stands, with [`STOP`], which row of `beyond` it has.
    next: Vec<u16>,
    /// In rows of [`HALF`], one for each byte beyond ASCII.
    beyond: Vec<u16>,
    /// Of each state, where among `texts` those begin that end there: up to where those of the next begin.
    ends: Vec<u32>,
    texts: Vec<TextId>,
}

pub(crate) type TextId = u16;

/// Which it is, and with [`STOP`] that the byte before it is one to stop at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct State(u16);

impl State {
    fn stops(self) -> bool {
        self.0 & STOP != 0
    }

    /// Reading has gone on.
    fn passed(self) -> Self {
        Self(self.0 & !STOP)
    }

    fn index(self) -> usize {
        usize::from(self.passed().0)
    }
}

impl Literals {
    /// Of texts in small letters. None where there are more than it has numbers for.
    pub(crate) fn new(texts: &[String], signs: &[u8]) -> Option<Self> {
        let tree = Tree::new(texts)?;
        let digits = b"0123456789".iter().chain(signs).copied();
        let mut literals = Self {
            columns: columns(texts.iter().flat_map(|text| text.bytes()).chain(digits))?,
            next: Vec::new(),
            beyond: Vec::new(),
            ends: Vec::new(),
            texts: Vec::new(),
        };
        literals.next.reserve_exact((tree.nodes.len() + 1) * WIDTH);
        literals.fill(&tree, signs)?;
        literals.beyond.shrink_to_fit();
        Some(literals)
    }

    /// Reads up to a byte at which it stops, and that byte: the state behind it, and how many bytes
    /// there were. None where it does not stop.
    #[inline]
    pub(crate) fn skip(&self, mut state: State, bytes: &[u8]) -> (State, Option<usize>) {
        let mut at = 0;
        loop {
            let rest = bytes.get(at..).unwrap_or_default();
            let (next, length) = match rest.first() {
                Some(first) if first.is_ascii() => self.read(state, rest),
                Some(_) => self.read_beyond(state, rest),
                None => return (state, None),
            };
            state = next.passed();
            at += length;
            if next.stops() {
                return (state, Some(at));
            }
        }
    }

    /// Reads up to a byte at which it stops or that is not ASCII, and that byte. That it is to stop shows where
    /// there is no row for it. A function by itself, so that nothing else takes room from its few variables.
    #[inline(never)]
    fn read(&self, state: State, bytes: &[u8]) -> (State, usize) {
        let mut row = usize::from(state.0) * WIDTH;
        let (eights, rest) = bytes.as_chunks::<8>();
        for (eight, at) in eights.iter().zip((0..).step_by(8)) {
            for (byte, length) in eight.iter().zip(0..) {
                match self.next.get(row | column(&self.columns, *byte)) {
                    Some(next) => row = usize::from(*next) * WIDTH,
                    None => return self.behind(row, bytes, at + length),
                }
            }
        }
        for (byte, length) in rest.iter().zip(bytes.len() - rest.len()..) {
            match self.next.get(row | column(&self.columns, *byte)) {
                Some(next) => row = usize::from(*next) * WIDTH,
                None => return self.behind(row, bytes, length),
            }
        }
        self.behind(row, bytes, bytes.len())
    }

    /// The state where a row begins, or, if the last of so many bytes is not ASCII, the one in its row of those.
    fn behind(&self, row: usize, bytes: &[u8], length: usize) -> (State, usize) {
        let state = State(u16::try_from(row / WIDTH).unwrap_or_default());
        let last = length.checked_sub(1).and_then(|last| bytes.get(last));
        let state = match last.filter(|last| !last.is_ascii()) {
            Some(last) => self.in_row(state, *last),
            None => state,
        };
        (state, length)
    }

    /// Reads bytes that are not ASCII, at the most up to one at which it stops.
    fn read_beyond(&self, mut state: State, bytes: &[u8]) -> (State, usize) {
        let mut length = 0;
        let beyond = bytes.iter().take_while(|byte| !byte.is_ascii());
        for byte in beyond {
            let row = self.next.get(state.index() * WIDTH + BEYOND);
            state = self.in_row(State(row.copied().unwrap_or_default()), *byte);
            length += 1;
            if state.stops() {
                break;
            }
        }
        (state, length)
    }

    fn in_row(&self, row: State, byte: u8) -> State {
        let next = self.beyond.get(beyond(row, byte)).copied();
        State(next.unwrap_or_default())
    }

    /// The texts that end here, the longest first.
    pub(crate) fn texts(&self, state: State) -> &[TextId] {
        let (from, to) = self.ends(state);
        self.texts.get(from..to).unwrap_or_default()
    }

    fn ends(&self, state: State) -> (usize, usize) {
        let end = |state: usize| {
            let end = self.ends.get(state).copied();
            let end = end.and_then(|end| usize::try_from(end).ok());
            end.unwrap_or(self.texts.len())
        };
        (end(state.index()), end(state.index() + 1))
    }

    /// Makes the states level by level, so that the one which a text falls back to is there before its own.
    fn fill(&mut self, tree: &Tree, signs: &[u8]) -> Option<()> {
        self.beyond.resize(HALF, 0);
        for (root, after_digit) in ROOTS {
            self.ends.push(0);
            self.next.resize(self.next.len() + WIDTH, STOP);
            for byte in 0..=u8::MAX {
                self.lead(root, byte, root_behind(byte), after_digit, signs)?;
            }
        }
        let mut waiting = VecDeque::new();
        for (byte, node) in &tree.nodes.first()?.children {
            let reached = self.reach(tree, *node, *byte, root_behind(*byte))?;
            for (root, after_digit) in ROOTS {
                self.lead(root, *byte, reached.state, after_digit, signs)?;
            }
            waiting.push_back(reached);
        }
        while let Some(from) = waiting.pop_front() {
            self.add_row(&from)?;
            for (byte, node) in &from.node.children {
                let fallback = State(*self.after(from.fallback, *byte)?).passed();
                let reached = self.reach(tree, *node, *byte, fallback)?;
                self.lead(from.state, *byte, reached.state, from.after_digit, signs)?;
                waiting.push_back(reached);
            }
        }
        Some(())
    }

    /// Numbers the state behind this byte: the texts that end there are one of its own, and those of its fallback.
    fn reach<'a>(
        &mut self,
        tree: &'a Tree,
        node: usize,
        byte: u8,
        fallback: State,
    ) -> Option<Reached<'a>> {
        let node = tree.nodes.get(node)?;
        let state = State(u16::try_from(self.ends.len()).ok()?);
        let (from, to) = self.ends(fallback);
        self.ends.push(u32::try_from(self.texts.len()).ok()?);
        self.texts.extend(node.text);
        self.texts.extend_from_within(from..to);
        Some(Reached {
            node,
            state: (!state.stops()).then_some(state)?,
            fallback,
            after_digit: byte.is_ascii_digit(),
        })
    }

    /// Until its own texts go on, what follows a state is what follows its fallback.
    fn add_row(&mut self, of: &Reached<'_>) -> Option<()> {
        let row = of.fallback.index() * WIDTH;
        self.next.extend_from_within(row..row + WIDTH);
        if of.node.children.iter().any(|(byte, _)| !byte.is_ascii()) {
            let own = u16::try_from(self.beyond.len() / HALF).ok()?;
            let shared = self.next.get_mut(of.state.index() * WIDTH + BEYOND)?;
            let row = State(*shared).index() * HALF;
            *shared = own | STOP;
            self.beyond.extend_from_within(row..row + HALF);
        }
        Some(())
    }

    fn lead(
        &mut self,
        from: State,
        byte: u8,
        to: State,
        after_digit: bool,
        signs: &[u8],
    ) -> Option<()> {
        let (first, end) = self.ends(to);
        let stops = first < end || signs.contains(&byte) || byte.is_ascii_digit() && !after_digit;
        let next = if stops { to.0 | STOP } else { to.0 };
        *self.after(from, byte)? = next;
        Some(())
    }

    /// What follows a state behind this byte.
    fn after(&mut self, state: State, byte: u8) -> Option<&mut u16> {
        let row = state.index() * WIDTH;
        let next = self.next.get_mut(row | column(&self.columns, byte))?;
        if byte.is_ascii() {
            return Some(next);
        }
        self.beyond.get_mut(beyond(State(*next), byte))
    }
}

/// A state that has its number, and not yet what follows it.
struct Reached<'a> {
    node: &'a Node,
    state: State,
    fallback: State,
    after_digit: bool,
}

/// Where in a row to look for what follows behind a byte.
#[inline]
fn column(columns: &[u8; 256], byte: u8) -> usize {
    let column = columns.get(usize::from(byte)).copied();
    usize::from(column.unwrap_or_default())
}

/// Where to look for what follows behind a byte beyond ASCII, of the row that a state has for those.
fn beyond(row: State, byte: u8) -> usize {
    row.index() * HALF + usize::from(byte) % HALF
}

/// Within no text: whether that was a digit is all that is known.
fn root_behind(byte: u8) -> State {
    State(u16::from(byte.is_ascii_digit()))
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

/// A column for each of these bytes of ASCII, a capital's being that of its small letter, and one for all others.
fn columns(bytes: impl Iterator<Item = u8>) -> Option<[u8; 256]> {
    let beyond = u8::try_from(BEYOND).ok()?;
    let mut columns = [0; 256];
    let mut last = 0;
    for byte in bytes.filter(u8::is_ascii) {
        let column = columns.get_mut(usize::from(byte))?;
        if *column == 0 {
            last += 1;
            *column = (last < beyond).then_some(last)?;
        }
    }
    for capital in b'A'..=b'Z' {
        let small = *columns.get(usize::from(capital.to_ascii_lowercase()))?;
        *columns.get_mut(usize::from(capital))? = small;
    }
    columns
        .iter_mut()
        .skip(HALF)
        .for_each(|column| *column = beyond);
    Some(columns)
}

/// Beside a state: the byte before it is one to stop at. No row is so far behind.
const STOP: u16 = 1 << 15;
/// How long a row is: a column for each byte of ASCII that texts have, and a few more.
const WIDTH: usize = 64;
/// The last column.
const BEYOND: usize = WIDTH - 1;
/// How many bytes are beyond ASCII.
const HALF: usize = 128;
/// The states within no text, and whether they are behind a digit.
const ROOTS: [(State, bool); 2] = [(State(0), false), (State(1), true)];

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

    /// Behind which bytes it stops.
    fn stops(literals: &Literals, text: &[u8]) -> Vec<usize> {
        let (mut state, mut at, mut stops) = (State::default(), 0, Vec::new());
        while let (next, Some(length)) = literals.skip(state, &text[at..]) {
            (state, at) = (next, at + length);
            stops.push(at);
        }
        stops
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
        assert_eq!(stops(&literals, text), [2, 5, 8, 13, 16, 17]);
    }

    proptest::proptest! {
        #[test]
        fn texts_of_any_length_are_found_wherever_they_end_and_it_stops_there(
            texts in proptest::collection::hash_set("[ab1éж]{1,9}", 1..12),
            text in "[abAB1c@éжè]{0,60}",
        ) {
            let texts: Vec<String> = texts.into_iter().collect();
            let literals = Literals::new(&texts, b"@").unwrap();
            let small = text.to_ascii_lowercase().into_bytes();
            let ends_at = |end: usize| {
                let ends = |(_, text): &(TextId, &String)| small[..end].ends_with(text.as_bytes());
                let mut here: Vec<_> = (0..).zip(&texts).filter(ends).collect();
                here.sort_by_key(|(_, text)| std::cmp::Reverse(text.len()));
                here.into_iter().map(|(id, _)| id).collect::<Vec<_>>()
            };
            let expected: Vec<_> = (1..=small.len())
                .map(|end| (end, ends_at(end)))
                .filter(|(_, here)| !here.is_empty())
                .collect();
            proptest::prop_assert_eq!(found(&literals, &text), expected);
            let is_digit = |at: usize| small.get(at).is_some_and(u8::is_ascii_digit);
            let stops_at = |end: &usize| {
                let begins_number = is_digit(end - 1) && !(*end > 1 && is_digit(end - 2));
                begins_number || small[end - 1] == b'@' || !ends_at(*end).is_empty()
            };
            let expected: Vec<usize> = (1..=small.len()).filter(stops_at).collect();
            proptest::prop_assert_eq!(stops(&literals, text.as_bytes()), expected);
        }
    }
}
