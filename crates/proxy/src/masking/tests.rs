//! What is masked, and that nothing else is.

use std::sync::{Arc, LazyLock};

use aegis_dlp::Scanner;

use super::{header, path, points_into};

static SCANNER: LazyLock<Scanner> = LazyLock::new(|| Scanner::new().unwrap());

#[test]
fn a_finding_points_into_the_parameter_that_holds_it() {
    assert!(points_into("body:/customer/email", "customer"));
    assert!(points_into("body:/params/arguments/a~1b", "a/b"));
    assert!(points_into("form:card[number]", "card"));
    assert!(points_into("query:a:b", "a:b"));
    assert!(!points_into("body:/customer/email", "amount"));
    assert!(!points_into("form:note", "amount"));
}

#[test]
fn a_finding_without_a_place_may_be_in_any_parameter() {
    for source in ["body:", "form:", "query:", "path:"] {
        assert!(points_into(source, "amount"), "{source}");
    }
}

#[test]
fn data_in_a_path_is_masked_and_the_rest_stays() {
    let written = |text: &str| path(&Arc::from(text), &*SCANNER);
    assert_eq!(
        &*written("/v1/users/ann%40example.org/x%20y"),
        "/v1/users/[REDACTED:EMAIL_ADDRESS]/x%20y"
    );
    assert_eq!(&*written("/v1//users/7"), "/v1//users/7");
}

#[test]
fn a_method_and_a_media_type_are_written_unless_something_hides_in_them() {
    let finder = (&*SCANNER).into();
    let written = |word: &str| header(Some(word), finder).into_owned();
    for word in [
        "POST",
        "PURGE",
        "application/json",
        "application/vnd.api+json",
    ] {
        assert_eq!(written(word), word);
    }
    assert_eq!(written("ann@example.org/json"), "[masked]");
    assert_eq!(written("4111111111111111/json"), "[masked]");
    assert_eq!(written(&"x".repeat(130)), "[masked]");
    assert_eq!(header(None, finder), "");
}
