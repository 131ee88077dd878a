//! What it costs to follow a model's stream: the first token, each later one, a proposed call, and memory while much flows by.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;

use crate::load::{Bodies, Connection, Way};
use crate::process::Process;
use crate::stage::{self, Compared, Stage};
use crate::statistics::{head, percentile, row};
use crate::tls;
use crate::tokens::{Asked, Seen};

pub(crate) fn table() -> Result<String> {
    let stage = Stage::set()?;
    let mut rows = rows(&stage)?;
    let runtime = stage::in_turn(&mut rows, ROUNDS)?;
    let mut table = head(&[
        "way",
        "first token P50 µs",
        "P99 µs",
        "added at P99, middle round, µs",
        "later token P50 µs",
        "P99 µs",
        "proposed call P50 µs",
        "P99 µs",
    ]);
    let mut direct = Vec::new();
    for row in &mut rows {
        if row.process.is_none() {
            direct.clone_from(&row.rounds);
        }
        table += &row.line(&direct);
    }
    table += "\n";
    table += &head(&["stream MiB", "process", "RSS before MiB", "at the most MiB"]);
    for size in SIZES {
        for row in rows.iter().filter(|row| row.encrypted) {
            if let Some(process) = row.process {
                table += &runtime.block_on(memory(row, process, size))?;
            }
        }
    }
    Ok(table)
}

/// A way to the model, and what was measured on it, in nanoseconds.
struct Row<'a> {
    name: String,
    way: Way,
    encrypted: bool,
    process: Option<&'a Process>,
    first: Vec<u64>,
    /// The P99 of the first tokens of each round.
    rounds: Vec<u64>,
    later: Vec<u64>,
    call: Vec<u64>,
}

/// In the order in which they are measured: who is compared runs next to each other.
fn rows(stage: &Stage) -> Result<Vec<Row<'_>>> {
    let upstream_ca = tls::client(&stage.path().join(tls::CA))?;
    let interception_ca = tls::client(&stage.interception_ca())?;
    let (aegis, plain) = (Some(&stage.aegis), stage::MODEL_AGENT);
    let ways = [
        ("direct", None, &upstream_ca, plain),
        ("floor", Some(&stage.floor), &upstream_ca, plain),
        ("aegis", aegis, &interception_ca, plain),
        (
            "aegis, searched",
            aegis,
            &interception_ca,
            stage::SEARCHED_AGENT,
        ),
    ];
    let mut rows = Vec::new();
    for encrypted in [false, true] {
        let (port, kind) = if encrypted {
            (stage.upstream.tls, "intercepted")
        } else {
            (stage.upstream.plain, "plain")
        };
        for (name, proxy, ca, agent) in ways {
            rows.push(Row {
                name: format!("{name}, {kind}"),
                way: Way {
                    port: proxy.map_or(port, |proxy| proxy.port),
                    authority: format!("{}:{port}", stage::MODEL_HOST),
                    path: Asked::Events(EVENTS).path(),
                    proxied: proxy.is_some(),
                    tls: encrypted.then(|| Arc::clone(ca)),
                    credential: stage::credential(agent),
                    bodies: Bodies::new(vec![Bytes::from_static(REQUEST)]),
                },
                encrypted,
                process: proxy.map(|proxy| &proxy.process),
                first: Vec::new(),
                rounds: Vec::new(),
                later: Vec::new(),
                call: Vec::new(),
            });
        }
    }
    Ok(rows)
}

impl Compared for Row<'_> {
    fn name(&self) -> &str {
        &self.name
    }

    /// One stream after the other on one connection.
    async fn measure(&mut self) -> Result<()> {
        let mut connection = Connection::open(&self.way).await?;
        connection.exchange().await?;
        let before = self.first.len();
        for _ in 0..STREAMS {
            let start = Instant::now();
            let mut events = 0;
            let mut first = None;
            let (later, call) = (&mut self.later, &mut self.call);
            let read = |line: &[u8]| {
                let Some(seen) = Seen::read(line)? else {
                    return Ok(());
                };
                events += 1;
                match first {
                    None => first = Some(start.elapsed()),
                    Some(_) if seen.ends_call => call.push(seen.nanos),
                    // Those before it in a call wait for its end.
                    Some(_) if events <= EVENTS => later.push(seen.nanos),
                    Some(_) => {}
                }
                Ok(())
            };
            connection.lines(read).await?;
            let first = first.context("there was no event")?;
            self.first.push(u64::try_from(first.as_nanos())?);
            // What is left of a searched text may be an event of its own.
            if !(EVENTS + EVENTS_OF_A_CALL..=EVENTS + EVENTS_OF_A_CALL + 1).contains(&events) {
                bail!("{events} events came");
            }
        }
        let mut round = self.first.split_off(before);
        round.sort_unstable();
        self.rounds.push(percentile(&round, 99));
        self.first.append(&mut round);
        Ok(())
    }
}

impl Row<'_> {
    /// Beside the P99 of the rounds of the direct way, of which each ran right before one of this way.
    fn line(&mut self, direct: &[u64]) -> String {
        let mut cells = vec![self.name.clone()];
        for nanos in [&mut self.first, &mut self.later, &mut self.call] {
            nanos.sort_unstable();
            let micros = |percent| (percentile(nanos, percent) / 1000).to_string();
            cells.extend([micros(50), micros(99)]);
        }
        cells.insert(3, self.added(direct));
        row(&cells)
    }

    /// What the neighbours of the machine do in some of the rounds is in the P99 of all, and not in this.
    fn added(&self, direct: &[u64]) -> String {
        if self.process.is_none() {
            return String::new();
        }
        let pairs = self.rounds.iter().zip(direct);
        let added = pairs.map(|(own, direct)| own.cast_signed() - direct.cast_signed());
        let mut added: Vec<i64> = added.collect();
        added.sort_unstable();
        let middle = added.get(added.len() / 2).copied().unwrap_or_default();
        (middle / 1000).to_string()
    }
}

/// While so many MiB flow by as fast as they are read.
async fn memory(row_of: &Row<'_>, process: &Process, size: u32) -> Result<String> {
    let way = Way {
        path: Asked::Mebibytes(size).path(),
        ..row_of.way.clone()
    };
    let before = process.memory()?;
    let mut most = before;
    let mut received = 0;
    let mut looked = Instant::now();
    let mut connection = Connection::open(&way).await?;
    let read = |line: &[u8]| {
        received += line.len() + 1;
        if looked.elapsed() > LOOK_AGAIN {
            most = most.max(process.memory()?);
            looked = Instant::now();
        }
        Ok(())
    };
    connection.lines(read).await?;
    most = most.max(process.memory()?);
    // Whole events only, so that a little of the size may be missing.
    let least = usize::try_from(size)? * 1_000_000;
    if received < least {
        bail!("only {received} bytes of {size} MiB came");
    }
    let name = row_of.name.clone();
    Ok(row(&[
        size.to_string(),
        name,
        before.to_string(),
        most.to_string(),
    ]))
}

const ROUNDS: usize = 15;
const STREAMS: usize = 100;
const EVENTS: u32 = 5;
const EVENTS_OF_A_CALL: u32 = 4;
const SIZES: [u32; 3] = [10, 100, 1_000];
const LOOK_AGAIN: Duration = Duration::from_millis(20);

const REQUEST: &[u8] = br#"{"model":"bench","stream":true,"messages":[{"role":"user","content":"What will the weather be like?"}],"tools":[{"type":"function","function":{"name":"get_weather","parameters":{"type":"object"}}}]}"#;
