//! Decodes the compressed messages of one direction (RFC 7692, section 7.2.2), up to a limit. It compresses nothing.
//!
//! A message may always be sent uncompressed, so that what is rewritten needs no compression. What
//! decoders do not all read alike is an error: what is judged must be what the other side reads.

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::{
    TINFL_FLAG_HAS_MORE_INPUT, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

use super::Violation;

pub(super) struct Inflate {
    /// Made with the first compressed message: most connections never have one.
    state: Option<Box<DecompressorOxide>>,
    /// Later messages refer to earlier ones.
    takeover: bool,
    /// What the next message can refer to.
    window: Vec<u8>,
}

impl Inflate {
    pub(super) fn new(takeover: bool) -> Self {
        Self {
            state: None,
            takeover,
            window: Vec::new(),
        }
    }

    /// Decodes one message, whatever window its sender has agreed to: the largest holds them all.
    ///
    /// A block that is marked as the last of its stream is an error: decoders do not agree on what
    /// the messages behind it may refer to. So is what refers to text before the first.
    pub(super) fn message(&mut self, sent: &[u8], limit: usize) -> Result<Vec<u8>, Violation> {
        let state = self.state.get_or_insert_with(Box::default);
        let mut text = std::mem::take(&mut self.window);
        let known = text.len();
        for part in [sent, &TAIL] {
            inflate(state, part, &mut text, known.saturating_add(limit))?;
        }
        if !self.takeover {
            state.init();
            return Ok(text);
        }
        let message = text.get(known..).unwrap_or_default().to_vec();
        self.window = text.split_off(text.len().saturating_sub(WINDOW));
        Ok(message)
    }
}

/// Writes what is decoded behind `text`, to which it may refer, until that is longer than `limit`.
fn inflate(
    state: &mut DecompressorOxide,
    mut input: &[u8],
    text: &mut Vec<u8>,
    limit: usize,
) -> Result<(), Violation> {
    let mut end = text.len();
    loop {
        // A byte more than the limit shows that it is not enough.
        text.resize(limit.saturating_add(1).min(end + PIECE), 0);
        let (status, read, written) = decompress(state, input, text, end, FLAGS);
        input = input.get(read..).unwrap_or_default();
        end += written;
        if end > limit {
            return Err(Violation::TooLong);
        }
        match status {
            TINFLStatus::HasMoreOutput => {}
            TINFLStatus::NeedsMoreInput => {
                text.truncate(end);
                return Ok(());
            }
            _ => return Err(Violation::Undecodable),
        }
    }
}

/// What senders leave out at the end of each message.
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];
/// A text that does not wrap around has a beginning, and what refers to text before it is an error.
const FLAGS: u32 = TINFL_FLAG_HAS_MORE_INPUT | TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
/// Bytes; the farthest that deflate can refer back.
const WINDOW: usize = 32 * 1024;
/// Bytes decoded at a time.
const PIECE: usize = 8 * 1024;
