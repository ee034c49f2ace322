//! The exports of every kind of system, from the file to the database: what the reader keeps, the load accounts for.

use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use formats::BatchKind;
use ingest::Call;
use mde::StateCode;

use crate::hub::{Hub, now};

/// The files of a folder as one zip.
fn zipped(folder: &Path) -> Result<Vec<u8>> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let mut paths: Vec<_> = folder.read_dir()?.collect::<Result<_, _>>()?;
    paths.sort_by_key(std::fs::DirEntry::path);
    for entry in paths {
        let name = entry.file_name();
        zip.start_file(name.to_string_lossy(), zip::write::SimpleFileOptions::default())?;
        zip.write_all(&std::fs::read(entry.path())?)?;
    }
    Ok(zip.finish()?.into_inner())
}

#[test]
fn an_export_of_every_kind_of_system_is_loaded_and_every_row_accounted_for() -> Result<()> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../formats/tests/fixtures");
    let hub = Hub::new()?;
    for code in ["CA", "FL", "GA", "KY", "MI", "MN", "TX", "WI"] {
        let state = StateCode::new(code)?;
        store::participants::register(&mut *store::connection(&hub.pool)?, state, now())?;
        let mut writer = hub.spool.begin()?;
        writer.write_all(&zipped(&fixtures.join(code.to_lowercase()))?)?;
        let call = Call {
            state,
            kind: Some(BatchKind::Full),
            profile: Some(code.to_lowercase()),
            as_of: Some("2026-04-01T23:00:00Z".parse()?),
            file_name: None,
            received_from: "test".into(),
        };
        let receipt = ingest::receive(
            &mut *store::connection(&hub.pool)?,
            &hub.spool,
            &hub.profiles,
            writer.finish()?,
            &call,
            formats::Limits::default(),
            now(),
        )
        .with_context(|| code.to_owned())?;
        let batch = hub.run(receipt.batch.batch_id, &|| true)?;
        assert_eq!(batch.status, "loaded", "{code}: {:?}", batch.problem);
        assert!(batch.students_inserted > 0, "{code}");
        assert_eq!(
            batch.rows_read,
            batch.rows_stored + batch.rows_unchanged + batch.rows_refused + batch.rows_ignored,
            "{code}"
        );
    }
    Ok(())
}
