//! The code on a paper: 60 random bits as twelve letters and digits that nobody confuses.

use std::fmt;
use std::str::FromStr;

/// Crockford's Base32: no I, L, O or U.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The code by which a paper is checked, `7K3M-2QXA-9TRW`. It tells nothing and cannot be guessed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CheckCode(String);

/// A text is no check code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a check code has twelve letters and digits, as 7K3M-2QXA-9TRW")]
pub struct NoCheckCode;

impl CheckCode {
    /// A code of these random bytes.
    #[must_use]
    pub fn of(random: [u8; 8]) -> Self {
        let bits = u64::from_be_bytes(random);
        let letter = |place: u32| char::from(LETTERS[(bits >> (5 * place) & 31) as usize]);
        Self((0..12).rev().map(letter).collect())
    }

    /// The twelve characters without hyphens, as they are stored.
    #[must_use]
    pub fn stored(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CheckCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", &self.0[..4], &self.0[4..8], &self.0[8..])
    }
}

impl FromStr for CheckCode {
    type Err = NoCheckCode;

    /// As people type it: in any case, with or without hyphens and spaces, O for 0, I and L for 1.
    fn from_str(text: &str) -> Result<Self, NoCheckCode> {
        let letters: Option<String> = text
            .chars()
            .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '–' | '_' | '.'))
            .take(13)
            .map(|letter| {
                let letter = match letter.to_ascii_uppercase() {
                    'O' => '0',
                    'I' | 'L' => '1',
                    other => other,
                };
                (letter.is_ascii() && LETTERS.contains(&(letter as u8))).then_some(letter)
            })
            .collect();
        letters
            .filter(|code| code.len() == 12)
            .map(Self)
            .ok_or(NoCheckCode)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let code = CheckCode::of([0xff, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd]);
        assert_eq!(code.to_string().parse(), Ok(code.clone()));
        assert_eq!(
            format!(" {} ", code.to_string().to_lowercase()).parse(),
            Ok(code.clone())
        );
        assert_eq!(code.stored().parse(), Ok(code));
        assert_eq!("oil0-oil0-oil0".parse(), "0110-0110-0110".parse::<CheckCode>());
        for wrong in ["", "7K3M", "7K3M-2QXA-9TRU", "7K3M-2QXA-9TRW-1", "ñandú-ñandú"] {
            assert_eq!(wrong.parse::<CheckCode>(), Err(NoCheckCode), "{wrong}");
        }
        assert_eq!(CheckCode::of([0; 8]).to_string(), "0000-0000-0000");
    }
}
