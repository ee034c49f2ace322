//! The settings that all TLS listeners share.

use std::io;
use std::net::TcpListener;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::middleware::from_fn;
use actix_web::web::{Data, ServiceConfig};
use actix_web::{App, HttpServer};
use rustls::ServerConfig;

use crate::auth;
use crate::observe::observe;
use crate::state::AppState;

/// A socket that is bound, and how it is served.
#[derive(Debug)]
pub struct Listener {
    /// The socket.
    pub socket: TcpListener,
    /// Its TLS settings, from [`pki::server_config`].
    pub tls: ServerConfig,
    /// Threads that serve connections.
    pub workers: usize,
}

impl Listener {
    /// Serves HTTP/1.1 and HTTP/2 with what `configure` adds, inside of [`observe`]. The server runs when it is
    /// awaited, on an actix system, and ends when its handle is told so; signals are the caller's.
    pub fn serve(
        self,
        state: Data<AppState>,
        configure: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
    ) -> io::Result<Server> {
        let blocking = state.db.connections() + 8;
        let server = HttpServer::new(move || {
            App::new()
                .app_data(state.clone())
                .wrap(from_fn(observe))
                .configure(&configure)
        })
        .on_connect(auth::on_connect)
        .workers(self.workers)
        .worker_max_blocking_threads(blocking)
        .keep_alive(Duration::from_secs(75))
        .client_request_timeout(Duration::from_secs(10))
        .client_disconnect_timeout(Duration::from_secs(2))
        .tls_handshake_timeout(Duration::from_secs(10))
        .shutdown_timeout(20)
        .disable_signals()
        .listen_rustls_0_23(self.socket, self.tls)?;
        Ok(server.run())
    }
}
