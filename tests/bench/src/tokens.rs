//! A model's streamed answer: events that say when they were sent, with a proposed call among them. It measures nothing.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use bytes::Bytes;
use hyper::body::{Body, Frame};
use tokio::sync::mpsc::{self, Receiver, Sender};

/// What is asked of the model, in the query of the request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Asked {
    /// Events of text with a pause between them, and then a call.
    Events(u32),
    /// Text as fast as it is read, with a call in its middle.
    Mebibytes(u32),
}

impl Asked {
    pub(crate) fn path(self) -> String {
        match self {
            Self::Events(count) => format!("{PATH}?events={count}"),
            Self::Mebibytes(size) => format!("{PATH}?mebibytes={size}"),
        }
    }

    /// `None` where the request is for something else.
    pub(crate) fn of(uri: &http::Uri) -> Option<Self> {
        let (name, value) = uri.query()?.split_once('=')?;
        let value = value.parse().ok()?;
        match name {
            _ if uri.path() != PATH => None,
            "events" => Some(Self::Events(value)),
            "mebibytes" => Some(Self::Mebibytes(value)),
            _ => None,
        }
    }
}

/// The body of such an answer.
pub(crate) struct Answer(Receiver<Bytes>);

impl Answer {
    pub(crate) fn to(asked: Asked) -> Self {
        let (sender, receiver) = mpsc::channel(4);
        // Whoever goes away while it is sent has seen enough.
        tokio::spawn(async move { send(asked, &sender).await });
        Self(receiver)
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.0
            .poll_recv(cx)
            .map(|data| data.map(Frame::data).map(Ok))
    }
}

async fn send(asked: Asked, sender: &Sender<Bytes>) -> Result<()> {
    match asked {
        Asked::Events(count) => {
            for at in 0..count {
                if at > 0 {
                    tokio::time::sleep(PAUSE).await;
                }
                sender.send(event(TEXT)?).await?;
            }
            call(sender).await?;
        }
        Asked::Mebibytes(size) => {
            let many = Bytes::from(event(TEXT)?.repeat(EVENTS_AT_ONCE));
            let pieces = (usize::try_from(size)? << 20) / many.len();
            for at in 0..pieces {
                if at == pieces / 2 {
                    call(sender).await?;
                }
                sender.send(many.clone()).await?;
            }
        }
    }
    sender.send(Bytes::from_static(b"data: [DONE]\n\n")).await?;
    Ok(())
}

async fn call(sender: &Sender<Bytes>) -> Result<()> {
    for delta in CALL {
        sender.send(event(delta)?).await?;
    }
    Ok(())
}

/// `created` is when the event is sent, in nanoseconds: everybody here reads the same clock.
fn event(choice: &str) -> Result<Bytes> {
    let created = now()?;
    Ok(Bytes::from(format!(
        "data: {{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":{created},\
         \"model\":\"bench\",\"choices\":[{{\"index\":0,{choice}}}]}}\n\n"
    )))
}

/// What an event that has just come says of itself.
pub(crate) struct Seen {
    /// Since it was sent.
    pub(crate) nanos: u64,
    /// It ends a proposed call, which was held until then.
    pub(crate) ends_call: bool,
}

impl Seen {
    /// `None` for a line that is no event.
    pub(crate) fn read(line: &[u8]) -> Result<Option<Self>> {
        let line = std::str::from_utf8(line)?;
        let Some((_, rest)) = line.split_once("\"created\":") else {
            return Ok(None);
        };
        let (created, rest) = rest.split_once(',').context("an event is cut off")?;
        Ok(Some(Self {
            nanos: now()?.saturating_sub(created.parse()?),
            ends_call: rest.contains("\"tool_calls\"}"),
        }))
    }
}

fn now() -> Result<u64> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(u64::try_from(since.as_nanos())?)
}

const PATH: &str = "/v1/chat/completions";

/// The pace of a fast model.
const PAUSE: Duration = Duration::from_millis(2);

const TEXT: &str = r#""delta":{"content":" a word or two"},"finish_reason":null"#;

/// A call in four events; the last one ends it.
const CALL: [&str; 4] = [
    r#""delta":{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"get_weather","arguments":""}}]},"finish_reason":null"#,
    r#""delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"city\":"}}]},"finish_reason":null"#,
    r#""delta":{"tool_calls":[{"index":0,"function":{"arguments":"\"Berlin\"}"}}]},"finish_reason":null"#,
    r#""delta":{},"finish_reason":"tool_calls""#,
];

/// About 16 KiB.
const EVENTS_AT_ONCE: usize = 100;
