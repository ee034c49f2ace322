//! What a page can fail with, and the page that says so.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use actix_web::{HttpResponse, ResponseError};
use api::Problem;
use askama::Template;
use std::fmt;

use crate::pages::sign_in;
use crate::user::Kept;
use crate::view::Chrome;

/// Seconds after which a page that found no database may be asked for again.
const RETRY_SECONDS: u32 = 30;

/// What a page can fail with.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Nobody is signed in; `next` is where to go afterwards.
    SignIn {
        /// Path and query of the page asked for.
        next: String,
    },
    /// A form came after its session had ended; it is kept until somebody has signed in.
    SessionEnded {
        /// The token of the sign-in form.
        csrf: String,
        /// The form.
        kept: Kept,
    },
    /// The account has roles in several states and has not said in which one it acts.
    ChooseState,
    /// Somebody else set the account's password; it chooses its own first.
    ChoosePassword,
    /// The account's roles do not allow it.
    Forbidden,
    /// There is no such page or record, or it is another state's.
    NotFound,
    /// The form was not sent by a page of this session.
    StaleForm,
    /// The request cannot be read.
    BadRequest,
    /// The database is away or too busy.
    Unavailable,
    /// Something that should not happen; the log says what.
    Internal,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words().0)
    }
}

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Self {
        if error.is_transient() {
            tracing::warn!(%error, "a page found no database");
            Self::Unavailable
        } else {
            tracing::error!(%error, "a page failed");
            Self::Internal
        }
    }
}

impl From<diesel::result::Error> for Failure {
    fn from(error: diesel::result::Error) -> Self {
        store::Error::from(error).into()
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        match problem.code().status() {
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => Self::Unavailable,
            _ => {
                tracing::error!(
                    code = problem.code().code(),
                    internal = problem.internal_detail(),
                    "a page failed"
                );
                Self::Internal
            }
        }
    }
}

impl From<askama::Error> for Failure {
    fn from(error: askama::Error) -> Self {
        tracing::error!(%error, "a page could not be written");
        Self::Internal
    }
}

impl Failure {
    /// Title and what to do.
    fn words(&self) -> (&'static str, &'static str) {
        match self {
            Self::SignIn { .. } | Self::SessionEnded { .. } => ("Sign in", "Sign in to see this page."),
            Self::ChooseState => ("Choose a state", "Choose the state in which you act."),
            Self::ChoosePassword => ("Choose a password", "Choose a password of your own first."),
            Self::Forbidden => (
                "You cannot do this with your role",
                "Your account does not have the role that this page needs. If you think it should, ask the user administrator of your state.",
            ),
            Self::NotFound => (
                "Page not found",
                "There is no such page or record, or it belongs to another state. Check the number, or search for the child.",
            ),
            Self::StaleForm => (
                "This form is no longer valid",
                "Nothing was saved. You may have signed in again since the form was opened. Go back, reload the page and send the form once more.",
            ),
            Self::BadRequest => (
                "This request cannot be read",
                "Nothing was saved. Go back and try again.",
            ),
            Self::Unavailable => (
                "Mariposa is not available right now",
                "The records cannot be reached at the moment. Nothing was lost. Try again in a minute.",
            ),
            Self::Internal => (
                "Something went wrong",
                "The error has been written down for the operators. Try again; if it happens again, tell your state's administrator the time at which it happened.",
            ),
        }
    }
}

#[derive(Template)]
#[template(path = "failure.html")]
struct FailurePage {
    chrome: Chrome,
    title: &'static str,
    advice: &'static str,
}

impl ResponseError for Failure {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::SignIn { .. } | Self::ChooseState | Self::ChoosePassword => StatusCode::SEE_OTHER,
            Self::Forbidden | Self::StaleForm | Self::SessionEnded { .. } => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.insert_header((CACHE_CONTROL, "no-store"));
        match self {
            Self::SignIn { next } => {
                let target = if next == "/" {
                    "/sign-in".to_owned()
                } else {
                    format!("/sign-in?next={}", encode(next))
                };
                return response.insert_header((LOCATION, target)).finish();
            }
            Self::SessionEnded { csrf, kept } => {
                return sign_in::again(csrf, kept.clone()).unwrap_or_else(|failure| failure.error_response());
            }
            Self::ChooseState => return response.insert_header((LOCATION, "/state")).finish(),
            Self::ChoosePassword => return response.insert_header((LOCATION, "/password")).finish(),
            Self::Unavailable => {
                response.insert_header((RETRY_AFTER, RETRY_SECONDS));
            }
            _ => {}
        }
        let (title, advice) = self.words();
        let page = FailurePage {
            chrome: Chrome::bare(title),
            title,
            advice,
        };
        response
            .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
            .body(page.render().unwrap_or_else(|_| title.to_owned()))
    }
}

/// Percent-encodes a value for a query.
pub(crate) fn encode(value: &str) -> String {
    use std::fmt::Write as _;
    value.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}
