//! Whether the hub trains people with made-up children, which every page says, errors too.
//!
//! An error page is written where nothing is known of the portal, so the answer is a property of the task that serves
//! the request rather than an argument of every page.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, web};

use crate::state::Portal;

tokio::task_local! {
    static TRAINING: bool;
}

/// Whether the request at hand is served by a hub that trains.
pub(crate) fn is_on() -> bool {
    TRAINING.try_with(|on| *on).unwrap_or(false)
}

/// Serves a request with what its portal says about training.
pub(crate) async fn told(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let on = request
        .app_data::<web::Data<Portal>>()
        .is_some_and(|portal| portal.trains());
    TRAINING.scope(on, next.call(request)).await
}
