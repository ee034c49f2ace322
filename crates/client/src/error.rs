//! What goes wrong, and the exit code that says so to a scheduler.

use std::path::PathBuf;
use std::process::ExitCode;

use formats::Refusal;
use serde::{Deserialize, Serialize};

use crate::batch::BatchProblem;

/// How a command ended. The numbers are stable: schedulers act on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Exit {
    /// Everything is fine: all rows are stored or unchanged; without waiting, the receipt is held.
    Accepted = 0,
    /// Accepted, but something was left out, or the batch waits for a person's word.
    SomeRefused = 1,
    /// The call or the configuration is wrong.
    Usage = 2,
    /// The file is refused as a whole.
    Refused = 3,
    /// The hub could not be reached, or did not answer in time.
    Unreachable = 4,
    /// A certificate is not accepted, or does not permit this.
    Certificate = 5,
    /// The hub is busy or out of order; try again later.
    Busy = 6,
    /// The local file changed while it was sent.
    Changed = 7,
    /// The hub holds a part of the upload; the next run goes on from there.
    Kept = 8,
    /// Interrupted from the keyboard.
    Interrupted = 130,
}

impl Exit {
    /// The number that the process ends with.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why something failed. No message holds values of a child's record.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The call or the configuration is wrong.
    #[error("{0}")]
    Usage(String),
    /// A local file cannot be read or written.
    #[error("{path} cannot be used: {why}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        why: std::io::Error,
    },
    /// The file is refused as a whole by the check on this side.
    #[error("{0} {fix}", fix = .0.fix)]
    Refused(#[from] Refusal),
    /// A local file changed between being read and being sent.
    #[error("{path} changed while it was sent; send it again when nothing writes to it", path = .0.display())]
    Changed(PathBuf),
    /// A certificate is not accepted.
    #[error("{0}")]
    Certificate(String),
    /// The hub could not be reached, or did not answer in time.
    #[error("{0}")]
    Unreachable(String),
    /// The hub holds a part of the upload, and the rest did not get through.
    #[error(
        "{why}. The hub holds {sent} of {of} bytes: run the same command again, and it goes on from there"
    )]
    Kept {
        /// Bytes that the hub holds.
        sent: u64,
        /// Bytes of the upload.
        of: u64,
        /// Why the rest did not get through.
        why: Box<Error>,
    },
    /// The hub answered with a problem.
    #[error("{0}")]
    Hub(Box<Problem>),
    /// What answered does not speak as a hub does.
    #[error("the answer is not that of a hub: {0}; check the address")]
    Answer(String),
}

impl Error {
    /// The exit code for it.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) | Self::File { .. } | Self::Answer(_) => Exit::Usage,
            Self::Refused(_) => Exit::Refused,
            Self::Changed(_) => Exit::Changed,
            Self::Certificate(_) => Exit::Certificate,
            Self::Unreachable(_) => Exit::Unreachable,
            Self::Kept { .. } => Exit::Kept,
            Self::Hub(problem) => problem.exit(),
        }
    }

    pub(crate) fn file(path: impl Into<PathBuf>, why: std::io::Error) -> Self {
        Self::File {
            path: path.into(),
            why,
        }
    }
}

/// A problem that the hub answered with (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, thiserror::Error)]
#[serde(default)]
#[error("{}", self.sentence())]
pub struct Problem {
    /// `urn:mariposa:problem:` and the stable code.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it is, in a few words.
    pub title: String,
    /// The status of the answer.
    pub status: u16,
    /// What is wrong with this call, as a sentence.
    pub detail: String,
    /// The request's id, for the hub's operator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// What to do: `later`, `correct`, `check` or `operator`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry: Option<String>,
    /// Why a file is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<BatchProblem>,
    /// Seconds after which the hub asks to be called again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
}

impl Problem {
    /// The stable code, such as `wrong-state`; empty if the answer named none.
    #[must_use]
    pub fn code(&self) -> &str {
        self.kind.rsplit(':').next().unwrap_or_default()
    }

    /// Whether the same call may succeed later.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.retry.as_deref() == Some("later") || matches!(self.status, 408 | 429 | 502..=504 | 507)
    }

    /// The exit code for it.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match (self.code(), self.status) {
            ("unknown-profile", _) => Exit::Usage,
            ("wrong-state", _) | (_, 413 | 422) => Exit::Refused,
            (_, 401 | 403) => Exit::Certificate,
            (_, 408) => Exit::Unreachable,
            (_, 429 | 500..) => Exit::Busy,
            _ if self.passes() => Exit::Busy,
            _ => Exit::Usage,
        }
    }

    /// Title, detail, and what to do where the detail does not say it.
    fn sentence(&self) -> String {
        let detail = self.detail.trim_end_matches('.');
        let mut text = match (self.title.trim_end_matches('.'), detail) {
            (title, "") => format!("{title} (status {})", self.status),
            (title, detail) => format!("{title}: {detail}"),
        };
        let fix = self.refusal.as_ref().and_then(|refusal| refusal.fix.as_deref());
        if let Some(fix) = fix.filter(|fix| !self.detail.contains(fix)) {
            text = format!("{text}. {}", fix.trim_end_matches('.'));
        }
        if let Some(seconds) = self.retry_after {
            text = format!("{text}. Try again in {seconds} s");
        }
        if self.retry.as_deref() == Some("operator")
            && let Some(instance) = &self.instance
        {
            text = format!("{text}. Tell the hub's operator this number: {instance}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use formats::RefusalCode;

    use super::*;

    fn hub(status: u16, code: &str) -> Error {
        let kind = format!("urn:mariposa:problem:{code}");
        Error::Hub(Box::new(Problem {
            kind,
            status,
            ..Problem::default()
        }))
    }

    #[test]
    fn every_failure_has_its_exit_code() {
        let cases = [
            (Error::Usage(String::new()), 2),
            (Error::Refused(Refusal::new(RefusalCode::Doctype, "No.")), 3),
            (Error::Unreachable(String::new()), 4),
            (Error::Certificate(String::new()), 5),
            (Error::Changed("a.xml".into()), 7),
            (
                Error::Kept {
                    sent: 1,
                    of: 2,
                    why: Box::new(Error::Unreachable(String::new())),
                },
                8,
            ),
            (hub(400, "invalid-request"), 2),
            (hub(422, "unknown-profile"), 2),
            (hub(403, "wrong-state"), 3),
            (hub(422, "unusable-file"), 3),
            (hub(413, "too-large"), 3),
            (hub(408, "request-timeout"), 4),
            (hub(403, "certificate-unregistered"), 5),
            (hub(403, "certificate-refused"), 5),
            (hub(401, ""), 5),
            (hub(429, "rate-limited"), 6),
            (hub(503, "database-away"), 6),
            (hub(507, "disk-full"), 6),
            (hub(500, "internal"), 6),
        ];
        for (error, code) in cases {
            assert_eq!(error.exit().code(), code, "{error:?}");
        }
        assert_eq!(Exit::Interrupted.code(), 130);
    }

    #[test]
    fn a_problem_is_said_in_plain_words() {
        let refusal = Refusal::new(RefusalCode::WrongState, "The file is of CA, the sender is TX.");
        let problem = Problem {
            title: "The file is of another state than the certificate".into(),
            detail: format!("{refusal} {}", refusal.fix),
            status: 403,
            refusal: Some(BatchProblem {
                fix: Some(refusal.fix),
                ..BatchProblem::default()
            }),
            ..Problem::default()
        };
        assert_eq!(
            problem.to_string(),
            "The file is of another state than the certificate: The file is of CA, the sender is TX. Send the file \
             with the certificate of its state, or correct the state in the file"
        );
        let bare = Problem {
            title: "Not Found".into(),
            status: 404,
            ..Problem::default()
        };
        assert_eq!(bare.to_string(), "Not Found (status 404)");
    }
}
