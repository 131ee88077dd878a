//! One automaton (Aho and Corasick, 1975) that stops where a text ends that rules begin with or want nearby, where a number
//! begins, and at some signs. It says where to look; it knows no rule.

use std::collections::VecDeque;

/// What follows a state that is near the beginning of texts is one row of a table: a step is one look into it.
/// Most states are deeper, and little of what is read gets to them: they keep how their texts go on, and
/// fall back to another state for all else. Letters count as small.
pub(crate) struct Literals {
    classes: [u8; 256],
    /// How many classes of bytes there are: the length of a row.
    width: usize,
    next: Vec<State>,
    /// Of each row, which of `texts` end there.
    ends: Vec<Ends>,
    deep: Vec<Deep>,
    edges: Vec<Edge>,
    texts: Vec<TextId>,
}

/// A state behind more than [`SHALLOW`] bytes of a text.
struct Deep {
    /// What the text has in common with the beginning of another one, at its end and shorter.
    fallback: State,
    edges: (usize, usize),
    ends: Ends,
}

/// How a text goes on.
struct Edge {
    class: u8,
    next: State,
}

pub(crate) type TextId = u16;

type Ends = (usize, usize);

/// Where the row of a state begins, or with [`DEEP`] which it is of the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct State(u32);

impl State {
    #[inline]
    fn is_deep(self) -> bool {
        self.0 & DEEP != 0
    }

    #[inline]
    fn stops(self) -> bool {
        self.0 & STOP != 0
    }

    /// Reading has gone on.
    #[inline]
    fn passed(self) -> Self {
        Self(self.0 & !STOP)
    }

    #[inline]
    fn index(self) -> usize {
        usize::try_from(self.0 & !(STOP | DEEP)).unwrap_or_default()
    }
}

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
        let size = u32::try_from((tree.nodes.len() + 1) * width).ok();
        size.filter(|size| size & (STOP | DEEP) == 0)?;
        let mut literals = Self {
            classes,
            width,
            next: Vec::new(),
            ends: Vec::new(),
            deep: Vec::new(),
            edges: Vec::new(),
            texts: Vec::new(),
        };
        literals.fill(&tree, signs)?;
        literals.next.shrink_to_fit();
        Some(literals)
    }

    /// Reads up to a byte at which it stops, and that byte: the state behind it, and how many bytes
    /// there were. None where it does not stop.
    #[inline]
    pub(crate) fn skip(&self, mut state: State, bytes: &[u8]) -> (State, Option<usize>) {
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let (next, length) = if state.is_deep() {
                self.skip_deep(state, rest)
            } else {
                self.skip_shallow(state, rest)
            };
            at += length;
            state = next.passed();
            if next.stops() {
                return (state, Some(at));
            }
        }
        (state, None)
    }

    /// At the most up to a byte behind which there is no row.
    #[inline]
    fn skip_shallow(&self, mut row: State, bytes: &[u8]) -> (State, usize) {
        let (fours, rest) = bytes.as_chunks::<4>();
        for (four, at) in fours.iter().zip((0..).step_by(4)) {
            for (byte, length) in four.iter().zip(1..) {
                row = self.in_row(row, self.class(*byte));
                if row.stops() || row.is_deep() {
                    return (row, at + length);
                }
            }
        }
        for (byte, length) in rest.iter().zip(bytes.len() - rest.len() + 1..) {
            row = self.in_row(row, self.class(*byte));
            if row.stops() || row.is_deep() {
                return (row, length);
            }
        }
        (row, bytes.len())
    }

    /// At the most up to a byte behind which there is a row.
    fn skip_deep(&self, mut state: State, bytes: &[u8]) -> (State, usize) {
        for (byte, length) in bytes.iter().zip(1..) {
            state = self.follow(state, self.class(*byte));
            if state.stops() || !state.is_deep() {
                return (state, length);
            }
        }
        (state, bytes.len())
    }

    /// The texts that end here, the longest first.
    pub(crate) fn texts(&self, state: State) -> &[TextId] {
        let (from, to) = self.ends(state);
        self.texts.get(from..to).unwrap_or_default()
    }

    fn follow(&self, mut state: State, class: u8) -> State {
        while let Some(deep) = self.deep(state) {
            let edges = self.edges.get(deep.edges.0..deep.edges.1);
            let mut edges = edges.unwrap_or_default().iter();
            if let Some(edge) = edges.find(|edge| edge.class == class) {
                return edge.next;
            }
            state = deep.fallback;
        }
        self.in_row(state, class)
    }

    /// All rows are there, and so all that may follow.
    #[inline]
    fn in_row(&self, row: State, class: u8) -> State {
        let row = usize::try_from(row.0).unwrap_or(usize::MAX);
        match self.next.get(row.saturating_add(usize::from(class))) {
            Some(next) => *next,
            None => State(STOP),
        }
    }

    #[inline]
    fn class(&self, byte: u8) -> u8 {
        let class = self.classes.get(usize::from(byte)).copied();
        class.unwrap_or_default()
    }

    fn deep(&self, state: State) -> Option<&Deep> {
        self.deep.get(state.index()).filter(|_| state.is_deep())
    }

    fn ends(&self, state: State) -> Ends {
        let ends = match self.deep(state) {
            Some(deep) => Some(deep.ends),
            None => self.ends.get(state.index() / self.width).copied(),
        };
        ends.unwrap_or_default()
    }

    /// Makes the states level by level, so that the one which a text falls back to is there before its own.
    fn fill(&mut self, tree: &Tree, signs: &[u8]) -> Option<()> {
        let roots = [(State::default(), false), (self.root(b'0')?, true)];
        for (root, after_digit) in roots {
            self.next.resize(self.next.len() + self.width, root);
            self.ends.push((0, 0));
            for byte in 0..=u8::MAX {
                self.lead(root, byte, self.root(byte)?, after_digit, signs)?;
            }
        }
        let mut waiting = VecDeque::new();
        for (byte, node) in &tree.nodes.first()?.children {
            let reached = self.reach(tree, *node, *byte, 1, self.root(*byte)?)?;
            for (root, after_digit) in roots {
                self.lead(root, *byte, reached.state, after_digit, signs)?;
            }
            waiting.push_back(reached);
        }
        while let Some(from) = waiting.pop_front() {
            if !from.state.is_deep() {
                let row = from.fallback.index();
                self.next.extend_from_within(row..row + self.width);
            }
            let edges = self.edges.len();
            for (byte, node) in &from.node.children {
                let fallback = self.follow(from.fallback, self.class(*byte)).passed();
                let reached = self.reach(tree, *node, *byte, from.depth + 1, fallback)?;
                self.lead(from.state, *byte, reached.state, from.after_digit, signs)?;
                waiting.push_back(reached);
            }
            if from.state.is_deep() {
                self.deep.get_mut(from.state.index())?.edges = (edges, self.edges.len());
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
        depth: usize,
        fallback: State,
    ) -> Option<Reached<'a>> {
        let node = tree.nodes.get(node)?;
        let (from, to) = self.ends(fallback);
        let first = self.texts.len();
        self.texts.extend(node.text);
        self.texts.extend_from_within(from..to);
        let ends = (first, self.texts.len());
        let state = if depth > SHALLOW {
            let deep = u32::try_from(self.deep.len()).ok()?;
            self.deep.push(Deep {
                fallback,
                edges: (0, 0),
                ends,
            });
            State(deep | DEEP)
        } else {
            let row = self.ends.len() * self.width;
            self.ends.push(ends);
            State(u32::try_from(row).ok()?)
        };
        Some(Reached {
            node,
            state,
            fallback,
            depth,
            after_digit: byte.is_ascii_digit(),
        })
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
        let next = if stops { State(to.0 | STOP) } else { to };
        let class = self.class(byte);
        if from.is_deep() {
            self.edges.push(Edge { class, next });
        } else {
            let at = from.index() + usize::from(class);
            *self.next.get_mut(at)? = next;
        }
        Some(())
    }

    /// Within no text: whether that was a digit is all that is known.
    fn root(&self, byte: u8) -> Option<State> {
        let row = if byte.is_ascii_digit() { self.width } else { 0 };
        u32::try_from(row).ok().map(State)
    }
}

/// A state that has its number, and not yet what follows it.
struct Reached<'a> {
    node: &'a Node,
    state: State,
    fallback: State,
    depth: usize,
    after_digit: bool,
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

/// Beside a state: the byte before it is one to stop at.
const STOP: u32 = 1 << 31;
/// Beside a state: it has no row.
const DEEP: u32 = 1 << 30;
/// Behind at the most as many bytes of a text a state has a row.
const SHALLOW: usize = 4;

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
            texts in proptest::collection::hash_set("[ab1]{1,9}", 1..12),
            text in "[abAB1c@]{0,60}",
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
