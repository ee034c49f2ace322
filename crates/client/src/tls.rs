//! Mutual TLS: who the hub must be, and who the state is.

use std::io::{self, Read};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};

use crate::error::Error;

/// A configuration that trusts the exchange's own authority and no other, and shows the state's certificate.
pub(crate) fn config(ca_pem: &[u8], cert_pem: &[u8], key_pem: &[u8]) -> Result<ClientConfig, Error> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates("CA", ca_pem)? {
        roots
            .add(certificate)
            .map_err(|error| Error::Certificate(format!("the CA certificate cannot be used: {error}")))?;
    }
    let key = PrivateKeyDer::from_pem_slice(key_pem).map_err(|error| {
        Error::Certificate(format!(
            "the key is not a private key in PEM without a password: {error}"
        ))
    })?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::Certificate(error.to_string()))?
        .with_root_certificates(roots)
        .with_client_auth_cert(certificates("client", cert_pem)?, key)
        .map_err(|error| {
            Error::Certificate(format!("the client certificate and its key do not fit: {error}"))
        })
}

fn certificates(whose: &str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Error> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(Error::Certificate(format!(
            "the {whose} certificate file holds no certificate in PEM"
        ))),
        Err(error) => Err(Error::Certificate(format!(
            "the {whose} certificate is not PEM: {error}"
        ))),
    }
}

/// What a TLS failure means, if it is about a certificate.
pub(crate) fn certificate_error(error: &rustls::Error) -> Option<Error> {
    match error {
        rustls::Error::InvalidCertificate(why) => Some(Error::Certificate(format!(
            "the hub's certificate is not accepted ({why}); check that --hub has the name in the certificate and that \
             --ca is the exchange's"
        ))),
        rustls::Error::AlertReceived(alert) => Some(Error::Certificate(format!(
            "the hub does not accept this client certificate ({alert:?}); check that it is the one issued by the \
             exchange, and that it is neither expired nor revoked"
        ))),
        _ => None,
    }
}

/// Asks what the hub has against this client. In TLS 1.3 a server judges the client's certificate after the client is
/// done, so its word can be lost in a connection that it closes; here nothing is sent that could come in between.
pub(crate) fn probe(config: Arc<ClientConfig>, host: &str, port: u16, timeout: Duration) -> Option<Error> {
    let socket = connect(host, port, timeout).ok()?;
    let name = ServerName::try_from(host.to_owned()).ok()?;
    let connection = ClientConnection::new(config, name).ok()?;
    let error = StreamOwned::new(connection, socket).read(&mut [0]).err()?;
    rustls_error(&error).and_then(certificate_error)
}

/// What a handshake showed of the hub.
pub(crate) struct Handshake {
    /// Its certificates, its own first.
    pub(crate) chain: Vec<CertificateDer<'static>>,
    /// The protocol, in words.
    pub(crate) version: &'static str,
}

/// Connects straight to the hub and shakes hands; nothing is asked.
pub(crate) fn handshake(
    config: Arc<ClientConfig>,
    host: &str,
    port: u16,
    timeout: Duration,
) -> Result<Handshake, Error> {
    let mut socket = connect(host, port, timeout)
        .map_err(|error| Error::Unreachable(format!("port {port} of {host} does not answer ({error})")))?;
    let failed = |error: &io::Error| {
        rustls_error(error)
            .and_then(certificate_error)
            .unwrap_or_else(|| {
                Error::Unreachable(format!(
                    "port {port} of {host} answers, and not as a hub does ({error})"
                ))
            })
    };
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| Error::Usage(format!("{host} is not a name that a certificate can have")))?;
    let mut connection = ClientConnection::new(config, name)
        .map_err(|error| Error::Certificate(format!("no connection can be begun: {error}")))?;
    while connection.is_handshaking() {
        connection
            .complete_io(&mut socket)
            .map_err(|error| failed(&error))?;
    }
    Ok(Handshake {
        chain: connection
            .peer_certificates()
            .unwrap_or_default()
            .iter()
            .map(|one| one.clone().into_owned())
            .collect(),
        version: match connection.protocol_version() {
            Some(rustls::ProtocolVersion::TLSv1_3) => "TLS 1.3",
            Some(rustls::ProtocolVersion::TLSv1_2) => "TLS 1.2",
            _ => "TLS",
        },
    })
}

/// Connects to the first of the host's addresses that answers.
fn connect(host: &str, port: u16, timeout: Duration) -> io::Result<TcpStream> {
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    for address in (host, port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, timeout) {
            Ok(socket) => {
                socket.set_read_timeout(Some(timeout))?;
                socket.set_write_timeout(Some(timeout))?;
                return Ok(socket);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// The TLS error inside an input or output error.
pub(crate) fn rustls_error(error: &io::Error) -> Option<&rustls::Error> {
    let inner = error.get_ref()?;
    inner
        .downcast_ref::<rustls::Error>()
        .or_else(|| inner.downcast_ref::<io::Error>().and_then(rustls_error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(ca: &str, cert: &str, key: &str) -> String {
        let error = config(ca.as_bytes(), cert.as_bytes(), key.as_bytes()).expect_err("refused");
        assert_eq!(error.exit().code(), 5);
        error.to_string()
    }

    #[test]
    fn says_which_file_is_wrong() {
        let made = || rcgen::generate_simple_self_signed(["tx".to_owned()]).expect("a certificate");
        let (one, other) = (made(), made());
        let (cert, key) = (one.cert.pem(), one.signing_key.serialize_pem());
        assert!(config(cert.as_bytes(), cert.as_bytes(), key.as_bytes()).is_ok());
        assert!(failure("", &cert, &key).contains("CA certificate"));
        assert!(failure(&cert, &key, &key).contains("client certificate"));
        assert!(failure(&cert, &cert, &cert).contains("private key"));
        assert!(failure(&cert, &cert, &other.signing_key.serialize_pem()).contains("do not fit"));
    }
}
