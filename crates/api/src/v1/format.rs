//! In which form a caller wants a list: by name in the query, or by `Accept`.

use actix_web::HttpRequest;
use actix_web::http::header;
use serde::Deserialize;
use spreadsheet::Form;
use utoipa::ToSchema;

/// The form of an answer that is a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// JSON.
    Json,
    /// One CSV file.
    Csv,
    /// A workbook.
    Xlsx,
}

impl Format {
    /// The form that is asked for by name, else by `Accept`; JSON if by neither.
    pub(crate) fn wanted(named: Option<Self>, request: &HttpRequest) -> Self {
        named.unwrap_or_else(|| accepted(request))
    }

    /// As a table, if it is one.
    pub(crate) fn form(self) -> Option<Form> {
        match self {
            Self::Json => None,
            Self::Csv => Some(Form::Csv),
            Self::Xlsx => Some(Form::Xlsx),
        }
    }
}

/// The first form of `Accept` that is known here.
fn accepted(request: &HttpRequest) -> Format {
    let accept = request
        .headers()
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok());
    let kinds = accept
        .unwrap_or_default()
        .split(',')
        .map(|kind| kind.split(';').next().unwrap_or_default().trim());
    let mut known = kinds.filter_map(|kind| match kind {
        "application/json" => Some(Format::Json),
        _ if kind == Form::Csv.media_type() => Some(Format::Csv),
        _ if kind == Form::Xlsx.media_type() => Some(Format::Xlsx),
        _ => None,
    });
    known.next().unwrap_or(Format::Json)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn the_form_is_what_the_caller_accepts_first() {
        for (accept, format) in [
            ("*/*", Format::Json),
            ("text/csv", Format::Csv),
            (
                "text/html, application/vnd.openxmlformats-officedocument.spreadsheetml.sheet;q=0.9, text/csv",
                Format::Xlsx,
            ),
        ] {
            let request = TestRequest::default()
                .insert_header(("accept", accept))
                .to_http_request();
            assert_eq!(accepted(&request), format, "{accept}");
        }
    }
}
