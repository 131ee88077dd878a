//! The whole proxy against no proxy, against the floor and against Envoy, in turn and on the same machine.

use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;

use crate::load::{self, Bodies, Way};
use crate::process::Process;
use crate::stage::{self, Compared, Stage};
use crate::statistics::{head, median, percentile, row};
use crate::{policy, tls};

pub(crate) fn table() -> Result<String> {
    let stage = Stage::set()?;
    let idle = memory(&stage)?;
    let mut rows = rows(&stage)?;
    stage::in_turn(&mut rows, ROUNDS)?;
    let mut table = head(&[
        "way",
        "connections",
        "requests/s",
        "CPU s per 10,000",
        "P50 µs",
        "P99 µs",
    ]);
    for row in rows {
        table += &row.line();
    }
    table += "\n";
    table += &head(&["process", "RSS idle MiB", "RSS after the load MiB"]);
    for ((name, idle), (_, after)) in idle.into_iter().zip(memory(&stage)?) {
        table += &row(&[name.to_owned(), idle.to_string(), after.to_string()]);
    }
    if stage.envoy.is_none() {
        table += "\nEnvoy is not installed, so it was not measured: tests/tools/install-envoy.sh\n";
    }
    Ok(table)
}

fn memory(stage: &Stage) -> Result<Vec<(&'static str, u64)>> {
    let floor = Some(("floor", &stage.floor));
    let envoy = stage.envoy.as_ref().map(|envoy| ("envoy", envoy));
    let all = floor.into_iter().chain(envoy);
    all.chain([("aegis", &stage.aegis)])
        .map(|(name, measured)| Ok((name, measured.process.memory()?)))
        .collect()
}

struct Row<'a> {
    name: String,
    way: Way,
    connections: usize,
    process: Option<&'a Process>,
    rounds: Vec<Round>,
}

struct Round {
    per_second: f64,
    cpu: f64,
    p50: f64,
    p99: f64,
}

/// In the order in which they are measured: who is compared runs next to each other.
fn rows(stage: &Stage) -> Result<Vec<Row<'_>>> {
    let upstream_ca = tls::client(&stage.path().join(tls::CA))?;
    let interception_ca = tls::client(&stage.interception_ca())?;
    let (again, new) = (bodies(1)?, bodies(NEW_CALLS)?);
    let mut rows = Vec::new();
    for connections in CONNECTIONS {
        for encrypted in [false, true] {
            let (port, kind) = if encrypted {
                (stage.upstream.tls, "intercepted")
            } else {
                (stage.upstream.plain, "plain")
            };
            let way = |own, proxied, tls: &_, bodies: &Bodies| Way {
                port: own,
                authority: format!("{}:{port}", policy::host_name(0)),
                path: PATH.to_owned(),
                proxied,
                tls: encrypted.then(|| std::sync::Arc::clone(tls)),
                credential: stage::credential(&policy::agent_name(0)),
                bodies: bodies.clone(),
            };
            let mut add = |name: &str, way, process| {
                let name = format!("{name}, {kind}");
                rows.push(Row {
                    name,
                    way,
                    connections,
                    process,
                    rounds: Vec::new(),
                });
            };
            let (floor, aegis) = (&stage.floor, &stage.aegis);
            add("direct", way(port, false, &upstream_ca, &again), None);
            add(
                "floor",
                way(floor.port, true, &upstream_ca, &again),
                Some(&floor.process),
            );
            // Of an encrypted call Envoy would see a tunnel and no request.
            if let (false, Some(envoy)) = (encrypted, &stage.envoy) {
                let way = way(envoy.port, true, &upstream_ca, &again);
                add("envoy", way, Some(&envoy.process));
            }
            add(
                "aegis",
                way(aegis.port, true, &interception_ca, &again),
                Some(&aegis.process),
            );
            add(
                "aegis, new calls",
                way(aegis.port, true, &interception_ca, &new),
                Some(&aegis.process),
            );
        }
    }
    Ok(rows)
}

/// The same charge with `count` different amounts.
fn bodies(count: u32) -> Result<Bodies> {
    let body = |at: u32| {
        let mut payload = policy::payload(4200, "eur", 850);
        payload.insert("amount".to_owned(), (4200.0 - f64::from(at) / 8.0).into());
        serde_json::to_vec(&payload).map(Bytes::from)
    };
    let all: Result<_, _> = (0..count).map(body).collect();
    Ok(Bodies::new(all?))
}

impl Compared for Row<'_> {
    fn name(&self) -> &str {
        &self.name
    }

    async fn measure(&mut self) -> Result<()> {
        load::run(&self.way, self.connections, WARM_UP).await?;
        let before = self.cpu()?;
        let measured = load::run(&self.way, self.connections, TIME).await?;
        let cpu = self.cpu()? - before;
        let requests = f64::from(u32::try_from(measured.requests)?);
        let nanos = |percent| -> Result<f64> {
            Ok(f64::from(u32::try_from(percentile(
                &measured.nanos,
                percent,
            ))?))
        };
        self.rounds.push(Round {
            per_second: requests / TIME.as_secs_f64(),
            cpu: cpu * 10_000.0 / requests,
            p50: nanos(50)?,
            p99: nanos(99)?,
        });
        Ok(())
    }
}

impl Row<'_> {
    fn cpu(&self) -> Result<f64> {
        self.process.map_or(Ok(0.0), Process::cpu)
    }

    fn line(self) -> String {
        let of = |figure: fn(&Round) -> f64| median(self.rounds.iter().map(figure).collect());
        row(&[
            self.name.clone(),
            self.connections.to_string(),
            format!("{:.0}", of(|round| round.per_second)),
            match self.process {
                Some(_) => format!("{:.2}", of(|round| round.cpu)),
                None => "–".to_owned(),
            },
            format!("{:.0}", of(|round| round.p50) / 1000.0),
            format!("{:.0}", of(|round| round.p99) / 1000.0),
        ])
    }
}

const PATH: &str = "/v1/charges";
const CONNECTIONS: [usize; 2] = [64, 1];
/// More than a proxy remembers: each is evaluated, however often they come.
const NEW_CALLS: u32 = 30_000;
const ROUNDS: usize = 3;
const WARM_UP: Duration = Duration::from_millis(500);
const TIME: Duration = Duration::from_secs(4);
