//! A state's day with `curl` and certificates from `mariposa pki`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use end_to_end::{Answer, Hub, folder, issue, mariposa_ok, text, until};
use serde_json::json;
use tempfile::TempDir;

const ENROLLMENT: &str = "<Enrollment><FacilityCode>F1</FacilityCode><EnrollmentDate>START</EnrollmentDate>\
    <GradeLevel>07</GradeLevel><EnrollmentType>01</EnrollmentType></Enrollment>";

pub(crate) fn upload(state: &str, as_of: &str, id: &str, start: &str, extra: &str) -> String {
    let enrollment = ENROLLMENT.replace("START", start);
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<MariposaUpload xmlns=\"urn:mariposa:upload:1\" codeSet=\"2022\">\n\
         <Header><SubmittingState>{state}</SubmittingState><AsOf>{as_of}</AsOf><Kind>full</Kind></Header>\n\
         <Facilities><Facility><FacilityCode>F1</FacilityCode><SchoolName>Orchard Middle School</SchoolName></Facility></Facilities>\n\
         <Students>\n<Student action=\"insert\"><StateStudentIdentificationNumber>{id}</StateStudentIdentificationNumber>\
         <LastName1>Xicotencatl</LastName1><LastName2>Barragán</LastName2><FirstName>Itzel</FirstName><Gender>Female</Gender>\
         <BirthDate>2012-05-16</BirthDate><BirthCertificateFlag>1004</BirthCertificateFlag><BirthCity>Juxtlahuaca</BirthCity>\
         <BirthState>OAX</BirthState><BirthCountry>MX</BirthCountry>\
         <Parent2LastName>Barragán</Parent2LastName><Parent2FirstName>Citlali</Parent2FirstName>\n{enrollment}{extra}</Student>\n\
         </Students></MariposaUpload>"
    )
}

/// A hub with certificates for Texas and Washington.
pub(crate) struct Day {
    pub(crate) hub: Hub,
    pub(crate) folder: TempDir,
}

impl Day {
    fn begin() -> Result<Self> {
        Self::on(folder()?, Hub::start)
    }

    /// The same in this folder, with a hub that is started by `start` on its data folder.
    pub(crate) fn on(folder: TempDir, start: impl FnOnce(&Path) -> Result<Hub>) -> Result<Self> {
        let data = folder.path().join("hub");
        let hub = start(&data)?;
        for state in ["TX", "WA"] {
            issue(&data, state, &folder.path().join("certificates"))?;
        }
        Ok(Self { hub, folder })
    }

    /// The hub is killed, and started anew by `start`.
    pub(crate) fn again(self, start: impl FnOnce(&Path) -> Result<Hub>) -> Result<Self> {
        self.hub.kill()?;
        let hub = start(&self.folder.path().join("hub"))?;
        Ok(Self {
            hub,
            folder: self.folder,
        })
    }

    /// The hub's data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("hub")
    }

    fn curl(&self, state: &str, path: &str, extra: &[&str]) -> Result<Answer> {
        self.hub
            .curl(&self.folder.path().join("certificates"), state, path, extra)
    }

    fn send(&self, state: &str, body: &str) -> Result<Answer> {
        let file = self.folder.path().join(format!("{state}.xml"));
        std::fs::write(&file, body)?;
        self.curl(
            state,
            "/v1/batches",
            &[
                "--data-binary",
                &format!("@{}", file.display()),
                "--header",
                "Content-Type: application/xml",
            ],
        )
    }

    /// Sends, and waits until the batch is settled.
    pub(crate) fn load(&self, state: &str, body: &str) -> Result<(String, serde_json::Value)> {
        let receipt = self.send(state, body)?;
        assert_eq!(receipt.status, 202, "{}", receipt.text);
        let batch = until("loading", || {
            let batch = self.curl(state, &receipt.location, &[])?;
            let settled = ["loaded", "failed", "held"]
                .iter()
                .any(|s| batch.json["status"] == json!(s));
            Ok(settled.then_some(batch.json))
        })?;
        Ok((receipt.location, batch))
    }
}

const WHO: [&str; 4] = [
    "--header",
    "Purpose: place",
    "--header",
    "On-Behalf-Of: registrar@school.example",
];

#[test]
fn a_child_moves_and_both_states_know() -> Result<()> {
    let day = Day::begin()?;
    let wrong_row =
        "<Enrollment><FacilityCode>F1</FacilityCode><EnrollmentDate>2025-02-30</EnrollmentDate></Enrollment>";
    let (location, batch) = day.load(
        "tx",
        &upload("TX", "2026-03-01T06:00:00Z", "T-1", "2025-08-18", wrong_row),
    )?;
    assert_eq!(batch["status"], "loaded");

    let findings = day.curl("tx", &format!("{location}/findings"), &[])?;
    assert_eq!(findings.status, 200);
    assert!(
        findings.text.contains("2025-02-30")
            && findings.text.contains("T-1")
            && findings.text.contains("\"54\""),
        "{}",
        findings.text
    );
    let csv = day.curl(
        "tx",
        &format!("{location}/findings"),
        &["--header", "Accept: text/csv"],
    )?;
    assert!(
        csv.text.starts_with("code,") || csv.text.contains("2025-02-30"),
        "{}",
        csv.text
    );

    let own = until("linking", || {
        let own = day.curl("tx", "/v1/states/TX/students/T-1", &WHO)?;
        Ok(own.json["person_id"].is_string().then_some(own.json))
    })?;
    let person = own["person_id"].as_str().context("a person")?.to_owned();
    assert_eq!(person.len(), 12);

    // Another state may read the person, but neither the student nor the batch nor its findings.
    assert_eq!(day.curl("wa", "/v1/states/TX/students/T-1", &WHO)?.status, 404);
    assert_eq!(day.curl("wa", &location, &[])?.status, 404);
    assert_eq!(day.curl("wa", &format!("{location}/findings"), &[])?.status, 404);
    assert_eq!(
        day.curl("wa", &format!("/v1/persons/{person}"), &WHO)?.status,
        200
    );
    assert_eq!(
        day.curl("wa", &format!("/v1/persons/{person}"), &WHO[2..])?
            .status,
        400,
        "a purpose is needed"
    );

    let found = day.curl(
        "wa",
        "/v1/persons?family_name=Barragan&given_name=itzel&birth_date=2012-05-16",
        &WHO,
    )?;
    assert_eq!(found.status, 200);
    assert!(found.text.contains(&person), "{}", found.text);

    // The family moves: the other state enrolls the child, and both hear of it.
    let (_, batch) = day.load(
        "wa",
        &upload("WA", "2026-03-20T06:00:00Z", "77", "2026-03-16", ""),
    )?;
    assert_eq!(batch["status"], "loaded");
    for (state, kind) in [("tx", "departure"), ("wa", "arrival")] {
        until("a notice", || {
            let inbox = day.curl(state, "/v1/move-notices?box=inbox&status=all", &[])?;
            let there = inbox.json["items"]
                .as_array()
                .is_some_and(|all| all.iter().any(|n| n["kind"] == kind));
            Ok(there.then_some(()))
        })?;
    }
    let both = day.curl("tx", &format!("/v1/persons/{person}"), &WHO)?;
    assert_eq!(
        both.json["sources"].as_array().map(Vec::len),
        Some(2),
        "one child, two states: {}",
        both.text
    );

    // One by hand, answered.
    let notice =
        json!({ "kind": "departure", "person_id": person, "recipient": "WA", "note": "They left on Monday." })
            .to_string();
    let sent = day.curl("tx", "/v1/move-notices", &["--json", &notice, WHO[2], WHO[3]])?;
    assert!((200..300).contains(&sent.status), "{}", sent.text);
    let number = sent.json["move_notice_id"].as_i64().context("a number")?;
    let answer = json!({ "answer": "arrived" }).to_string();
    let path = format!("/v1/move-notices/{number}/acknowledgement");
    assert_eq!(
        day.curl("tx", &path, &["--json", &answer, WHO[2], WHO[3]])?
            .status,
        404,
        "only the recipient answers"
    );
    let answered = day.curl("wa", &path, &["--json", &answer, WHO[2], WHO[3]])?;
    assert!((200..300).contains(&answered.status), "{}", answered.text);
    Ok(())
}

#[test]
fn bad_files_and_wrong_hands_are_told_so() -> Result<()> {
    let day = Day::begin()?;
    let good = upload("TX", "2026-03-01T06:00:00Z", "T-1", "2025-08-18", "");
    let other = day.send("wa", &good)?;
    assert_eq!(other.status, 403, "a file of another state: {}", other.text);
    let doctype = day.send(
        "tx",
        &good.replacen("?>\n", "?>\n<!DOCTYPE x SYSTEM \"file:///etc/passwd\">\n", 1),
    )?;
    assert_eq!(doctype.status, 422, "{}", doctype.text);
    assert!(
        doctype.text.contains("DOCTYPE") || doctype.text.contains("document type"),
        "{}",
        doctype.text
    );
    assert_eq!(day.send("tx", "no xml at all")?.status, 422);
    let (location, cut) = day.load("tx", &good[..good.len() - 40])?;
    assert_eq!(cut["status"], "failed");
    assert!(day.curl("tx", &location, &[])?.text.contains("truncated"));
    assert_eq!(
        day.curl("tx", "/v1/states/TX/students/T-1", &WHO)?.status,
        404,
        "nothing of it was applied"
    );

    let out = day.folder.path().join("certificates");
    let url = format!("https://localhost:{}/v1/batches", day.hub.exchange);
    let bare = std::process::Command::new("curl")
        .args(["--silent", "--cacert", text(&out.join("exchange-ca.pem")), &url])
        .output()?;
    assert!(!bare.status.success(), "no certificate: refused at the handshake");
    Ok(())
}

#[test]
fn a_revoked_certificate_is_refused_within_seconds() -> Result<()> {
    let day = Day::begin()?;
    assert_eq!(day.curl("tx", "/v1/batches", &[])?.status, 200);
    let data = day.folder.path().join("hub");
    let listed = mariposa_ok(&["pki", "list", "--data-dir", text(&data)])?;
    let serial = listed
        .lines()
        .find(|l| l.contains("TX"))
        .and_then(|l| l.split_whitespace().next())
        .context("a serial")?;
    mariposa_ok(&[
        "pki",
        "revoke",
        serial,
        "--reason",
        "key-compromise",
        "--data-dir",
        text(&data),
    ])?;
    until("refusal", || {
        Ok((day.curl("tx", "/v1/batches", &[])?.status != 200).then_some(()))
    })?;
    assert_eq!(
        day.curl("wa", "/v1/batches", &[])?.status,
        200,
        "the others go on"
    );
    Ok(())
}

#[test]
fn a_referred_child_that_comes_certified_with_an_upload_is_found_eligible() -> Result<()> {
    let day = Day::begin()?;
    day.load(
        "tx",
        &upload("TX", "2026-03-01T06:00:00Z", "T-1", "2025-08-18", ""),
    )?;
    let child = json!({ "children": [{ "state_student_id": "77", "last_name_1": "Xicotencatl", "last_name_2": "Barragán",
        "first_name": "Itzel", "birth_date": "2012-05-16", "gender": "Female", "parent2_last_name": "Barragán",
        "parent2_first_name": "Citlali" }] })
    .to_string();
    let ask = ["--json", &child, "--header", "Purpose: enroll", WHO[2], WHO[3]];
    let referred = until("a referral", || {
        // Until Texas's child is linked nobody knows it.
        let answer = day.curl("wa", "/v1/roster-checks?refer=true", &ask)?;
        assert_eq!(answer.status, 200, "{}", answer.text);
        Ok(answer.json["items"][0]["referral"]["referral_id"].as_i64())
    })?;
    let path = format!("/v1/referrals/{referred}");
    assert_eq!(day.curl("wa", &path, &[])?.json["outcome"], json!(null));

    // Enrolled it is, but nobody says that it has moved.
    let enrolled = upload("WA", "2026-03-20T06:00:00Z", "77", "2026-03-16", "");
    day.load("wa", &enrolled)?;
    let own = until("linking", || {
        let own = day.curl("wa", "/v1/states/WA/students/77", &WHO)?;
        Ok(own.json["person_id"].as_str().map(str::to_owned))
    })?;
    let certified = enrolled
        .replace("2026-03-20T06", "2026-03-21T06")
        .replace(
            "<Enrollment>",
            "<QualifyingMove><QualifyingArrivalDate>2026-03-15</QualifyingArrivalDate></QualifyingMove><Enrollment>",
        );
    assert_eq!(day.curl("wa", &path, &[])?.json["outcome"], json!(null));
    let (location, _) = day.load("wa", &certified)?;
    let referral = until("the outcome", || {
        let referral = day.curl("wa", &path, &[])?.json;
        Ok((!referral["outcome"].is_null()).then_some(referral))
    })?;
    assert_eq!(referral["outcome"], "found_eligible");
    let shown = &referral["outcomes"][0];
    assert_eq!(shown["person_id"], json!(own));
    assert_eq!(shown["said_by"], json!(null), "nobody had to say it");
    let batch = shown["batch_id"].as_i64().context("a batch")?;
    assert!(location.ends_with(&format!("/{batch}")), "{location}: {referral}");
    Ok(())
}
