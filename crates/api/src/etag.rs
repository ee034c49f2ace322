//! Answers that a caller may hold already.

use actix_web::http::header::{self, EntityTag, Header as _, IfNoneMatch};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::problem::Problem;

/// The document as JSON with its tag, or 304 if the caller's `If-None-Match` names the tag.
pub(crate) fn answer(request: &HttpRequest, document: &impl Serialize) -> Result<HttpResponse, Problem> {
    let body = serde_json::to_vec(document).map_err(Problem::internal)?;
    Ok(answer_as(request, "application/json", body))
}

/// A document of this media type with its tag, or 304 if the caller's `If-None-Match` names the tag. The caller has
/// written the disclosure in both cases: a 304 tells as much as the document.
pub(crate) fn answer_as(request: &HttpRequest, media_type: &str, body: Vec<u8>) -> HttpResponse {
    let tag = EntityTag::new_strong(URL_SAFE_NO_PAD.encode(Sha256::digest(&body)));
    let held = match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|held| held.weak_eq(&tag)),
        Ok(IfNoneMatch::Any) => request.headers().contains_key(header::IF_NONE_MATCH),
        Err(_) => false,
    };
    let mut response = if held {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    response
        .insert_header(header::ETag(tag))
        .insert_header((header::CACHE_CONTROL, "private, no-cache"))
        .insert_header((header::VARY, "accept"));
    if held {
        response.finish()
    } else {
        response.content_type(media_type).body(body)
    }
}
