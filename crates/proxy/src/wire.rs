//! The client's side of an HTTP/1 connection: follows the framing of what arrives and keeps its time limits.
//!
//! hyper reads through this. What two parsers could read differently never reaches it: the
//! connection ends with a [`Broken`] that says why.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use aegis_protocol::framing::{Framing, FramingError, Limits};
use futures_util::task::AtomicWaker;
use pin_project_lite::pin_project;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

/// Why a connection cannot go on.
#[derive(Clone, Debug)]
pub(crate) enum Broken {
    Framing(FramingError),
    /// The head of a request began and did not end in time.
    HeadStalled,
}

/// What became of a message after which the connection may speak something else. The wire must
/// know before the client does, because only then are the client's next bytes meant in earnest.
#[derive(Debug, Default)]
pub(crate) struct Verdict(AtomicU8);

/// The requests of a connection that are not answered to their end yet. While there are any, its
/// client has nothing to say, and that is not idleness.
#[derive(Clone, Debug, Default)]
pub(crate) struct InFlight(Arc<Requests>);

#[derive(Debug, Default)]
struct Requests {
    count: AtomicUsize,
    /// Of who waits until there are none.
    waker: AtomicWaker,
}

/// One of them, until it is dropped.
#[derive(Debug)]
pub(crate) struct Answering(InFlight);

/// Said once, by whoever ends a connection: what is dropped with it did not lose its client.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said(Arc<AtomicBool>);

#[derive(Clone, Copy, Debug)]
pub(crate) struct WireLimits {
    pub(crate) framing: Limits,
    /// From the first byte of a head to its last.
    pub(crate) head_time: Duration,
    /// Without a word from the client and without an answer on its way to it, or with an answer of
    /// which it takes nothing.
    pub(crate) idle_time: Duration,
}

/// What the client is expected to send next, as far as there is a limit for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waiting {
    Idle,
    Head,
}

/// How long the client may leave lying what it is sent.
#[derive(Debug)]
struct Patience {
    limit: Duration,
    /// Since a write has been waiting.
    timer: Option<Pin<Box<Sleep>>>,
    stalled: Said,
}

impl Waiting {
    fn of(framing: &Framing) -> Option<Self> {
        if framing.in_head() {
            return Some(Self::Head);
        }
        framing.between_messages().then_some(Self::Idle)
    }
}

impl Verdict {
    pub(crate) fn grant(&self) {
        self.0.store(GRANTED, Ordering::Release);
    }

    pub(crate) fn refuse(&self) {
        self.0.store(REFUSED, Ordering::Release);
    }

    fn take(&self) -> u8 {
        self.0.swap(OPEN, Ordering::AcqRel)
    }
}

impl InFlight {
    pub(crate) fn begin(&self) -> Answering {
        self.0.count.fetch_add(1, Ordering::AcqRel);
        Answering(self.clone())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.count.load(Ordering::Acquire) == 0
    }

    /// For one waiting task at a time.
    fn poll_empty(&self, cx: &Context<'_>) -> Poll<()> {
        self.0.waker.register(cx.waker());
        if self.is_empty() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

impl Said {
    pub(crate) fn say(&self) {
        self.0.store(true, Ordering::Release);
    }

    pub(crate) fn is_said(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        let Requests { count, waker } = &*self.0.0;
        if count.fetch_sub(1, Ordering::AcqRel) == 1 {
            waker.wake();
        }
    }
}

pin_project! {
    pub(crate) struct Wire<S> {
        #[pin]
        io: S,
        framing: Framing,
        limits: WireLimits,
        broken: Arc<OnceLock<Broken>>,
        verdict: Arc<Verdict>,
        in_flight: InFlight,
        // What is wrong with what came behind a request that is being answered.
        wrong: Option<FramingError>,
        // Whether all that was to be sent is on its way.
        flushed: bool,
        waiting: Option<(Waiting, Pin<Box<Sleep>>)>,
        patience: Patience,
    }
}

impl<S> Wire<S> {
    pub(crate) fn new(
        io: S,
        limits: WireLimits,
        verdict: Arc<Verdict>,
        in_flight: InFlight,
        stalled: Said,
    ) -> Self {
        let framing = Framing::new(limits.framing);
        let patience = Patience {
            limit: limits.idle_time,
            timer: None,
            stalled,
        };
        Self {
            io,
            framing,
            limits,
            broken: Arc::default(),
            verdict,
            in_flight,
            wrong: None,
            flushed: true,
            waiting: None,
            patience,
        }
    }

    /// Where the reason will be found once the connection has failed.
    pub(crate) fn broken(&self) -> Arc<OnceLock<Broken>> {
        Arc::clone(&self.broken)
    }

    /// Whether the client has begun a message and not ended it.
    pub(crate) fn is_in_message(&self) -> bool {
        !self.framing.between_messages()
    }

    /// Whether the client has begun a head and not ended it.
    pub(crate) fn is_in_head(&self) -> bool {
        self.framing.in_head()
    }

    pub(crate) fn into_inner(self) -> S {
        self.io
    }

    /// Whether everything that was asked is answered to the end.
    fn poll_answered(&self, cx: &Context<'_>) -> Poll<()> {
        ready!(self.in_flight.poll_empty(cx));
        if self.flushed {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

impl<S: AsyncRead> AsyncRead for Wire<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(error) = self.wrong {
            ready!(self.poll_answered(cx));
            return Poll::Ready(Err(refuse(&self.broken, Broken::Framing(error))));
        }
        let mut this = self.project();
        if this.framing.waits() {
            let resumed = match this.verdict.take() {
                GRANTED => {
                    this.framing.opaque();
                    Ok(())
                }
                REFUSED => this.framing.resume(),
                _ => Ok(()),
            };
            resumed.map_err(|error| refuse(this.broken, Broken::Framing(error)))?;
        }
        let before = buf.filled().len();
        let (in_body, waits) = (this.framing.in_body(), this.framing.waits());
        match this.io.as_mut().poll_read(cx, buf) {
            Poll::Ready(result) => {
                result?;
                if matches!(this.waiting, Some((Waiting::Idle, _))) {
                    *this.waiting = None;
                }
                let new = buf.filled().get(before..).unwrap_or_default();
                if let Err(error) = this.framing.feed(new) {
                    buf.set_filled(before);
                    if in_body {
                        // hyper knows the head: whoever reads the body answers and records.
                        return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
                    }
                    if !waits && this.in_flight.poll_empty(cx).is_pending() {
                        *this.wrong = Some(error);
                        return Poll::Pending;
                    }
                    return Poll::Ready(Err(refuse(this.broken, Broken::Framing(error))));
                }
                Poll::Ready(Ok(()))
            }
            Poll::Pending => {
                let Some(waiting) = Waiting::of(this.framing) else {
                    *this.waiting = None;
                    return Poll::Pending;
                };
                match (waiting, poll_limit(this.waiting, waiting, *this.limits, cx)) {
                    (_, false) => Poll::Pending,
                    // It waits for its answer, and hyper does not read again when that is given:
                    // the time begins anew.
                    (Waiting::Idle, true) if !this.in_flight.is_empty() => {
                        *this.waiting = None;
                        poll_limit(this.waiting, waiting, *this.limits, cx);
                        Poll::Pending
                    }
                    // An idle keep-alive connection is closed like one whose client went away.
                    (Waiting::Idle, true) => Poll::Ready(Ok(())),
                    (Waiting::Head, true) => {
                        Poll::Ready(Err(refuse(this.broken, Broken::HeadStalled)))
                    }
                }
            }
        }
    }
}

fn refuse(broken: &OnceLock<Broken>, why: Broken) -> io::Error {
    // The first reason is the one that counts.
    let _ = broken.set(why);
    io::ErrorKind::InvalidData.into()
}

/// Whether the time for what is being waited for is over. Bodies have limits of their own, in
/// `describe` and `exchange`.
fn poll_limit(
    timer: &mut Option<(Waiting, Pin<Box<Sleep>>)>,
    waiting: Waiting,
    limits: WireLimits,
    cx: &mut Context<'_>,
) -> bool {
    let limit = match waiting {
        Waiting::Idle => limits.idle_time,
        Waiting::Head => limits.head_time,
    };
    let (waited_for, timer) = timer.get_or_insert_with(|| (waiting, Box::pin(sleep(limit))));
    if *waited_for != waiting {
        *waited_for = waiting;
        timer.as_mut().reset(Instant::now() + limit);
    }
    timer.as_mut().poll(cx).is_ready()
}

impl<S: AsyncWrite> AsyncWrite for Wire<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.project();
        *this.flushed = false;
        let polled = this.io.poll_write(cx, buf);
        this.patience.limit(polled, cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.project();
        *this.flushed = false;
        let polled = this.io.poll_write_vectored(cx, bufs);
        this.patience.limit(polled, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.project();
        let polled = this.io.poll_flush(cx);
        if polled.is_ready() && !std::mem::replace(this.flushed, true) && this.wrong.is_some() {
            // hyper does not read again by itself.
            cx.waker().wake_by_ref();
        }
        this.patience.limit(polled, cx)
    }

    /// A broken connection stays open: who takes the stream back has the last word.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.broken.get().is_some() {
            return Poll::Ready(Ok(()));
        }
        let this = self.project();
        let polled = this.io.poll_shutdown(cx);
        this.patience.limit(polled, cx)
    }
}

impl Patience {
    /// Turns a write that has been waiting for too long into an error.
    fn limit<T>(
        &mut self,
        polled: Poll<io::Result<T>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.timer = None;
            return polled;
        }
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(sleep(self.limit)));
        ready!(timer.as_mut().poll(cx));
        self.stalled.say();
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

const OPEN: u8 = 0;
const GRANTED: u8 = 1;
const REFUSED: u8 = 2;
