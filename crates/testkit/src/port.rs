use std::net::TcpListener;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

/// For a server that must know its port beforehand, or come back to it: one that neither another test nor the kernel gives
/// to anybody, as processes have numbers of their own and ports for anyone begin at 32,768.
#[must_use]
pub fn fixed_port() -> u16 {
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    let ports = (0..TRIES).map(|_| {
        let number = process::id() * PER_PROCESS + GIVEN.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + number % COUNT;
        u16::try_from(port).expect("below the end of the range")
    });
    let mut free = ports.filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    free.next().expect("a free port")
}

const FIRST: u32 = 12_000;
const COUNT: u32 = 20_000;
const PER_PROCESS: u32 = 4;
const TRIES: u32 = 100;
