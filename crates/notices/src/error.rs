//! What can go wrong with a notice.

use mde::StateCode;

/// Why a notice was not sent or answered.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The recipient takes no part in the exchange: nobody would read it.
    #[error("{0} does not take part in the exchange; name a participating state")]
    NotAParticipant(StateCode),
    /// A state cannot send itself a notice.
    #[error("the recipient is the sender's own state; name another one")]
    OwnState,
    /// No person has, or ever had, this number.
    #[error("there is no person of this number; search for the child first")]
    UnknownPerson,
    /// The state that is asked holds no record of the child.
    #[error("{0} holds no record of this child; send an inquiry notice instead")]
    HoldsNothing(StateCode),
    /// The sender's key has sent something else before.
    #[error("its key has sent something else before; use a new key for it")]
    KeyReused,
    /// A member of the notice or answer is not valid. Neither text holds what was sent.
    #[error("{member} {why}")]
    Invalid {
        /// Which member.
        member: &'static str,
        /// What is wrong, and what would be right.
        why: String,
    },
    /// What is there does not permit it, or somebody was faster.
    #[error("{0}")]
    Conflict(String),
    /// A document is not what was sent any more.
    #[error("the document is damaged at the hub; ask the state that sent it to send it again")]
    Damaged,
    /// The database.
    #[error(transparent)]
    Database(#[from] store::Error),
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error.into())
    }
}
