//! The portal on loopback, on a database of its own.

use std::net::TcpListener;
use std::sync::{Arc, LazyLock, Mutex, mpsc};
use std::thread::JoinHandle;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer, rt};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use rustls::pki_types::PrivatePkcs8KeyDer;
use sha2::{Digest as _, Sha256};
use testkit::TestDb;

use crate::driver::Browser;
use crate::support;

/// The certificate of all portals of this process; Chromium is told its key, so that it keeps what it may keep, as it
/// would with a certificate of a known authority.
pub(crate) struct Tls {
    config: rustls::ServerConfig,
    /// SHA-256 of the public key in base64.
    pub(crate) pin: String,
}

impl Tls {
    pub(crate) fn shared() -> &'static Self {
        static SHARED: LazyLock<Tls> = LazyLock::new(|| {
            let _ = rustls::crypto::ring::default_provider().install_default();
            let made = rcgen::generate_simple_self_signed(vec!["localhost".into()]).expect("a certificate");
            let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
            let config = rustls::ServerConfig::builder()
                .with_no_client_auth()
                .with_single_cert(vec![made.cert.der().clone()], key.into())
                .expect("a certificate and its key");
            let public = rcgen::PublicKeyData::subject_public_key_info(&made.signing_key);
            Tls {
                config,
                pin: STANDARD.encode(Sha256::digest(public)),
            }
        });
        &SHARED
    }
}

/// A running portal; it ends when it is dropped.
pub(crate) struct Site {
    pub(crate) db: TestDb,
    /// Begins all its addresses, without a slash at the end.
    pub(crate) url: String,
    time: Arc<Mutex<DateTime<Utc>>>,
    server: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl Site {
    pub(crate) fn on(db: TestDb) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let url = format!(
            "https://localhost:{}",
            listener.local_addr().expect("an address").port()
        );
        let time = Arc::new(Mutex::new(support::now()));
        let clock = time.clone();
        let portal = portal::Portal::new(
            api::Db::new(support::pool(db.url())),
            api::Clock::new(move || *clock.lock().unwrap()),
            Arc::new(|bytes: &mut [u8]| rand::fill(bytes)),
        );
        let (tell, told) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            rt::System::new().block_on(async move {
                let app = move || {
                    let portal = portal.clone();
                    App::new().configure(move |config| portal::configure(config, portal))
                };
                let server = HttpServer::new(app)
                    .workers(1)
                    .disable_signals()
                    .shutdown_timeout(0)
                    .listen_rustls_0_23(listener, Tls::shared().config.clone())
                    .expect("a listener")
                    .run();
                tell.send(server.handle()).expect("who waits");
                server.await.expect("the portal runs");
            });
        });
        Self {
            db,
            url,
            time,
            server: told.recv().expect("a server"),
            thread: Some(thread),
        }
    }

    /// Lets time pass for the portal.
    pub(crate) fn pass(&self, time: TimeDelta) {
        *self.time.lock().unwrap() += time;
    }

    /// Opens a page.
    pub(crate) fn open(&self, browser: &Browser, path: &str) {
        browser.open(&format!("{}{path}", self.url));
    }

    /// Signs in, as whoever had signed in before is forgotten.
    pub(crate) fn sign_in(&self, browser: &Browser, email: &str) {
        browser.forget();
        self.open(browser, "/sign-in");
        browser.send(
            &[("#email", email), ("#password", support::PASSWORD)],
            "main button",
        );
        let at = browser.url();
        assert!(!at.contains("/sign-in"), "{email} could not sign in");
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // The answer would come through the system that ends.
        drop(self.server.stop(false));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
