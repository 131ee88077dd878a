//! Sends the lines of the audit log to the control plane, in their order, and never the next before the last is confirmed.

use std::io::{self, Write as _};
use std::sync::Arc;
use std::time::Duration;

use aegis_client::ClientError;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::spool::{Batch, Spool};
use super::{Errand, LONGEST_PAUSE, Link, backoff};
use crate::drain::Drain;

/// Until the drain is over: the last lines are written while it goes on.
pub(super) async fn follow(link: Arc<Link>, drain: Drain) {
    tokio::select! {
        () = drain.over() => {}
        () = send_all(&link) => {}
    }
}

/// What there is now, unless the control plane does not take it.
pub(super) async fn send_rest(link: &Link) {
    while matches!(send_next(link).await, Sent::Some) {}
}

async fn send_all(link: &Link) {
    let mut pauses = backoff();
    loop {
        match send_next(link).await {
            Sent::Some => pauses = backoff(),
            Sent::Nothing => sleep(LOOK_AGAIN).await,
            Sent::Failed => sleep(pauses.next().unwrap_or(LONGEST_PAUSE)).await,
        }
    }
}

enum Sent {
    Some,
    Nothing,
    Failed,
}

async fn send_next(link: &Link) -> Sent {
    attempt(link).await.unwrap_or_else(|words| {
        link.hindered(words);
        Sent::Failed
    })
}

/// An error where something on this side is in the way.
async fn attempt(link: &Link) -> Result<Sent, String> {
    let Some(spool) = &link.spool else {
        return Ok(Sent::Nothing);
    };
    let mut spool = Arc::clone(spool).lock_owned().await;
    let read = apart(move || {
        let batch = spool.batch()?;
        Ok((spool, batch.map(Parcel::of).transpose()?))
    });
    let (mut spool, parcel) = read
        .await
        .map_err(|error| format!("the audit log cannot be read for sending: {error}"))?;
    link.unconfirmed(spool.behind());
    let Some(Parcel { name, lines, body }) = parcel else {
        link.unhindered();
        return Ok(Sent::Nothing);
    };
    let sent = link.client.upload(&link.id, &name, body).await;
    let is_final = sent.as_ref().err().is_some_and(refused_for_ever);
    let settle = match link.note(Errand::Upload, sent) {
        Ok(_) => Spool::confirm,
        // Something in it can never be stored there: find it, and let the others through.
        Err(_) if is_final && lines > 1 => Spool::halve,
        Err(error) if is_final => {
            link.refused_line(&error);
            Spool::confirm
        }
        Err(_) => return Ok(Sent::Failed),
    };
    let settled = apart(move || settle(&mut spool)).await;
    settled.map_err(|error| format!("what was sent cannot be written down: {error}"))?;
    Ok(Sent::Some)
}

/// Where nobody waits for it: a compressed file is unpacked as a whole, and what is written is on disk
/// before it goes on.
async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    spawn_blocking(work)
        .await
        .map_err(io::Error::from)
        .flatten()
}

/// A batch as it is sent.
struct Parcel {
    name: String,
    /// How many.
    lines: usize,
    body: Bytes,
}

impl Parcel {
    /// A JSON array under gzip. The lines are JSON as the log wrote them.
    fn of(batch: Batch) -> io::Result<Self> {
        let text = format!("[{}]", batch.lines.join(","));
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(text.as_bytes())?;
        Ok(Self {
            name: batch.name,
            lines: batch.lines.len(),
            body: gzip.finish()?.into(),
        })
    }
}

/// The request itself was understood and is wrong; the same bytes stay wrong. A data plane that may not
/// upload at all keeps its lines: somebody may give it its role back.
fn refused_for_ever(error: &ClientError) -> bool {
    let ClientError::Refused {
        status,
        problem: Some(problem),
    } = error
    else {
        return false;
    };
    match status {
        400 | 413 | 422 => true,
        403 => problem.code == FOREIGN_TENANT,
        _ => false,
    }
}

const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// The control plane's name for a line of a tenant that this data plane has not.
const FOREIGN_TENANT: &str = "auth.tenant";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_never_be_stored_is_given_up() {
        let refused = |status: u16, code: &str| {
            let problem = serde_json::json!({
                "title": "refused", "status": status, "detail": "no", "code": code,
            });
            let problem = serde_json::from_value(problem).ok();
            assert!(problem.is_some());
            refused_for_ever(&ClientError::Refused { status, problem })
        };
        assert!(refused(400, "logs.malformed") && refused(422, "logs.version"));
        assert!(refused(403, FOREIGN_TENANT));
        assert!(!refused(403, "auth.role") && !refused(403, "auth.scope"));
        assert!(!refused(401, "auth.unknown") && !refused(503, "database"));
        let elsewhere = ClientError::Refused {
            status: 400,
            problem: None,
        };
        assert!(!refused_for_ever(&elsewhere));
    }
}
