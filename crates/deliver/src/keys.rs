//! Keys and signatures of Standard Webhooks 1.0.0: `v1` is HMAC-SHA256, which every verifier knows; `v1a` is Ed25519,
//! which needs no secret at the receiver. Both are sent.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use chrono::{DateTime, TimeDelta, Utc};
use ring::hmac;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use store::webhooks::{SigningKeys, Webhook};

/// How long the keys before the newest sign too.
pub const OLD_KEYS: TimeDelta = TimeDelta::days(7);

/// New keys, from secret randomness.
pub fn fresh(random: &dyn Fn(&mut [u8])) -> SigningKeys {
    let draw = || {
        let mut bytes = vec![0; 32];
        random(&mut bytes);
        bytes
    };
    SigningKeys {
        seed: draw(),
        secret: draw(),
    }
}

/// The secret as a receiver's verifier takes it for `v1`: `whsec_…`.
#[must_use]
pub fn secret_text(keys: &SigningKeys) -> String {
    format!("whsec_{}", BASE64.encode(&keys.secret))
}

/// The public key as a receiver's verifier takes it for `v1a`: `whpk_…`.
#[must_use]
pub fn public_text(keys: &SigningKeys) -> String {
    let key = key_pair(keys).map(|pair| BASE64.encode(pair.public_key().as_ref()));
    format!("whpk_{}", key.unwrap_or_default())
}

/// The keys with which is signed now, the newest first.
#[must_use]
pub fn live(webhook: &Webhook, now: DateTime<Utc>) -> Vec<&SigningKeys> {
    let old = webhook.old_keys.as_ref().filter(|(_, until)| *until > now);
    [&webhook.keys]
        .into_iter()
        .chain(old.map(|(keys, _)| keys))
        .collect()
}

/// The header `webhook-signature` of a body sent under this id at this second: two signatures of each pair of keys.
#[must_use]
pub fn signature(keys: &[&SigningKeys], id: &str, timestamp: i64, body: &[u8]) -> String {
    let content = [id.as_bytes(), b".", timestamp.to_string().as_bytes(), b".", body].concat();
    let mut signatures = Vec::with_capacity(2 * keys.len());
    for keys in keys {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &keys.secret), &content);
        signatures.push(format!("v1,{}", BASE64.encode(tag.as_ref())));
        if let Some(pair) = key_pair(keys) {
            signatures.push(format!("v1a,{}", BASE64.encode(pair.sign(&content).as_ref())));
        }
    }
    signatures.join(" ")
}

/// Any 32 bytes are a seed; the table holds no others.
fn key_pair(keys: &SigningKeys) -> Option<Ed25519KeyPair> {
    Ed25519KeyPair::from_seed_unchecked(&keys.seed).ok()
}

#[cfg(test)]
mod tests {
    use ring::signature::{ED25519, UnparsedPublicKey};

    use super::*;

    #[test]
    fn signs_as_the_specification_shows() {
        // The example of the Standard Webhooks specification for v1.
        let secret = BASE64.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let keys = SigningKeys {
            seed: vec![7; 32],
            secret,
        };
        let body = br#"{"test": 2432232314}"#;
        let header = signature(&[&keys], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        let (v1, v1a) = header.split_once(' ').unwrap();
        assert_eq!(v1, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");

        let public = BASE64
            .decode(public_text(&keys).strip_prefix("whpk_").unwrap())
            .unwrap();
        let signed = BASE64.decode(v1a.strip_prefix("v1a,").unwrap()).unwrap();
        let content = [b"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.".as_slice(), body].concat();
        UnparsedPublicKey::new(&ED25519, public)
            .verify(&content, &signed)
            .unwrap();
    }
}
