//! The one cheap pass before any search: what a text must have for a detector to be worth asking.

/// What one pass over the bytes saw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clues {
    pub at_sign: bool,
    /// Most digits in a row, single spaces and hyphens between them not counted.
    pub digits: usize,
    /// Longest run of letters, digits, `+` and `/`.
    pub token: usize,
    /// Longest run of hyphens.
    pub hyphens: usize,
}

impl Clues {
    pub fn of(text: &str) -> Self {
        let mut clues = Self::default();
        let mut runs = Runs::default();
        for byte in text.bytes() {
            match byte {
                b'0'..=b'9' => runs.digit(&mut clues),
                b'a'..=b'z' | b'A'..=b'Z' | b'+' | b'/' => runs.letter(&mut clues),
                b' ' | b'-' => runs.separator(byte, &mut clues),
                _ => {
                    clues.at_sign |= byte == b'@';
                    runs = Runs::default();
                }
            }
        }
        clues
    }
}

/// The runs that are open at the current byte.
#[derive(Default)]
struct Runs {
    digits: usize,
    token: usize,
    hyphens: usize,
    /// The last byte was a separator within a run of digits.
    separated: bool,
}

impl Runs {
    fn digit(&mut self, clues: &mut Clues) {
        self.digits += 1;
        self.token += 1;
        self.hyphens = 0;
        self.separated = false;
        clues.digits = clues.digits.max(self.digits);
        clues.token = clues.token.max(self.token);
    }

    fn letter(&mut self, clues: &mut Clues) {
        let token = self.token + 1;
        *self = Self {
            token,
            ..Self::default()
        };
        clues.token = clues.token.max(token);
    }

    fn separator(&mut self, byte: u8, clues: &mut Clues) {
        if self.separated {
            self.digits = 0;
        }
        self.separated = self.digits > 0;
        self.token = 0;
        self.hyphens = if byte == b'-' { self.hyphens + 1 } else { 0 };
        clues.hyphens = clues.hyphens.max(self.hyphens);
    }
}
