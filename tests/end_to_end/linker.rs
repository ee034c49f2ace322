//! There is one linker for a database, whoever asks for it: the commands beside a serving hub, and a hub beside them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::{Result, ensure};
use end_to_end::{Hub, folder, mariposa, mariposa_ok, psql, text, until};
use serde_json::Value;

use crate::kills::settled;

/// Key of the advisory lock by which the linker holds its place.
const PLACE: i64 = 0x6d61_7269_6c69_6e72;

struct Stage {
    folder: tempfile::TempDir,
    hub: Option<Hub>,
    nation: Vec<(String, PathBuf)>,
}

impl Stage {
    fn begin() -> Result<Self> {
        let folder = folder()?;
        let hub = Hub::start(&folder.path().join("hub"))?;
        let nation = folder.path().join("nation");
        mariposa_ok(&[
            "simulate",
            "--students",
            "900",
            "--nights",
            "1",
            "--out",
            text(&nation),
        ])?;
        let mut files = Vec::new();
        for entry in std::fs::read_dir(&nation)? {
            let entry = entry?;
            let state = entry.file_name().to_string_lossy().into_owned();
            if entry.path().is_dir() && state.len() == 2 {
                let night = std::fs::read_dir(entry.path())?.next().expect("a night")?;
                files.push((state, night.path().join("upload.xml")));
            }
        }
        files.sort();
        ensure!(files.len() > 3, "some states");
        let stage = Self {
            folder,
            hub: Some(hub),
            nation: files,
        };
        for (state, _) in &stage.nation {
            let out = stage.folder.path().join("certificates");
            stage.run(&["pki", "issue", state, "--out", text(&out)])?;
        }
        Ok(stage)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("hub")
    }

    /// Runs a command on the hub's database: what it printed, and what it said.
    fn run(&self, args: &[&str]) -> Result<(String, String)> {
        run(&self.data(), args)
    }

    fn upload(&self, state: &str, file: &Path) -> Result<()> {
        let body = format!("@{}", file.display());
        let folder = self.folder.path().join("certificates");
        let hub = self.hub.as_ref().expect("a serving hub");
        let extra = [
            "--data-binary",
            &body,
            "--header",
            "Content-Type: application/xml",
        ];
        let receipt = hub.curl(&folder, &state.to_lowercase(), "/v1/batches", &extra)?;
        ensure!(receipt.status == 202, "{}", receipt.text);
        Ok(())
    }

    fn holders(&self) -> Result<String> {
        let sql = format!(
            "select count(*) from pg_locks where locktype = 'advisory' and granted and (classid::bigint << 32 | objid::bigint) = {PLACE}"
        );
        Ok(psql(&self.data(), &sql)?.trim().to_owned())
    }
}

fn run(data: &Path, args: &[&str]) -> Result<(String, String)> {
    let all: Vec<&str> = args.iter().copied().chain(["--data-dir", text(data)]).collect();
    let output = mariposa(&all)?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.success(), "{args:?}: {}\n{said}", output.status);
    Ok((String::from_utf8(output.stdout)?, said))
}

#[test]
fn commands_and_the_serving_hub_never_link_at_the_same_time() -> Result<()> {
    let mut stage = Stage::begin()?;
    let data = stage.data();
    let (first, rest) = stage.nation.split_first().expect("states");
    stage.upload(&first.0, &first.1)?;
    settled(&data)?;
    assert_eq!(stage.holders()?, "1", "the hub has the linker's place");

    // Two checks while the other states upload: the hub does them, one after the other.
    let asked: Vec<_> = (0..2)
        .map(|_| {
            let data = data.clone();
            thread::spawn(move || run(&data, &["link", "check"]))
        })
        .collect();
    for (state, file) in rest {
        stage.upload(state, file)?;
    }
    for thread in asked {
        let (told, said) = thread.join().expect("no panic")?;
        assert!(said.contains("a hub serves"), "{said}");
        assert!(told.contains("students checked"), "{told}");
    }
    settled(&data)?;
    assert_eq!(stage.holders()?, "1");
    let waits = psql(&data, "select count(*) from link_queue")?;
    assert_eq!(waits.trim(), "0", "every student has been looked at");

    // It learns as well.
    let (learned, said) = stage.run(&["link", "refit", "--json"])?;
    assert!(said.contains("a hub serves"), "{said}");
    let report: Value = serde_json::from_str(&learned)?;
    let version = report["version"].as_str().unwrap_or_default();
    assert!(version.starts_with("learned-"), "{learned}");

    // What the refit would change is kept, and is in force when somebody says so; the hub goes by it.
    let (listed, _) = stage.run(&["link", "proposals"])?;
    assert!(
        listed.contains("open") && listed.contains("--accept 1"),
        "{listed}"
    );
    let (_, said) = stage.run(&["link", "proposals", "--accept", "1"])?;
    assert!(
        said.contains("in force") && said.contains("students checked"),
        "{said}"
    );
    let again = mariposa(&["link", "proposals", "--accept", "1", "--data-dir", text(&data)])?;
    assert!(!again.status.success(), "it is accepted once");
    let (told, _) = stage.run(&["link", "check"])?;
    assert!(
        told.contains(" 0 links changed"),
        "the hub's linker knows it all: {told}"
    );
    let by = psql(
        &data,
        "select version = (select version from link_model) from link_proposal where status = 'accepted'",
    )?;
    assert_eq!(by.trim(), "t");

    // Without a hub the command does it itself, and comes to the same.
    stage.hub.take().expect("a hub").terminate()?;
    let (told, said) = stage.run(&["link", "check"])?;
    assert!(!said.contains("a hub serves"), "{said}");
    assert!(told.contains(" 0 links changed"), "{told}");
    let (well, _) = stage.run(&["doctor"])?;
    assert!(well.contains("links follow from the log"), "{well}");
    Ok(())
}

#[test]
fn a_hub_waits_for_who_has_the_linkers_place_and_a_state_is_released_beside_it() -> Result<()> {
    let stage = Stage::begin()?;
    let data = stage.data();
    let (state, file) = &stage.nation[0];
    let other = {
        let data = data.clone();
        thread::spawn(move || psql(&data, &format!("select pg_advisory_lock({PLACE}), pg_sleep(4)")))
    };
    until("the place is taken", || {
        Ok((stage.holders()? == "1").then_some(()))
    })?;
    stage.upload(state, file)?;
    thread::sleep(Duration::from_secs(2));
    assert_eq!(psql(&data, "select count(*) from link")?.trim(), "0", "it waits");
    other.join().expect("no panic")?;
    settled(&data)?;
    assert_ne!(psql(&data, "select count(*) from link")?.trim(), "0");

    // Far too many children of one birth date wait until somebody says that it is right.
    let (poisoned, _) = &stage.nation[1];
    let upload = stage.folder.path().join("poisoned.xml");
    std::fs::write(&upload, one_birthday(poisoned, 150)?)?;
    stage.upload(poisoned, &upload)?;
    let doubted = || Ok((psql(&data, "select count(*) from link_held")?.trim() == "150").then_some(()));
    until("the doubt", doubted)?;
    let before = psql(&data, "select count(*) from link")?;
    let (told, _) = stage.run(&["link", "release", poisoned])?;
    assert!(told.contains("linked next"), "{told}");
    settled(&data)?;
    let after = psql(&data, "select count(*) from link")?;
    let linked = after.trim().parse::<i64>()? - before.trim().parse::<i64>()?;
    assert_eq!(linked, 150, "by the hub that serves");
    let nobody = mariposa(&["link", "release", poisoned, "--data-dir", text(&data)])?;
    assert!(!nobody.status.success(), "nobody waits any more");
    Ok(())
}

/// An upload of so many children of different names who were all born on one day.
fn one_birthday(state: &str, children: usize) -> Result<String> {
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<MariposaUpload xmlns=\"urn:mariposa:upload:1\" codeSet=\"2022\">\
         <Header><SubmittingState>{state}</SubmittingState><AsOf>2026-04-02T02:00:00Z</AsOf><Kind>full</Kind></Header>\
         <Facilities><Facility><FacilityCode>F1</FacilityCode><SchoolName>Orchard School</SchoolName></Facility></Facilities><Students>"
    );
    let syllables = [
        "ba", "ce", "di", "fo", "gu", "ja", "le", "mi", "no", "pu", "ra", "se",
    ];
    let name = |n: usize| {
        let word = format!(
            "{}{}{}",
            syllables[n % 12],
            syllables[n / 12 % 12],
            syllables[(n * 7 + n / 5) % 12]
        );
        word[..1].to_uppercase() + &word[1..]
    };
    for n in 0..children {
        write!(
            xml,
            "<Student action=\"insert\"><StateStudentIdentificationNumber>Z{n}</StateStudentIdentificationNumber>\
             <LastName1>{}</LastName1><FirstName>{}</FirstName><Gender>Female</Gender><BirthDate>2012-05-16</BirthDate>\
             <BirthCertificateFlag>1004</BirthCertificateFlag><BirthCity>Juxtlahuaca</BirthCity><BirthState>OAX</BirthState>\
             <BirthCountry>MX</BirthCountry><Enrollment><FacilityCode>F1</FacilityCode><EnrollmentDate>2025-08-18</EnrollmentDate>\
             <GradeLevel>07</GradeLevel><EnrollmentType>01</EnrollmentType></Enrollment></Student>",
            name(n),
            name(n * 5 + 3),
        )?;
    }
    xml.push_str("</Students></MariposaUpload>");
    Ok(xml)
}
