//! What an input says before the text that a parser gets, and the ways to cut that text. It knows no parser.

/// Chooses one of `count` by the first byte; the digits choose in their order.
pub(crate) fn choice(input: &[u8], count: usize) -> Option<(usize, &[u8])> {
    let (first, rest) = input.split_first()?;
    let at = usize::from(first.wrapping_sub(b'0')).checked_rem(count)?;
    Some((at, rest))
}

/// The text in pieces of changing lengths, which follow from `seed`.
pub(crate) fn pieces(mut text: &[u8], seed: usize) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    let (mut state, longest) = (seed, 8 << (seed % 4));
    while !text.is_empty() {
        state = state.wrapping_mul(31).wrapping_add(seed).wrapping_add(7);
        let length = 1 + state / 8 % longest;
        let (piece, rest) = text.split_at(length.min(text.len()));
        pieces.push(piece);
        text = rest;
    }
    pieces
}
