//! Keeps the processors of this machine from sleeping while something is measured.
//!
//! A virtual processor that sleeps is given back to the host, which may take milliseconds to return it: whoever waits
//! for a socket then pays for its neighbours, and most of all whoever passes on what another process sends.

use std::fs::{File, OpenOptions};
use std::io::Write as _;

/// As long as it lives; the kernel forgets the wish when the file is closed.
pub(crate) struct Awake {
    _wish: File,
}

impl Awake {
    /// `None` where the kernel has no such file or it is not ours to write.
    pub(crate) fn ask() -> Option<Self> {
        let mut wish = OpenOptions::new().write(true).open(LATENCY).ok()?;
        wish.write_all(&0_i32.to_ne_bytes()).ok()?;
        Some(Self { _wish: wish })
    }
}

/// Of the kernel's power management: the longest time in microseconds that waking up may take.
const LATENCY: &str = "/dev/cpu_dma_latency";
