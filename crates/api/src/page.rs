//! Lists that are read page by page: by key, so that they stay stable while rows are added.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::{Problem, ProblemCode};

/// Items of a page unless asked otherwise.
pub(crate) const DEFAULT: i64 = 100;
/// The most items of a page.
pub(crate) const MAX: i64 = 1_000;

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Address of the next page, as in the `Link` header; missing on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// How many items a caller wants.
pub(crate) fn limit(asked: Option<i64>) -> Result<i64, Problem> {
    match asked {
        None => Ok(DEFAULT),
        Some(limit @ 1..=MAX) => Ok(limit),
        Some(_) => Err(Problem::new(
            ProblemCode::InvalidRequest,
            format!("The limit is from 1 to {MAX}."),
        )),
    }
}

/// Of one item more than was asked for, makes a page and the cursor of the next one.
pub(crate) fn cut<T>(mut items: Vec<T>, limit: i64, cursor: impl Fn(&T) -> i64) -> (Vec<T>, Option<i64>) {
    let more = items.len() as i64 > limit;
    items.truncate(limit as usize);
    let next = if more { items.last().map(cursor) } else { None };
    (items, next)
}

/// The address of the next page: this one's with another cursor.
pub(crate) fn next_address(request: &HttpRequest, cursor: i64) -> String {
    let kept = request
        .query_string()
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="));
    let cursor = format!("cursor={cursor}");
    let query: Vec<&str> = kept.chain([cursor.as_str()]).collect();
    format!("{}?{}", request.path(), query.join("&"))
}

/// An answer that names the next page in its `Link` header, if there is one; and that address.
pub(crate) fn linked(request: &HttpRequest, cursor: Option<i64>) -> (HttpResponseBuilder, Option<String>) {
    let next = cursor.map(|cursor| next_address(request, cursor));
    let mut response = HttpResponse::Ok();
    if let Some(next) = &next {
        response.insert_header((header::LINK, format!("<{next}>; rel=\"next\"")));
    }
    (response, next)
}

/// The answer with a page.
pub(crate) fn answer<T: Serialize>(
    request: &HttpRequest,
    items: Vec<T>,
    cursor: Option<i64>,
) -> HttpResponse {
    let (mut response, next) = linked(request, cursor);
    response.json(Page { items, next })
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn pages_end_and_keep_their_filters() {
        assert_eq!(cut(vec![9, 8, 7], 2, |n| *n), (vec![9, 8], Some(8)));
        assert_eq!(cut(vec![9, 8], 2, |n| *n), (vec![9, 8], None));
        let request = TestRequest::with_uri("/v1/batches?limit=2&cursor=9&x=1").to_http_request();
        assert_eq!(next_address(&request, 8), "/v1/batches?limit=2&x=1&cursor=8");
    }
}
