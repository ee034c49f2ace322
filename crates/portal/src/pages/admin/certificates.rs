//! With what the state's systems sign in, and when that ends.

use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::{DateTime, Utc};
use mde::StateCode;
use store::participants::{self, Certificate};

use crate::failure::Failure;
use crate::state::Portal;
use crate::user::{Allowed, SeeBatches};
use crate::view::{self, Cell, Chrome, Table, Tag};
use crate::words;

/// Days before its end in which a certificate is warned of.
pub(crate) const ENDING: i64 = 30;

#[derive(Template)]
#[template(path = "admin_certificates.html")]
struct CertificatesPage {
    chrome: Chrome,
    state: &'static str,
    table: Table,
}

/// `GET /admin/certificates`
pub(crate) async fn list(
    portal: web::Data<Portal>,
    user: Allowed<SeeBatches>,
) -> Result<HttpResponse, Failure> {
    let state = user.state()?;
    let all = portal
        .run(move |c| Ok(participants::certificates_of(c, state)?))
        .await?;
    let now = portal.now();
    let mut table = Table::new(
        "Certificates, the newest first",
        &[
            "Certificate",
            "Standing",
            "~Valid from",
            "~Valid until",
            "~Registered",
        ],
        "No certificate is registered for your state. The operator of the hub issues one.",
    )
    .under_heading();
    for of in &all {
        table.row(
            if of.revoked_at.is_some() { "faded" } else { "" },
            [
                Cell::new(of.subject.as_str()).note(format!(
                    "serial {}, SHA-256 {}",
                    of.serial,
                    in_pairs(&of.fingerprint)
                )),
                Cell::default().tag(standing(of, now)),
                words::day(of.not_before.date_naive()).into(),
                words::day(of.not_after.date_naive()).into(),
                words::day(of.registered_at.date_naive()).into(),
            ],
        );
    }
    view::page(&CertificatesPage {
        chrome: Chrome::of(&user, "Certificates", "/admin"),
        state: state.name(),
        table,
    })
}

/// A fingerprint as other programs show it: `AB:CD:…`.
fn in_pairs(fingerprint: &str) -> String {
    let pairs = fingerprint.as_bytes().chunks(2);
    let pairs: Vec<_> = pairs
        .map(|pair| String::from_utf8_lossy(pair).to_uppercase())
        .collect();
    pairs.join(":")
}

fn standing(of: &Certificate, now: DateTime<Utc>) -> Tag {
    if let Some(at) = of.revoked_at {
        return Tag::new(format!("✕ Revoked {}", words::day(at.date_naive())), "differ");
    }
    let left = (of.not_after - now).num_days();
    match () {
        () if now >= of.not_after => Tag::new("✕ Ended", "differ"),
        () if now < of.not_before => Tag::new("… Not valid yet", "wait"),
        () if left <= ENDING => Tag::new(format!("! Ends in {left} days"), "wait"),
        () => Tag::new("✓ Valid", "agree"),
    }
}

/// What is to be said on the home page of a state whose last valid certificate ends soon, or has ended; `None` where
/// there is nothing to say, or the state never had one.
pub(crate) fn warning(all: &[Certificate], state: StateCode, now: DateTime<Utc>) -> Option<String> {
    let last = all
        .iter()
        .filter(|of| of.revoked_at.is_none())
        .map(|of| of.not_after)
        .max()?;
    let left = (last - now).num_days();
    let day = words::day(last.date_naive());
    if now >= last {
        Some(format!(
            "The last certificate of {} ended on {day}: its systems cannot upload. Ask the hub’s operator for a new one.",
            state.name()
        ))
    } else if left <= ENDING {
        Some(format!(
            "The certificate with which the systems of {} sign in ends on {day}. Ask the hub’s operator for a new one now.",
            state.name()
        ))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn certificate(days: i64, revoked: bool, now: DateTime<Utc>) -> Certificate {
        Certificate {
            fingerprint: "ab12".into(),
            state: "TX".into(),
            serial: "01".into(),
            subject: "CN=TX".into(),
            not_before: now - TimeDelta::days(300),
            not_after: now + TimeDelta::days(days),
            registered_at: now - TimeDelta::days(300),
            revoked_at: revoked.then_some(now),
        }
    }

    #[test]
    fn a_state_is_warned_by_its_last_certificate_only() {
        let now: DateTime<Utc> = "2026-04-02T15:00:00Z".parse().unwrap();
        let texas = StateCode::new("TX").unwrap();
        let said = |list: &[(i64, bool)]| {
            let all: Vec<_> = list
                .iter()
                .map(|(days, revoked)| certificate(*days, *revoked, now))
                .collect();
            warning(&all, texas, now)
        };
        assert_eq!(said(&[]), None);
        assert_eq!(said(&[(10, false), (200, false)]), None, "a newer one is there");
        assert!(
            said(&[(10, false), (200, true)])
                .unwrap()
                .contains("ends on Apr 12, 2026")
        );
        assert!(said(&[(-1, false)]).unwrap().contains("ended on"));
        assert_eq!(in_pairs("ab12"), "AB:12");
        assert_eq!(
            standing(&certificate(10, false, now), now).text,
            "! Ends in 10 days"
        );
        assert_eq!(standing(&certificate(10, true, now), now).class, "differ");
    }
}
