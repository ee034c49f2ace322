//! An upload in pieces with nothing but `curl`: cut in the middle, and gone on with after the hub was killed.

use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;

use anyhow::{Context as _, Result};
use end_to_end::{Hub, folder, issue, until};
use serde_json::json;

/// A full upload of so many students, about 400 bytes each.
fn document(students: u32) -> String {
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<MariposaUpload xmlns=\"urn:mariposa:upload:1\" codeSet=\"2022\">\n\
         <Header><SubmittingState>TX</SubmittingState><AsOf>2026-03-01T06:00:00Z</AsOf><Kind>full</Kind></Header>\n<Students>\n",
    );
    for number in 0..students {
        let _ = writeln!(
            text,
            "<Student action=\"insert\"><StateStudentIdentificationNumber>T-{number}</StateStudentIdentificationNumber>\
             <LastName1>Xicotencatl</LastName1><FirstName>Itzel</FirstName><Gender>Female</Gender>\
             <BirthDate>2012-05-{:02}</BirthDate></Student>",
            number % 28 + 1
        );
    }
    text + "</Students></MariposaUpload>\n"
}

/// A header of an answer that was asked for with its headers.
fn header(text: &str, name: &str) -> Option<String> {
    let lines = text.lines().filter_map(|line| line.split_once(':'));
    let mut values = lines.filter(|(key, _)| key.eq_ignore_ascii_case(name));
    values.next().map(|(_, value)| value.trim().to_owned())
}

#[test]
fn an_upload_goes_on_after_a_cut_and_after_a_kill() -> Result<()> {
    let folder = folder()?;
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o711))?;
    let data = folder.path().join("hub");
    let mut hub = Hub::start(&data)?;
    let certificates = folder.path().join("certificates");
    issue(&data, "TX", &certificates)?;

    let content = document(6_000);
    let whole = folder.path().join("night.xml");
    std::fs::write(&whole, &content)?;
    let curl = |hub: &Hub, path: &str, extra: &[&str]| {
        let extra = [&["--header", "Tus-Resumable: 1.0.0"], extra].concat();
        hub.curl(&certificates, "tx", path, &extra)
    };
    let length = format!("Upload-Length: {}", content.len());
    let begun = curl(&hub, "/v1/uploads", &["--request", "POST", "--header", &length])?;
    assert_eq!(begun.status, 201, "{}", begun.text);
    let place = begun.location;
    let send = |hub: &Hub, offset: usize, limits: &[&str]| {
        let rest = folder.path().join("rest");
        std::fs::write(&rest, &content.as_bytes()[offset..])?;
        let (data, offset) = (format!("@{}", rest.display()), format!("Upload-Offset: {offset}"));
        let kind = "Content-Type: application/offset+octet-stream";
        let piece = [
            "--include",
            "--request",
            "PATCH",
            "--data-binary",
            &data,
            "--header",
            kind,
            "--header",
            &offset,
        ];
        curl(hub, &place, &[&piece, limits].concat())
    };
    let offset = |hub: &Hub| -> Result<usize> {
        let asked = curl(hub, &place, &["--head"])?;
        Ok(header(&asked.text, "upload-offset")
            .context(asked.text)?
            .parse()?)
    };

    let cut = send(&hub, 0, &["--limit-rate", "200k", "--max-time", "3"])?;
    assert_eq!(header(&cut.text, "batch-location"), None, "cut in the middle");
    let first = offset(&hub)?;
    assert!(
        0 < first && first < content.len(),
        "{first} of {} bytes are kept",
        content.len()
    );

    hub.kill()?;
    hub = Hub::start(&data)?;
    assert_eq!(offset(&hub)?, first, "what was acknowledged outlives the hub");
    let last = send(&hub, first, &[])?;
    assert_eq!(last.status, 204, "{}", last.text);
    let location = header(&last.text, "batch-location").context("a batch")?;
    let batch = until("loading", || {
        let batch = curl(&hub, &location, &[])?.json;
        Ok((batch["settled"] == json!(true)).then_some(batch))
    })?;
    assert_eq!(
        (&batch["status"], &batch["students"]["inserted"]),
        (&json!("loaded"), &json!(6_000)),
        "{batch}"
    );

    // The same file in one piece is the same upload.
    let again = curl(
        &hub,
        "/v1/batches",
        &["--data-binary", &format!("@{}", whole.display())],
    )?;
    assert_eq!((again.status, again.location), (200, location));
    Ok(())
}
