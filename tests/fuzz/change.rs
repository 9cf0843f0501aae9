//! Changes of known cases, the same in every run: bytes and pieces moved, doubled, cut out, or taken from other cases. What
//! parsers take for special is put in more often than chance would.

/// What is special to something that is read here.
const SPECIAL: &[&str] = &[
    "\"",
    "\\",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\n",
    "\r\n",
    "\0",
    " ",
    "\t",
    "-",
    "0",
    "1",
    "e",
    "E",
    "+",
    ".",
    "null",
    "true",
    "{}",
    "[]",
    "\"\"",
    "\\u0000",
    "\\ud800",
    "\u{feff}",
    "\u{202e}",
    "ü",
    "%",
    "%2F",
    "%00",
    "..",
    "/",
    "?",
    "#",
    "&",
    "=",
    ";",
    "=?base64?",
    "?=",
    "*/*",
    "q=0",
    "localhost",
    "null",
    "9223372036854775808",
    "1e999",
    "id",
    "method",
    "params",
    "_meta",
    "\"jsonrpc\":\"2.0\"",
    "for=",
    "10.0.0.1",
    "data:",
    "id:",
    "|",
];

pub struct Changes {
    cases: Vec<Vec<u8>>,
    state: u64,
}

impl Changes {
    pub fn of(cases: Vec<Vec<u8>>) -> Self {
        Self { cases, state: 0x9e37_79b9_7f4a_7c15 }
    }

    /// A number below `most`: xorshift, which is as good as needed here.
    fn below(&mut self, most: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 16) as usize % most.max(1)
    }

    fn piece(&mut self, of: &[u8]) -> std::ops::Range<usize> {
        let start = self.below(of.len() + 1);
        let length = self.below((of.len() - start).min(64) + 1);
        start..start + length
    }

    pub fn next(&mut self) -> Vec<u8> {
        let at = self.below(self.cases.len());
        let mut case = self.cases[at].clone();
        for _ in 0..=self.below(4) {
            self.change(&mut case);
        }
        case.truncate(64 << 10);
        case
    }

    fn change(&mut self, case: &mut Vec<u8>) {
        match self.below(8) {
            0 => {
                let at = self.below(case.len());
                if let Some(byte) = case.get_mut(at) {
                    *byte ^= 1 << self.below(8);
                }
            }
            1 => {
                let at = self.below(case.len());
                let new = self.below(256) as u8;
                if let Some(byte) = case.get_mut(at) {
                    *byte = new;
                }
            }
            2 => {
                let piece = self.piece(case);
                case.drain(piece);
            }
            3 => {
                let piece = self.piece(case);
                let times = 1 + self.below(4);
                let copy = case[piece.clone()].repeat(times);
                case.splice(piece.end..piece.end, copy);
            }
            4 => {
                let other = self.below(self.cases.len());
                let other = self.cases[other].clone();
                let piece = self.piece(&other);
                let at = self.below(case.len() + 1);
                case.splice(at..at, other[piece].iter().copied());
            }
            5 => case.truncate(self.below(case.len() + 1)),
            _ => {
                let special = SPECIAL[self.below(SPECIAL.len())];
                let over = self.below(2) * special.len();
                let at = self.below(case.len() + 1);
                let end = (at + over).min(case.len());
                case.splice(at..end, special.bytes());
            }
        }
    }
}
