//! Why a decision is not taken.

use mde::PersonId;

/// Why a decision is not taken. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// There is no such item on the worklists of who acts, or no such person.
    #[error("there is no such item or person")]
    NotFound,
    /// Somebody else was first.
    #[error("somebody else has decided it, or it needs no decision any more")]
    Late,
    /// A decision says why.
    #[error("say why")]
    ReasonMissing,
    /// A person takes part in another merge or split that is not decided.
    #[error("record {person} is held by request {work_item} of {by} ({state}) until that is decided")]
    Locked {
        /// The person.
        person: PersonId,
        /// The request that holds it.
        work_item: i64,
        /// Who made the request.
        by: String,
        /// In which state.
        state: String,
    },
    /// Nobody validates its own request.
    #[error("somebody else has to validate your own request")]
    OwnRequest,
    /// Several states have it.
    #[error("an administrator of another state has to validate it")]
    AnotherState,
    /// The state has no live student in it.
    #[error("your state reports none of its records")]
    NotConcerned,
    /// Only who asked takes it back.
    #[error("only who asked takes a request back")]
    NotOwn,
    /// It is the arbiter's by now.
    #[error("it is with the arbiter, who decides")]
    WithArbiter,
    /// The states have not had their time.
    #[error("it is with the states; the arbiter decides when they disagree or are silent")]
    NotWithArbiter,
    /// What is asked for cannot be done; the text says what to do.
    #[error("{0}")]
    Invalid(&'static str),
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        Self::Store(error.into())
    }
}

/// The result of a decision.
pub type Result<T> = std::result::Result<T, Error>;
