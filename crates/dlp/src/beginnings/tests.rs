//! Which rules may be right about a text, as three or four rules say that are made for it.

use super::*;

#[test]
fn a_text_fits_where_each_of_its_first_bytes_does() {
    static ALL: [Rule; 3] = [
        Rule::literal("A", "", &[], r"[A-C]{2}[0-9]{9}\b"),
        Rule::led("B", "", &[], r"(?i:b)[ =]*", "anything"),
        Rule::literal("C", "", &[], r"\bc"),
    ];
    let beginnings = Beginnings::new(ALL.iter().collect());
    let fitting = |text: &[u8]| beginnings.fitting(0, 0b111, text);
    assert_eq!(fitting(b"AB12345678"), 0b001);
    assert_eq!(fitting(b"AB"), 0b001, "more may follow");
    assert_eq!(fitting(b"AB1234 678"), 0);
    assert_eq!(fitting(b"AB123456789_"), 0, "no edge of a word");
    assert_eq!(fitting(b"AB123456789-x"), 0b001);
    assert_eq!(fitting(b"b1"), 0b010, "behind the end of a lead");
    assert_eq!(fitting("c\u{e9}".as_bytes()), 0b100);
    assert_eq!(beginnings.fitting(0, 0b110, b"AB1"), 0);
}

#[test]
fn a_group_fits_where_the_digits_behind_its_sign_do() {
    static ALL: [Rule; 3] = [
        Rule::word("A", "", 0..=0, r"[0-9] ?[0-9]{2} ?[0-9]{2}\b"),
        Rule::word("B", "", 0..=0, r"[0-9]{1,3}\b"),
        Rule::word("C", "", 0..=0, r"[0-9]{2}-[0-9]{3,}x"),
    ];
    let beginnings = Beginnings::new(ALL.iter().collect());
    let fitting = |digits, sign, next| {
        let group = Group::of(digits, sign).unwrap();
        beginnings.of_groups(0, group, next) & 0b111
    };
    assert_eq!(fitting(1, b' ', 1), 0b010);
    assert_eq!(fitting(1, b' ', 2), 0b011);
    assert_eq!(fitting(1, b'-', 2), 0b010);
    assert_eq!(fitting(2, b'-', 40), 0b110);
    assert_eq!(fitting(4, b' ', 2), 0);
    assert!(Group::of(5, b' ').is_none() && Group::of(1, b':').is_none());
}

#[test]
fn a_word_fits_where_its_letters_digits_and_the_byte_behind_them_do() {
    static ALL: [Rule; 3] = [
        Rule::word("A", "", 1..=2, r"[A-C]{1,2}[0-9]{3}\b"),
        Rule::word("B", "", 0..=2, r"(?:ab)?[0-9]{2,}-xxxxx"),
        Rule::word("C", "", 0..=0, r"[0-9]{2}"),
    ];
    let beginnings = Beginnings::new(ALL.iter().collect());
    let fitting = |letters, digits, next| beginnings.of_outline(0, (letters, digits), next) & 0b111;
    assert_eq!(fitting(2, 3, None), 0b011);
    assert_eq!(fitting(2, 3, Some(b' ')), 0b001);
    assert_eq!(fitting(2, 4, Some(b'-')), 0b010);
    assert_eq!(fitting(0, 2, Some(b' ')), 0b100);
    assert_eq!(fitting(0, 3, Some(b' ')), 0b100, "behind the end of one");
    assert_eq!(fitting(0, 1, Some(b'-')), 0);
    assert_eq!(fitting(0, 40, Some(b'-')), 0b110, "more than are counted");
    assert_eq!(fitting(3, 3, Some(b'-')), 0);
}
