//! Characters that nobody sees and that belong to how people write all the same. What is published needs none of them, so
//! `prose` refuses them; results are made of letters, web pages and files in every language.

use crate::prose::before;

/// Whether a character that is not shown is a part of the writing where it stands.
pub(super) fn is_written(c: char, text: &str, at: usize) -> bool {
    let next = at + c.len_utf8();
    let bytes = text.as_bytes();
    match c {
        // The byte order mark of a file.
        '\u{feff}' => at == 0,
        // Marks of direction keep a full stop or a number in its place, in a line that is written from right to left.
        '\u{200e}' | '\u{200f}' | '\u{61c}' => {
            !is_mark(before(bytes, at)) && !following(text, next).is_some_and(is_mark) && near(text, at)
        }
        // Half letters in the scripts of India, and the Hijri year: the joiner may end the word.
        '\u{200c}' | '\u{200d}' => {
            let before = before(bytes, at);
            is_virama(before) || (c == '\u{200d}' && is_arabic(before))
        }
        // Where lines may break in scripts without spaces.
        '\u{200b}' => {
            is_unspaced(before(bytes, at))
                && following(text, next).is_none_or(|c| is_unspaced(c) || c.is_whitespace())
        }
        '\u{180b}'..='\u{180f}' => matches!(before(bytes, at), '\u{1820}'..='\u{18aa}'),
        '\u{fe00}'..='\u{fe0f}' => {
            let before = before(bytes, at);
            is_ideograph(before)
                || matches!(before, '\u{1000}'..='\u{109f}' | '\u{2200}'..='\u{22ff}' | '\u{3000}'..='\u{30ff}' | '\u{a840}'..='\u{a877}')
        }
        '\u{e0100}'..='\u{e01ef}' => is_ideograph(before(bytes, at)),
        '\u{e0020}'..='\u{e007f}' => in_flag(text, at),
        // Syllables of old Hangul that lack a consonant or a vowel.
        '\u{115f}' => matches!(following(text, next), Some('\u{1161}'..='\u{11a7}')),
        '\u{1160}' => matches!(before(bytes, at), '\u{1100}'..='\u{115e}'),
        '\u{34f}' => matches!(before(bytes, at), '\u{591}'..='\u{5f4}'),
        _ => false,
    }
}

fn following(text: &str, at: usize) -> Option<char> {
    text.get(at..)?.chars().next()
}

const fn is_mark(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{61c}' | '\u{2060}'..='\u{2064}')
}

/// Whether a letter of a script that is written from right to left stands close by, in the same line.
fn near(text: &str, at: usize) -> bool {
    /// Characters in either direction.
    const CLOSE: usize = 64;
    let rtl = |c: char| {
        matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}' | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
            && c != '\u{61c}'
    };
    let (left, right) = text.split_at(at);
    let mut left = left.chars().rev().take(CLOSE).take_while(|c| *c != '\n');
    let mut right = right.chars().take(CLOSE).take_while(|c| *c != '\n');
    left.any(rtl) || right.any(rtl)
}

/// The signs that take a consonant's vowel away, from Devanagari to Sinhala.
const fn is_virama(c: char) -> bool {
    matches!(
        c,
        '\u{94d}'
            | '\u{9cd}'
            | '\u{a4d}'
            | '\u{acd}'
            | '\u{b4d}'
            | '\u{bcd}'
            | '\u{c4d}'
            | '\u{ccd}'
            | '\u{d4d}'
            | '\u{dca}'
    )
}

const fn is_arabic(c: char) -> bool {
    matches!(c, '\u{620}'..='\u{64a}' | '\u{671}'..='\u{6d3}')
}

/// Thai, Lao, Tibetan, Myanmar, Khmer.
const fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{fff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}')
}

const fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
}

/// The flags of England, Scotland and Wales, which are written with tags. Other tags after a flag are words that nobody sees.
fn in_flag(text: &str, at: usize) -> bool {
    const FLAGS: [&str; 3] = ["gbeng", "gbsct", "gbwls"];
    const TAG: usize = 4;
    // At each of the six tags it may be asked.
    let before = (1..=6).filter_map(|nth| text.get(at.checked_sub(nth * TAG)?..));
    before.filter_map(|from| from.strip_prefix('\u{1f3f4}')).any(|tags| {
        let said = || tags.chars().map(|c| u32::from(c).wrapping_sub(0xe0000)).take(6);
        FLAGS.iter().any(|name| name.bytes().chain([0x7f]).map(u32::from).eq(said()))
    })
}
