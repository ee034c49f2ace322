//! Faults: killed in the middle, stopped, started again.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};
use end_to_end::{Hub, mariposa_ok, until};

fn text(path: &Path) -> &str {
    path.to_str().expect("a readable path")
}

fn start(folder: &Path) -> Result<Hub> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o711))?;
    Hub::start(&folder.join("hub"))
}

#[test]
fn killed_in_the_middle_of_a_load_it_completes_by_itself() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path();
    let (data, out, nation) = (path.join("hub"), path.join("certificates"), path.join("nation"));
    mariposa_ok(&[
        "simulate",
        "--students",
        "12000",
        "--states",
        "2",
        "--nights",
        "1",
        "--out",
        text(&nation),
    ])?;
    let hub = start(path)?;
    mariposa_ok(&[
        "pki",
        "issue",
        "TX",
        "--out",
        text(&out),
        "--data-dir",
        text(&data),
    ])?;
    let file = nation.join("TX/2026-03-31/upload.xml");
    let students = std::fs::read_to_string(&file)?.matches("<Student ").count();
    assert!(students > 4_500, "enough for several chunks: {students}");

    let body = format!("@{}", file.display());
    let receipt = hub.curl(
        &out,
        "tx",
        "/v1/batches",
        &[
            "--data-binary",
            &body,
            "--header",
            "Content-Type: application/xml",
        ],
    )?;
    assert_eq!(receipt.status, 202, "{}", receipt.text);
    // Killed again and again: once as soon as rows are written, then at other moments of the same load.
    let mut hub = hub;
    for (kill, pause) in [0u64, 40, 300].into_iter().enumerate() {
        until("loading", || {
            let batch = hub.curl(&out, "tx", &receipt.location, &[])?;
            let status = batch.json["status"].as_str().unwrap_or_default().to_owned();
            Ok((status == "loading" || status == "loaded" || kill > 0).then_some(()))
        })?;
        std::thread::sleep(Duration::from_millis(pause));
        hub.kill()?;
        hub = start(path)?;
    }
    let batch = until("the load", || {
        let batch = hub.curl(&out, "tx", &receipt.location, &[])?;
        Ok((batch.json["status"] == "loaded").then_some(batch.json))
    })?;
    let counted = count(&batch, "inserted");
    assert_eq!(
        counted,
        Some(students as i64),
        "each student counts once: {batch}"
    );

    let links = path.join("links.csv");
    let exported = until("linking", || {
        mariposa_ok(&[
            "export",
            "links",
            "--data-dir",
            text(&data),
            "--out",
            text(&links),
        ])?;
        let rows = std::fs::read_to_string(&links)?;
        let linked = rows.lines().skip(1).all(|row| !row.contains(",,"));
        Ok(linked.then_some(rows))
    })?;
    let mut ids: HashMap<&str, usize> = HashMap::new();
    for row in exported.lines().skip(1) {
        *ids.entry(row.split(',').nth(1).context("an identifier")?)
            .or_default() += 1;
    }
    assert_eq!(ids.len(), students, "nothing is lost");
    assert!(ids.values().all(|n| *n == 1), "nothing is doubled");
    assert!(hub.terminate()?, "and it stops when asked");
    Ok(())
}

/// A number of the batch's answer, wherever it is nested.
fn count(value: &serde_json::Value, name: &str) -> Option<i64> {
    match value {
        serde_json::Value::Object(map) => {
            let own = map
                .iter()
                .find(|(key, _)| key.as_str() == name || key.ends_with(&format!("_{name}")));
            own.and_then(|(_, v)| v.as_i64())
                .or_else(|| map.values().find_map(|v| count(v, name)))
        }
        _ => None,
    }
}

#[test]
fn a_second_hub_on_the_same_data_is_refused() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut hub = start(folder.path())?;
    let second = Hub::start(&folder.path().join("hub"));
    let message = format!("{:#}", second.expect_err("the data folder is in use"));
    assert!(
        message.contains("in use") || message.contains("running") || message.contains("holds"),
        "{message}"
    );
    assert!(hub.is_running());
    let ready = Command::new("curl")
        .args([
            "--silent",
            "--fail",
            &format!("http://127.0.0.1:{}/readyz", hub.operator),
        ])
        .output()?;
    assert!(ready.status.success(), "the first one goes on");
    Ok(())
}
