//! Names of members as `ProtoJSON` has them, which Google's APIs and A2A speak: servers read both spellings.

/// `system_instruction` is `systemInstruction`.
pub(crate) fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        camel.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        camel.push_str(letters.as_str());
    }
    camel
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_camel_case_as_google_has_it() {
        for (name, camel) in [
            ("system_instruction", "systemInstruction"),
            ("a_b_c", "aBC"),
            ("plain", "plain"),
            ("_x", "X"),
            ("x_", "x"),
            ("x__y", "xY"),
            ("", ""),
        ] {
            assert_eq!(camel_case(name), camel);
        }
    }
}
