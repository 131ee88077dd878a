//! What stands behind base64. Knows no type of data.

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// The bytes of it, in either alphabet, with padding or without. A text that was cut off is decoded
/// as far as it goes.
pub(crate) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let end = text.iter().rposition(|byte| *byte != b'=')? + 1;
    let text = text.get(..end)?;
    let whole = text.get(..text.len() - usize::from(text.len() % 4 == 1))?;
    let safe = whole.iter().any(|byte| matches!(byte, b'-' | b'_'));
    let engine = if safe { &SAFE } else { &PLAIN };
    engine.decode(whole).ok()
}

const CONFIG: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::RequireNone);
const PLAIN: GeneralPurpose = GeneralPurpose::new(&STANDARD, CONFIG);
const SAFE: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, CONFIG);
