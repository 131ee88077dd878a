//! Plays one scene for real and collects what is known of it: the answer, what arrived, what was recorded. Prints nothing.

use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use http::Response;
use serde_json::{Value, json};

use super::agent::Call;
use super::server::Arrived;
use super::stage::Stage;
use super::story::Scene;
use crate::audit_lines::{NewLines, word};

/// A scene with everything that came of it.
pub(crate) struct Played {
    pub(crate) scene: Scene,
    pub(crate) answer: Response<Bytes>,
    /// What reached the service; `None` where nothing did.
    pub(crate) arrived: Option<Arrived>,
    /// The call's two lines of the audit log.
    pub(crate) decision: Value,
    pub(crate) end: Value,
}

pub(crate) async fn play(stage: &mut Stage, scene: Scene) -> anyhow::Result<Played> {
    let lines = NewLines::of(&stage.audit_file);
    while stage.arrived.try_recv().is_ok() {}
    let call = Call {
        host: scene.service.host(),
        port: stage.port(scene.service),
        path: scene.path,
        body: scene.body.to_string(),
        credential: scene.agent.and_then(|agent| stage.credential(agent)),
    };
    let answer = stage.agent.call(&call).await;
    let answer =
        answer.with_context(|| format!("the demo's agent could not ask: {}", scene.title))?;
    // A service is heard before it answers, so what was forwarded is here by now.
    let arrived = stage.arrived.try_recv().ok();
    let id = header(&answer, "aegis-decision-id").to_owned();
    let (decision, end) = both_lines(&lines, &id).await?;
    Ok(Played {
        scene,
        answer,
        arrived,
        decision,
        end,
    })
}

impl Played {
    pub(crate) fn outcome(&self) -> &str {
        header(&self.answer, "aegis-decision")
    }

    pub(crate) fn would(&self) -> Option<&str> {
        self.decision
            .pointer("/would/outcome")
            .and_then(Value::as_str)
    }

    pub(crate) fn as_expected(&self) -> bool {
        self.differences().is_empty()
    }

    /// How it differs from the story, in words.
    pub(crate) fn differences(&self) -> Vec<String> {
        let expected = &self.scene.expected;
        let mut found = Vec::new();
        let mut compare = |what: &str, wanted: &str, got: &str| {
            if wanted != got {
                found.push(format!("{what} is {got}, not {wanted}"));
            }
        };
        compare("the outcome", expected.outcome, self.outcome());
        compare(
            "the status",
            &expected.status.to_string(),
            self.answer.status().as_str(),
        );
        compare(
            "the recorded outcome",
            expected.outcome,
            word(&self.decision, "/outcome"),
        );
        let would = expected.would.unwrap_or("nothing");
        compare(
            "the shadowed outcome",
            would,
            self.would().unwrap_or("nothing"),
        );
        let (wanted, got) = (said(expected.forwards()), said(self.arrived.is_some()));
        compare("the call", wanted, got);
        let arrived = self.arrived.as_ref().map(Arrived::text).unwrap_or_default();
        for text in expected
            .removed
            .iter()
            .filter(|text| arrived.contains(**text))
        {
            found.push(format!("`{text}` reached the service"));
        }
        let heard = String::from_utf8_lossy(self.answer.body());
        let kept_back = expected.kept_back.iter();
        for text in kept_back.filter(|text| heard.contains(**text)) {
            found.push(format!("`{text}` reached the agent"));
        }
        found
    }

    pub(crate) fn json(&self, stage: &Stage) -> Value {
        let scene = &self.scene;
        json!({
            "name": scene.name,
            "title": scene.title,
            "as_expected": self.as_expected(),
            "differences": self.differences(),
            "asked": {
                "agent": scene.agent,
                "method": "POST",
                "url": stage.url(scene),
                "body": scene.body,
            },
            "decided": {
                "outcome": self.outcome(),
                "would": self.would(),
                "status": self.answer.status().as_u16(),
                "answer": json_or_text(self.answer.body()),
            },
            "forwarded": self.arrived.as_ref().map(|arrived| json_or_text(&arrived.body)),
            "recorded": {"decision": self.decision, "end": self.end},
        })
    }
}

impl Arrived {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

pub(crate) fn json_or_text(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_else(|_| String::from_utf8_lossy(body).into())
}

fn header<'a>(answer: &'a Response<Bytes>, name: &str) -> &'a str {
    answer
        .headers()
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

fn said(forwarded: bool) -> &'static str {
    if forwarded { "forwarded" } else { "held back" }
}

/// The end line is written after the answer has left, so it is waited for.
async fn both_lines(lines: &NewLines, id: &str) -> anyhow::Result<(Value, Value)> {
    for _ in 0..ATTEMPTS {
        let mut own = lines.read().context("the audit log")?;
        own.retain(|line| word(line, "/id") == id);
        let mut take = |event| {
            let at = own.iter().position(|line| word(line, "/event") == event)?;
            Some(own.swap_remove(at))
        };
        if let (Some(decision), Some(end)) = (take("decision"), take("end")) {
            return Ok((decision, end));
        }
        tokio::time::sleep(PAUSE).await;
    }
    bail!("the audit log has no two lines for the decision {id}")
}

const ATTEMPTS: usize = 300;
const PAUSE: Duration = Duration::from_millis(10);
