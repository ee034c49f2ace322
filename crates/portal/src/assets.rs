//! Style sheet, script, fonts and logo: part of the binary, served under names that change with their content.

use std::sync::LazyLock;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use actix_web::{HttpResponse, web};
use sha2::{Digest as _, Sha256};

use crate::failure::Failure;
use crate::words;

/// A file of the portal's look.
struct Asset {
    /// Name with a hash of the content in it.
    name: String,
    media_type: &'static str,
    content: Vec<u8>,
}

impl Asset {
    fn new(stem: &str, extension: &str, media_type: &'static str, content: &[u8]) -> Self {
        let hash = words::hex(&Sha256::digest(content)[..6]);
        Self {
            name: format!("{stem}-{hash}.{extension}"),
            media_type,
            content: content.to_vec(),
        }
    }
}

struct Assets {
    style: Asset,
    script: Asset,
    worklist: Asset,
    logo: Asset,
    regular: Asset,
    bold: Asset,
}

static ASSETS: LazyLock<Assets> = LazyLock::new(|| {
    let regular = Asset::new(
        "public-sans-regular",
        "woff2",
        "font/woff2",
        include_bytes!("../assets/public-sans-regular.woff2"),
    );
    let bold = Asset::new(
        "public-sans-bold",
        "woff2",
        "font/woff2",
        include_bytes!("../assets/public-sans-bold.woff2"),
    );
    let style = include_str!("../assets/portal.css")
        .replace("FONT_REGULAR", &regular.name)
        .replace("FONT_BOLD", &bold.name);
    Assets {
        style: Asset::new("portal", "css", "text/css; charset=utf-8", style.as_bytes()),
        script: Asset::new(
            "session",
            "js",
            "text/javascript; charset=utf-8",
            include_bytes!("../assets/session.js"),
        ),
        logo: Asset::new(
            "butterfly",
            "svg",
            "image/svg+xml",
            include_bytes!("../assets/butterfly.svg"),
        ),
        worklist: Asset::new(
            "worklist",
            "js",
            "text/javascript; charset=utf-8",
            include_bytes!("../assets/worklist.js"),
        ),
        regular,
        bold,
    }
});

/// Address of the style sheet.
pub(crate) fn style() -> String {
    format!("/assets/{}", ASSETS.style.name)
}

/// Address of the script of the worklist.
pub(crate) fn worklist_script() -> String {
    format!("/assets/{}", ASSETS.worklist.name)
}

/// Address of the script that warns before a session ends.
pub(crate) fn script() -> String {
    format!("/assets/{}", ASSETS.script.name)
}

/// Address of the logo.
pub(crate) fn logo() -> String {
    format!("/assets/{}", ASSETS.logo.name)
}

/// `GET /assets/{name}`: the file; it may be kept for ever, as another content has another name.
pub(crate) async fn serve(name: web::Path<String>) -> Result<HttpResponse, Failure> {
    let assets = &*ASSETS;
    let found = [
        &assets.style,
        &assets.script,
        &assets.worklist,
        &assets.logo,
        &assets.regular,
        &assets.bold,
    ]
    .into_iter()
    .find(|asset| asset.name == *name)
    .ok_or(Failure::NotFound)?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, found.media_type))
        .insert_header((CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(found.content.clone()))
}
