//! What can go wrong with a webhook.

/// Why an address cannot be a state's webhook, or the sender cannot start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is no address at all.
    #[error("the address is not a URL; send one like https://notices.example.org/mariposa")]
    NoUrl,
    /// It has a part that it must not have.
    #[error("{0}")]
    Part(&'static str),
    /// It leads into a private network, where only the hub's own machines are.
    #[error(
        "the address is private; use one that is reached over the internet, or ask the hub's operator to allow it"
    )]
    Private,
    /// The settings of e-mail cannot be used.
    #[error("e-mail cannot be set up: {0}; correct the section [mail] of the configuration")]
    Mail(String),
    /// The settings of outgoing connections cannot be used.
    #[error(
        "connections to webhooks cannot be set up: {0}; correct the section [webhooks] of the configuration"
    )]
    Setup(String),
}
