//! Rows of so few digits that no number is in them. Reads them ahead, each group once; what a number is, is for the rules.

use super::{MOST_GROUPS, STANDS_OUT, is_sign};
use crate::window::Window;

/// Up to where each group from `start` on goes on a row and, with the groups behind it that could be one number
/// with it, has fewer digits than any number that is asked for within a row. It is `start` where that is not so,
/// or not seen.
pub(crate) fn quiet_until(start: usize, least: usize, window: Window<'_>) -> usize {
    let first = match window.shortly_before(start) {
        [.., b'0'..=b'9', first] if is_sign(*first) => *first,
        _ => return start,
    };
    // Of the last groups, where they begin and how long they are.
    let mut latest = [(start, 0); MOST_GROUPS];
    let (mut at, mut digits) = (start, 0);
    for place in (0..MOST_GROUPS).cycle() {
        let bytes = window.after(at);
        let length = bytes
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let Some(oldest) = latest.get_mut(place) else {
            break;
        };
        digits = digits + length - oldest.1;
        *oldest = (at, length);
        match bytes.get(length..) {
            _ if digits >= least || length >= STANDS_OUT => break,
            Some([sign, next, ..]) if is_sign(*sign) && next.is_ascii_digit() => {
                if (*sign == b' ') != (first == b' ') {
                    return at;
                }
                at += length + 1;
            }
            Some([_, _, ..]) => return at + length,
            _ => break,
        }
    }
    // Those that may be in one number with the group at which it ended are not known to be quiet.
    let known = latest.iter().filter(|(_, length)| *length > 0);
    known.map(|(at, _)| *at).min().unwrap_or(start)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::number::Row;

    proptest! {
        #[test]
        fn nothing_is_asked_for_where_it_is_quiet(
            text in "([0-9]{1,3}[ ]|[0-9][-. /]|[0-9]{1,9}[ ,x]?){1,40}",
            least in 2..20_u32,
            last in any::<bool>(),
        ) {
            let window = Window { bytes: text.as_bytes(), base: 0, last };
            let begins = |at: &usize| {
                let digit = |at: usize| window.byte(at).is_some_and(|byte| byte.is_ascii_digit());
                digit(*at) && !at.checked_sub(1).is_some_and(digit)
            };
            for start in (0..text.len()).filter(begins) {
                let until = quiet_until(start, least as usize, window);
                for within in (start..until).filter(begins) {
                    let mut row = Row::default();
                    if let Some(chain) = row.chain(within, window) {
                        let asked = row.asked(chain, u32::MAX, u32::MAX << least);
                        prop_assert_eq!(asked, 0, "{} of {}", within, start);
                    }
                }
            }
        }
    }

    #[test]
    fn a_row_of_single_digits_is_quiet_and_one_of_a_card_is_not() {
        let until = |text: &str| {
            quiet_until(
                2,
                12,
                Window {
                    bytes: text.as_bytes(),
                    base: 0,
                    last: true,
                },
            )
        };
        let digits = "1 2 3 4 5 6 7 8 9 0 1 2 3 x";
        assert_eq!(until(digits), digits.len() - 2);
        assert_eq!(
            until("1 2 3 4 5 6 7 8 9 0 1 2 3"),
            10,
            "what is behind it is not seen"
        );
        assert_eq!(until("1 4111 1111 1111 1111 x"), 2);
        assert_eq!(until("1 2-3-4"), 2, "another sign");
        assert_eq!(until("a 2 3 4"), 2, "the first of its row");
    }
}
