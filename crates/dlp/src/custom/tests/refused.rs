//! Tables of what is a detector, and of what is none and why.

use super::*;

#[test]
fn what_is_no_detector_is_told() {
    let told = |detector: Detector| detector.check().unwrap_err();
    for name in ["", "AB", "employee", "9AB", "A-B", &"A".repeat(65)] {
        let kind = name.to_owned();
        let detector = Detector {
            kind,
            ..pattern("a")
        };
        assert_eq!(told(detector), DetectorError::Name(name.to_owned()));
    }
    let taken = Detector {
        kind: "EMAIL_ADDRESS".to_owned(),
        ..pattern("a")
    };
    assert!(matches!(told(taken), DetectorError::Taken(_)));
    for bad in ["(", "a(?=b)", r"(a)\1", "[z-a]"] {
        let error = told(pattern(bad));
        assert!(matches!(error, DetectorError::Syntax(_)), "{bad}: {error}");
        assert!(!error.to_string().contains('\n'), "{error}");
    }
    for empty in ["", "a*", r"\b", "a|"] {
        assert_eq!(told(pattern(empty)), DetectorError::Empty, "{empty}");
    }
    assert_eq!(told(pattern("a{257}")), DetectorError::Long(257));
    assert_eq!(told(pattern("[a&&b]")), DetectorError::Never);
    assert_eq!(
        told(pattern("([a-z]{0,99}[0-9]{0,99}a){99}")),
        DetectorError::Large
    );
    let letter = |at: u8| char::from(b'a' + at);
    let pairs = (0..26).flat_map(|one| (0..26).map(move |other| [letter(one), letter(other)]));
    let words = pairs
        .map(|pair| String::from_iter(pair).repeat(32))
        .collect();
    let many = Detector {
        near: words,
        ..pattern("a")
    };
    assert_eq!(told(many), DetectorError::ManyNear);
    assert_eq!(told(keywords(&[])), DetectorError::NoWords);
    assert_eq!(told(keywords(&[""])), DetectorError::Word);
    assert_eq!(told(keywords(&[&"a".repeat(65)])), DetectorError::Word);
}

#[test]
fn what_is_summed_up_is_bounded() {
    let summed = |looks: &str| Detector {
        checksum: Some(Checksum::Luhn),
        ..pattern(looks)
    };
    for bounded in [
        "[0-9]{10,16}",
        "[0-9]{64}",
        r"\bCU[0-9]{4}(?:-[0-9]{4}){1,3}\b",
    ] {
        assert_eq!(summed(bounded).check(), Ok(()), "{bounded}");
    }
    for unbounded in [
        "[0-9]+",
        "[0-9]{65}",
        "CU[0-9]{10,}",
        "(?:[0-9]{4} ?){1,16}",
    ] {
        let error = summed(unbounded).check().unwrap_err();
        assert_eq!(error, DetectorError::Unbounded, "{unbounded}");
        assert_eq!(pattern(unbounded).check(), Ok(()), "{unbounded}");
    }
    let told = DetectorError::Unbounded.to_string();
    assert!(
        told.contains("at most 64 bytes") && told.contains("`[0-9]{10,16}`"),
        "{told}"
    );
    let words = Detector {
        checksum: Some(Checksum::Luhn),
        ..keywords(&[&"0".repeat(64)])
    };
    assert_eq!(words.check(), Ok(()));
}

#[test]
fn what_would_take_too_long_is_refused() {
    for bounded in [
        "[a-z ]{0,200}secret",
        ".{1,255}Q",
        "[^x]{2,256}",
        "BEGIN.{0,200}END",
        "BEGIN.*END",
        "(?:[^x]{1,30}){1,8}!",
        "[A-Za-z0-9_]{3,100}[.][a-z]{2,10}",
        "[A-Z][a-z]+(?: [A-Z][a-z]+){1,4} Ltd",
        "a(?:[^Q]{0,250}Q)?",
        "a[0-9a-f]{12}b",
        "password.{0,500}",
    ] {
        assert_eq!(pattern(bounded).check(), Ok(()), "{bounded}");
    }
    for costly in [
        // Where the last of them has begun says nothing of those before it.
        "a.{60}b",
        // Longer than what is waited for.
        ".{1,300}Q",
        "a(?:.*Q)?",
    ] {
        let error = pattern(costly).check().unwrap_err();
        assert_eq!(error, DetectorError::Costly, "{costly}");
    }
    let told = DetectorError::Costly.to_string();
    assert!(
        told.contains("at most 256 bytes") && told.contains("`.{0,99}`"),
        "{told}"
    );
}
