//! Decodes the compressed messages of one direction (RFC 7692, section 7.2.2), up to a limit. It compresses nothing.
//!
//! A message may always be sent uncompressed, so that what is rewritten needs no compression.

use flate2::{Decompress, FlushDecompress, Status};

use super::Violation;

#[derive(Debug)]
pub(super) struct Inflate {
    /// Made with the first compressed message: most of a window's 32 KiB are never needed.
    state: Option<Decompress>,
    /// Later messages refer to earlier ones.
    takeover: bool,
}

impl Inflate {
    pub(super) fn new(takeover: bool) -> Self {
        Self {
            state: None,
            takeover,
        }
    }

    /// Decodes one message, whatever window its sender has agreed to: the largest holds them all.
    ///
    /// A block that is marked as the last of its stream is an error: decoders do not agree on what
    /// the messages behind it may refer to.
    pub(super) fn message(&mut self, sent: &[u8], limit: usize) -> Result<Vec<u8>, Violation> {
        let state = self.state.get_or_insert_with(|| Decompress::new(false));
        let mut message = Vec::new();
        for part in [sent, &TAIL] {
            inflate(state, part, |decoded| {
                message.extend_from_slice(decoded);
                message.len() <= limit
            })?;
        }
        if !self.takeover {
            state.reset(false);
        }
        Ok(message)
    }

    /// Goes over a part of a message that nobody looks into, so that later ones can be decoded.
    pub(super) fn skip(&mut self, part: &[u8], ends_message: bool) -> Result<(), Violation> {
        if !self.takeover {
            return Ok(());
        }
        let state = self.state.get_or_insert_with(|| Decompress::new(false));
        inflate(state, part, |_| true)?;
        if ends_message {
            inflate(state, &TAIL, |_| true)?;
        }
        Ok(())
    }
}

/// Hands out what is decoded, until it is refused as too much.
fn inflate(
    state: &mut Decompress,
    mut input: &[u8],
    mut take: impl FnMut(&[u8]) -> bool,
) -> Result<(), Violation> {
    let mut piece = [0; PIECE];
    loop {
        let (read, written) = (state.total_in(), state.total_out());
        let status = state
            .decompress(input, &mut piece, FlushDecompress::Sync)
            .map_err(|_| Violation::Undecodable)?;
        if status == Status::StreamEnd {
            return Err(Violation::Undecodable);
        }
        let read = usize::try_from(state.total_in() - read).unwrap_or(usize::MAX);
        let written = usize::try_from(state.total_out() - written).unwrap_or(usize::MAX);
        input = input.get(read..).unwrap_or_default();
        if !take(piece.get(..written).unwrap_or_default()) {
            return Err(Violation::TooLong);
        }
        match (input.is_empty(), written < PIECE) {
            (true, true) => return Ok(()),
            (false, true) if read == 0 && written == 0 => return Err(Violation::Undecodable),
            _ => {}
        }
    }
}

/// What senders leave out at the end of each message.
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];
/// Bytes decoded at a time.
const PIECE: usize = 8 * 1024;
