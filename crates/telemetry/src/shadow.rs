//! The shadow report: what a log says that policies in shadow would have done, grouped for the people
//! who must decide whether to enforce them; it reads lines and judges nothing.

mod table;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::io::{self, BufRead};

use serde::{Deserialize, Serialize};

/// Groups the decision lines of an audit log whose findings were suspended.
///
/// Lines that are no records are counted and skipped; only reading itself can fail.
pub fn report(lines: impl BufRead) -> io::Result<Report> {
    let mut counts = Counts::default();
    let mut groups = BTreeMap::new();
    let mut counted = Ids::default();
    for line in lines.split(b'\n') {
        let line = line?;
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        match serde_json::from_slice::<Line>(&line) {
            // A write that failed halfway may have put a line into the log twice.
            Ok(line) if line.event == "decision" && counted.is_new(&line.id) => {
                counts.add(&line, &mut groups);
            }
            Ok(_) => {}
            Err(_) => counts.malformed_lines += 1,
        }
    }
    Ok(counts.into_report(groups))
}

/// What would have happened. Displays as a table; as JSON it carries its `schema_version`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    pub schema_version: u32,
    /// Decision lines in the log.
    pub decisions: u64,
    /// Decisions that policies in shadow would have changed.
    pub affected: u64,
    /// Lines that are no records.
    pub malformed_lines: u64,
    pub first: Option<String>,
    pub last: Option<String>,
    pub would_deny: Vec<Group>,
    pub would_need_approval: Vec<Group>,
    pub would_sanitize: Vec<Group>,
}

/// Decisions with the same rule, agent, tool and destination. A decision with two rules is in two groups.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Group {
    pub rule: String,
    pub tenant: String,
    pub agent: String,
    pub tool: String,
    pub action: String,
    /// `host:port`.
    pub destination: String,
    pub count: u64,
    pub first: String,
    pub last: String,
    /// The first few, to look them up in the log.
    pub decision_ids: Vec<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        table::write(self, f)
    }
}

#[derive(Default)]
struct Counts {
    decisions: u64,
    affected: u64,
    malformed_lines: u64,
    first: Option<String>,
    last: Option<String>,
}

type Groups = BTreeMap<Key, Tally>;

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    outcome: WouldBe,
    rule: String,
    tenant: String,
    agent: String,
    tool: String,
    action: String,
    destination: String,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WouldBe {
    Allow,
    Sanitize,
    ApprovalNeeded,
    Deny,
}

struct Tally {
    count: u64,
    first: String,
    last: String,
    decision_ids: Vec<String>,
}

impl Counts {
    fn add(&mut self, line: &Line, groups: &mut Groups) {
        self.decisions += 1;
        widen(&mut self.first, &mut self.last, &line.time);
        let different = |would: &&Would| line.outcome != Some(would.outcome);
        let Some(would) = line.would.as_ref().filter(different) else {
            return;
        };
        self.affected += 1;
        // What was enforced is no finding of shadow, even where another one stands beside it.
        for rule in would.rules.iter().filter(|rule| !line.rules.contains(rule)) {
            groups
                .entry(line.key(would.outcome, &rule.rule))
                .or_insert_with(|| Tally::starting(&line.time))
                .add(line);
        }
    }

    fn into_report(self, groups: Groups) -> Report {
        let mut report = Report {
            schema_version: SCHEMA_VERSION,
            decisions: self.decisions,
            affected: self.affected,
            malformed_lines: self.malformed_lines,
            first: self.first,
            last: self.last,
            would_deny: Vec::new(),
            would_need_approval: Vec::new(),
            would_sanitize: Vec::new(),
        };
        for (key, tally) in groups {
            let section = match key.outcome {
                WouldBe::Deny => &mut report.would_deny,
                WouldBe::ApprovalNeeded => &mut report.would_need_approval,
                WouldBe::Sanitize => &mut report.would_sanitize,
                WouldBe::Allow => continue,
            };
            section.push(tally.into_group(key));
        }
        for section in [
            &mut report.would_deny,
            &mut report.would_need_approval,
            &mut report.would_sanitize,
        ] {
            // The map has put them in order of their names; the most frequent come first.
            section.sort_by_key(|group| std::cmp::Reverse(group.count));
        }
        report
    }
}

impl Tally {
    fn starting(time: &str) -> Self {
        Self {
            count: 0,
            first: time.to_owned(),
            last: time.to_owned(),
            decision_ids: Vec::new(),
        }
    }

    fn add(&mut self, line: &Line) {
        self.count += 1;
        if line.time < self.first {
            self.first.clone_from(&line.time);
        }
        if line.time > self.last {
            self.last.clone_from(&line.time);
        }
        if self.decision_ids.len() < MOST_IDS {
            self.decision_ids.push(line.id.clone());
        }
    }

    fn into_group(self, key: Key) -> Group {
        Group {
            rule: key.rule,
            tenant: key.tenant,
            agent: key.agent,
            tool: key.tool,
            action: key.action,
            destination: key.destination,
            count: self.count,
            first: self.first,
            last: self.last,
            decision_ids: self.decision_ids,
        }
    }
}

/// What the report reads of a line; only decision lines have more than the first field.
#[derive(Deserialize)]
struct Line {
    event: String,
    #[serde(default)]
    id: String,
    #[serde(default)]
    time: String,
    #[serde(default)]
    tenant: String,
    #[serde(default)]
    agent: String,
    #[serde(default)]
    tool: String,
    #[serde(default)]
    action: String,
    #[serde(default)]
    destination: Destination,
    outcome: Option<WouldBe>,
    #[serde(default)]
    rules: Vec<Rule>,
    would: Option<Would>,
}

#[derive(Default, Deserialize)]
struct Destination {
    host: String,
    port: u16,
}

#[derive(Deserialize)]
struct Would {
    outcome: WouldBe,
    rules: Vec<Rule>,
}

#[derive(PartialEq, Eq, Deserialize)]
struct Rule {
    rule: String,
    #[serde(default)]
    message: String,
}

/// Decision ids that were counted. A log has millions of them, and ours are numbers.
#[derive(Default)]
struct Ids {
    numbers: HashSet<u128>,
    others: HashSet<String>,
}

impl Ids {
    /// A line without an id is like no other.
    fn is_new(&mut self, id: &str) -> bool {
        let digits = id.replace('-', "");
        match u128::from_str_radix(&digits, 16) {
            Ok(number) if digits.len() == 32 => self.numbers.insert(number),
            _ => id.is_empty() || self.others.insert(id.to_owned()),
        }
    }
}

impl Line {
    fn key(&self, outcome: WouldBe, rule: &str) -> Key {
        Key {
            outcome,
            rule: rule.to_owned(),
            tenant: self.tenant.clone(),
            agent: self.agent.clone(),
            tool: self.tool.clone(),
            action: self.action.clone(),
            destination: format!("{}:{}", self.destination.host, self.destination.port),
        }
    }
}

/// RFC 3339 times of one format are in order as text.
fn widen(first: &mut Option<String>, last: &mut Option<String>, time: &str) {
    if first.as_deref().is_none_or(|first| time < first) {
        *first = Some(time.to_owned());
    }
    if last.as_deref().is_none_or(|last| time > last) {
        *last = Some(time.to_owned());
    }
}

const SCHEMA_VERSION: u32 = 1;
const MOST_IDS: usize = 5;
