//! Passwords: what is accepted, and how they are kept (Argon2id, RFC 9106).

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};

/// Fewest characters of a password that is the only factor (NIST SP 800-63B-4 §3.1.1.2).
pub const MINIMUM_LENGTH: usize = 15;

/// Most characters; long enough for any passphrase, short enough to keep hashing cheap.
pub const MAXIMUM_LENGTH: usize = 256;

/// Why a password is not accepted, or could not be hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Too short.
    #[error(
        "the password has fewer than {MINIMUM_LENGTH} characters: choose a longer one, such as four unrelated words"
    )]
    TooShort,
    /// Too long.
    #[error("the password has more than {MAXIMUM_LENGTH} characters: choose a shorter one")]
    TooLong,
    /// The e-mail address, or a part of it that is most of the password.
    #[error("the password is the e-mail address: choose another one")]
    IsEmail,
    /// The hash function refused; the password was not at fault.
    #[error("the password could not be hashed")]
    Hashing,
}

/// Whether a new password for the account of this e-mail address is accepted.
pub fn check(password: &str, email: &str) -> Result<(), Error> {
    let length = password.chars().count();
    let email = email.trim().to_lowercase();
    let plain = password.trim().to_lowercase();
    if !email.is_empty() && (plain == email || email.split('@').next() == Some(&plain)) {
        return Err(Error::IsEmail);
    }
    match length {
        ..MINIMUM_LENGTH => Err(Error::TooShort),
        MINIMUM_LENGTH..=MAXIMUM_LENGTH => Ok(()),
        _ => Err(Error::TooLong),
    }
}

/// The hash under which a password is kept, as a PHC string. `salt` is fresh randomness. Takes tens of milliseconds.
pub fn hash(password: &str, salt: &[u8; 16]) -> Result<String, Error> {
    let hash: PasswordHash = Argon2::default()
        .hash_password_with_salt(password.as_bytes(), salt)
        .map_err(|_| Error::Hashing)?;
    Ok(hash.to_string())
}

/// Hash of no one's password, with the same costs.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bWFyaXBvc2EtaHViLW5v$1AixnEbhXzJmBxXYUfcTbPMPDSVr5RV6jTAIeWzNVxU";

/// Whether this is the password of the hash. Without a hash (no such account) it works as long and says no, so that
/// the time taken tells nothing.
pub fn verify(password: &str, hash: Option<&str>) -> bool {
    let Ok(parsed) = PasswordHash::new(hash.unwrap_or(NOBODY)) else {
        return false;
    };
    let right = password.len() <= 4 * MAXIMUM_LENGTH
        && Argon2::default()
            .verify_password(password.as_bytes(), &parsed)
            .is_ok();
    right && hash.is_some()
}

/// A new password of twenty letters and digits without look-alikes: about 116 bits of `random`, which fills a slice.
pub fn made(random: &dyn Fn(&mut [u8])) -> String {
    const LETTERS: &[u8] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    // Bytes beyond the last whole multiple are skipped, so that every letter is equally likely.
    let fair = 256 - 256 % LETTERS.len();
    let mut password = String::new();
    while password.len() < 20 {
        let mut bytes = [0u8; 32];
        random(&mut bytes);
        let fair = bytes
            .iter()
            .map(|byte| usize::from(*byte))
            .filter(|byte| *byte < fair);
        let left = 20 - password.len();
        password.extend(
            fair.take(left)
                .map(|byte| char::from(LETTERS[byte % LETTERS.len()])),
        );
    }
    password
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_of_one_password_only() {
        let hashed = hash("maple ginger orbit", &[7; 16]).unwrap();
        assert!(hashed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hashed}");
        assert!(verify("maple ginger orbit", Some(&hashed)));
        assert!(!verify("maple ginger orbiT", Some(&hashed)));
        assert!(!verify("maple ginger orbit", None));
        assert_ne!(hash("maple ginger orbit", &[8; 16]).unwrap(), hashed);
    }

    #[test]
    fn the_unknown_account_costs_as_much_as_a_known_one() {
        let known = hash("maple ginger orbit", &[7; 16]).unwrap();
        let (known, nobody) = (
            PasswordHash::new(&known).unwrap(),
            PasswordHash::new(NOBODY).unwrap(),
        );
        assert_eq!(
            (known.algorithm, known.version),
            (nobody.algorithm, nobody.version)
        );
        // Memory, passes and lanes are all that the time depends on, with the length of the output.
        assert_eq!(known.params.to_string(), nobody.params.to_string());
        let length = |hash: &PasswordHash| hash.hash.as_ref().map(argon2::password_hash::phc::Output::len);
        assert_eq!(length(&known), length(&nobody));
    }

    #[test]
    fn a_made_password_is_new_each_time_and_good_enough() {
        let state = std::cell::Cell::new(0_u8);
        let random = |bytes: &mut [u8]| {
            for byte in bytes {
                state.set(state.get().wrapping_mul(167).wrapping_add(13));
                *byte = state.get();
            }
        };
        let (one, two) = (made(&random), made(&random));
        assert_ne!(one, two);
        assert_eq!((one.len(), check(&one, "a@b.example")), (20, Ok(())));
        assert!(!one.contains(['0', 'O', '1', 'l', 'I']));
    }

    #[test]
    fn short_passwords_and_the_address_are_refused() {
        assert_eq!(check("short", "a@b.example"), Err(Error::TooShort));
        assert_eq!(
            check(
                "Long.Name.Of.A.User@Example.org",
                "long.name.of.a.user@example.org"
            ),
            Err(Error::IsEmail)
        );
        assert_eq!(
            check("long.name.of.a.user", "long.name.of.a.user@example.org"),
            Err(Error::IsEmail)
        );
        assert_eq!(check(&"x".repeat(257), "a@b.example"), Err(Error::TooLong));
        assert_eq!(check("ñandú ñandú ñan", "a@b.example"), Ok(()));
    }
}
