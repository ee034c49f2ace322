//! Real TLS handshakes over loopback sockets, and the check on every request that follows them.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use openssl::x509::X509Req;
use pki::{
    CertificateProblem, ClientCertificate, Identity, Issued, PkiError, PrivateKeyPem, RevocationReason,
    TrustStore, client_config, server_config,
};
use rustls::{ClientConfig, ClientConnection, HandshakeKind, ServerConfig, ServerConnection, StreamOwned};

mod support;
use support::{Exchange, YEAR};

type ServerStream = StreamOwned<ServerConnection, TcpStream>;
type ClientStream = StreamOwned<ClientConnection, TcpStream>;

fn identity(issued: &(Issued, PrivateKeyPem)) -> Identity {
    Identity::from_pem(issued.0.certificate_pem.as_bytes(), issued.1.pem().as_bytes()).unwrap()
}

/// An exchange, its trust and its listener's settings.
struct Listener {
    exchange: Exchange,
    trust: TrustStore,
    server: Arc<ServerConfig>,
}

impl Listener {
    fn new() -> Self {
        Self::of(Exchange::new("Exchange CA"))
    }

    fn of(exchange: Exchange) -> Self {
        let trust = TrustStore::open(exchange.folder.path()).unwrap();
        let issued = exchange
            .authority
            .issue_server(&["localhost", "127.0.0.1"], YEAR, exchange.now)
            .unwrap();
        let server = Arc::new(server_config(identity(&issued), Some(trust.verifier())).unwrap());
        Self {
            exchange,
            trust,
            server,
        }
    }

    fn client(&self, identity: Option<Identity>) -> Arc<ClientConfig> {
        Arc::new(client_config(self.exchange.authority.certificate_pem().as_bytes(), identity).unwrap())
    }

    /// The state that the server saw, or the server's reason to refuse.
    fn connect(&self, client: &Arc<ClientConfig>) -> Result<String, String> {
        let (server, client) = connect(&self.server, client);
        // In TLS 1.3 a client believes in its handshake before the server has looked at the certificate; but
        // without the server's answer it has got nothing.
        assert_eq!(server.is_ok(), client.is_ok(), "{server:?} {client:?}");
        let server = server?;
        Ok(peer(&server).state.unwrap())
    }
}

fn peer(server: &ServerStream) -> ClientCertificate {
    ClientCertificate::parse(&server.conn.peer_certificates().unwrap()[0]).unwrap()
}

/// Shakes hands and exchanges one byte each way.
fn connect(
    server: &Arc<ServerConfig>,
    client: &Arc<ClientConfig>,
) -> (Result<ServerStream, String>, Result<ClientStream, String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = ServerConnection::new(Arc::clone(server)).unwrap();
    let accept = thread::spawn(move || {
        let mut stream = StreamOwned::new(server, with_timeout(listener.accept().unwrap().0));
        stream
            .conn
            .complete_io(&mut stream.sock)
            .map_err(|error| error.to_string())?;
        echo(&mut stream, true).map(|()| stream)
    });
    let client = ClientConnection::new(Arc::clone(client), "localhost".try_into().unwrap()).unwrap();
    let mut stream = StreamOwned::new(client, with_timeout(TcpStream::connect(address).unwrap()));
    let client = echo(&mut stream, false).map(|()| stream);
    (accept.join().unwrap(), client)
}

fn with_timeout(socket: TcpStream) -> TcpStream {
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    socket
}

fn echo(stream: &mut (impl Read + Write), answer: bool) -> Result<(), String> {
    let mut byte = [b'?'];
    let mut talk = || {
        if answer {
            stream.read_exact(&mut byte)?;
            stream.write_all(&byte)?;
            return stream.flush();
        }
        stream.write_all(&byte)?;
        stream.flush()?;
        stream.read_exact(&mut byte)
    };
    talk().map_err(|error| error.to_string())
}

#[test]
fn a_valid_certificate_is_accepted_and_names_its_state() {
    let listener = Listener::new();
    let issued = listener.exchange.state("TX");
    assert_eq!(
        listener
            .connect(&listener.client(Some(identity(&issued))))
            .unwrap(),
        "TX"
    );
}

#[test]
fn none_is_refused() {
    let listener = Listener::new();
    let refusal = listener.connect(&listener.client(None)).unwrap_err();
    assert!(refusal.contains("no certificates"), "{refusal}");
}

#[test]
fn another_authority_is_refused_even_under_the_same_name() {
    let listener = Listener::new();
    let named_alike = Exchange::new("Exchange CA").state("TX");
    let refusal = listener
        .connect(&listener.client(Some(identity(&named_alike))))
        .unwrap_err();
    assert!(refusal.contains("BadSignature"), "{refusal}");
    let parsed = ClientCertificate::from_pem(named_alike.0.certificate_pem.as_bytes()).unwrap();
    assert_eq!(
        listener.trust.check(&parsed, Utc::now()),
        Err(CertificateProblem::NotOurs)
    );

    let other = Exchange::new("Other CA").state("TX");
    let refusal = listener
        .connect(&listener.client(Some(identity(&other))))
        .unwrap_err();
    assert!(refusal.contains("UnknownIssuer"), "{refusal}");
    let parsed = ClientCertificate::from_pem(other.0.certificate_pem.as_bytes()).unwrap();
    assert_eq!(
        listener.trust.check(&parsed, Utc::now()),
        Err(CertificateProblem::NotOurs)
    );
}

#[test]
fn expired_is_refused() {
    let listener = Listener::new();
    let exchange = &listener.exchange;
    let before = exchange.now - TimeDelta::days(10);
    let issued = exchange
        .authority
        .issue_state("TX", "nightly", TimeDelta::days(5), before)
        .unwrap();
    let refusal = listener
        .connect(&listener.client(Some(identity(&issued))))
        .unwrap_err();
    assert!(refusal.contains("expired"), "{refusal}");
}

#[test]
fn revoked_is_refused_after_a_live_reload_of_the_same_verifier() {
    let listener = Listener::new();
    let (good, bad) = (listener.exchange.state("TX"), listener.exchange.state("TX"));
    let (with_good, with_bad) = (
        listener.client(Some(identity(&good))),
        listener.client(Some(identity(&bad))),
    );
    listener.connect(&with_bad).unwrap();

    let exchange = &listener.exchange;
    let revoke = |which: &str| {
        exchange
            .authority
            .revoke(which, RevocationReason::KeyCompromise, exchange.now)
            .unwrap()
    };
    revoke(&bad.0.record.serial);
    listener
        .connect(&with_bad)
        .expect("in force only from the refresh on");
    assert!(listener.trust.refresh().unwrap());
    let refusal = listener.connect(&with_bad).unwrap_err();
    assert!(refusal.contains("Revoked"), "{refusal}");
    assert_eq!(listener.connect(&with_good).unwrap(), "TX");

    revoke(&good.0.record.fingerprint_sha256);
    assert!(listener.trust.refresh().unwrap());
    listener.connect(&with_good).unwrap_err();
}

#[test]
fn a_kept_connection_is_refused_after_a_refresh() {
    let listener = Listener::new();
    let issued = listener.exchange.state("CA");
    let (server, client) = connect(&listener.server, &listener.client(Some(identity(&issued))));
    let (mut server, mut client) = (server.unwrap(), client.unwrap());
    let certificate = peer(&server);
    listener.trust.check(&certificate, Utc::now()).unwrap();

    let exchange = &listener.exchange;
    exchange
        .authority
        .revoke(&certificate.serial, RevocationReason::Superseded, exchange.now)
        .unwrap();
    assert!(listener.trust.refresh().unwrap());
    assert!(!listener.trust.refresh().unwrap(), "nothing changed since");
    let talk = thread::spawn(move || echo(&mut client, false));
    echo(&mut server, true).expect("the connection itself lives on");
    talk.join().unwrap().unwrap();
    assert_eq!(
        listener.trust.check(&certificate, Utc::now()),
        Err(CertificateProblem::Revoked)
    );
}

#[test]
fn a_request_is_refused_outside_the_validity() {
    let listener = Listener::new();
    let issued = listener.exchange.state("TX");
    let certificate = ClientCertificate::from_pem(issued.0.certificate_pem.as_bytes()).unwrap();
    let second = TimeDelta::seconds(1);
    let check = |now| listener.trust.check(&certificate, now);
    // The list in force ends before the certificate, and an overdue list hides revocations.
    let list_end = listener.trust.lists_due().unwrap();
    check(list_end - second).unwrap();
    assert_eq!(check(list_end), Err(CertificateProblem::RevocationUnknown));
    assert_eq!(
        check(certificate.not_before - second),
        Err(CertificateProblem::NotYetValid)
    );

    listener
        .exchange
        .authority
        .crl(listener.exchange.now, certificate.not_after + YEAR)
        .unwrap();
    assert!(listener.trust.refresh().unwrap());
    check(certificate.not_before).unwrap();
    check(certificate.not_after).unwrap();
    assert_eq!(
        check(certificate.not_after + second),
        Err(CertificateProblem::Expired)
    );
}

#[test]
fn an_overdue_list_refuses_the_handshake() {
    let exchange = Exchange::new("Exchange CA");
    let issued = exchange.state("TX");
    exchange
        .authority
        .crl(
            exchange.now - TimeDelta::days(9),
            exchange.now - TimeDelta::days(1),
        )
        .unwrap();
    let listener = Listener::of(exchange);
    let client = listener.client(Some(identity(&issued)));
    let refusal = listener.connect(&client).unwrap_err();
    assert!(refusal.to_lowercase().contains("revocation list"), "{refusal}");

    assert!(listener.exchange.authority.renew_crl_if_due(Utc::now()).unwrap());
    assert!(!listener.exchange.authority.renew_crl_if_due(Utc::now()).unwrap());
    listener.trust.refresh().unwrap();
    listener.connect(&client).unwrap();
}

#[test]
fn a_failed_reload_keeps_what_was_in_force() {
    let listener = Listener::new();
    let exchange = &listener.exchange;
    let list = exchange.folder.path().join("crl.pem");
    let first = std::fs::read(&list).unwrap();
    let (good, bad) = (exchange.state("TX"), exchange.state("TX"));
    exchange
        .authority
        .revoke(&bad.0.record.serial, RevocationReason::Unspecified, exchange.now)
        .unwrap();
    listener.trust.refresh().unwrap();

    let other = Exchange::new("Exchange CA");
    let foreign = std::fs::read(other.folder.path().join("crl.pem")).unwrap();
    let broken: [&[u8]; 4] = [b"", b"garbage", &foreign, &first];
    for content in broken {
        pki::write_public(&list, content).unwrap();
        assert!(matches!(
            listener.trust.refresh(),
            Err(PkiError::RevocationList(_))
        ));
        listener.trust.refresh().expect_err("the next call tries again");
        listener.connect(&listener.client(Some(identity(&good)))).unwrap();
        listener
            .connect(&listener.client(Some(identity(&bad))))
            .unwrap_err();
    }
    std::fs::remove_file(&list).unwrap();
    assert!(matches!(listener.trust.refresh(), Err(PkiError::File { .. })));

    exchange
        .authority
        .revoke(&good.0.record.serial, RevocationReason::Unspecified, exchange.now)
        .unwrap();
    assert!(listener.trust.refresh().unwrap());
    listener
        .connect(&listener.client(Some(identity(&good))))
        .unwrap_err();
}

#[test]
fn a_server_certificate_is_no_client_certificate_and_the_reverse() {
    let listener = Listener::new();
    let exchange = &listener.exchange;
    let server = exchange
        .authority
        .issue_server(&["localhost"], YEAR, exchange.now)
        .unwrap();
    let refusal = listener
        .connect(&listener.client(Some(identity(&server))))
        .unwrap_err();
    assert!(
        refusal.contains("extended key usage for client authentication"),
        "{refusal}"
    );
    let parsed = ClientCertificate::from_pem(server.0.certificate_pem.as_bytes()).unwrap();
    assert_eq!(
        listener.trust.check(&parsed, Utc::now()),
        Err(CertificateProblem::NotForClients)
    );

    let state = exchange.state("TX");
    let posing = Arc::new(server_config(identity(&state), None).unwrap());
    let (_, client) = connect(&posing, &listener.client(None));
    assert!(client.unwrap_err().contains("invalid peer certificate"));
}

#[test]
fn a_key_from_a_signing_request_connects() {
    let listener = Listener::new();
    let exchange = &listener.exchange;
    let key = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
    let mut request = X509Req::builder().unwrap();
    request.set_pubkey(&key).unwrap();
    request
        .sign(&key, openssl::hash::MessageDigest::sha256())
        .unwrap();
    let request = request.build().to_pem().unwrap();
    let issued = exchange
        .authority
        .sign_csr(&request, "WA", "msis", YEAR, exchange.now)
        .unwrap();
    let key = key.private_key_to_pem_pkcs8().unwrap();
    let identity = Identity::from_pem(issued.certificate_pem.as_bytes(), &key).unwrap();
    assert_eq!(listener.connect(&listener.client(Some(identity))).unwrap(), "WA");
}

#[test]
fn sessions_are_never_resumed_and_suites_are_authenticated() {
    let listener = Listener::new();
    let state = listener.exchange.state("TX");
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let identity = identity(&state);
        let client = Arc::new(client_of_version(&listener, identity, version));
        for _ in 0..2 {
            let (server, client) = connect(&listener.server, &client);
            let (server, _) = (server.unwrap(), client.unwrap());
            assert_eq!(server.conn.protocol_version(), Some(version.version));
            assert_eq!(server.conn.handshake_kind(), Some(HandshakeKind::Full));
        }
    }
    for suite in &listener.server.crypto_provider().cipher_suites {
        let name = format!("{:?}", suite.suite());
        assert!(
            name.contains("GCM") || name.contains("CHACHA20_POLY1305"),
            "{name}"
        );
    }
    assert_eq!(
        listener.server.alpn_protocols,
        [b"h2".to_vec(), b"http/1.1".to_vec()]
    );
}

fn client_of_version(
    listener: &Listener,
    identity: Identity,
    version: &'static rustls::SupportedProtocolVersion,
) -> ClientConfig {
    // Only the version differs from what `client_config` makes, so its parts are taken from there.
    let made = client_config(
        listener.exchange.authority.certificate_pem().as_bytes(),
        Some(identity),
    )
    .unwrap();
    let mut roots = rustls::RootCertStore::empty();
    let ca = pki::read_certificates(listener.exchange.authority.certificate_pem().as_bytes()).unwrap();
    roots.add_parsable_certificates(ca);
    ClientConfig::builder_with_provider(Arc::clone(made.crypto_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_client_cert_resolver(made.client_auth_cert_resolver)
}

#[test]
fn a_second_authority_takes_over_live() {
    let listener = Listener::new();
    let successor = Exchange::new("Exchange CA 2");
    let new = successor.state("TX");
    let with_new = listener.client(Some(identity(&new)));
    listener.connect(&with_new).unwrap_err();

    let folder = listener.exchange.folder.path();
    for file in ["ca.pem", "crl.pem"] {
        let both = [folder, successor.folder.path()]
            .map(|f| std::fs::read_to_string(f.join(file)).unwrap())
            .concat();
        pki::write_public(&folder.join(file), both.as_bytes()).unwrap();
    }
    assert!(listener.trust.refresh().unwrap());
    listener.connect(&with_new).unwrap();
    let old = listener.exchange.state("TX");
    listener.connect(&listener.client(Some(identity(&old)))).unwrap();

    let parsed = ClientCertificate::from_pem(old.0.certificate_pem.as_bytes()).unwrap();
    listener.trust.check(&parsed, Utc::now()).unwrap();
    for file in ["ca.pem", "crl.pem"] {
        let one = std::fs::read(successor.folder.path().join(file)).unwrap();
        pki::write_public(&folder.join(file), &one).unwrap();
    }
    assert!(listener.trust.refresh().unwrap());
    assert_eq!(
        listener.trust.check(&parsed, Utc::now()),
        Err(CertificateProblem::NotOurs)
    );
}

#[test]
fn two_authorities_of_one_name_are_refused() {
    let (one, other) = (Exchange::new("Exchange CA"), Exchange::new("Exchange CA"));
    let ca = [&one, &other]
        .map(|e| e.authority.certificate_pem().to_owned())
        .concat();
    pki::write_public(&one.folder.path().join("ca.pem"), ca.as_bytes()).unwrap();
    assert!(matches!(
        TrustStore::open(one.folder.path()),
        Err(PkiError::SameName(_))
    ));
}
