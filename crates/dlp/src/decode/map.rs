//! Where the bytes of a text that was decoded stand in the text that it was decoded from. Decodes nothing.

use std::collections::VecDeque;
use std::ops::Range;

#[derive(Clone, Debug)]
pub(crate) struct Map {
    /// In order; the first covers all that is before it too.
    pieces: VecDeque<Piece>,
    end: Place,
}

/// The same byte in either text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    inner: usize,
    outer: usize,
}

/// Units of one kind that follow each other in both texts: single bytes, quanta of base64, one
/// escape with what it stands for.
#[derive(Clone, Debug)]
struct Piece {
    start: Place,
    inner: usize,
    outer: usize,
}

impl Map {
    pub(crate) fn new(inner: usize, outer: usize) -> Self {
        let end = Place { inner, outer };
        let first = Piece {
            start: end,
            inner: 1,
            outer: 1,
        };
        Self {
            pieces: VecDeque::from([first]),
            end,
        }
    }

    /// The same bytes in both.
    pub(crate) fn same(&mut self, length: usize) {
        let outer = self.end.outer;
        self.go_on(outer, 1, 1);
        self.end.inner += length;
        self.end.outer += length;
    }

    /// So many bytes were decoded from these, which are taken as a whole.
    pub(crate) fn unit(&mut self, inner: usize, outer: Range<usize>) {
        if inner > 0 {
            self.go_on(outer.start, inner, outer.len());
        }
        self.end.inner += inner;
        self.end.outer = outer.end;
    }

    fn go_on(&mut self, at: usize, inner: usize, outer: usize) {
        let end = Place {
            outer: at,
            ..self.end
        };
        let last = self.pieces.back();
        let fits = |last: &Piece| {
            (last.inner, last.outer) == (inner, outer) && last.outer_at(end.inner) == end.outer
        };
        if !last.is_some_and(fits) {
            self.pieces.push_back(Piece {
                start: end,
                inner,
                outer,
            });
        }
    }

    /// The end of both texts.
    pub(crate) fn inner_end(&self) -> usize {
        self.end.inner
    }

    /// Where the unit begins that this byte of the inner text is of.
    pub(crate) fn start(&self, inner: usize) -> usize {
        if inner >= self.end.inner {
            return self.end.outer;
        }
        self.piece(inner)
            .map_or(inner, |piece| piece.outer_at(inner))
    }

    /// Where the unit ends that the byte before this one is of.
    pub(crate) fn end(&self, inner: usize) -> usize {
        let Some(last) = inner.checked_sub(1) else {
            return self.start(inner);
        };
        self.piece(last)
            .map_or(inner, |piece| piece.outer_at(last) + piece.outer)
    }

    /// What is before this is not asked for any more.
    pub(crate) fn forget(&mut self, inner: usize) {
        while self
            .pieces
            .get(1)
            .is_some_and(|next| next.start.inner <= inner)
        {
            self.pieces.pop_front();
        }
    }

    fn piece(&self, inner: usize) -> Option<&Piece> {
        let after = self
            .pieces
            .partition_point(|piece| piece.start.inner <= inner);
        self.pieces.get(after.saturating_sub(1))
    }
}

impl Piece {
    fn outer_at(&self, inner: usize) -> usize {
        match inner.checked_sub(self.start.inner) {
            Some(more) => self.start.outer + more / self.inner * self.outer,
            // Before the first, both are the same. A name that only the inner text has is at the beginning.
            None => self.start.outer.saturating_sub(self.start.inner - inner),
        }
    }
}
