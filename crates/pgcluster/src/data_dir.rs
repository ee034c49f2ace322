//! The folder of a cluster: what lies where, who holds it, and whether it may be used.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::unistd::geteuid;
use tempfile::NamedTempFile;

use crate::error::{Error, IoContext, Result};
use crate::orphans::{self, ORPHAN_PATIENCE};

/// Begins the names of what is being made and gets its proper name when complete.
pub(crate) const UNFINISHED: &str = "unfinished-";

/// How long a folder that is in use is tried again before it is said.
const PATIENCE: Duration = Duration::from_millis(500);

/// The entries of the folder.
#[derive(Debug, Clone)]
pub(crate) struct Paths {
    pub(crate) root: PathBuf,
    pub(crate) lock: PathBuf,
    pub(crate) password: PathBuf,
    pub(crate) settings: PathBuf,
    pub(crate) pgdata: PathBuf,
    pub(crate) log: PathBuf,
    pub(crate) start_log: PathBuf,
    pub(crate) socket: PathBuf,
    pub(crate) non_durable: PathBuf,
}

impl Paths {
    pub(crate) fn of(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            lock: root.join("cluster.lock"),
            password: root.join("password"),
            settings: root.join("managed.conf"),
            pgdata: root.join("pgdata"),
            log: root.join("log"),
            start_log: root.join("start.log"),
            socket: root.join("socket"),
            non_durable: root.join("non-durable"),
        }
    }

    /// The superuser's password.
    pub(crate) fn read_password(&self) -> Result<String> {
        if !self.password.exists() {
            return Err(Error::PasswordLost {
                path: self.password.clone(),
            });
        }
        let password = fs::read_to_string(&self.password).context("read", &self.password)?;
        Ok(password.trim().to_owned())
    }

    /// Replaces the file `path` of this folder in one step, so that a crash leaves the old or the new one.
    pub(crate) fn replace(&self, path: &Path, text: &str, mode: u32) -> Result<()> {
        let mut file = self.unfinished_file()?;
        file.write_all(text.as_bytes()).context("write", path)?;
        file.as_file()
            .set_permissions(fs::Permissions::from_mode(mode))
            .context("set the mode of", path)?;
        file.as_file().sync_all().context("write", path)?;
        file.persist(path).context("replace", path)?;
        self.sync()
    }

    /// A file that is removed unless it gets its proper name; 0600.
    pub(crate) fn unfinished_file(&self) -> Result<NamedTempFile> {
        tempfile::Builder::new()
            .prefix(UNFINISHED)
            .tempfile_in(&self.root)
            .context("create a file in", &self.root)
    }

    /// Makes renames in the folder last.
    pub(crate) fn sync(&self) -> Result<()> {
        File::open(&self.root)
            .and_then(|folder| folder.sync_all())
            .context("write", &self.root)
    }

    /// Removes what an interrupted run left unfinished.
    fn sweep(&self) -> Result<()> {
        for entry in fs::read_dir(&self.root).context("read", &self.root)?.flatten() {
            if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
                let path = entry.path();
                let removed = if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    clear_away(&path)?
                } else {
                    fs::remove_file(&path)
                };
                removed.context("remove the unfinished", &path)?;
            }
        }
        Ok(())
    }
}

/// Removes a folder where a server that a killed initdb was feeding may still write: also one that has not
/// entered it yet when the others are ended.
fn clear_away(path: &Path) -> Result<io::Result<()>> {
    let end = Instant::now() + ORPHAN_PATIENCE;
    loop {
        orphans::clear(path, ORPHAN_PATIENCE)?;
        match fs::remove_dir_all(path) {
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty && Instant::now() < end => {}
            removed => return Ok(removed),
        }
    }
}

/// The folder, held by this process alone until dropped (the kernel gives it back when the process dies).
#[derive(Debug)]
pub(crate) struct DataDir {
    pub(crate) paths: Paths,
    _lock: File,
}

impl DataDir {
    /// Makes the folder if need be and takes hold of it.
    ///
    /// Run by root, the folder becomes passable (0711), for PostgreSQL's user to reach its own parts;
    /// otherwise it becomes private (0700).
    pub(crate) fn hold(root: &Path) -> Result<Self> {
        if !root.is_dir() {
            let parent = root.parent().unwrap_or(root);
            fs::create_dir_all(parent).context("create", parent)?;
            DirBuilder::new()
                .mode(0o711)
                .recursive(true)
                .create(root)
                .context("create", root)?;
        }
        let root = root.canonicalize().context("find", root)?;
        let paths = Paths::of(&root);
        if !paths.lock.exists() && !is_empty(&root)? {
            return Err(Error::Foreign { data_dir: root });
        }
        let lock = lock(&paths)?;
        let mode = if geteuid().is_root() { 0o711 } else { 0o700 };
        fs::set_permissions(&root, fs::Permissions::from_mode(mode)).context("set the mode of", &root)?;
        utf8(&root)?;
        paths.sweep()?;
        Ok(Self { paths, _lock: lock })
    }

    /// Keeps clusters with and without `fsync` apart, for ever: a folder is marked before it first runs
    /// without.
    pub(crate) fn check_durability(&self, durable: bool) -> Result<()> {
        let Paths {
            root,
            non_durable,
            pgdata,
            ..
        } = &self.paths;
        match (durable, non_durable.exists()) {
            (true, true) => Err(Error::NonDurable {
                data_dir: root.clone(),
            }),
            (false, false) if pgdata.exists() => Err(Error::Durable {
                data_dir: root.clone(),
            }),
            (false, false) => {
                fs::write(non_durable, "Ran without fsync: for tests only.\n").context("write", non_durable)
            }
            _ => Ok(()),
        }
    }
}

fn lock(paths: &Paths) -> Result<File> {
    let path = &paths.lock;
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .context("open", path)?;
    match lock_with_patience(&file) {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            // Only for the message; a holder that has not written its id yet is as much a holder.
            let _ = file.read_to_string(&mut holder);
            let holder = if holder.trim().is_empty() {
                "unknown"
            } else {
                holder.trim()
            }
            .to_owned();
            return Err(Error::InUse {
                data_dir: paths.root.clone(),
                holder,
            });
        }
        Err(TryLockError::Error(error)) => return Err(error).context("lock", path),
    }
    file.set_len(0).context("write", path)?;
    writeln!(file, "{}", std::process::id()).context("write", path)?;
    Ok(file)
}

/// Takes the lock. One that somebody holds is tried again for a moment: a program that another thread is just starting
/// holds every open file of its parent until it runs.
fn lock_with_patience(file: &File) -> std::result::Result<(), TryLockError> {
    let until = Instant::now() + PATIENCE;
    loop {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) if Instant::now() < until => std::thread::sleep(PATIENCE / 20),
            outcome => return outcome,
        }
    }
}

/// Whether nothing lies in `root` but what a fresh file system has.
fn is_empty(root: &Path) -> Result<bool> {
    let mut entries = fs::read_dir(root).context("read", root)?;
    Ok(entries.all(|entry| entry.is_ok_and(|entry| entry.file_name() == "lost+found")))
}

/// `path` as text, for settings and connection strings.
pub(crate) fn utf8(path: &Path) -> Result<&str> {
    path.to_str().ok_or_else(|| Error::NotUtf8 {
        path: path.to_owned(),
    })
}
