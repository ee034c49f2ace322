//! Forms with a file, as browsers send them: guarded as all forms are, and read within bounds.

use std::collections::HashMap;

use actix_multipart::Multipart;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use formats::official::MAX_BYTES;
use futures_util::StreamExt as _;

use crate::failure::Failure;
use crate::session;
use crate::user::{Allowed, Pending, Right, allowed, sent_from_here};

/// Bytes of all fields that are no file.
const TEXT_BYTES: usize = 64 << 10;

/// What is too large is let in up to so many bytes, so that the browser comes to see the answer.
const DRAINED: usize = 256 << 20;

/// A form with a file `file`, with the session's token, sent from this site by a user who has the right `R`.
pub(crate) struct Sent<R> {
    pub(crate) user: Allowed<R>,
    /// The other fields, by name.
    pub(crate) fields: HashMap<String, String>,
    /// The file: empty if none was chosen, and at most one byte more than the largest document has.
    pub(crate) file: Vec<u8>,
}

impl<R: Right> FromRequest for Sent<R> {
    type Error = Failure;
    type Future = Pending<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let form = Multipart::from_request(request, payload);
        let request = request.clone();
        Box::pin(async move {
            let user = allowed::<R>(&request).await?;
            if !sent_from_here(&request) {
                return Err(Failure::StaleForm);
            }
            let (fields, file) = read(form.await.map_err(|_| Failure::BadRequest)?).await?;
            let csrf = fields.get("csrf").map_or("", String::as_str);
            if !session::same_secret(csrf, &user.session.csrf) {
                return Err(Failure::StaleForm);
            }
            Ok(Self { user, fields, file })
        })
    }
}

async fn read(mut form: Multipart) -> Result<(HashMap<String, String>, Vec<u8>), Failure> {
    let (mut fields, mut file) = (HashMap::new(), Vec::new());
    let (mut text_bytes, mut all_bytes) = (0, 0);
    while let Some(field) = form.next().await {
        let mut field = field.map_err(|_| Failure::BadRequest)?;
        let name = field.name().unwrap_or_default().to_owned();
        let is_file = name == "file";
        let mut content = Vec::new();
        while let Some(piece) = field.next().await {
            let piece = piece.map_err(|_| Failure::BadRequest)?;
            all_bytes += piece.len();
            if !is_file {
                text_bytes += piece.len();
            }
            if text_bytes > TEXT_BYTES || all_bytes > DRAINED {
                return Err(Failure::BadRequest);
            }
            let room = (MAX_BYTES + 1).saturating_sub(content.len());
            content.extend_from_slice(&piece[..piece.len().min(room)]);
        }
        if is_file {
            file = content;
        } else {
            let text = String::from_utf8(content).map_err(|_| Failure::BadRequest)?;
            fields.insert(name, text);
        }
    }
    Ok((fields, file))
}
