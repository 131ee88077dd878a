//! The signals that this process hears. Installed once, before anything starts, so that none is lost.

use std::future::poll_fn;
use std::io;
use std::task::Poll;

pub(crate) use rustix::process::Signal;
use tokio::signal::unix::{self, SignalKind, signal};

#[derive(Debug)]
pub(crate) struct Signals(Vec<(Signal, unix::Signal)>);

impl Signals {
    /// Those that ask a process to end, a terminal that goes away among them.
    pub(crate) fn to_end() -> io::Result<Self> {
        Self::install(&[Signal::TERM, Signal::INT, Signal::HUP])
    }

    /// Those that a process may be sent and can hear: whoever stands in for one hands them on.
    pub(crate) fn to_hand_on() -> io::Result<Self> {
        Self::install(&[
            Signal::TERM,
            Signal::INT,
            Signal::HUP,
            Signal::QUIT,
            Signal::USR1,
            Signal::USR2,
        ])
    }

    fn install(signals: &[Signal]) -> io::Result<Self> {
        let streams = signals.iter().map(|&name| {
            let stream = signal(SignalKind::from_raw(name.as_raw()))?;
            Ok((name, stream))
        });
        streams.collect::<io::Result<_>>().map(Self)
    }

    pub(crate) async fn next(&mut self) -> Signal {
        poll_fn(|context| {
            for (name, stream) in &mut self.0 {
                if stream.poll_recv(context).is_ready() {
                    return Poll::Ready(*name);
                }
            }
            Poll::Pending
        })
        .await
    }
}
