//! The configuration: a TOML file, with a default for everything. Only this crate reads it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use export::papers::CheckPage;
use serde::Deserialize;

/// The configuration of a hub. Unknown keys are refused, so that a typing error is told.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    /// Where the hub keeps its private PostgreSQL, its spool and its certificates.
    pub(crate) data_dir: PathBuf,
    /// A PostgreSQL to use instead of the private one, as a libpq URI.
    pub(crate) database_url: Option<String>,
    /// Where states' systems connect (mutual TLS).
    pub(crate) exchange: SocketAddr,
    /// Where people connect.
    pub(crate) portal: SocketAddr,
    /// Health and metrics; a loopback address.
    pub(crate) operator: SocketAddr,
    /// Where people reach the portal from anywhere, `https://hub.example.org`; papers then have a code that leads to the
    /// page where they are checked.
    pub(crate) public_address: Option<String>,
    /// Whether all children here are made up, so that people can train; every page says so then.
    pub(crate) training: bool,
    /// Whom people ask for help, as a sentence; the pages show it.
    pub(crate) help_contact: String,
    /// Names and addresses under which the hub is reached, for the certificate that it makes for itself.
    pub(crate) server_names: Vec<String>,
    /// Certificate chain and key of the portal, when it has one that browsers know.
    pub(crate) portal_certificate: Option<Pair>,
    /// A folder of mapping profiles beside the shipped ones.
    pub(crate) profiles: Option<PathBuf>,
    /// Connections to the database for requests.
    pub(crate) connections: u32,
    /// Threads of each listener.
    pub(crate) workers: usize,
    /// Largest upload as sent, in bytes.
    pub(crate) upload_bytes: u64,
    /// Largest content of an upload once decompressed, in bytes.
    pub(crate) content_bytes: u64,
    /// After how many days the weights of linking are learned anew and proposed; 0 for never.
    pub(crate) refit_days: u32,
    /// After how many days a child that left a state and came to none is asked about; 0 for never.
    pub(crate) missed_days: u32,
    /// How many working days before its last day a state is told of what is due and not done.
    pub(crate) warning_days: u32,
    /// How much of the hub one state may use for its uploads.
    pub(crate) quota: Quota,
    /// Working days after which an item of a worklist goes up: district, region, state, arbiter.
    pub(crate) escalation: linking::review::Policy,
    /// How states are told of what happened.
    pub(crate) webhooks: Webhooks,
    /// How people get e-mail; without a server they get none.
    pub(crate) mail: Option<Mail>,
    /// Limits of duties where this hub reads the regulation otherwise.
    pub(crate) deadlines: notices::Limits,
}

/// How much of the hub one state may use for its uploads.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Quota {
    /// Uploads in pieces that are open at once.
    pub(crate) open_uploads: u64,
    /// Bytes of open uploads and of batches that are not loaded yet.
    pub(crate) bytes_held: u64,
    /// Batches within 24 hours, with the uploads that are open.
    pub(crate) uploads_per_day: u64,
    /// Hours after its last piece for which an upload in pieces is kept.
    pub(crate) keep_open_hours: u64,
}

impl Default for Quota {
    fn default() -> Self {
        let quota = api::Quota::default();
        Self {
            open_uploads: quota.open_uploads,
            bytes_held: quota.bytes_held,
            uploads_per_day: quota.uploads_per_day,
            keep_open_hours: quota.keep_open.as_secs() / 3_600,
        }
    }
}

/// How states are told of what happened.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Webhooks {
    /// Whether a webhook may have a private address: for trials, and where states and hub share a network.
    pub(crate) allow_private: bool,
    /// Authorities, as a PEM file, whose receivers are trusted beside those that the machine and the exchange trust.
    pub(crate) trust: Option<PathBuf>,
    /// What the hub shows to receivers that ask for a certificate, instead of one of the exchange.
    pub(crate) certificate: Option<Pair>,
}

/// Where e-mail is handed to. Links in it need a `public_address`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mail {
    /// `smtps://user:password@host`, or `smtp://host:587?tls=required`.
    pub(crate) server: String,
    /// From whom it comes: `Mariposa <hub@example.org>`.
    pub(crate) from: String,
}

/// A certificate chain and its key, as PEM files.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pair {
    /// The chain.
    pub(crate) chain: PathBuf,
    /// The key.
    pub(crate) key: PathBuf,
}

impl Default for Config {
    fn default() -> Self {
        let limits = api::Limits::default();
        Self {
            data_dir: default_data_dir(),
            database_url: None,
            exchange: SocketAddr::from(([0, 0, 0, 0], 8443)),
            portal: SocketAddr::from(([0, 0, 0, 0], 8444)),
            operator: SocketAddr::from(([127, 0, 0, 1], 8445)),
            public_address: None,
            training: false,
            help_contact: String::new(),
            server_names: vec!["localhost".to_owned(), "127.0.0.1".to_owned()],
            portal_certificate: None,
            profiles: None,
            connections: 8,
            workers: 2,
            upload_bytes: limits.upload_bytes,
            content_bytes: limits.content.decompressed_bytes,
            refit_days: 30,
            missed_days: 30,
            warning_days: 2,
            quota: Quota::default(),
            escalation: linking::review::Policy::default(),
            webhooks: Webhooks::default(),
            mail: None,
            deadlines: notices::Limits::default(),
        }
    }
}

impl Config {
    /// Reads a configuration file.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("failed to read {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("{} is not a configuration", path.display()))
    }

    /// The bounds that the listeners keep.
    pub(crate) fn limits(&self) -> api::Limits {
        let mut limits = api::Limits {
            upload_bytes: self.upload_bytes,
            private_webhooks: self.webhooks.allow_private,
            quota: api::Quota {
                open_uploads: self.quota.open_uploads,
                bytes_held: self.quota.bytes_held,
                uploads_per_day: self.quota.uploads_per_day,
                keep_open: Duration::from_hours(self.quota.keep_open_hours),
            },
            ..api::Limits::default()
        };
        limits.content.decompressed_bytes = self.content_bytes;
        limits
    }

    /// The page where printed papers are checked, if the hub has a public address.
    pub(crate) fn check_page(&self) -> Result<Option<CheckPage>> {
        let page = self.public_address.as_deref().map(CheckPage::of_hub).transpose();
        page.context("public_address cannot be used")
    }

    /// Folder of the private CA and of the server's certificate.
    pub(crate) fn pki_dir(&self) -> PathBuf {
        self.data_dir.join("pki")
    }

    /// Folder of the private PostgreSQL.
    pub(crate) fn postgres_dir(&self) -> PathBuf {
        self.data_dir.join("postgres")
    }

    /// Folder of received files.
    pub(crate) fn spool_dir(&self) -> PathBuf {
        self.data_dir.join("spool")
    }
}

/// `/var/lib/mariposa` as root, the user's data folder otherwise.
pub(crate) fn default_data_dir() -> PathBuf {
    if nix::unistd::geteuid().is_root() {
        return PathBuf::from("/var/lib/mariposa");
    }
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    std::env::var_os("XDG_DATA_HOME")
        .map_or_else(|| home.join(".local/share"), PathBuf::from)
        .join("mariposa")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_default_is_the_default() {
        let shipped: Config = toml::from_str(include_str!("../../../config/mariposa.toml")).unwrap();
        let default = Config::default();
        assert_eq!(shipped.exchange, default.exchange);
        assert_eq!(
            (shipped.upload_bytes, shipped.content_bytes),
            (default.upload_bytes, default.content_bytes)
        );
        assert_eq!(
            (shipped.connections, shipped.workers),
            (default.connections, default.workers)
        );
        assert_eq!(shipped.refit_days, default.refit_days);
        assert_eq!(shipped.missed_days, default.missed_days);
        assert_eq!(shipped.warning_days, default.warning_days);
        assert_eq!(
            (shipped.training, &shipped.help_contact),
            (default.training, &default.help_contact)
        );
        assert_eq!(shipped.quota, default.quota);
        assert_eq!(shipped.escalation, default.escalation);
        assert_eq!(shipped.deadlines, default.deadlines);
        assert_eq!(shipped.webhooks, default.webhooks);
        assert_eq!(shipped.mail, default.mail);
        let other: Config = toml::from_str("[deadlines]\nnew_certificate = { calendar_days = 14 }").unwrap();
        let limit = other.deadlines.of(notices::Duty::NewCertificate);
        assert_eq!(limit, notices::Limit::CalendarDays(14));
        assert!(default.check_page().unwrap().is_none());
        let public: Config = toml::from_str("public_address = \"https://hub.example.org\"").unwrap();
        assert!(public.check_page().unwrap().is_some());
        let wrong: Config = toml::from_str("public_address = \"hub.example.org\"").unwrap();
        assert!(wrong.check_page().is_err());
        assert!(toml::from_str::<Config>("data_dirr = \"x\"").is_err());
    }
}
