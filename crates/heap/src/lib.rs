//! The allocator of every program of Aegis, and how memory that is free goes back to the system: the only calls
//! that need `unsafe`, so that no other crate has any.

use libmimalloc_sys::{mi_collect, mi_option_set, mi_option_t};

/// A request allocates some two hundred times: the system's allocator took a fifth of the time of a small one.
#[global_allocator]
static HEAP: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// `mi_option_purge_delay` of mimalloc 2, which its bindings do not name; the tests show that it is the one.
const PURGE_DELAY: mi_option_t = 15;

/// Gives what is free back to the system, and from now on whatever becomes free as soon as it does. Blocking: for the
/// start, and for moments after which much is free and little will be needed soon.
///
/// The allocator would do so when some time has passed and it is asked for memory again; a program that rests asks
/// for none.
#[expect(unsafe_code, reason = "there is no other way to ask the allocator")]
pub fn keep_nothing() {
    // SAFETY: neither takes a pointer, nor moves anything that is in use.
    unsafe {
        mi_option_set(PURGE_DELAY, 0);
        mi_collect(true);
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::fs;

    /// Of this process, in KiB.
    fn resident() -> usize {
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let figure = line.unwrap().trim().trim_end_matches(" kB");
        figure.parse().unwrap()
    }

    /// 32 MiB that are free between things that live, and these.
    fn scattered() -> Vec<Vec<u8>> {
        let (mut kept, mut dropped) = (Vec::new(), Vec::new());
        for _ in 0..320 {
            dropped.push(vec![1_u8; 100 << 10]);
            kept.push(vec![1_u8; 64]);
        }
        drop(dropped);
        kept
    }

    #[test]
    fn memory_between_things_that_live_goes_back() {
        let kept = scattered();
        let before = resident();
        super::keep_nothing();
        let given = before.saturating_sub(resident());
        assert!(given > 16 << 10, "{given} of {before} KiB");
        assert_eq!(kept.iter().flatten().count(), 320 * 64);
    }

    #[test]
    fn afterwards_it_goes_back_by_itself() {
        super::keep_nothing();
        let before = resident();
        let kept = scattered();
        let more = resident().saturating_sub(before);
        assert!(more < 16 << 10, "{more} KiB over {before}");
        assert_eq!(kept.iter().flatten().count(), 320 * 64);
    }
}
