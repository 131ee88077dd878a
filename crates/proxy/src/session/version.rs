//! Tells by a client's first bytes which version of HTTP it speaks, and serves that. Answers nothing itself.

use std::io;
use std::sync::Arc;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};

use super::{serve_http1, serve_http2, within};
use crate::plane::Plane;
use crate::prefixed::Prefixed;
use crate::request::Channel;

/// Serves HTTP/2 to a client that begins with its preface (RFC 9113, 3.3), HTTP/1.1 to any other.
pub(crate) async fn serve_either<S>(plane: &Arc<Plane>, channel: &Channel, mut stream: S)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut first = BytesMut::with_capacity(PREFACE.len());
    let spoken = tokio::select! {
        spoken = within(plane.limits.idle_timeout, stream.read_buf(&mut first)) => spoken,
        () = plane.drain.begun() => return,
    };
    // Who says nothing has asked for nothing.
    if !matches!(spoken, Ok(1..)) {
        return;
    }
    let more = async {
        while first.len() < PREFACE.len() && PREFACE.starts_with(&first) {
            if stream.read_buf(&mut first).await? == 0 {
                break;
            }
        }
        io::Result::Ok(())
    };
    // Where it stops halfway, HTTP/1.1 tells the client so.
    let _ = within(plane.limits.header_timeout, more).await;
    let is_http2 = first.starts_with(PREFACE);
    let stream = Prefixed::new(first.freeze(), stream);
    if is_http2 {
        serve_http2(plane, channel, stream).await;
    } else {
        serve_http1(plane, channel, stream).await;
    }
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
