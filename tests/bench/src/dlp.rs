//! How fast sensitive data is looked for: in ordinary text, in a small clean document, and in text that is made to be slow.

use std::fmt::Write as _;
use std::time::Instant;

use aegis_dlp::{Class, Detector, Looks, Scanner};
use anyhow::{Context as _, Result, bail};
use serde_json::json;

use crate::policy::payload;
use crate::statistics::{head, median, row};

/// Searches mixed text `count` times, for whoever counts instructions.
pub(crate) const WORKER: &str = "search";

pub(crate) fn table() -> Result<String> {
    let scanner = Scanner::new()?;
    let mut table = head(&["text", "MB/s", "in pieces of 64 bytes, MB/s"]);
    let mut measure = |name: String, scanner: &Scanner, text: &str| {
        let whole = rate(text, || scanner.scan(text).len());
        let pieces = rate(text, || in_pieces(scanner, text));
        table.push_str(&row(&[name, format!("{whole:.1}"), format!("{pieces:.1}")]));
    };
    for (name, detectors) in MIXED {
        measure(name.to_owned(), &with(detectors)?, &mixed());
    }
    for unit in HOSTILE {
        let name = format!("`{}`, again and again", unit.trim());
        measure(name, &scanner, &long(unit));
    }
    let clean = clean();
    if !scanner.scan(&clean).is_empty() {
        bail!("the clean document is not clean");
    }
    // Together longer than what a thread remembers to be clean.
    let several = clean.repeat(3);
    let rate = rate(&several, || scanner.scan(&several).len());
    let bytes = clean.len();
    // Megabytes in a second are bytes in a microsecond.
    let micros = number(bytes) / rate;
    write!(
        table,
        "\nA clean JSON document of {bytes} bytes: {micros:.1} µs\n"
    )?;
    Ok(table)
}

/// How much it searches.
pub(crate) fn repeat(name: &str, count: usize) -> Result<usize> {
    let detectors = MIXED.iter().find(|(known, _)| *known == name);
    let (_, detectors) = detectors.with_context(|| format!("no text is called {name}"))?;
    let (scanner, text) = (with(*detectors)?, mixed());
    for _ in 0..count {
        std::hint::black_box(scanner.scan(&text).len());
    }
    Ok(text.len())
}

/// The whole catalogue, and so many detectors of a policy's own.
fn with(detectors: usize) -> Result<Scanner> {
    let own: Vec<Detector> = own().into_iter().take(detectors).collect();
    Ok(Scanner::new()?.with_detectors(&own)?)
}

/// A list of names, and numbers as a company has them. Mixed text has none of them.
fn own() -> [Detector; 4] {
    let names = FIRST.iter().flat_map(|first| {
        let second = SECOND.iter();
        second.map(move |second| format!("{first} {second}"))
    });
    let detector = |kind: &str, looks| Detector {
        kind: kind.to_owned(),
        class: Class::Pii,
        looks,
        checksum: None,
        near: Vec::new(),
        confidence: 90,
    };
    let pattern = |text: &str| Looks::Pattern(text.to_owned());
    [
        detector("PROJECT_NAME", Looks::Keywords(names.collect())),
        detector("EMPLOYEE_NUMBER", pattern("E-[0-9]{6}")),
        detector("CUSTOMER_NUMBER", pattern("[KL][0-9]{4}-[0-9]{4}")),
        detector("CASE_NUMBER", pattern("(?:case|file) [A-Z]{2}/[0-9]{5}")),
    ]
}

/// The median of some runs, after one that makes the automata of the rules.
fn rate(text: &str, work: impl Fn() -> usize) -> f64 {
    work();
    let repeat = (BYTES / text.len()).max(1);
    let rates = (0..ROUNDS).map(|_| {
        let start = Instant::now();
        for _ in 0..repeat {
            std::hint::black_box(work());
        }
        number(text.len() * repeat) / 1e6 / start.elapsed().as_secs_f64()
    });
    median(rates.collect())
}

fn in_pieces(scanner: &Scanner, text: &str) -> usize {
    let mut redactor = scanner.redactor(None, |kind| kind == "EMAIL_ADDRESS");
    let pieces = text.as_bytes().chunks(64);
    let given: usize = pieces.map(|piece| redactor.push(piece).len()).sum();
    given + redactor.finish().len()
}

/// No text here is near four gigabytes.
fn number(bytes: usize) -> f64 {
    u32::try_from(bytes).map_or(f64::NAN, f64::from)
}

/// Chats of agents, with something to be found in one of eight.
fn mixed() -> String {
    let mut text = String::new();
    for at in 0_u32.. {
        if text.len() > SIZE {
            break;
        }
        let content = match at % 8 {
            0 => format!("write to user{at}@shop.example about order {at}"),
            1 => format!("fn price(item: &Item) -> u64 {{ item.cents * {at} / 100 }}"),
            2 => format!("GET /v1/items/{at}?page=2 took 12.{at} ms, status 200"),
            _ => PROSE.to_owned(),
        };
        let message = json!({"role": "user", "content": content, "id": format!("msg_{at:08x}")});
        text.push_str(&message.to_string());
        text.push('\n');
    }
    text
}

fn long(unit: &str) -> String {
    unit.repeat(SIZE / unit.len())
}

fn clean() -> String {
    serde_json::Value::from(payload(4200, "eur", 1700)).to_string()
}

/// Mixed text, and how many detectors of its own a policy has.
pub(crate) const MIXED: [(&str, usize); 2] =
    [("mixed", 0), ("mixed, 4 detectors of a policy's own", 4)];
/// 200 names.
const FIRST: [&str; 10] = [
    "Amber", "Blue", "Crystal", "Desert", "Emerald", "Golden", "Hidden", "Quiet", "Silver",
    "Winter",
];
const SECOND: [&str; 20] = [
    "Anchor", "Bridge", "Canyon", "Delta", "Eagle", "Falcon", "Garden", "Harbour", "Island",
    "Jaguar", "Kestrel", "Lantern", "Meadow", "Needle", "Orchard", "Phoenix", "Raven", "Summit",
    "Tiger", "Valley",
];
/// Each asks as many rules as one can for little text.
const HOSTILE: [&str; 14] = [
    "1 2 3 4 5 6 7 8 9 0 ",
    // What is spelled otherwise is read in two ways.
    "1 2 3 4 5 6 7 8 9&#48; ",
    "1.2.3.",
    "4111 1111 1111 1112 ",
    "AB 1 ",
    "password=",
    "a@",
    "fe80:",
    "https://u:p@",
    "xoxb-",
    "plate AB 12 CD ",
    "passport 12345678 phone tax id ",
    "passport AB1234567 ",
    "vat 123456789 ",
];
const PROSE: &str = "The agent compared both offers, asked the customer which of them fits the budget, and wrote a summary for the team.";
/// Of a text, and of what is searched in one round.
const SIZE: usize = 1 << 20;
const BYTES: usize = 1 << 20;
const ROUNDS: usize = 5;
