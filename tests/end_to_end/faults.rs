//! Faults: killed in the middle, stopped, started again.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};
use end_to_end::{Hub, folder, issue, mariposa_ok, program, text, until};

#[test]
fn killed_in_the_middle_of_a_load_it_completes_by_itself() -> Result<()> {
    let folder = folder()?;
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
    let hub = Hub::start(&path.join("hub"))?;
    issue(&data, "TX", &out)?;
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
        hub = Hub::start(&path.join("hub"))?;
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
    let folder = folder()?;
    let mut hub = Hub::start(&folder.path().join("hub"))?;
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

/// Mounting needs the rights of root; elsewhere there is no disk to fill, and the test says so.
fn on_a_small_disk(megabytes: u32, data: &Path) -> Result<Option<Hub>> {
    let spool = data.join("spool");
    std::fs::create_dir_all(&spool)?;
    let may_mount = Command::new("unshare")
        .args(["--mount", "mount", "-t", "tmpfs", "none"])
        .arg(&spool)
        .output();
    if !may_mount.is_ok_and(|output| output.status.success()) {
        return Ok(None);
    }
    let script = format!(
        "mount -t tmpfs -o size={megabytes}m,mode=700 none '{}' && exec \"$0\" \"$@\"",
        spool.display()
    );
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", &script]).arg(program()?);
    Hub::start_by(command, data, "").map(Some)
}

#[test]
fn a_full_disk_is_told_and_the_upload_goes_through_once_there_is_room() -> Result<()> {
    let folder = folder()?;
    let path = folder.path();
    let (data, out) = (path.join("hub"), path.join("certificates"));
    let Some(hub) = on_a_small_disk(2, &data)? else {
        println!("skipped: no small disk can be mounted here");
        return Ok(());
    };
    issue(&data, "TX", &out)?;
    let upload = |students: usize| -> Result<String> {
        let file = path.join(format!("{students}.xml"));
        let student = |i| {
            format!(
                "<Student action=\"insert\"><StateStudentIdentificationNumber>{i}</StateStudentIdentificationNumber>\
                 <LastName1>Peña</LastName1><FirstName>Ana</FirstName><BirthDate>2012-05-06</BirthDate></Student>\n"
            )
        };
        let students: String = (0..students).map(student).collect();
        std::fs::write(
            &file,
            format!(
                "<MariposaUpload xmlns=\"urn:mariposa:upload:1\" codeSet=\"2022\"><Header><SubmittingState>TX</SubmittingState>\
                 <AsOf>2026-04-01T00:00:00Z</AsOf><Kind>delta</Kind></Header><Students>{students}</Students></MariposaUpload>"
            ),
        )?;
        Ok(format!("@{}", file.display()))
    };
    let send = |body: &str| hub.curl(&out, "tx", "/v1/batches", &["--data-binary", body]);
    let large = upload(30_000)?;
    let full = send(&large)?;
    assert_eq!(full.status, 507, "{}{}", full.text, full.error);
    assert_eq!(
        full.json["type"].as_str().map(|t| t.contains("disk")),
        Some(true),
        "{}",
        full.text
    );
    // What was written of it is gone: there is room for a small one.
    assert_eq!(send(&upload(10)?)?.status, 202);
    let room = Command::new("nsenter")
        .args(["--mount", "--target", &hub.id().to_string()])
        .args(["mount", "-o", "remount,size=64m", "none"])
        .arg(data.join("spool"))
        .status()?;
    assert!(room.success(), "a larger disk");
    let receipt = send(&large)?;
    assert_eq!(receipt.status, 202, "{}", receipt.text);
    until("the load", || {
        let batch = hub.curl(&out, "tx", &receipt.location, &[])?;
        Ok((batch.json["status"] == "loaded").then_some(()))
    })?;
    Ok(())
}
