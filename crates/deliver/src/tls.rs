//! The fault of TLS in a failed connection.

use std::error::Error;
use std::io;

/// The error of TLS that is the reason of another one, if there is any. An input or output error does not name it as its
/// source, but holds it.
pub(crate) fn fault<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    let mut reasons = std::iter::successors(Some(error), |error| (*error).source());
    reasons.find_map(|reason| {
        reason
            .downcast_ref::<rustls::Error>()
            .or_else(|| within(reason.downcast_ref::<io::Error>()?))
    })
}

fn within(error: &io::Error) -> Option<&rustls::Error> {
    let inner = error.get_ref()?;
    inner
        .downcast_ref::<rustls::Error>()
        .or_else(|| inner.downcast_ref::<io::Error>().and_then(within))
}
