//! YAML and JSON documents: read alike alone and among others, and JSON in the same way as by everybody else.

use aegis_document::Document;
use serde_json::Value;

/// One document; JSON where it begins with a brace.
pub fn document(input: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(input) else {
        return false;
    };
    if text.starts_with('{') {
        json(text);
    }
    let Ok(document) = Document::parse("f.yaml", text) else {
        return false;
    };
    alone_and_among_others(&document, text);
    let Ok(value) = document.read::<Value>() else {
        return false;
    };
    let shown = Document::parse("f.json", &value.to_string());
    let shown = shown.and_then(|shown| shown.read::<Value>());
    assert_eq!(shown.ok(), Some(value));
    true
}

/// What is taken as JSON is what every reader of JSON takes it for.
fn json(text: &str) {
    let read = Document::parse("f.json", text).and_then(|document| document.read::<Value>());
    if let Ok(read) = read {
        assert_eq!(serde_json::from_str::<Value>(text).ok(), Some(read));
    }
}

fn alone_and_among_others(document: &Document, text: &str) {
    let all = Document::parse_all("f.yaml", text);
    assert_eq!(all.as_ref().err(), None);
    let all = all.unwrap_or_default();
    assert!(all.len() <= 1);
    if let Some(same) = all.first() {
        assert_eq!(same.keys(), document.keys());
        assert_eq!(same.read::<Value>(), document.read::<Value>());
    }
}
