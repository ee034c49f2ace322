//! The one-way rule and the invariants of ARCHITECTURE.md, held against the crates' own manifests.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, Result};

/// Every crate with all crates that it may know. A crate that is not here is not part of the house.
const HOUSE: &[(&str, &[&str])] = &[
    ("mde", &[]),
    ("spreadsheet", &[]),
    ("formats", &["mde"]),
    ("pki", &[]),
    ("pgcluster", &[]),
    ("store", &["mde"]),
    ("ingest", &["mde", "formats", "store"]),
    ("linking", &["mde", "store"]),
    ("records", &["mde", "store"]),
    ("notices", &["mde", "store", "records"]),
    ("deliver", &["mde", "store"]),
    ("export", &["mde", "store", "records", "spreadsheet"]),
    (
        "api",
        &[
            "mde",
            "formats",
            "store",
            "ingest",
            "linking",
            "records",
            "notices",
            "deliver",
            "export",
            "pki",
            "spreadsheet",
        ],
    ),
    (
        "portal",
        &[
            "mde",
            "formats",
            "store",
            "ingest",
            "linking",
            "records",
            "notices",
            "deliver",
            "export",
            "api",
            "pki",
            "spreadsheet",
        ],
    ),
    ("client", &["mde", "formats", "spreadsheet"]),
    ("simulate", &["mde", "formats"]),
    ("testkit", &["pgcluster"]),
    (
        "hub",
        &[
            "mde",
            "formats",
            "pki",
            "pgcluster",
            "store",
            "ingest",
            "linking",
            "records",
            "notices",
            "deliver",
            "export",
            "api",
            "portal",
            "client",
            "simulate",
            "spreadsheet",
        ],
    ),
];

/// What only these crates may depend on.
const KEPT_APART: &[(&str, &[&str])] = &[
    ("actix-web", &["api", "portal", "hub"]),
    ("x509-parser", &["pki", "client"]),
    (
        "diesel",
        &[
            "store", "ingest", "linking", "records", "notices", "deliver", "export", "api", "portal", "hub",
            "testkit",
        ],
    ),
    ("krilla", &["export"]),
    ("quick-xml", &["formats"]),
    ("rust_xlsxwriter", &["spreadsheet"]),
    ("openssl", &["pki"]),
    ("tokio", &["deliver", "api", "portal", "hub"]),
    ("reqwest", &["client", "deliver"]),
];

fn dependencies(manifest: &Path) -> Result<BTreeSet<String>> {
    let text = std::fs::read_to_string(manifest).with_context(|| manifest.display().to_string())?;
    let table: toml::Table = text.parse()?;
    let names = table
        .get("dependencies")
        .and_then(|d| d.as_table())
        .map(|d| d.keys().cloned().collect());
    Ok(names.unwrap_or_default())
}

fn crates() -> Result<BTreeMap<String, BTreeSet<String>>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates");
    let mut all = BTreeMap::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().context("a name")?.to_string_lossy().into_owned();
        all.insert(name, dependencies(&path.join("Cargo.toml"))?);
    }
    Ok(all)
}

#[test]
fn a_lower_crate_never_knows_a_higher_one() -> Result<()> {
    let house: BTreeMap<&str, &[&str]> = HOUSE.iter().copied().collect();
    for (name, dependencies) in crates()? {
        let may = house
            .get(name.as_str())
            .with_context(|| format!("{name} has no place in the house"))?;
        for dependency in dependencies.iter().filter(|d| house.contains_key(d.as_str())) {
            assert!(
                may.contains(&dependency.as_str()),
                "{name} may not know {dependency}"
            );
        }
    }
    Ok(())
}

#[test]
fn what_is_kept_apart_stays_apart() -> Result<()> {
    let crates = crates()?;
    for (library, may) in KEPT_APART {
        for (name, dependencies) in &crates {
            assert!(
                !dependencies.contains(*library) || may.contains(&name.as_str()),
                "{name} may not use {library}"
            );
        }
    }
    Ok(())
}

#[test]
fn only_the_hub_reads_the_environment_and_the_clock_is_passed_in() -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates");
    for name in [
        "mde", "formats", "store", "ingest", "linking", "records", "notices", "deliver", "export", "simulate",
    ] {
        let mut waiting = vec![folder.join(name).join("src")];
        while let Some(path) = waiting.pop() {
            for entry in std::fs::read_dir(&path)? {
                let path = entry?.path();
                if path.is_dir() {
                    waiting.push(path);
                    continue;
                }
                let text = std::fs::read_to_string(&path)?;
                let code = text.split("#[cfg(test)]").next().unwrap_or_default();
                for word in ["Utc::now()", "Local::now()", "SystemTime::now()", "env::var("] {
                    assert!(!code.contains(word), "{} uses {word}", path.display());
                }
            }
        }
    }
    Ok(())
}
