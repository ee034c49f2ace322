//! What is missing on this side of the exchange, and how to mend it: files first, then the way to the hub, then what
//! the hub says. Nothing of a child is looked at.

mod files;
mod hub;

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::certificate::{Certificate, WARNING_DAYS, Whose};
use crate::error::Exit;

/// What a state's program was told, as far as it was told.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    /// Address of the hub.
    pub hub: Option<String>,
    /// File of the state's certificate.
    pub cert: Option<PathBuf>,
    /// File of its key.
    pub key: Option<PathBuf>,
    /// File of the exchange's authority.
    pub ca: Option<PathBuf>,
    /// Name of the mapping profile that uploads name.
    pub profile: Option<String>,
    /// Where unfinished uploads are noted.
    pub state_folder: Option<PathBuf>,
}

/// How it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it should be.
    Good,
    /// It works, and something should be done.
    Warning,
    /// Uploads fail until it is mended.
    Wrong,
    /// It could not be looked at, because of something before it.
    Open,
}

/// One question and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// What was looked at, in a word or two.
    pub topic: &'static str,
    /// How it is.
    pub verdict: Verdict,
    /// What was found, as a sentence.
    pub found: String,
    /// What to do, as a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// How an upload would end because of it.
    #[serde(skip)]
    pub exit: Exit,
}

impl Answer {
    fn good(topic: &'static str, found: impl Into<String>) -> Self {
        Self {
            topic,
            verdict: Verdict::Good,
            found: found.into(),
            fix: None,
            exit: Exit::Accepted,
        }
    }

    fn warning(topic: &'static str, found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Warning,
            fix: Some(fix.into()),
            exit: Exit::SomeRefused,
            ..Self::good(topic, found)
        }
    }

    fn wrong(topic: &'static str, exit: Exit, found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Wrong,
            fix: Some(fix.into()),
            exit,
            ..Self::good(topic, found)
        }
    }

    fn open(topic: &'static str, found: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Open,
            ..Self::good(topic, found)
        }
    }
}

/// Looks at everything that an upload needs, in the order in which it is needed. `now` is this machine's clock. Blocks,
/// for half a minute at most where the hub cannot be reached.
pub fn examine(setup: &Setup, now: impl Fn() -> DateTime<Utc>) -> Vec<Answer> {
    let mut answers = Vec::new();
    let files = files::examine(setup, now(), &mut answers);
    hub::examine(setup, files.as_ref(), &now, &mut answers);
    answers.push(files::state_folder(setup));
    answers
}

/// How an upload would end: as the first thing that is wrong makes it; 1 if something should be done soon.
#[must_use]
pub fn exit(answers: &[Answer]) -> Exit {
    let first = |verdict| answers.iter().find(|answer| answer.verdict == verdict);
    first(Verdict::Wrong)
        .or_else(|| first(Verdict::Warning))
        .map_or(Exit::Accepted, |answer| answer.exit)
}

/// Whether a certificate is good now, and for how long.
fn validity(topic: &'static str, whose: Whose, certificate: &Certificate, now: DateTime<Utc>) -> Answer {
    let day = |at: DateTime<Utc>| at.format("%Y-%m-%d").to_string();
    let (subject, ends) = (&certificate.subject, day(certificate.not_after));
    let days = certificate.days_left(now);
    if now < certificate.not_before {
        let begins = day(certificate.not_before);
        return Answer::wrong(
            topic,
            Exit::Certificate,
            format!("{subject} is not good before {begins}"),
            "check this machine's clock; if it is right, wait or use the certificate before",
        );
    }
    match days {
        ..0 => Answer::wrong(
            topic,
            Exit::Certificate,
            format!("{subject} ended on {ends}"),
            whose.remedy(),
        ),
        0..WARNING_DAYS => Answer::warning(
            topic,
            format!("{subject} ends on {ends}, {days} days from now"),
            whose.remedy(),
        ),
        _ => Answer::good(topic, format!("{subject} is good until {ends}, {days} days")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_thing_that_is_wrong_decides() {
        let good = Answer::good("a", "");
        let warning = Answer::warning("b", "", "");
        let wrong = Answer::wrong("c", Exit::Certificate, "", "");
        let later = Answer::wrong("d", Exit::Unreachable, "", "");
        let open = Answer::open("e", "");
        assert_eq!(exit(&[good.clone(), open.clone()]), Exit::Accepted);
        assert_eq!(
            exit(&[good.clone(), warning.clone(), open.clone()]),
            Exit::SomeRefused
        );
        assert_eq!(exit(&[good, warning, wrong, later, open]), Exit::Certificate);
    }

    #[test]
    fn a_certificate_is_warned_of_in_time() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().expect("a time");
        let certificate = Certificate {
            subject: "CN=TX".into(),
            serial: "1".into(),
            not_before: at("2026-01-01T00:00:00Z"),
            not_after: at("2026-12-31T00:00:00Z"),
        };
        let verdict = |now| validity("certificate", Whose::Own, &certificate, at(now)).verdict;
        assert_eq!(verdict("2025-12-31T23:59:59Z"), Verdict::Wrong);
        assert_eq!(verdict("2026-12-01T00:00:00Z"), Verdict::Good);
        assert_eq!(verdict("2026-12-01T00:00:01Z"), Verdict::Warning);
        assert_eq!(verdict("2026-12-31T00:00:01Z"), Verdict::Wrong);
    }
}
