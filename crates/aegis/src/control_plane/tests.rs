//! What is refused before anything is sent, and how a server's refusal ends the program.

use aegis_api::Problem;

use super::*;

#[test]
fn a_token_never_crosses_a_network_in_the_clear() {
    for good in [
        "https://control.example:8181",
        "http://127.0.0.1:8181",
        "http://localhost",
        "http://[::1]:8181",
    ] {
        assert!(check_url(good).is_ok(), "{good}");
    }
    for bad in [
        "http://control.example:8181",
        "http://10.0.0.1",
        "http://127.0.0.1.evil.example",
        "control.example",
        "ftp://x",
        "",
    ] {
        assert_eq!(check_url(bad).unwrap_err().exit, Exit::Usage, "{bad}");
    }
}

#[test]
fn shares_are_read_as_people_write_them() {
    assert_eq!(rollout("all"), Ok(Rollout::All));
    assert_eq!(rollout("10%"), Ok(Rollout::Percent { percent: 10 }));
    for text in ["10%", "ring=canary", "all"] {
        assert_eq!(rollout_words(&rollout(text).unwrap()), text);
    }
    for bad in ["0%", "100%", "10", "=x", "x=", "-1%", ""] {
        assert!(rollout(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_refusal_keeps_the_servers_code_and_ends_with_its_own() {
    let refused = |status, code: &str| ClientError::Refused {
        status,
        problem: Some(Box::new(Problem {
            title: String::new(),
            status,
            detail: "no".to_owned(),
            code: code.to_owned(),
            latest: None,
            mistakes: Vec::new(),
            versions: Vec::new(),
        })),
    };
    for (status, code, exit) in [
        (409, "publication.outdated", Exit::Refused),
        (422, "publication.mistakes", Exit::Configuration),
        (403, "auth.role", Exit::Failed),
        (503, "store.busy", Exit::Unreachable),
    ] {
        let failure = failure(&refused(status, code));
        assert_eq!(failure.exit, exit, "{code}");
        assert!(failure.to_string().contains(code));
    }
    assert_eq!(failure(&ClientError::Late).exit, Exit::Unreachable);
}

/// Somebody who thinks that nothing was published publishes twice.
#[test]
fn where_a_change_was_sent_and_not_answered_it_is_said_that_it_may_have_been_made() {
    for (error, may_be_done) in [
        (ClientError::Broken(String::new()), true),
        (ClientError::Late, true),
        (ClientError::CutOff, true),
        (ClientError::Unreachable(String::new()), false),
    ] {
        let failure = failure_of_change(&error);
        assert_eq!(failure.exit, Exit::Unreachable, "{error}");
        let told = failure.to_string();
        assert!(told.starts_with(&error.to_string()), "{told}");
        assert_eq!(told.contains("may have been done"), may_be_done, "{told}");
    }
}
