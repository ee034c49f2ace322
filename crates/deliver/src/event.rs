//! What a receiver is sent: that something happened, and where to read it.

use store::deliveries::Taken;

/// The body of a delivery, the same at every attempt: `type`, `timestamp` and a link (Standard Webhooks, "thin" events).
/// Nothing in it is of a child: who reads the link is asked for a certificate, and written down.
#[must_use]
pub fn body(taken: &Taken) -> Vec<u8> {
    let id = taken.link.rsplit('/').next().unwrap_or_default();
    let event = serde_json::json!({
        "type": taken.kind,
        "timestamp": taken.happened_at,
        "data": { "id": id, "link": taken.link },
    });
    event.to_string().into_bytes()
}
