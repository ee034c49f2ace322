//! E-mail: of what so many wait and where, and nothing of a child. Off unless the hub has a server to hand it to.

use std::fmt;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::extension::ClientId;
use lettre::{Message, SmtpTransport, Transport as _};
use reqwest::Url;
use ring::digest::{SHA256, digest};
use store::Pool;
use store::deliveries::{self, Attempt, Verdict};
use store::mail::{self, Letter};

use crate::error::Error;
use crate::letter::words;
use crate::schedule::Schedule;
use crate::sender::Outside;
use crate::tls;

/// How often it is looked for what is due.
const LOOK: Duration = Duration::from_secs(1);
/// The longest pause while the server is away.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
/// How long a server may take for each step of taking a letter.
const ANSWER: Duration = Duration::from_secs(20);
/// After this, a letter that was taken from the outbox is taken for left behind: longer than the server may take.
const LEASE: TimeDelta = TimeDelta::minutes(5);

/// Writes letters and hands them to a server.
pub struct Mailer {
    pool: Pool,
    transport: SmtpTransport,
    from: Mailbox,
    /// The hub's address for people, without a slash at its end.
    portal: String,
    outside: Outside,
    schedule: Schedule,
}

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailer")
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}

/// Why a letter was not taken.
#[derive(Debug)]
enum Refusal {
    /// The server cannot be reached, or takes nothing from this hub: no letter is to blame.
    Away(String),
    /// It does not want this letter.
    Letter(String),
}

impl Mailer {
    /// A mailer that hands letters to `server` (`smtps://user:password@host`, or `smtp://host:587?tls=required`), as
    /// coming from `from` (`Mariposa <hub@example.org>`), with links below `portal` (`https://hub.example.org`).
    pub fn new(pool: Pool, server: &str, from: &str, portal: &str, outside: Outside) -> Result<Self, Error> {
        let setup = |error: &dyn fmt::Display| Error::Mail(error.to_string());
        let from: Mailbox = from.parse().map_err(|error| setup(&error))?;
        let address = Url::parse(server).map_err(|error| setup(&error))?;
        let encrypted = address.scheme() == "smtps" || address.query() == Some("tls=required");
        if address.password().is_some() && !encrypted {
            return Err(setup(
                &"the password would be sent in the open; write smtps:// or add ?tls=required",
            ));
        }
        let mut builder = SmtpTransport::from_url(server)
            .map_err(|error| setup(&error))?
            .timeout(Some(ANSWER));
        if address.path().len() <= 1 {
            builder = builder.hello_name(ClientId::Domain(from.email.domain().to_owned()));
        }
        Ok(Self {
            pool,
            transport: builder.build(),
            from,
            portal: portal.trim_end_matches('/').to_owned(),
            outside,
            schedule: Schedule::default(),
        })
    }

    /// Mails until it is told to stop; in a thread of its own. While the server is away nothing is lost: what waits stays
    /// in the outbox, and no attempt is counted.
    pub fn run(&self) {
        let mut pause = LOOK;
        while !self.stopping() {
            match self.one() {
                Ok(Some(true)) => pause = LOOK,
                Ok(None) => self.wait(LOOK),
                Ok(Some(false)) => {
                    self.wait(pause);
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                Err(error) => {
                    if pause == LOOK {
                        tracing::warn!(%error, "e-mail cannot be taken from the outbox; trying again");
                    }
                    self.wait(pause);
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    fn stopping(&self) -> bool {
        self.outside.stop.load(Ordering::Relaxed)
    }

    fn wait(&self, time: Duration) {
        let end = Instant::now() + time;
        while !self.stopping() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Sends what is due for one account. `None` if nothing was; `false` if the server is away.
    fn one(&self) -> store::Result<Option<bool>> {
        let connection = &mut *store::connection(&self.pool)?;
        let now = (self.outside.clock)();
        let Some(letter) = mail::take(connection, now, now + LEASE)? else {
            return Ok(None);
        };
        let started = Instant::now();
        let refusal = self.send(&letter).err();
        let (at, millis) = ((self.outside.clock)(), started.elapsed().as_millis());
        let outcome = match &refusal {
            None => "taken by the mail server".to_owned(),
            Some(Refusal::Letter(why)) => format!("not taken by the mail server: {why}"),
            Some(Refusal::Away(why)) => {
                tracing::warn!(why, "the mail server takes nothing; what waits is mailed later");
                mail::put_back(connection, &letter, at)?;
                return Ok(Some(false));
            }
        };
        if refusal.is_some() {
            tracing::warn!(
                account = letter.account_id,
                outcome,
                "an e-mail is tried again later"
            );
        }
        let attempt = |told: &mail::Told| Attempt {
            webhook_id: told.webhook_id,
            attempts: told.attempts,
            at,
            millis: i32::try_from(millis).unwrap_or(i32::MAX),
            outcome: outcome.clone(),
            verdict: if refusal.is_none() {
                Verdict::Delivered
            } else {
                // All of a letter come back together.
                let next = self.schedule.next(told.attempts, told.queued_at, at, None, 1.0);
                next.map_or(Verdict::Dead, Verdict::Again)
            },
        };
        let attempts: Vec<Attempt> = letter.events.iter().map(attempt).collect();
        deliveries::settle(connection, &attempts)?;
        Ok(Some(true))
    }

    /// Hands a letter to the server. No reason names an address.
    fn send(&self, letter: &Letter) -> Result<(), Refusal> {
        let to: Mailbox = letter.address.parse().map_err(|_| {
            Refusal::Letter("the address of the account is none that mail can be sent to".to_owned())
        })?;
        let (subject, body) = words(letter, &self.portal);
        let message = Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(subject)
            .date((self.outside.clock)().into())
            .message_id(Some(self.message_id(letter)))
            .header(ContentType::TEXT_PLAIN)
            .body(body)
            .map_err(|error| Refusal::Letter(error.to_string()))?;
        let Err(error) = self.transport.send(&message) else {
            return Ok(());
        };
        Err(match error.status().map(u16::from) {
            // 530 to 538 (RFC 4954) are about the hub's password, not about the letter.
            Some(code) if code / 10 == 53 => Refusal::Away(format!("it refuses the hub ({code})")),
            Some(421) => Refusal::Away("it is closing (421)".to_owned()),
            Some(code) => Refusal::Letter(format!("it answered {code}")),
            None if error.is_timeout() => Refusal::Away("it does not answer in time".to_owned()),
            // Where the whole connection is TLS, the library speaks of the connection.
            None if error.is_tls() || tls::fault(&error).is_some() => {
                Refusal::Away("its certificate or its TLS is not accepted".to_owned())
            }
            None => Refusal::Away("it cannot be reached".to_owned()),
        })
    }

    /// The same for the same letter, so that one that arrives twice can be told by it.
    fn message_id(&self, letter: &Letter) -> String {
        let mut ids: Vec<_> = letter.events.iter().map(|told| told.webhook_id).collect();
        ids.sort_unstable();
        let bytes: Vec<u8> = ids.iter().flat_map(|id| *id.as_bytes()).collect();
        let name = URL_SAFE_NO_PAD.encode(digest(&SHA256, &bytes));
        format!("<{name}@{}>", self.from.email.domain())
    }
}
