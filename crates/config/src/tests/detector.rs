//! The section `dlp.detector`, and what is wrong with one.

use std::time::Duration;

use super::{complaints, read};
use crate::{DetectorSettings, OutsideType};

fn detector(section: &str) -> DetectorSettings {
    let settings = read(&format!("region: eu\ndlp: {{detector: {section}}}"));
    settings.unwrap().dlp.detector.unwrap()
}

#[test]
fn a_detector_is_off_unless_its_url_is_written_and_then_asked_for_every_type() {
    assert_eq!(read("region: eu").unwrap().dlp.detector, None);
    let detector = detector("{url: 'https://detector.example/v1/find'}");
    assert_eq!(
        detector.types.into_iter().collect::<Vec<_>>(),
        OutsideType::ALL
    );
    assert_eq!(detector.timeout, Duration::from_secs(2));
    assert_eq!(detector.max_bytes, 256 << 10);
    assert_eq!(detector.authorization, None);
}

#[test]
fn a_detector_is_set_up_in_every_part() {
    let detector = detector(
        "{url: 'http://127.0.0.1:5002/', authorization: 'Bearer ${env:REGION}', \
         types: [PERSON, DATE_TIME], timeout: 500ms, max_bytes: 1MiB}",
    );
    assert_eq!(&*detector.url, "http://127.0.0.1:5002/");
    let authorization = detector.authorization.unwrap();
    assert_eq!(authorization.reveal(), "Bearer eu-west-1");
    assert!(!format!("{authorization:?}").contains("eu-west-1"));
    let types: Vec<_> = detector.types.into_iter().collect();
    assert_eq!(types, [OutsideType::DateTime, OutsideType::Person]);
    assert_eq!(detector.timeout, Duration::from_millis(500));
    assert_eq!(detector.max_bytes, 1 << 20);
}

#[test]
fn plain_http_beyond_loopback_is_allowed_by_name_only() {
    let url = "url: 'http://detector.example:8080/find'";
    let said = complaints(&format!("region: eu\ndlp: {{detector: {{{url}}}}}"));
    assert!(
        said.starts_with("2:23: the texts of every request"),
        "{said}"
    );
    assert!(said.contains("insecure_http: true"), "{said}");
    detector(&format!("{{{url}, insecure_http: true}}"));
    detector("{url: 'http://localhost:8080/find'}");
    detector("{url: 'http://[::1]:8080'}");
}

#[test]
fn what_no_detector_could_work_with_is_refused_and_no_secret_repeated() {
    let said = complaints(
        "\
region: eu
dlp:
  detector:
    url: https://user:word@detector.example
    authorization: \"Bearer hush\\nhush\"
    types: [PERSON, EMAIL_ADDRESS]
    timeout: 0s
    max_bytes: 10B
",
    );
    assert!(!said.contains("hush") && !said.contains("word@"), "{said}");
    for place in ["4:10: ", "5:20: ", "6:21: ", "7:14: ", "8:16: "] {
        assert!(said.contains(place), "{place} in {said}");
    }
    let none = "region: eu\ndlp: {detector: {url: 'https://a.example', types: []}}";
    assert!(complaints(none).contains("at least one type"));
    assert!(complaints("region: eu\ndlp: {detector: {}}").contains("`url` is missing"));
}
