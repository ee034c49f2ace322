//! The settings this crate decides, as one file included by `postgresql.conf`.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use crate::data_dir::utf8;
use crate::error::{Error, Result};
use crate::socket::PORT;

const MB: u64 = 1 << 20;

/// Defaults, which the caller's settings may override.
const DEFAULTS: &[(&str, &str)] = &[
    ("max_connections", "100"),
    ("work_mem", "16MB"),
    ("maintenance_work_mem", "256MB"),
    ("random_page_cost", "1.1"),
    // Short queries by key gain nothing from compiled expressions and pay the compilation.
    ("jit", "off"),
    ("max_wal_size", "4GB"),
    ("checkpoint_timeout", "15min"),
    ("wal_compression", "on"),
    ("timezone", "UTC"),
    ("log_timezone", "UTC"),
    ("lc_messages", "C"),
];

/// For tests: nothing is on disk when it is acknowledged.
const NON_DURABLE: &[(&str, &str)] = &[
    ("fsync", "off"),
    ("synchronous_commit", "off"),
    ("full_page_writes", "off"),
    ("wal_level", "minimal"),
    ("max_wal_senders", "0"),
];

/// What no caller changes: reachable through the private socket alone, and a log that holds no statement
/// and no value of a row. Errors of statements (which quote values) go to the client and nowhere else:
/// level `log` leaves out `error` and `warning`, and `terse` the details, such as the statement a crashed
/// process was running.
const FIXED: &[(&str, &str)] = &[
    ("listen_addresses", ""),
    ("unix_socket_permissions", "0700"),
    ("password_encryption", "scram-sha-256"),
    ("logging_collector", "on"),
    ("log_destination", "stderr"),
    ("log_filename", "postgresql-%a.log"),
    ("log_rotation_age", "1d"),
    ("log_rotation_size", "0"),
    ("log_truncate_on_rotation", "on"),
    ("log_line_prefix", "%m [%p] "),
    ("log_min_messages", "log"),
    ("log_min_error_statement", "panic"),
    ("log_error_verbosity", "terse"),
    ("log_statement", "none"),
    ("log_duration", "off"),
    ("log_min_duration_statement", "-1"),
    ("log_min_duration_sample", "-1"),
    ("log_transaction_sample_rate", "0"),
    ("log_parameter_max_length", "0"),
    ("log_parameter_max_length_on_error", "0"),
    ("debug_print_parse", "off"),
    ("debug_print_rewritten", "off"),
    ("debug_print_plan", "off"),
];

/// The text of the settings file. `memory` is the machine's, in bytes, where known; `extra` comes after the
/// defaults and before what is fixed (a later line wins).
pub(crate) fn render(
    durable: bool,
    extra: &[(String, String)],
    socket_dir: &Path,
    log_dir: &Path,
    memory: Option<u64>,
) -> Result<String> {
    let mut text = String::from("# Written at each start; changes here are lost.\n");
    let mut set = |name: &str, value: &str| -> Result<()> {
        let named = !name.is_empty()
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"_.".contains(&b));
        if !named || value.chars().any(char::is_control) {
            return Err(Error::BadSetting {
                name: name.to_owned(),
            });
        }
        let value = value.replace('\\', r"\\").replace('\'', "''");
        writeln!(text, "{name} = '{value}'").expect("writing to a string");
        Ok(())
    };
    // An eighth for PostgreSQL's own cache: the hub, and on small machines the desktop, live here too.
    let (buffers, cache) = match memory {
        Some(memory) if durable => ((memory / 8).clamp(128 * MB, 8192 * MB), memory / 2),
        _ => (128 * MB, 1024 * MB),
    };
    set("shared_buffers", &format!("{}MB", buffers / MB))?;
    set("effective_cache_size", &format!("{}MB", cache.max(256 * MB) / MB))?;
    for (name, value) in DEFAULTS {
        set(name, value)?;
    }
    if !durable {
        for (name, value) in NON_DURABLE {
            set(name, value)?;
        }
    }
    for (name, value) in extra {
        set(name, value)?;
    }
    if durable {
        set("fsync", "on")?;
        set("full_page_writes", "on")?;
    }
    for (name, value) in FIXED {
        set(name, value)?;
    }
    set("port", &PORT.to_string())?;
    // A list of folders, in which double quotes keep commas together.
    set(
        "unix_socket_directories",
        &format!("\"{}\"", utf8(socket_dir)?.replace('"', "\"\"")),
    )?;
    set("log_directory", utf8(log_dir)?)?;
    Ok(text)
}

/// The machine's memory in bytes, where Linux tells it.
pub(crate) fn memory() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let kilobytes = text
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?
        .trim()
        .strip_suffix(" kB")?;
    Some(kilobytes.trim().parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render_with(durable: bool, extra: &[(&str, &str)]) -> Result<String> {
        let extra: Vec<_> = extra
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect();
        render(
            durable,
            &extra,
            Path::new("/s,o'c\"k"),
            Path::new("/log"),
            Some(16 * 1024 * MB),
        )
    }

    /// The value that wins: PostgreSQL takes the last line.
    fn value<'a>(text: &'a str, name: &str) -> Option<&'a str> {
        text.lines()
            .rev()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(" = "))
    }

    #[test]
    fn the_caller_overrides_defaults_but_neither_durability_nor_privacy() {
        let extra = [
            ("max_connections", "7"),
            ("fsync", "off"),
            ("log_statement", "all"),
        ];
        let text = render_with(true, &extra).expect("well-formed");
        assert_eq!(value(&text, "max_connections"), Some("'7'"));
        assert_eq!(value(&text, "fsync"), Some("'on'"));
        assert_eq!(value(&text, "log_statement"), Some("'none'"));
        assert_eq!(value(&text, "shared_buffers"), Some("'2048MB'"));
        assert_eq!(
            value(&render_with(false, &[]).expect("well-formed"), "fsync"),
            Some("'off'")
        );
    }

    #[test]
    fn values_cannot_break_out_of_their_quotes() {
        let text = render_with(true, &[("application_name", r"a'b\")]).expect("well-formed");
        assert_eq!(value(&text, "application_name"), Some(r"'a''b\\'"));
        assert_eq!(value(&text, "unix_socket_directories"), Some(r#"'"/s,o''c""k"'"#));
        for bad in [("a b", "1"), ("", "1"), ("work_mem", "1\nfsync = off")] {
            assert!(
                matches!(render_with(true, &[bad]), Err(Error::BadSetting { .. })),
                "{bad:?}"
            );
        }
    }
}
