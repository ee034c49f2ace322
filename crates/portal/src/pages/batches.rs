//! A state's uploads: what came of each, and what to correct.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use api::answer::tables::Listed;
use api::answer::{self, ignored, night};
use api::v1::batches::Timing;
use askama::Template;
use serde::Deserialize;
use spreadsheet::Form;
use store::batches::{self, Batch};

use crate::failure::Failure;
use crate::field::Field;
use crate::pages::batch_tables;
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
    rows: Vec<(&'static str, String)>,
    causes: Table,
    findings: Table,
    night: Option<Table>,
    alike: usize,
    summary: String,
    times: Vec<(&'static str, String)>,
    ignored: BTreeMap<String, u64>,
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
    let (batch, account, causes, findings, night) = portal
        .run(move |c| {
            let own = batches::find(c, *id)?.filter(|batch| batch.state == state.as_str());
            let batch = own.ok_or(Failure::NotFound)?;
            let account = answer::account(c, batch.batch_id)?;
            let causes = answer::causes(c, batch.batch_id)?;
            let findings = batches::findings(c, batch.batch_id, None, after, FINDINGS)?;
            let night = night::compare(c, &batch)?;
            Ok((batch, account, causes, findings, night))
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
        rows: rows(&batch),
        causes: batch_tables::causes(&causes),
        findings: batch_tables::findings(&findings),
        night: night.as_ref().map(batch_tables::night),
        alike: night.as_ref().map_or(0, |night| night.findings_alike),
        summary: summary(&batch),
        times: times(&batch),
        ignored: account.map(|account| ignored(&account)).unwrap_or_default(),
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

/// A number of bytes.
pub(crate) fn size(bytes: i64) -> String {
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

/// What came of an upload, in a sentence.
fn summary(batch: &Batch) -> String {
    let students = |number: i64| words::counted(usize::try_from(number).unwrap_or(0), "student", "students");
    let corrected = match (batch.findings_errors, batch.findings_warnings) {
        (0, 0) => "Nothing needs correction.".to_owned(),
        (0, warnings) => format!(
            "Nothing was left out; {} should be looked at.",
            counted(warnings, "warning")
        ),
        (errors, _) => format!(
            "{} left something out and should be corrected.",
            counted(errors, "error")
        ),
    };
    match batch.status.as_str() {
        "loaded" => format!(
            "{} read: {} new, {} changed, {} unchanged, {} refused. {corrected}",
            students(batch.students_read + batch.students_refused),
            words::count(batch.students_inserted),
            words::count(batch.students_updated),
            words::count(batch.students_unchanged),
            words::count(batch.students_refused),
        ),
        "failed" => "Nothing of this upload was loaded.".to_owned(),
        "held" => format!(
            "{} read; nothing is loaded until somebody says that it is right.",
            students(batch.students_read)
        ),
        _ => "The upload is safely received and is being worked on.".to_owned(),
    }
}

fn counted(number: i64, one: &str) -> String {
    let several = format!("{one}s");
    words::counted(usize::try_from(number).unwrap_or(0), one, &several)
}

/// How long each phase took.
fn times(batch: &Batch) -> Vec<(&'static str, String)> {
    let timing = Timing::of(batch);
    let seconds = |seconds: f64| format!("{seconds:.1} s");
    [
        ("Waited", timing.waited_seconds.map(seconds)),
        ("Read and checked in", timing.checking_seconds.map(seconds)),
        ("Written in", timing.loading_seconds.map(seconds)),
        (
            "Rows a second",
            timing.rows_per_second.map(|rows| words::count(rows as i64)),
        ),
    ]
    .into_iter()
    .filter_map(|(label, text)| Some((label, text?)))
    .collect()
}

/// `GET /batches/{id}/findings.csv` and `.xlsx`
pub(crate) async fn download(
    portal: web::Data<Portal>,
    user: Allowed<SeeBatches>,
    path: web::Path<(i64, String)>,
) -> Result<HttpResponse, Failure> {
    let (state, (id, form)) = (user.state()?, path.into_inner());
    let form = Form::named(&form).ok_or(Failure::NotFound)?;
    portal
        .run(move |c| {
            let own = batches::find(c, id)?.filter(|batch| batch.state == state.as_str());
            own.map(drop).ok_or(Failure::NotFound)
        })
        .await?;
    Ok(answer::tables::table(portal.db(), id, Listed::Findings(None), form).await?)
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

/// What came of the rows; once loaded, each is in exactly one of these but the first.
fn rows(batch: &Batch) -> Vec<(&'static str, String)> {
    [
        ("In the file", batch.rows_read),
        ("Stored", batch.rows_stored),
        ("Unchanged", batch.rows_unchanged),
        ("Refused", batch.rows_refused),
        ("Not taken", batch.rows_ignored),
    ]
    .map(|(label, number)| (label, words::count(number)))
    .to_vec()
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
