//! A state's uploads: what came of each, and what to correct.

use actix_web::{HttpResponse, web};
use askama::Template;
use mde::{Element, Finding};
use serde::Deserialize;
use store::batches::{self, Batch, Cause};

use crate::failure::Failure;
use crate::field::Field;
use crate::state::Portal;
use crate::user::{Allowed, Guarded, Permission, ReleaseBatches, SeeBatches, User};
use crate::view::{self, Cell, Chrome, Mistakes, Table, Tag};
use crate::words;

/// Batches on a page.
const BATCHES: i64 = 50;

/// Findings on a page.
const FINDINGS: i64 = 100;

/// Most characters of the reason to release a held upload.
const REASON: usize = 500;

/// The status of a batch.
pub(crate) fn status_tag(status: &str) -> Tag {
    match status {
        "loaded" => Tag::new("✓ Loaded", "agree"),
        "failed" => Tag::new("✕ Failed", "differ"),
        "held" => Tag::new("! Held for confirmation", "wait"),
        "received" => Tag::new("… Received", "info"),
        _ => Tag::new("… Being loaded", "info"),
    }
}

#[derive(Template)]
#[template(path = "batches.html")]
struct BatchesPage {
    chrome: Chrome,
    table: Table,
    older: Option<i64>,
}

/// Where a page of a list starts.
#[derive(Debug, Deserialize)]
pub(crate) struct Before {
    before: Option<i64>,
}

/// `GET /batches`
pub(crate) async fn list(
    portal: web::Data<Portal>,
    user: Allowed<SeeBatches>,
    page: web::Query<Before>,
) -> Result<HttpResponse, Failure> {
    let state = user.state()?;
    let found = portal
        .run(move |c| Ok(batches::of_state(c, state, page.before, BATCHES)?))
        .await?;
    let mut table = Table::new(
        format!("Uploads of {}, newest first", state.name()),
        &[
            "Upload",
            "Received",
            "As of",
            "Status",
            "#Students",
            "#New",
            "#Changed",
            "#Unchanged",
            "#Refused",
            "#Errors",
            "#Warnings",
        ],
        "Your state has not uploaded anything yet.",
    );
    for batch in &found {
        table.row(
            "",
            [
                Cell::new(format!("No. {}", batch.batch_id))
                    .link(format!("/batches/{}", batch.batch_id))
                    .note(batch.kind.clone()),
                words::instant(batch.received_at).into(),
                words::instant(batch.as_of).into(),
                Cell::default().tag(status_tag(&batch.status)),
                words::count(batch.students_read).into(),
                words::count(batch.students_inserted).into(),
                words::count(batch.students_updated).into(),
                words::count(batch.students_unchanged).into(),
                words::count(batch.students_refused).into(),
                words::count(batch.findings_errors).into(),
                words::count(batch.findings_warnings).into(),
            ],
        );
    }
    let older = found
        .last()
        .filter(|_| found.len() as i64 == BATCHES)
        .map(|batch| batch.batch_id);
    view::page(&BatchesPage {
        chrome: Chrome::of(&user, "Uploads", "/batches"),
        table,
        older,
    })
}

#[derive(Template)]
#[template(path = "batch.html")]
struct BatchPage {
    chrome: Chrome,
    batch: Batch,
    status: Tag,
    received: String,
    as_of: String,
    size: String,
    problem: String,
    counts: Vec<(&'static str, String)>,
    causes: Table,
    findings: Table,
    from_start: bool,
    next: Option<i32>,
    may_release: bool,
    reason: Field,
    mistakes: Mistakes,
}

/// Where the list of findings starts.
#[derive(Debug, Deserialize)]
pub(crate) struct After {
    #[serde(rename = "after")]
    start: Option<i32>,
    released: Option<bool>,
    unexplained: Option<bool>,
}

/// `GET /batches/{id}`
pub(crate) async fn show(
    portal: web::Data<Portal>,
    user: Allowed<SeeBatches>,
    id: web::Path<i64>,
    page: web::Query<After>,
) -> Result<HttpResponse, Failure> {
    let state = user.state()?;
    let after = page.start.unwrap_or(-1);
    let (batch, causes, findings) = portal
        .run(move |c| {
            let own = batches::find(c, *id)?.filter(|batch| batch.state == state.as_str());
            let batch = own.ok_or(Failure::NotFound)?;
            let causes = batches::causes(c, batch.batch_id)?;
            let findings = batches::findings(c, batch.batch_id, None, after, FINDINGS)?;
            Ok((batch, causes, findings))
        })
        .await?;
    let next = findings
        .last()
        .filter(|_| findings.len() as i64 == FINDINGS)
        .map(|(ordinal, _)| *ordinal);
    let mut mistakes = Mistakes::default();
    if page.unexplained.unwrap_or(false) {
        mistakes.add(
            "reason",
            "Say in a few words (500 characters at most) why the upload is right.",
        );
    }
    let done = page
        .released
        .unwrap_or(false)
        .then_some("The upload is released and is being loaded.");
    view::page(&BatchPage {
        chrome: Chrome::of(&user, format!("Upload no. {}", batch.batch_id), "/batches").done(done),
        status: status_tag(&batch.status),
        received: words::instant(batch.received_at),
        as_of: words::instant(batch.as_of),
        size: size(batch.size_bytes),
        problem: problem(batch.problem.as_ref()),
        counts: counts(&batch),
        causes: cause_table(batch.batch_id, &causes),
        findings: finding_table(&findings),
        from_start: after < 0,
        next,
        may_release: may_release(&user, &batch),
        reason: Field::area("reason", "Why is this upload right?", "")
            .maximum(REASON)
            .required()
            .judged(&mistakes),
        mistakes,
        batch,
    })
}

fn may_release(user: &User, batch: &Batch) -> bool {
    batch.status == "held" && user.may(Permission::ReleaseBatches)
}

fn size(bytes: i64) -> String {
    match bytes {
        ..10_000 => format!("{} bytes", words::count(bytes)),
        10_000..10_000_000 => format!("{} kB", words::count(bytes / 1_000)),
        _ => format!("{} MB", words::count(bytes / 1_000_000)),
    }
}

/// Why a batch failed or is held, in words.
fn problem(problem: Option<&serde_json::Value>) -> String {
    let text = |key: &str| problem?.get(key)?.as_str().map(str::to_owned);
    let main = text("detail")
        .or_else(|| text("message"))
        .or_else(|| text("reason"))
        .or_else(|| text("title"));
    let line = problem
        .and_then(|p| p.get("line"))
        .and_then(serde_json::Value::as_u64);
    let parts = [main, line.map(|line| format!("Line {line}.")), text("fix")];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// What came of the students; each is in exactly one of these but the first.
fn counts(batch: &Batch) -> Vec<(&'static str, String)> {
    [
        ("Read", batch.students_read),
        ("New", batch.students_inserted),
        ("Changed", batch.students_updated),
        ("Unchanged", batch.students_unchanged),
        ("Refused", batch.students_refused),
        ("Late (a newer upload had them)", batch.students_late),
        ("Deleted", batch.students_deleted),
        ("No longer reported", batch.students_not_reported),
    ]
    .map(|(label, number)| (label, words::count(number)))
    .to_vec()
}

fn element(number: &str) -> String {
    match Element::numbered(number) {
        Some(element) => format!("{} {}", element.number, element.name),
        None => number.to_owned(),
    }
}

fn severity_tag(error: bool) -> Tag {
    if error {
        Tag::new("✕ Error", "differ")
    } else {
        Tag::new("! Warning", "wait")
    }
}

fn cause_table(batch_id: i64, causes: &[Cause]) -> Table {
    let mut table = Table::new(
        "Findings by cause, errors first",
        &["Cause", "Severity", "Data element", "#Findings", "What to do"],
        "No findings. Everything in this upload was accepted as it is.",
    );
    for cause in causes {
        let code = mde::FindingCode::ALL
            .iter()
            .find(|code| code.code() == cause.code);
        table.row(
            "",
            [
                Cell::new(words::sentence(
                    code.map_or(cause.code.as_str(), |code| code.title()),
                ))
                .link(format!("/batches/{batch_id}?after={}#findings", cause.first - 1))
                .note(cause.code.clone()),
                Cell::default().tag(severity_tag(cause.severity == "error")),
                element(&cause.element).into(),
                words::count(cause.findings).into(),
                code.map_or("", |code| code.fix()).into(),
            ],
        );
    }
    table
}

fn finding_table(findings: &[(i32, Finding)]) -> Table {
    let mut table = Table::new(
        "Findings in the order of the file",
        &[
            "Student",
            "Severity",
            "#Line",
            "Data element",
            "Received",
            "What is wrong",
            "What to do",
        ],
        "No findings.",
    );
    for (_, finding) in findings {
        let text = |text: &Option<_>| text.as_ref().map_or_else(String::new, ToString::to_string);
        let place = finding.line.map_or_else(String::new, |line| line.to_string());
        let file = finding.file.as_deref().unwrap_or("");
        table.row(
            "",
            [
                Cell::new(finding.state_student_id.as_deref().unwrap_or("(whole file)")),
                Cell::new(finding.code.code()).tag(severity_tag(finding.severity() == mde::Severity::Error)),
                Cell::new(place).note(file),
                finding
                    .element
                    .as_deref()
                    .map_or_else(String::new, element)
                    .into(),
                text(&finding.received).into(),
                words::sentence(&finding.message).into(),
                finding.fix.as_str().into(),
            ],
        );
    }
    table
}

/// Why a held batch is good.
#[derive(Debug, Deserialize)]
pub(crate) struct Why {
    reason: String,
}

/// `POST /batches/{id}/release`: a held batch is good, load it.
pub(crate) async fn release(
    portal: web::Data<Portal>,
    id: web::Path<i64>,
    guarded: Guarded<ReleaseBatches, Why>,
) -> Result<HttpResponse, Failure> {
    let (state, by, now) = (guarded.user.state()?, guarded.user.label(), portal.now());
    let (id, reason) = (id.into_inner(), guarded.form.reason.trim().to_owned());
    if !(1..=REASON).contains(&reason.chars().count()) {
        return Ok(view::see_other(&format!(
            "/batches/{id}?unexplained=true#release"
        )));
    }
    portal
        .run(move |c| {
            let own = batches::find(c, id)?.filter(|batch| batch.state == state.as_str());
            let held = own.ok_or(Failure::NotFound)?;
            ingest::release(c, held.batch_id, &by, &reason, now)?;
            Ok(())
        })
        .await?;
    Ok(view::see_other(&format!("/batches/{id}?released=true")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_told_in_words() {
        let json = serde_json::json!({"code": "truncated", "message": "The file ends too early.", "line": 7, "fix": "Send it again."});
        assert_eq!(
            problem(Some(&json)),
            "The file ends too early. Line 7. Send it again."
        );
        assert_eq!(problem(None), "");
        assert_eq!(size(1_234), "1,234 bytes");
        assert_eq!(size(12_345_678), "12 MB");
    }
}
