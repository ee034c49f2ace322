//! Serves the portal with a made-up nation for looking at: `cargo run -p portal --example gallery [PORT]`.
//!
//! Sign in as `admin@tea.example` with the password that it prints. Everything is gone when it ends.

#[path = "../tests/portal/support/mod.rs"]
#[expect(dead_code, reason = "shared with the tests")]
mod support;

use std::sync::Arc;

use actix_web::{App, HttpServer};
use anyhow::Result;

#[actix_web::main]
async fn main() -> Result<()> {
    let port: u16 = std::env::args().nth(1).map_or(Ok(8443), |port| port.parse())?;
    let _ = rustls::crypto::ring::default_provider().install_default();
    let db = support::nation()?;
    let made = rcgen::generate_simple_self_signed(vec!["localhost".into()])?;
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let tls = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.into())?;
    let portal = portal::Portal::new(
        api::Db::new(support::pool(db.url())),
        api::Clock::new(support::now),
        Arc::new(|bytes: &mut [u8]| rand::fill(bytes)),
    );
    println!(
        "https://localhost:{port}/  admin@tea.example  {}",
        support::PASSWORD
    );
    HttpServer::new(move || {
        let portal = portal.clone();
        App::new().configure(move |config| portal::configure(config, portal))
    })
    .workers(1)
    .listen_rustls_0_23(std::net::TcpListener::bind(("127.0.0.1", port))?, tls)?
    .run()
    .await?;
    Ok(())
}
