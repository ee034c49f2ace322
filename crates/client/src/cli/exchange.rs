//! What every command that calls the hub is told: where it is, and who calls.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use clap::Args;
use formats::{BatchKind, Limits, Options, Profile};
use mde::StateCode;

use super::console::Console;
use crate::certificate::{Certificate, Whose};
use crate::connection::{Connection, Observer as _};
use crate::error::Error;
use crate::upload::UploadOptions;

/// The hub, and as whom it is called. What is left out is asked for when it is needed.
#[derive(Debug, Clone, Default, Args)]
pub struct ExchangeArgs {
    /// Address of the hub's exchange, https://NAME:PORT
    #[arg(long, env = "MARIPOSA_HUB", value_name = "URL")]
    pub hub: Option<String>,
    /// The state's certificate
    #[arg(long, env = "MARIPOSA_CERT", value_name = "PEM")]
    pub cert: Option<PathBuf>,
    /// Its private key
    #[arg(long, env = "MARIPOSA_KEY", value_name = "PEM")]
    pub key: Option<PathBuf>,
    /// The exchange's own authority, the only one that is trusted
    #[arg(long, env = "MARIPOSA_CA", value_name = "PEM")]
    pub ca: Option<PathBuf>,
    /// Where to note what the hub holds in part [default: the user's folder for programs' state]
    #[arg(long, env = "MARIPOSA_STATE_DIR", value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
}

impl ExchangeArgs {
    /// The hub's address, before the path of a page.
    pub(super) fn pages(&self) -> &str {
        self.hub.as_deref().unwrap_or_default().trim_end_matches('/')
    }

    /// Where unfinished uploads are noted.
    pub(super) fn state_folder(&self) -> Option<PathBuf> {
        self.state_dir.clone().or_else(state_folder)
    }

    /// Prepares calls to the hub and warns of certificates that end soon.
    pub(super) fn connection(&self, console: &Arc<Console>) -> Result<Connection, Error> {
        let hub = given(self.hub.as_ref(), "hub")?;
        let read = |path: Option<&PathBuf>, name| {
            let path = given(path, name)?;
            std::fs::read(path).map_err(|error| Error::file(path, error))
        };
        let (cert, key) = (read(self.cert.as_ref(), "cert")?, read(self.key.as_ref(), "key")?);
        let ca = read(self.ca.as_ref(), "ca")?;
        let mut connection =
            Connection::new(hub, &ca, &cert, &key)?.observed_by(Arc::clone(console) as Arc<_>);
        for (whose, pem) in [(Whose::Own, &cert), (Whose::Authority, &ca)] {
            // What cannot be read here was refused above, or is judged by the hub.
            for certificate in Certificate::all_of(pem).unwrap_or_default() {
                console.certificate(whose, &certificate);
            }
        }
        if let Some(folder) = self.state_folder() {
            connection = connection.remembering_in(folder);
        }
        Ok(connection)
    }
}

fn given<'a, T>(value: Option<&'a T>, name: &str) -> Result<&'a T, Error> {
    value.ok_or_else(|| {
        let variable = name.to_uppercase();
        Error::Usage(format!(
            "--{name} is not given; name it, or set MARIPOSA_{variable}"
        ))
    })
}

/// What the call says of an upload. What it leaves out, the file or the profile says.
#[derive(Debug, Clone, Args)]
pub struct AboutArgs {
    /// Everything that the state holds, or what changed; the file or the profile says it otherwise
    #[arg(long, value_parser = super::kind())]
    pub kind: Option<BatchKind>,
    /// The mapping profile that describes the files, by name or as the hub's TOML file; native XML without one
    #[arg(long, env = "MARIPOSA_PROFILE", value_name = "NAME|FILE.toml")]
    pub profile: Option<String>,
    /// The instant that the content speaks of (RFC 3339); the file or its name says it otherwise
    #[arg(long, value_name = "TIME", value_parser = super::instant)]
    pub as_of: Option<DateTime<Utc>>,
    /// The state, for the check; the hub takes it from the certificate
    #[arg(long, value_name = "XX", value_parser = super::state)]
    pub state: Option<StateCode>,
}

impl AboutArgs {
    /// The profile as this program knows it; `None` without one, or if only the hub knows it.
    pub(super) fn profile(&self) -> Result<Option<Profile>, Error> {
        Ok(self.profile.as_deref().map(super::profile).transpose()?.flatten())
    }

    /// What the hub is told. It knows a profile by its name.
    pub(super) fn for_the_hub(&self, profile: Option<&Profile>) -> UploadOptions {
        UploadOptions {
            kind: self.kind,
            profile: profile
                .map(|profile| profile.name.clone())
                .or_else(|| self.profile.clone()),
            as_of: self.as_of,
        }
    }

    /// What the check is told.
    pub(super) fn for_the_check<'a>(&self, profile: Option<&'a Profile>, name: &'a str) -> Options<'a> {
        Options {
            state: self.state,
            as_of: self.as_of,
            kind: self.kind,
            profile,
            limits: Limits::default(),
            file_name: Some(name),
        }
    }
}

/// The user's folder for what programs keep between two runs.
fn state_folder() -> Option<PathBuf> {
    let named = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    if cfg!(windows) {
        return Some(named("LOCALAPPDATA")?.join("Mariposa"));
    }
    let base = named("XDG_STATE_HOME").or_else(|| Some(named("HOME")?.join(Path::new(".local/state"))))?;
    Some(base.join("mariposa"))
}
