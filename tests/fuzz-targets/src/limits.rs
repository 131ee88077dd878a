//! How much a followed answer may hold in these targets.

use aegis_protocol::answer::Limits;

/// Small, so that short inputs reach them.
pub(crate) const LIMITS: Limits = Limits {
    event_bytes: 1024,
    hold_bytes: 2048,
    hold_events: 12,
    calls: 4,
};

/// For what has been written anew and may have grown by it.
pub(crate) const WIDE: Limits = Limits {
    event_bytes: 1 << 20,
    hold_bytes: 1 << 20,
    hold_events: 1 << 10,
    calls: 4,
};
