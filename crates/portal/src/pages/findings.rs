//! The pages that explain the kinds of finding. They hold no data and need no account: whoever gets a report can follow
//! its links.

use actix_web::http::header::CONTENT_SECURITY_POLICY;
use actix_web::{HttpResponse, web};

use crate::failure::Failure;

/// `GET /docs/findings`
pub(crate) async fn list() -> HttpResponse {
    html(api::docs::findings().to_owned())
}

/// `GET /docs/findings/{code}`
pub(crate) async fn show(code: web::Path<String>) -> Result<HttpResponse, Failure> {
    let code = mde::FindingCode::of_code(&code).ok_or(Failure::NotFound)?;
    Ok(html(api::docs::finding(code)))
}

fn html(page: String) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, api::docs::POLICY))
        .body(page)
}
