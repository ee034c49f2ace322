//! Official documents on their way out, for the exchange and the portal alike: always as a file to keep, never shown in a
//! browser as part of a page.

use actix_web::HttpResponse;
use actix_web::http::header::{
    CONTENT_DISPOSITION, HeaderName, HeaderValue, InvalidHeaderValue, X_CONTENT_TYPE_OPTIONS,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use store::documents::Document;

use crate::problem::Problem;

/// Makes an answer with the content of a document a download, with its digest (RFC 9530) and a name that says nothing of the
/// child.
pub fn attach(mut response: HttpResponse, document: &Document) -> Result<HttpResponse, Problem> {
    let ending = document.media_type.rsplit('/').next().unwrap_or_default();
    let name = format!(
        "attachment; filename=\"document-{}-{}.{ending}\"",
        document.work_item_id, document.version
    );
    let digest = format!("sha-256=:{}:", STANDARD.encode(&document.sha256));
    let value = |text: String| {
        HeaderValue::try_from(text).map_err(|error: InvalidHeaderValue| Problem::internal(error))
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_DISPOSITION, value(name)?);
    headers.insert(HeaderName::from_static("repr-digest"), value(digest)?);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Ok(response)
}
