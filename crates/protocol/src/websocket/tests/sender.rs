//! Writes frames as a peer would, with a compressor of its own.

use flate2::{Compress, Compression, FlushCompress};

use crate::websocket::{Kind, Side};

pub(super) const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A server's frame.
pub(super) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    written(first, None, payload)
}

/// A client's frame.
pub(super) fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    written(first, Some(KEY), payload)
}

fn written(first: u8, key: Option<[u8; 4]>, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    let bit = if key.is_some() { 0x80 } else { 0 };
    match payload.len() {
        short @ ..=125 => bytes.push(bit | u8::try_from(short).unwrap()),
        middle @ ..=0xffff => {
            bytes.push(bit | 0x7e);
            bytes.extend(u16::try_from(middle).unwrap().to_be_bytes());
        }
        long => {
            bytes.push(bit | 0x7f);
            bytes.extend((long as u64).to_be_bytes());
        }
    }
    bytes.extend(key.iter().flatten());
    let key = key.unwrap_or_default().into_iter().cycle();
    bytes.extend(payload.iter().zip(key).map(|(byte, key)| byte ^ key));
    bytes
}

pub(super) struct Sender {
    side: Side,
    takeover: bool,
    deflate: Compress,
}

impl Sender {
    pub(super) fn new(side: Side, takeover: bool) -> Self {
        Self {
            side,
            takeover,
            deflate: Compress::new(Compression::default(), false),
        }
    }

    /// A compressed message in one frame.
    pub(super) fn compressed(&mut self, kind: Kind, text: &[u8]) -> Vec<u8> {
        let payload = self.deflate(text);
        self.frame(first(kind, true) | 0x80, &payload)
    }

    /// A message in frames of so many bytes.
    pub(super) fn fragments(
        &mut self,
        kind: Kind,
        text: &[u8],
        compressed: bool,
        size: usize,
    ) -> Vec<u8> {
        let payload = if compressed {
            self.deflate(text)
        } else {
            text.to_vec()
        };
        let mut parts: Vec<&[u8]> = payload.chunks(size).collect();
        if parts.is_empty() {
            parts.push(&[]);
        }
        let last = parts.len() - 1;
        let opcode = |at| if at == 0 { first(kind, compressed) } else { 0 };
        let frames = parts.iter().enumerate().map(|(at, part)| {
            let end = if at == last { 0x80 } else { 0 };
            self.frame(opcode(at) | end, part)
        });
        frames.collect::<Vec<_>>().concat()
    }

    fn frame(&self, first: u8, payload: &[u8]) -> Vec<u8> {
        match self.side {
            Side::Client => masked(first, payload),
            Side::Server => frame(first, payload),
        }
    }

    fn deflate(&mut self, text: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len() + 1024);
        let compress = FlushCompress::Sync;
        self.deflate.compress_vec(text, &mut out, compress).unwrap();
        if !self.takeover {
            self.deflate.reset();
        }
        assert!(out.ends_with(&[0, 0, 0xff, 0xff]));
        out.truncate(out.len() - 4);
        out
    }
}

fn first(kind: Kind, compressed: bool) -> u8 {
    let opcode = match kind {
        Kind::Text => 1,
        Kind::Binary => 2,
    };
    opcode | if compressed { 0x40 } else { 0 }
}
