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

/// The public page where codes of papers are checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckPage(String);

/// A text is not the public address of a hub.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a public address: write https:// and the name by which people reach the portal, as https://hub.example.org, in at most 80 characters"
)]
pub struct NoPublicAddress(String);

impl CheckPage {
    /// The page of a hub whose portal people reach at this address, `https://hub.example.org`.
    pub fn of_hub(address: &str) -> Result<Self, NoPublicAddress> {
        let name = address
            .strip_prefix("https://")
            .map(|name| name.trim_end_matches('/'));
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._:/[]".contains(c);
        match name {
            Some(name) if !name.is_empty() && name.len() <= 72 && name.chars().all(plain) => {
                Ok(Self(format!("https://{name}/check")))
            }
            _ => Err(NoPublicAddress(address.to_owned())),
        }
    }

    /// Its address.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.0
    }

    /// Its address with a paper's code, for a telephone's camera.
    #[must_use]
    pub fn with(&self, code: &CheckCode) -> String {
        format!("{}?code={}", self.0, code.stored())
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

    #[test]
    fn a_public_address_is_one_that_people_can_open() {
        for address in ["https://hub.example.org", "https://hub.example.org/"] {
            let page = CheckPage::of_hub(address).unwrap();
            assert_eq!(page.address(), "https://hub.example.org/check");
            assert_eq!(
                page.with(&CheckCode::of([0; 8])),
                "https://hub.example.org/check?code=000000000000"
            );
        }
        assert!(CheckPage::of_hub("https://[::1]:8444/mariposa").is_ok());
        for wrong in [
            "",
            "hub.example.org",
            "http://hub.example.org",
            "https://",
            "https://a b",
            "https://a?b",
        ] {
            assert!(CheckPage::of_hub(wrong).is_err(), "{wrong}");
        }
        assert!(CheckPage::of_hub(&format!("https://{}", "x".repeat(100))).is_err());
    }
}
