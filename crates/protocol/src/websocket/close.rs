//! A close frame of our own: a code and a short reason (RFC 6455, sections 5.5.1 and 7.4). It closes nothing.

use bytes::Bytes;

use super::frame::{self, Opcode};
use super::{Side, Violation};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Close {
    code: u16,
    reason: String,
}

impl Close {
    pub const GOING_AWAY: u16 = 1001;
    pub const PROTOCOL: u16 = 1002;
    pub const UNREADABLE: u16 = 1007;
    pub const POLICY: u16 = 1008;
    pub const TOO_LONG: u16 = 1009;
    pub const TRY_LATER: u16 = 1013;
    pub const BAD_GATEWAY: u16 = 1014;

    /// The reason is cut to what a control frame holds.
    pub fn new(code: u16, reason: &str) -> Self {
        let mut reason = reason.to_owned();
        while reason.len() > MAX_REASON {
            reason.pop();
        }
        Self { code, reason }
    }

    /// As `from` sends it; a client masks it with `key`.
    pub fn frame(&self, from: Side, key: [u8; 4]) -> Bytes {
        let payload = [&self.code.to_be_bytes(), self.reason.as_bytes()].concat();
        let mask = (from == Side::Client).then_some(key);
        frame::write(Opcode::Close, frame::LAST, mask, &payload)
    }

    /// Whether the payload of a peer's close frame is valid.
    pub(super) fn check(payload: &[u8]) -> Result<(), Violation> {
        let Some((code, reason)) = payload.split_first_chunk::<2>() else {
            return match payload {
                [] => Ok(()),
                _ => Err(Violation::Frame("a close frame with half a code")),
            };
        };
        let code = u16::from_be_bytes(*code);
        if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
            return Err(Violation::Frame("a close code that nobody may send"));
        }
        std::str::from_utf8(reason)
            .map(drop)
            .map_err(|_| Violation::NotUtf8)
    }
}

/// Bytes: a control frame holds 125, and two are the code.
const MAX_REASON: usize = 123;
