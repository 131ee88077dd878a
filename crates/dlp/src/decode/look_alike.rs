//! Characters that are read as a letter, a digit or a sign of ASCII, and those that nobody sees. A table; it decides nothing.
//!
//! After Unicode 16: the default ignorable code points, the compatibility decompositions of letters and
//! digits, decimal digits of other scripts, and the commonest of the confusables (UTS #39).

use std::sync::LazyLock;

/// What a reader sees where this character stands; none where nobody sees anything.
pub(crate) fn meant(char: char) -> Option<char> {
    if ('\u{e0000}'..='\u{e0fff}').contains(&char) {
        return tag(char);
    }
    match TABLE.get(index(char)).copied().unwrap_or(SAME) {
        SAME => Some(char),
        UNSEEN => None,
        ascii => Some(char::from(ascii)),
    }
}

/// Tags cannot be seen, and spell a text of their own.
fn tag(char: char) -> Option<char> {
    let ascii = char::from_u32(u32::from(char) - 0xe0000);
    ascii.filter(|ascii| (' '..='~').contains(ascii))
}

/// By code point, so that text in other scripts costs little.
static TABLE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut table = vec![SAME; 0x2_0000];
    let mut put = |char: char, meant: u8| {
        if let Some(place) = table.get_mut(index(char)) {
            *place = meant;
        }
    };
    for (first, last) in UNSEEN_RANGES {
        (first..=last).for_each(|char| put(char, UNSEEN));
    }
    for (first, last, letter) in ALPHABETS {
        let letters = (b'A'..=b'Z').chain(b'a'..=b'z').cycle();
        let letters = letters.skip_while(|other| *other != letter);
        (first..=last)
            .zip(letters)
            .for_each(|(char, letter)| put(char, letter));
    }
    for zero in ZEROS {
        (zero..)
            .zip(b'0'..=b'9')
            .for_each(|(char, digit)| put(char, digit));
    }
    for (ascii, alike) in ALIKE {
        alike.chars().for_each(|char| put(char, ascii));
    }
    table
});

fn index(char: char) -> usize {
    usize::try_from(u32::from(char)).unwrap_or(usize::MAX)
}

/// What the table says of a character; otherwise, a byte of ASCII.
const SAME: u8 = 0;
const UNSEEN: u8 = u8::MAX;

const UNSEEN_RANGES: [(char, char); 19] = [
    ('\u{80}', '\u{84}'),
    ('\u{86}', '\u{9f}'),
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{202a}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fffb}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{13430}', '\u{13440}'),
    ('\u{1d173}', '\u{1d17a}'),
];

/// Letters in their order, and the one that they begin with: full width, circled, squared, mathematical.
const ALPHABETS: [(char, char, u8); 8] = [
    ('\u{ff21}', '\u{ff3a}', b'A'),
    ('\u{ff41}', '\u{ff5a}', b'a'),
    ('\u{24b6}', '\u{24e9}', b'A'),
    ('\u{1d400}', '\u{1d6a3}', b'A'),
    ('\u{1f110}', '\u{1f129}', b'A'),
    ('\u{1f130}', '\u{1f149}', b'A'),
    ('\u{1f150}', '\u{1f169}', b'A'),
    ('\u{1f170}', '\u{1f189}', b'A'),
];

/// Of digits that follow each other.
const ZEROS: [char; 21] = [
    '\u{660}',
    '\u{6f0}',
    '\u{7c0}',
    '\u{966}',
    '\u{9e6}',
    '\u{a66}',
    '\u{ae6}',
    '\u{b66}',
    '\u{be6}',
    '\u{c66}',
    '\u{ce6}',
    '\u{d66}',
    '\u{e50}',
    '\u{ed0}',
    '\u{ff10}',
    '\u{2080}',
    '\u{1d7ce}',
    '\u{1d7d8}',
    '\u{1d7e2}',
    '\u{1d7ec}',
    '\u{1d7f6}',
];

/// Signs, and letters that look like those of Latin. Of the punctuation of East Asian text only what may be part of a value.
const ALIKE: [(u8, &str); 71] = [
    (b'@', "\u{ff20}\u{fe6b}"),
    (b'.', "\u{ff0e}\u{2024}\u{3002}\u{fe52}\u{ff61}"),
    (
        b'-',
        "\u{ff0d}\u{2010}\u{2011}\u{2012}\u{2013}\u{2014}\u{2015}\u{2212}\u{fe58}\u{fe63}",
    ),
    (b'_', "\u{ff3f}"),
    (b':', "\u{ff1a}\u{2236}\u{a789}\u{fe55}"),
    (b'/', "\u{ff0f}\u{2044}\u{2215}"),
    (b'+', "\u{ff0b}"),
    (b'=', "\u{ff1d}"),
    (b'%', "\u{ff05}"),
    (b'#', "\u{ff03}"),
    (b'(', "\u{ff08}\u{fe59}"),
    (b')', "\u{ff09}\u{fe5a}"),
    (
        b' ',
        "\u{a0}\u{1680}\u{2000}\u{2001}\u{2002}\u{2003}\u{2004}\u{2005}\u{2006}\u{2007}\u{2008}\u{2009}\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{2800}\u{3000}",
    ),
    (b'0', "\u{2070}\u{24ea}"),
    (b'1', "\u{b9}\u{2460}"),
    (b'2', "\u{b2}\u{2461}"),
    (b'3', "\u{b3}\u{2462}"),
    (b'4', "\u{2074}\u{2463}"),
    (b'5', "\u{2075}\u{2464}"),
    (b'6', "\u{2076}\u{2465}"),
    (b'7', "\u{2077}\u{2466}"),
    (b'8', "\u{2078}\u{2467}"),
    (b'9', "\u{2079}\u{2468}"),
    (b'a', "аαɑª"),
    (b'c', "сϲⅽ"),
    (b'd', "ԁⅾ"),
    (b'e', "еҽℯⅇ"),
    (b'g', "ɡցℊ"),
    (b'h', "һհℎ"),
    (b'i', "іιıℹⅰⅈ"),
    (b'j', "јϳⅉ"),
    (b'k', "кκ"),
    (b'l', "ӏⅼℓ"),
    (b'm', "ⅿ"),
    (b'n', "ոη"),
    (b'o', "оοօσℴº"),
    (b'p', "рρ"),
    (b'q', "ԛգ"),
    (b's', "ѕſ"),
    (b't', "τ"),
    (b'u', "սυ"),
    (b'v', "ѵνⅴ"),
    (b'w', "ԝѡ"),
    (b'x', "хχⅹ"),
    (b'y', "уүγ"),
    (b'A', "АΑ"),
    (b'B', "ВΒℬ"),
    (b'C', "СϹℂℭⅭ"),
    (b'D', "Ⅾ"),
    (b'E', "ЕΕℰ"),
    (b'F', "Ϝℱ"),
    (b'G', "Ԍ"),
    (b'H', "НΗℋℌℍ"),
    (b'I', "ІΙӀℐℑⅠ"),
    (b'J', "Ј"),
    (b'K', "КΚ\u{212a}"),
    (b'L', "ℒⅬ"),
    (b'M', "МΜℳⅯ"),
    (b'N', "Νℕ"),
    (b'O', "ОΟՕ"),
    (b'P', "РΡℙ"),
    (b'Q', "Ԛℚ"),
    (b'R', "ℛℜℝ"),
    (b'S', "ЅՏ"),
    (b'T', "ТΤ"),
    (b'U', "Ս"),
    (b'V', "ѴⅤ"),
    (b'W', "Ԝ"),
    (b'X', "ХΧⅩ"),
    (b'Y', "УΥҮ"),
    (b'Z', "Ζℤℨ"),
];
