//! How the demo looks to a human. Words first, colours on top; decides and sends nothing.

use std::fmt::Write as _;

use serde_json::Value;

use super::play::{Played, json_or_text};
use super::stage::Stage;
use super::{SHELL, story};
use crate::audit_lines::word;
use crate::commands::proxy::shadow_warning;
use crate::exit::Failure;
use crate::output::{Style, result};

pub(crate) struct Show {
    style: Style,
}

impl Show {
    pub(crate) fn new() -> Self {
        Self {
            style: Style::stdout(),
        }
    }

    pub(crate) fn opening(&self, stage: &Stage) {
        let style = self.style;
        let edited = if stage.policy_edited {
            "  (not as this version brings them along)"
        } else {
            ""
        };
        result(
            style.bold("Aegis demo: the real proxy, mock services on loopback, a scripted agent\n"),
        );
        result(format!(
            "  proxy     http://{}",
            stage.app.forward_address()
        ));
        result(format!(
            "  admin     http://{}/status",
            stage.app.admin_address()
        ));
        result(format!("  data      {}", stage.data_dir.display()));
        result(format!(
            "  policies  {}{edited}",
            stage.policy_directory.display()
        ));
        result(format!(
            "  modes     {}",
            stage.app.modes().unwrap_or_default()
        ));
        for (tenant, mode) in stage.app.tenant_modes().into_iter().flatten() {
            if let Some(warning) = shadow_warning(&tenant, mode) {
                result(format!("            {}", style.yellow(&warning)));
            }
        }
    }

    pub(crate) fn scene(&self, number: usize, played: &Played, stage: &Stage) {
        let mut text = format!(
            "\n{number:2}  {}  {}\n",
            self.badge(played),
            played.scene.title
        );
        let mut line = |label: &str, words: &str| {
            // Writing into a String cannot fail.
            let _ = writeln!(
                text,
                "    {}  {words}",
                self.style.dim(&format!("{label:9}"))
            );
        };
        line("asked", &asked(played, stage));
        for (at, words) in decided(played).iter().enumerate() {
            line(if at == 0 { "decided" } else { "" }, words);
        }
        line("forwarded", &forwarded(played));
        if !played.scene.expected.kept_back.is_empty() {
            line("answered", &answered(played));
        }
        line("recorded", &recorded(played));
        for difference in played.differences() {
            line(
                "",
                &self.style.red(&format!("NOT AS EXPECTED: {difference}")),
            );
        }
        result(text.trim_end());
    }

    pub(crate) fn verdict(&self, told: &[Played], stage: &Stage) {
        let good = told.iter().filter(|played| played.as_expected()).count();
        let text = format!("\n{good} of {} as expected.", told.len());
        if good == told.len() {
            return result(self.style.green(&text));
        }
        result(self.style.red(&text));
        if stage.policy_edited {
            result(format!(
                "The policies are not those of this version; remove {} to get them.",
                stage.policy_directory.display()
            ));
        }
    }

    /// Everything that a visitor needs to go on alone.
    pub(crate) fn farewell(&self, stage: &Stage) -> Result<(), Failure> {
        let heading = |text: &str| result(self.style.bold(&format!("\n{text}")));
        heading("Put a process of your own behind it, as finance-bot:");
        result(stage.environment()?.render(SHELL).trim_end());
        heading("Or paste, one line for each outcome:");
        for scene in story::for_curl() {
            result(format!(
                "{} {}",
                self.style.dim(&format!("# {}", scene.name)),
                scene.title
            ));
            result(stage.curl(&scene));
        }
        heading("Change something while it runs, and paste again:");
        result(format!(
            "  {}",
            stage.policy_directory.join("policy.yaml").display()
        ));
        heading("What was decided, and what shadow would have done:");
        result(format!("  tail -f {}", stage.audit_file.display()));
        result(format!(
            "  aegis shadow report --audit {}",
            stage.audit_file.display()
        ));
        result("\nRunning. Ctrl-C ends it.");
        Ok(())
    }

    /// The outcome as a symbol and a word, so that neither colour nor font is needed.
    fn badge(&self, played: &Played) -> String {
        let (symbol, word) = match (played.outcome(), played.would()) {
            (_, Some(_)) => ("~", "SHADOW"),
            ("allow", _) => ("+", "ALLOW"),
            ("sanitize", _) => ("*", "SANITIZE"),
            ("approval_needed", _) => ("?", "APPROVAL_NEEDED"),
            _ => ("x", "DENY"),
        };
        let text = format!("{symbol} {word:15}");
        match symbol {
            "+" => self.style.green(&text),
            "*" => self.style.blue(&text),
            "?" => self.style.yellow(&text),
            "~" => self.style.magenta(&text),
            _ => self.style.red(&text),
        }
    }
}

fn asked(played: &Played, stage: &Stage) -> String {
    let (scene, url) = (&played.scene, stage.url(&played.scene));
    let who = scene.agent.unwrap_or("nobody known");
    format!(
        "{who}: POST {url}\n               {}",
        shortened(&scene.body.to_string())
    )
}

/// The outcome with its status, then each reason, then what the agent is told to do next.
fn decided(played: &Played) -> Vec<String> {
    let micros = played
        .decision
        .get("decision_us")
        .and_then(Value::as_u64)
        .unwrap_or_default();
    let status = played.answer.status();
    let mut lines = vec![format!(
        "{} in {micros} µs, answered {status}",
        played.outcome()
    )];
    lines.extend(reasons(&played.decision, "/rules").map(|reason| format!("because {reason}")));
    if let Some(would) = played.would() {
        let would_be = reasons(&played.decision, "/would/rules");
        lines.extend(would_be.map(|reason| format!("would be {would}: {reason}")));
    }
    if let Some(approval) = played.decision.get("approval_id").and_then(Value::as_str) {
        lines.push(format!("pending as {approval}"));
    }
    if !played.scene.expected.forwards() {
        lines.push(format!(
            "told   {}",
            told(&json_or_text(played.answer.body()))
        ));
    }
    lines
}

fn reasons<'a>(line: &'a Value, pointer: &str) -> impl Iterator<Item = String> + use<'a> {
    let rules = line
        .pointer(pointer)
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    rules.map(|rule| format!("{}: {}", word(rule, "/rule"), word(rule, "/message")))
}

/// The part of a refusal that says in which protocol it speaks, and what to do.
fn told(body: &Value) -> String {
    let places = [
        ("/next_step", "problem+json"),
        ("/error/data/next_step", "JSON-RPC error"),
        ("/error/aegis/next_step", "OpenAI error"),
    ];
    let found = places
        .iter()
        .find(|(place, _)| !word(body, place).is_empty());
    found.map_or_else(String::new, |(place, form)| {
        format!("{} ({form})", word(body, place))
    })
}

fn forwarded(played: &Played) -> String {
    match &played.arrived {
        Some(arrived) => format!("the service received {}", shortened(&arrived.text())),
        None => "nothing: the service saw no request".to_owned(),
    }
}

/// What the agent puts together from a model's stream.
fn answered(played: &Played) -> String {
    let body = String::from_utf8_lossy(played.answer.body());
    let events = body.lines().filter_map(|line| line.strip_prefix("data: "));
    let events = events.filter_map(|data| serde_json::from_str::<Value>(data).ok());
    let words = events.map(|event| word(&event, "/choices/0/delta/content").to_owned());
    let found = played.end.get("answer_data").and_then(Value::as_array);
    let found = found.into_iter().flatten();
    let found = found.map(|data| format!("{} {}", word(data, "/type"), word(data, "/effect")));
    format!(
        "the agent heard: {}\n               {}",
        words.collect::<String>(),
        found.collect::<Vec<_>>().join(", ")
    )
}

fn recorded(played: &Played) -> String {
    let (decision, end) = (&played.decision, &played.end);
    let call = format!("{}/{}", word(decision, "/tool"), word(decision, "/action"));
    let mut text = format!("{} {call}", word(decision, "/outcome"));
    if let Some(parameters) = decision.get("parameters") {
        let _ = write!(text, " {}", shortened(&parameters.to_string()));
    }
    let _ = write!(text, " {}", word(end, "/outcome_detail"));
    if let (address, region) = (word(end, "/route/address"), word(end, "/route/region"))
        && !address.is_empty()
    {
        let _ = write!(text, " to {address} {region}");
    }
    let _ = write!(
        text,
        "\n               id {} policy {}",
        word(decision, "/id"),
        word(decision, "/policy_version")
    );
    text
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(WIDTH) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

const WIDTH: usize = 140;
