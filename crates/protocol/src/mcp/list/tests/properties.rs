//! What holds for every list, however it is cut, and for every sequence of bytes.

use proptest::prelude::*;

use super::*;

fn names() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec("[abx]{1,3}", 0..8)
}

proptest! {
    #[test]
    fn any_split_of_a_stream_gives_the_same(
        names in names(),
        lengths in prop::collection::vec(1..30_usize, 1..8),
        end in prop::sample::select(&["\n", "\r\n", "\r"][..]),
    ) {
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        let body = format!(": c\n\nevent: message\ndata: {}\n\n", page(&names)).replace('\n', end);
        let mut rest = body.as_bytes();
        let mut pieces = Vec::new();
        for length in lengths.iter().cycle() {
            let (piece, behind) = rest.split_at((*length).min(rest.len()));
            pieces.push(piece);
            rest = behind;
            if rest.is_empty() { break; }
        }
        let cut = run(filter(&asked("tools/list"), "text/event-stream"), pieces);
        prop_assert_eq!(cut, events(&asked("tools/list"), &body));
    }

    #[test]
    fn no_denied_name_is_left_and_every_other_is(names in names(), spaces in "[ \n]{0,3}") {
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        let body = page(&names).replace("},{", &format!("}}{spaces},{spaces}{{"));
        let told = document(&asked("tools/list"), &body);
        prop_assert_eq!(told.error, None);
        let kept: Vec<_> = names.iter().filter(|name| !name.contains('x')).copied().collect();
        let expected: Value = serde_json::from_str(&page(&kept)).unwrap();
        let sent: Value = serde_json::from_str(&told.sent).unwrap();
        prop_assert_eq!(sent, expected);
    }

    #[test]
    fn a_changed_byte_never_lets_a_denied_tool_through(
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut body = page(&["a", "xylophone", "b"]).into_bytes();
        let place = place.index(body.len());
        body[place] = byte;
        let told = run_lossy(&body);
        // The byte may as well have taken away the list or its name.
        if let Some(tools) = told.as_ref().and_then(|sent| sent["result"]["tools"].as_array()) {
            prop_assert!(tools.iter().all(|tool| !tool["name"].as_str().unwrap_or_default().contains('x')));
        }
    }

    #[test]
    fn no_bytes_make_it_panic(
        body in prop::collection::vec(any::<u8>(), 0..200),
        content_type in prop::sample::select(&["", "application/json", "text/event-stream"][..]),
    ) {
        let mut filter = filter(&asked("tools/list"), content_type);
        filter.feed(&body);
        filter.finish();
        while let Ok(Step::Forward(_)) = filter.step() {}
    }
}

fn run_lossy(body: &[u8]) -> Option<Value> {
    let mut filter = filter(&asked("tools/list"), "application/json");
    filter.feed(body);
    filter.finish();
    let mut sent = Vec::new();
    loop {
        match filter.step() {
            Ok(Step::Forward(bytes)) => sent.extend(bytes),
            Ok(Step::Judge(entries)) => {
                let keep: Vec<_> = entries
                    .iter()
                    .map(|entry| !entry.call.tool.contains('x'))
                    .collect();
                filter.keep(&keep).unwrap();
            }
            _ => return serde_json::from_slice(&sent).ok(),
        }
    }
}
