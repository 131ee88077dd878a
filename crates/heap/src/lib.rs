//! Gives memory that is free back to the system: the one call that needs `unsafe`, so that no other crate does.

/// Gives back what the allocator keeps for later. Blocking, and it holds up who allocates meanwhile: for
/// moments after which much is free and little will be needed soon.
///
/// glibc's allocator keeps a freed page for as long as something lives behind it. Where there is another
/// allocator, this does nothing.
pub fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(unsafe_code, reason = "there is no other way to ask the allocator")]
    // SAFETY: it takes no pointer, and moves nothing that is in use.
    unsafe {
        libc::malloc_trim(0);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    /// Of this process, in KiB.
    fn resident() -> usize {
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let figure = line.unwrap().trim().trim_end_matches(" kB");
        figure.parse().unwrap()
    }

    #[test]
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    fn memory_between_things_that_live_goes_back() {
        let (mut kept, mut dropped) = (Vec::new(), Vec::new());
        for _ in 0..320 {
            dropped.push(vec![1_u8; 100 << 10]);
            kept.push(vec![1_u8; 64]);
        }
        drop(dropped);
        let before = resident();
        super::give_back();
        let given = before.saturating_sub(resident());
        assert!(given > 16 << 10, "{given} of {before} KiB");
        assert_eq!(kept.iter().flatten().count(), 320 * 64);
    }
}
