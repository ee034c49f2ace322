//! A hub as a test needs it: the exchange and the operator's port on ports of their own, a database of its own, an
//! authority of its own.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::web::Data;
use api::{AppState, Clock, Db, Limits, Parts};
use chrono::{TimeDelta, Utc};
use ingest::{Profiles, Spool};
use linking::Model;
use linking::driver::Linker;
use mde::StateCode;
use pki::{Authority, ClientCertificate, Identity, RevocationReason, TrustStore};
use reqwest::blocking::{Client, RequestBuilder, Response};
use rustls::{ClientConnection, StreamOwned};
use serde_json::Value;
use store::Pool;
use store::participants;
use tempfile::TempDir;
use testkit::TestDb;

const YEAR: TimeDelta = TimeDelta::days(365);

/// A running hub.
pub(crate) struct Hub {
    pub(crate) exchange: SocketAddr,
    pub(crate) operator: SocketAddr,
    pub(crate) authority: Authority,
    pub(crate) pool: Pool,
    pub(crate) state: Data<AppState>,
    server: Option<(JoinHandle<()>, Vec<ServerHandle>)>,
    folder: TempDir,
    _db: Option<TestDb>,
}

/// A state's system: a client that shows a certificate.
pub(crate) struct System {
    client: Client,
    base: String,
    pub(crate) fingerprint: String,
    pub(crate) serial: String,
}

impl Hub {
    pub(crate) fn start() -> Self {
        Self::with_limits(Limits::default())
    }

    pub(crate) fn with_limits(limits: Limits) -> Self {
        let db = TestDb::from_template("store", store::migrate).expect("a database");
        let url = db.url().to_owned();
        Self::on(&url, Some(db), limits)
    }

    /// On a database that is migrated.
    pub(crate) fn on(url: &str, db: Option<TestDb>, limits: Limits) -> Self {
        pki::install_provider();
        let folder = tempfile::tempdir().expect("a folder");
        let authority = Authority::init(&folder.path().join("ca"), "Test exchange", Utc::now(), YEAR)
            .expect("an authority");
        let (certificate, key) = authority
            .issue_server(&["localhost", "127.0.0.1"], TimeDelta::days(90), Utc::now())
            .expect("a certificate");
        let identity = Identity::from_pem(certificate.certificate_pem.as_bytes(), key.pem().as_bytes())
            .expect("an identity");
        let pool = store::pool(url, 4, Duration::from_secs(30));
        let state = Data::new(AppState::new(Parts {
            db: Db::new(store::pool(url, 4, Duration::from_secs(30))),
            spool: Arc::new(Spool::open(folder.path().join("spool")).expect("a spool")),
            profiles: Arc::new(Profiles::shipped()),
            trust: Arc::new(TrustStore::open(&folder.path().join("ca")).expect("trust")),
            clock: Clock::system(),
            random: testkit::random(),
            limits,
            check_page: None,
        }));
        let bind = || TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let (exchange, operator) = (bind(), bind());
        let addresses = (
            exchange.local_addr().expect("address"),
            operator.local_addr().expect("address"),
        );
        let (started, handles) = mpsc::channel();
        let shared = state.clone();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let exchange =
                    api::exchange::server(shared.clone(), exchange, identity, 2).expect("the exchange");
                let operator = api::ops::server(shared, operator).expect("the operator's port");
                started
                    .send(vec![exchange.handle(), operator.handle()])
                    .expect("the test waits");
                let (exchange, operator) = futures_util::future::join(exchange, operator).await;
                exchange.and(operator).expect("both end well");
            });
        });
        let handles = handles.recv().expect("the server starts");
        Self {
            exchange: addresses.0,
            operator: addresses.1,
            authority,
            pool,
            state,
            server: Some((thread, handles)),
            folder,
            _db: db,
        }
    }

    pub(crate) fn connection(&self) -> store::Connection {
        store::db::connection(&self.pool).expect("a connection")
    }

    /// A system of a state with a certificate that is not registered.
    pub(crate) fn stranger(&self, state: &str) -> System {
        self.stranger_speaking(state, &[])
    }

    /// The same, which offers these protocols (ALPN) instead of none.
    pub(crate) fn stranger_speaking(&self, state: &str, protocols: &[&str]) -> System {
        let (issued, key) = self
            .authority
            .issue_state(state, "nightly", YEAR / 2, Utc::now())
            .expect("a certificate");
        let identity =
            Identity::from_pem(issued.certificate_pem.as_bytes(), key.pem().as_bytes()).expect("an identity");
        let certificate =
            ClientCertificate::from_pem(issued.certificate_pem.as_bytes()).expect("a certificate");
        System {
            client: speaking(self.authority.certificate_pem(), Some(identity), protocols),
            base: format!("https://localhost:{}", self.exchange.port()),
            fingerprint: certificate.fingerprint_sha256,
            serial: certificate.serial,
        }
    }

    /// A system of a state whose certificate is registered.
    pub(crate) fn system(&self, state: &str) -> System {
        let system = self.stranger(state);
        self.register(&system.fingerprint, state);
        system
    }

    /// Registers a certificate for a state.
    pub(crate) fn register(&self, fingerprint: &str, state: &str) {
        let mut connection = self.connection();
        participants::register(&mut connection, code(state), Utc::now()).expect("a state");
        let new = participants::Certificate {
            fingerprint: fingerprint.to_owned(),
            state: state.to_owned(),
            serial: String::new(),
            subject: String::new(),
            not_before: Utc::now(),
            not_after: Utc::now() + YEAR,
            registered_at: Utc::now(),
            revoked_at: None,
        };
        participants::register_certificate(&mut connection, &new).expect("registered");
    }

    /// Revokes a certificate at the authority and lets the hub see it, as its reloading task does.
    pub(crate) fn revoke_at_authority(&self, system: &System) {
        self.authority
            .revoke(&system.serial, RevocationReason::KeyCompromise, Utc::now())
            .expect("revoked");
        assert!(self.state.trust.refresh().expect("reloaded"));
    }

    /// Does what the worker does: loads a batch and links.
    pub(crate) fn work(&self, batch_id: i64) {
        let limits = formats::Limits::default();
        ingest::run(
            &self.pool,
            &self.state.spool,
            &self.state.profiles,
            limits,
            batch_id,
            &|| true,
            &Utc::now,
        )
        .expect("loaded");
        let mut connection = self.connection();
        let mut linker = Linker::open(&mut connection, Model::default_fixed()).expect("a linker");
        linker.run(&mut connection, &|| true, &Utc::now).expect("linked");
    }

    /// Uploads students as a full batch and does the work. Gives the number of the batch.
    pub(crate) fn load(&self, system: &System, document: &str) -> i64 {
        let receipt = system.upload(document);
        assert_eq!(receipt.status(), 202, "{:?}", receipt.text());
        let receipt: Value = receipt.json().expect("a receipt");
        let batch_id = receipt["batch_id"].as_i64().expect("a number");
        self.work(batch_id);
        batch_id
    }

    /// A bare TLS connection of a state whose certificate is registered.
    pub(crate) fn socket(&self, state: &str) -> StreamOwned<ClientConnection, TcpStream> {
        let (issued, key) = self
            .authority
            .issue_state(state, "bare", YEAR / 2, Utc::now())
            .expect("a certificate");
        let certificate =
            ClientCertificate::from_pem(issued.certificate_pem.as_bytes()).expect("a certificate");
        self.register(&certificate.fingerprint_sha256, state);
        let identity =
            Identity::from_pem(issued.certificate_pem.as_bytes(), key.pem().as_bytes()).expect("an identity");
        let tls = pki::client_config(self.authority.certificate_pem().as_bytes(), Some(identity));
        let name = "localhost".try_into().expect("a name");
        let session = ClientConnection::new(Arc::new(tls.expect("settings")), name).expect("a session");
        StreamOwned::new(session, TcpStream::connect(self.exchange).expect("connected"))
    }

    /// Files in the spool.
    pub(crate) fn spooled(&self) -> usize {
        std::fs::read_dir(self.folder.path().join("spool"))
            .expect("a spool")
            .count()
    }

    /// A page of the operator's port.
    pub(crate) fn operator(&self, path: &str) -> (u16, String) {
        let url = format!("http://{}{path}", self.operator);
        let response = reqwest::blocking::get(url).expect("an answer");
        (response.status().as_u16(), response.text().expect("a text"))
    }

    /// Disclosures of one kind so far.
    pub(crate) fn disclosures(&self, category: &str) -> i64 {
        use diesel::RunQueryDsl as _;
        #[derive(diesel::QueryableByName)]
        struct Count {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            n: i64,
        }
        let row: Count = diesel::sql_query("select count(*) as n from disclosure where $1 = any(categories)")
            .bind::<diesel::sql_types::Text, _>(category)
            .get_result(&mut self.connection())
            .expect("a count");
        row.n
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        if let Some((thread, handles)) = self.server.take() {
            for handle in handles {
                drop(handle.stop(false));
            }
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking(), "the server panicked");
        }
    }
}

impl System {
    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("{}{path}", self.base))
    }

    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(format!("{}{path}", self.base))
    }

    pub(crate) fn call(&self, method: reqwest::Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base))
    }

    /// A read about children, with purpose and user.
    pub(crate) fn read(&self, path: &str) -> RequestBuilder {
        self.get(path)
            .header("Purpose", "enroll")
            .header("On-Behalf-Of", "counselor-17")
    }

    pub(crate) fn upload(&self, document: &str) -> Response {
        self.post("/v1/batches")
            .body(document.to_owned())
            .send()
            .expect("an answer")
    }
}

/// A client that trusts an authority, on connections that it keeps.
pub(crate) fn client(ca_pem: &str, identity: Option<Identity>) -> Client {
    speaking(ca_pem, identity, &[])
}

fn speaking(ca_pem: &str, identity: Option<Identity>, protocols: &[&str]) -> Client {
    let mut tls = pki::client_config(ca_pem.as_bytes(), identity).expect("settings");
    tls.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    Client::builder()
        .tls_backend_preconfigured(tls)
        .timeout(Duration::from_secs(30))
        .build()
        .expect("a client")
}

pub(crate) fn code(state: &str) -> StateCode {
    StateCode::new(state).expect("a state")
}

/// A problem, whose form is checked.
pub(crate) fn problem(response: Response, status: u16, code: &str) -> Value {
    assert_eq!(response.status(), status, "{:?}", response.text());
    let kind = response.headers()["content-type"]
        .to_str()
        .expect("text")
        .to_owned();
    let id = response.headers()["x-request-id"]
        .to_str()
        .expect("text")
        .to_owned();
    assert_eq!(kind, "application/problem+json");
    let body: Value = response.json().expect("JSON");
    assert_eq!(body["type"], format!("urn:mariposa:problem:{code}"), "{body}");
    assert_eq!(body["status"], status);
    assert_eq!(body["instance"], format!("urn:mariposa:request:{id}"));
    for member in ["title", "detail", "retry"] {
        assert!(
            body[member].as_str().is_some_and(|text| !text.is_empty()),
            "{member}: {body}"
        );
    }
    body
}

/// One student as XML.
pub(crate) fn student(id: &str, last: (&str, &str), first: &str, born: &str) -> String {
    format!(
        "<Student action=\"insert\"><StateStudentIdentificationNumber>{id}</StateStudentIdentificationNumber>\
         <LastName1>{}</LastName1><LastName2>{}</LastName2><FirstName>{first}</FirstName><Gender>Female</Gender>\
         <BirthDate>{born}</BirthDate><BirthCity>Morelia</BirthCity><BirthCountry>MX</BirthCountry>\
         <Parent1LastName>{}</Parent1LastName><Parent1FirstName>Refugio</Parent1FirstName>\
         <Parent2LastName>Solorio</Parent2LastName><Parent2FirstName>Eulalia</Parent2FirstName>\
         <Enrollment><EnrollmentDate>2025-08-18</EnrollmentDate><GradeLevel>07</GradeLevel>\
         <EnrollmentType>01</EnrollmentType></Enrollment></Student>",
        last.0, last.1, last.0
    )
}

/// A full upload of a state as XML.
pub(crate) fn upload(state: &str, as_of: &str, students: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<MariposaUpload xmlns=\"urn:mariposa:upload:1\" codeSet=\"2022\">\
         <Header><SubmittingState>{state}</SubmittingState><AsOf>{as_of}</AsOf><Kind>full</Kind></Header>\
         <Students>{students}</Students></MariposaUpload>"
    )
}

/// The instant of the first uploads.
pub(crate) const AS_OF: &str = "2026-04-01T02:00:00Z";
