//! A connection of a client, plain or in a tunnel, served request by request. Knows HTTP versions, not calls.

mod version;

use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aegis_config::Limits;
use aegis_policy::{Authority, Host, Scheme};
use aegis_protocol::framing::{self, FramingKind};
use bytes::BytesMut;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::server::Acceptor;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use crate::body::Answer;
use crate::line;
use crate::plane::Plane;
use crate::prefixed::Prefixed;
use crate::record;
use crate::refusal::{Cause, Refusal};
use crate::request::{Channel, Inside};
use crate::streams::{Counted, Streams};
use crate::wire::{Broken, InFlight, Wire, WireLimits};

pub(crate) use version::serve_either;

/// Serves HTTP/1.1 until the client or the drain ends it.
pub(crate) async fn serve_http1<S>(plane: &Arc<Plane>, channel: &Channel, stream: S)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (verdict, in_flight) = (Arc::clone(&channel.verdict), channel.in_flight.clone());
    let (limits, stalled) = (wire_limits(&plane.limits), channel.stalled.clone());
    let wire = Wire::new(stream, limits, verdict, in_flight, stalled);
    let broken = wire.broken();
    let service = service_fn(|request| {
        let (plane, channel) = (Arc::clone(plane), channel.clone());
        async move { Answer::Ok(line::handle(plane, channel, request).await) }
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .max_headers(plane.limits.headers + 1)
        // One byte more: the wire says first that a head is too long, and hyper's answer has no id.
        .max_buf_size(plane.limits.header_bytes.max(MIN_BUFFER) + 1)
        .serve_connection(TokioIo::new(wire), service)
        .with_upgrades();
    let result = tokio::select! {
        result = &mut connection => result,
        () = channel.carried.overdue(plane.activation.changes()) => return channel.revoked.say(),
        () = plane.drain.begun() => {
            std::pin::Pin::new(&mut connection).graceful_shutdown();
            tokio::select! {
                result = &mut connection => result,
                () = plane.drain.over() => {
                    let wire = connection.into_parts().map(|parts| parts.io.into_inner());
                    if wire.is_some_and(|wire| wire.is_in_head()) {
                        cut(plane, channel, Cause::HeadCut).await;
                    }
                    return;
                }
            }
        }
    };
    // An answer that is on its way must not get another one behind it.
    let silent = channel.in_flight.is_empty();
    let Some(parts) = connection.into_parts() else {
        return;
    };
    let wire = parts.io.into_inner();
    let (unread, cut) = (wire.is_in_message(), wire.is_in_head());
    let mut stream = wire.into_inner();
    // hyper takes an error before the first byte of a head for the end of the connection.
    if cut && broken.get().is_none() {
        record::refuse_unread(plane, channel, &Refusal::new(Cause::HeadCut), false).await;
    } else if result.is_err() || broken.get().is_some() {
        let answerable = silent.then_some(stream);
        say_why(plane, channel, answerable, &broken, result).await;
    } else if unread {
        // Refused before its end: the client is still sending, and has not read why.
        last_word(&mut stream, b"", LAST_WORD).await;
    }
}

/// Serves HTTP/2 until the client or the drain ends it.
async fn serve_http2<S>(plane: &Arc<Plane>, channel: &Channel, stream: S)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let streams = Streams::default();
    let result = carry_http2(plane, channel, stream, &streams).await;
    let refusal = match (result, streams.unread()) {
        (Err(error), _) if is_misbehaviour(&error) => Refusal::new(Cause::Malformed),
        (_, 0) => return,
        (_, count) => Refusal::with(
            Cause::Unread,
            format!("{count} streams of this connection never became requests"),
        ),
    };
    record::refuse_unread(plane, channel, &refusal, false).await;
}

async fn carry_http2<S>(
    plane: &Arc<Plane>,
    channel: &Channel,
    stream: S,
    streams: &Streams,
) -> hyper::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(|request| {
        streams.became_request();
        let (plane, channel) = (Arc::clone(plane), channel.clone());
        async move { Answer::Ok(line::handle(plane, channel, request).await) }
    });
    let limits = &plane.limits;
    let stream = Counted::new(stream, streams.clone());
    let mut connection = std::pin::pin!(
        http2::Builder::new(plane.drain.clone())
            .timer(TokioTimer::new())
            .max_concurrent_streams(limits.http2_streams)
            .max_header_list_size(
                u32::try_from(limits.header_bytes.saturating_mul(2)).unwrap_or(u32::MAX),
            )
            .max_pending_accept_reset_streams(MAX_RESETS)
            .max_local_error_reset_streams(MAX_RESETS)
            .keep_alive_interval(limits.idle_timeout)
            .keep_alive_timeout(limits.header_timeout)
            .serve_connection(TokioIo::new(stream), service)
    );
    let no_more = async {
        tokio::select! {
            () = plane.drain.begun() => {}
            () = idle(&channel.in_flight, limits.idle_timeout) => {}
        }
    };
    tokio::select! {
        result = &mut connection => result,
        () = channel.carried.overdue(plane.activation.changes()) => {
            channel.revoked.say();
            Ok(())
        }
        () = no_more => {
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                result = &mut connection => result,
                () = plane.drain.over() => Ok(()),
            }
        }
    }
}

/// Serves what comes through a tunnel that is not blind: TLS with a certificate made for the name
/// that the client asks for, or plain HTTP.
pub(crate) async fn serve_inside<S>(
    plane: &Arc<Plane>,
    channel: &Channel,
    mut stream: S,
    inside: Inside,
) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let limit = plane.limits.tls_handshake_timeout;
    let mut first = BytesMut::with_capacity(2048);
    let spoken = tokio::select! {
        spoken = within(limit, stream.read_buf(&mut first)) => spoken?,
        () = plane.drain.begun() => 0,
    };
    if spoken == 0 {
        return Ok(());
    }
    let is_tls = first.first() == Some(&TLS_HANDSHAKE);
    let stream = Prefixed::new(first.freeze(), stream);
    if !is_tls {
        let inside = Inside {
            scheme: Scheme::Http,
            ..inside
        };
        serve_http1(plane, &channel.inside(inside), stream).await;
        return Ok(());
    }
    // Boxed: a tunnel lives longer than its handshake, and need not carry room for it.
    let (channel, stream) = Box::pin(secure(plane, channel, inside, stream)).await?;
    if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
        serve_http2(plane, &channel, stream).await;
    } else {
        serve_http1(plane, &channel, stream).await;
    }
    Ok(())
}

/// Greets the client as the host that it asks for, where that may be judged to be the tunnel's.
async fn secure<S>(
    plane: &Arc<Plane>,
    channel: &Channel,
    inside: Inside,
    stream: S,
) -> io::Result<(Channel, TlsStream<S>)>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let limit = plane.limits.tls_handshake_timeout;
    let greeted = match within(limit, LazyConfigAcceptor::new(Acceptor::default(), stream)).await {
        Ok(greeted) => greeted,
        Err(error) => return Err(not_greeted(plane, &channel.inside(inside), error).await),
    };
    let name = greeted.client_hello().server_name().map(str::to_owned);
    let Some(inside) = agree(plane, channel, inside, name).await else {
        // The client hears it from the alert; that it could not be told is its own affair.
        let _ = within(limit, greeted.into_stream(plane.ca.nobody())).await;
        return Err(io::Error::from(io::ErrorKind::PermissionDenied));
    };
    let config = plane
        .ca
        .server_config(inside.authority.host())
        .map_err(io::Error::other)?;
    let channel = channel.inside(inside);
    match within(limit, greeted.into_stream(config)).await {
        Ok(stream) => Ok((channel, stream)),
        Err(error) => Err(not_greeted(plane, &channel, error).await),
    }
}

/// What had begun when the drain was over, and was no request yet.
pub(crate) async fn cut(plane: &Plane, channel: &Channel, cause: Cause) {
    plane.drain.note_cut();
    record::refuse_unread(plane, channel, &Refusal::new(cause), false).await;
}

/// Puts a TLS handshake that failed on record, unless the client has said itself why it gave up:
/// it does not trust the certificate, for example.
pub(crate) async fn not_greeted(plane: &Plane, channel: &Channel, error: io::Error) -> io::Error {
    let cause = match tls_error(&error) {
        _ if error.kind() == io::ErrorKind::TimedOut => Cause::HandshakeStalled,
        Some(rustls::Error::AlertReceived(_)) => return error,
        _ => Cause::Handshake,
    };
    record::refuse_unread(plane, channel, &Refusal::new(cause), false).await;
    error
}

pub(crate) fn tls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

/// CONNECT and SNI must name the same host. Where they differ, the name in the SNI is judged as a
/// CONNECT to it would be, and holds from then on.
async fn agree(
    plane: &Arc<Plane>,
    channel: &Channel,
    inside: Inside,
    name: Option<String>,
) -> Option<Inside> {
    let Some(name) = name else {
        return Some(inside);
    };
    let port = inside.authority.port();
    match Host::parse(&name).and_then(|host| Authority::new(host, port)) {
        Ok(authority) if authority == inside.authority => Some(inside),
        Ok(authority) => line::judge_renamed(plane, channel, inside, authority).await,
        Err(error) => {
            let refusal = Refusal::with(Cause::Destination, error.to_string());
            record::refuse_unread(plane, &channel.inside(inside), &refusal, false).await;
            None
        }
    }
}

/// Resolves when two looks, half of `limit` apart, found nothing in flight. A client of HTTP/2 that
/// answers every ping would otherwise hold its connection for ever.
async fn idle(in_flight: &InFlight, limit: Duration) {
    let mut quiet = 0;
    while quiet < 2 {
        tokio::time::sleep(limit / 2).await;
        quiet = if in_flight.is_empty() { quiet + 1 } else { 0 };
    }
}

pub(crate) async fn within<T>(
    limit: Duration,
    work: impl Future<Output = io::Result<T>>,
) -> io::Result<T> {
    tokio::time::timeout(limit, work)
        .await
        .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
}

/// A connection that broke because of what the client sent gets an answer, if it can still be
/// given, and a record.
async fn say_why<S>(
    plane: &Arc<Plane>,
    channel: &Channel,
    answerable: Option<S>,
    broken: &OnceLock<Broken>,
    result: hyper::Result<()>,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let refusal = match (broken.get(), result) {
        (Some(Broken::HeadStalled), _) => Refusal::new(Cause::HeadStalled),
        (Some(Broken::Framing(error)), _) if error.kind() == FramingKind::TooLarge => {
            Refusal::with(Cause::HeadTooLarge, error.to_string())
        }
        (Some(Broken::Framing(error)), _) => Refusal::with(Cause::Malformed, error.to_string()),
        (None, Err(error)) if error.is_parse() => Refusal::new(Cause::Malformed),
        // The client went away, or hyper has answered; the request's own record says so.
        (None, _) => return,
    };
    // What hyper has not understood, it has answered itself.
    let heard = answerable.is_some() || broken.get().is_none();
    let stamp = record::refuse_unread(plane, channel, &refusal, heard).await;
    if let Some(mut stream) = answerable
        && broken.get().is_some()
    {
        let answer = refusal.raw_answer(&stamp);
        last_word(&mut stream, &answer, LAST_WORD).await;
    }
}

/// Says it and waits for the client to close: bytes that nobody read would make the kernel reset
/// the connection, and the client might never see the answer. It may be gone, and then nobody has to.
pub(crate) async fn last_word<S>(stream: &mut S, answer: &[u8], limit: Duration)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let said = async {
        stream.write_all(answer).await?;
        stream.shutdown().await?;
        tokio::io::copy(stream, &mut tokio::io::sink()).await
    };
    let _ = within(limit, said).await;
}

fn wire_limits(limits: &Limits) -> WireLimits {
    WireLimits {
        framing: framing::Limits {
            head_bytes: limits.header_bytes,
            headers: limits.headers,
        },
        head_time: limits.header_timeout,
        idle_time: limits.idle_timeout,
    }
}

/// A protocol error of HTTP/2, not a connection that merely went away.
fn is_misbehaviour(error: &hyper::Error) -> bool {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = source {
        if error.is::<io::Error>() {
            return false;
        }
        source = error.source();
    }
    !error.is_closed() && !error.is_incomplete_message()
}

/// How long a client that has been refused may take to read why.
pub(crate) const LAST_WORD: Duration = Duration::from_secs(1);
/// Bytes; hyper's own minimum.
const MIN_BUFFER: usize = 8192;
/// The first byte of a TLS record that carries a handshake (RFC 8446, 5.1).
const TLS_HANDSHAKE: u8 = 22;
/// Streams that a client may reset before the connection counts as a flood.
const MAX_RESETS: usize = 50;
