//! Find, start and supervise a private PostgreSQL (15 or newer).
//!
//! This crate knows processes and files, no SQL and no driver. [`Cluster::start`] takes a folder, makes a
//! database cluster in it when there is none, runs `postgres` as a child that cannot outlive this process,
//! brings it back when it dies, and says how to connect. [`Cluster::stop`] and dropping the cluster shut it
//! down.
//!
//! What lies in the folder:
//!
//! | entry | what it is |
//! | --- | --- |
//! | `cluster.lock` | held with `flock` by the process that runs the cluster; names its process id |
//! | `password` | the database superuser's random password, readable by the hub's user alone |
//! | `managed.conf` | the settings this crate decides, rewritten at each start |
//! | `pgdata/` | PostgreSQL's own data directory |
//! | `log/` | PostgreSQL's log, one file per weekday, overwritten a week later; no statements, no values |
//! | `start.log` | what `postgres` said before its log was open, of the last start |
//! | `socket/` | the Unix socket, when its path is short enough |
//! | `non-durable` | there when the cluster ever ran without `fsync` |
//!
//! PostgreSQL refuses to run as root. Started by root, the cluster therefore runs as the owner of `pgdata`,
//! else as `postgres`, else as `nobody`; the folder itself stays root's, so that this user can touch only
//! the parts that are PostgreSQL's.

mod account;
mod cluster;
mod connection;
mod data_dir;
mod error;
mod initdb;
mod installation;
mod orphans;
mod pid_file;
mod process;
mod settings;
mod socket;
mod supervisor;

pub use cluster::{Cluster, Options, discard};
pub use connection::Connection;
pub use error::{Error, Result};
pub use installation::{Installation, MINIMUM_MAJOR, find_installation, find_installations};
