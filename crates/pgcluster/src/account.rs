//! Who PostgreSQL runs as.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, lchown};
use std::path::{Path, PathBuf};

use nix::unistd::{Gid, Uid, User, getegid, geteuid};

use crate::error::{Error, IoContext, Result};

/// The users root drops to, in order of preference.
const UNPRIVILEGED: [&str; 2] = ["postgres", "nobody"];

/// The user and group of the `postgres` process.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) uid: Uid,
    pub(crate) gid: Gid,
    /// Whether that is another user than the one running this.
    pub(crate) switch: bool,
}

impl Account {
    /// The current user; for root, the owner of `pgdata` where that exists, else an unprivileged user.
    pub(crate) fn choose(pgdata: &Path) -> Result<Self> {
        let me = geteuid();
        let owner = match fs::symlink_metadata(pgdata) {
            Ok(metadata) => Some((Uid::from_raw(metadata.uid()), Gid::from_raw(metadata.gid()))),
            Err(_) => None,
        };
        match owner {
            Some((uid, _)) if !me.is_root() && uid != me => Err(Error::WrongOwner {
                pgdata: pgdata.to_owned(),
                owner: uid.as_raw(),
            }),
            _ if !me.is_root() => Ok(Self {
                name: name_of(me),
                uid: me,
                gid: getegid(),
                switch: false,
            }),
            Some((uid, gid)) if !uid.is_root() => Ok(Self {
                name: name_of(uid),
                uid,
                gid,
                switch: true,
            }),
            _ => UNPRIVILEGED
                .iter()
                .find_map(|name| User::from_name(name).ok().flatten())
                .map(|user| Self {
                    name: user.name,
                    uid: user.uid,
                    gid: user.gid,
                    switch: true,
                })
                .ok_or(Error::NoAccount),
        }
    }

    /// Gives this user the file or folder `path` itself (a symbolic link is not followed).
    pub(crate) fn give(&self, path: &Path) -> Result<()> {
        if self.switch {
            lchown(path, Some(self.uid.as_raw()), Some(self.gid.as_raw()))
                .context("change the owner of", path)?;
        }
        Ok(())
    }

    /// Makes the folder `path`, if need be, and makes it this user's alone.
    pub(crate) fn private_folder(&self, path: &Path) -> Result<()> {
        if !path.is_dir() {
            fs::create_dir(path).context("create", path)?;
        }
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).context("set the mode of", path)?;
        self.give(path)
    }

    /// The topmost folder on the way to `path` (itself included) that this user may not enter, judged by
    /// the mode bits.
    pub(crate) fn blocked_at(&self, path: &Path) -> Option<PathBuf> {
        let mut way: Vec<&Path> = path.ancestors().collect();
        way.reverse();
        way.into_iter()
            .find(|folder| !self.may_enter(folder))
            .map(Path::to_owned)
    }

    fn may_enter(&self, folder: &Path) -> bool {
        let Ok(metadata) = fs::metadata(folder) else {
            return false;
        };
        let enter = if metadata.uid() == self.uid.as_raw() {
            0o100
        } else if metadata.gid() == self.gid.as_raw() {
            0o010
        } else {
            0o001
        };
        metadata.mode() & enter != 0
    }
}

fn name_of(uid: Uid) -> String {
    User::from_uid(uid)
        .ok()
        .flatten()
        .map_or_else(|| uid.to_string(), |user| user.name)
}
