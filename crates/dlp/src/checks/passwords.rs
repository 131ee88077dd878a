//! Whether a text is a password that somebody has chosen, or the code and the words that stand in such places. They know no type of data.

use super::chance::is_placeholder;

/// A text in quotes, or the rest of a line, where a password is expected: no expression, no name of
/// a variable, no word of a form.
pub(crate) fn is_password(value: &[u8]) -> bool {
    let digits = count(value, |byte| byte.is_ascii_digit());
    let letters = count(value, |byte| byte.is_ascii_alphabetic() || !byte.is_ascii());
    let signs = value.len() - digits - letters;
    let strong = count(value, |byte| {
        matches!(
            byte,
            b'!' | b'@' | b'#' | b'$' | b'%' | b'^' | b'&' | b'*' | b'?' | b'~' | b'+' | b'='
        )
    });
    let varied = letters > 0
        && (digits > 0 || strong > 0 && strong * 2 >= signs && value.len() >= 8)
        || digits >= 6 && signs == 0;
    let written = value.iter().any(u8::is_ascii_alphanumeric);
    value.len() >= 5 && written && varied && !is_code(value) && !is_placeholder(value)
}

/// In quotes, behind a name: words count as well, if they are not one of a form's.
pub(crate) fn is_quoted_password(value: &[u8]) -> bool {
    let spaces = count(value, |byte| byte == b' ');
    spaces == 0 && is_password(value)
}

/// Behind a user's name and a colon.
pub(crate) fn is_login(value: &[u8]) -> bool {
    let known = FORMS.iter().any(|word| value.eq_ignore_ascii_case(word));
    let number = value.len() < 6 && value.iter().all(u8::is_ascii_digit);
    !known && !number && !is_code(value) && !is_placeholder(value)
}

/// A call, an index, a variable, a path, an address.
fn is_code(value: &[u8]) -> bool {
    let gap = matches!(
        value,
        [b'$' | b'{' | b'<' | b'[' | b'(' | b'/' | b'.' | b'%', ..]
            | [b'@', b'{' | b'.' | b'a'..=b'z', ..]
    );
    let call = value.windows(2).any(|pair| {
        matches!(
            pair,
            b"()"
                | b"->"
                | b"::"
                | b"[\""
                | b"['"
                | b"${"
                | b"{{"
                | b"//"
                | b"</"
                | b"=="
                | b"$("
                | b"#{"
        )
    });
    let open = value.iter().position(|byte| matches!(byte, b'(' | b'['));
    let name = open.and_then(|at| value.get(..at)).unwrap_or_default();
    let opens = name.len() > 2
        && name
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'));
    let word = FORMS.iter().any(|word| {
        value
            .get(..word.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(word))
            && value.len() <= word.len() + 3
    });
    gap || call || opens || word || is_member(value)
}

/// `config.password1`, `env.NAME`, `os.environ`: names with points between them.
fn is_member(value: &[u8]) -> bool {
    let mut parts = value.split(|byte| *byte == b'.');
    let points = value.contains(&b'.');
    points
        && parts.all(|part| {
            let first = part
                .first()
                .is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
            let rest = part
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
            let digits = count(part, |byte| byte.is_ascii_digit());
            first && rest && digits <= 2
        })
}

fn count(value: &[u8], counts: impl Fn(u8) -> bool) -> usize {
    value.iter().filter(|byte| counts(**byte)).count()
}

/// What forms, manuals and programs write where a password goes.
const FORMS: [&[u8]; 24] = [
    b"password",
    b"passwd",
    b"passwort",
    b"secret",
    b"string",
    b"token",
    b"test",
    b"null",
    b"none",
    b"undefined",
    b"true",
    b"false",
    b"default",
    b"required",
    b"changeme",
    b"hidden",
    b"text",
    b"input",
    b"process",
    b"config",
    b"example",
    b"pass",
    b"yyy",
    b"your",
];
