//! The official document of a data request: sending it, downloading it, and saying whether it serves in lieu of the
//! original.

use std::collections::HashMap;

use ::notices::data_requests::What;
use ::notices::documents::{self, Done, Sending, Verdict, attestation};
use actix_web::http::StatusCode;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, web};
use api::answer::documents::attach;
use askama::Template;
use askama::filters::HtmlSafe;
use chrono::NaiveDate;
use diesel::PgConnection;
use formats::official::{self, MediaType};
use serde::Deserialize;
use store::Purpose;
use store::acceptances::{self, Acceptance};
use store::data_requests::DataRequest;
use store::documents::Document;

use crate::failure::Failure;
use crate::field::Field;
use crate::multipart::Sent;
use crate::pages::acceptances as register;
use crate::pages::batches::size;
use crate::pages::data_requests::{self as requests, Typed, mistakes_of, typed_day};
use crate::pages::notices::NOTE;
use crate::state::Portal;
use crate::user::{Allowed, AnswerNotices, Guarded, Permission, SendNotices, User};
use crate::view::{self, Cell, Choice, Mistakes, Table, Tag};
use crate::words;

/// What an asking state can say, in the words of the form.
const VERDICTS: [(Verdict, &str); 2] = [
    (Verdict::Accepted, "We accept it in lieu of the original"),
    (Verdict::NotAccepted, "We do not accept it"),
];

/// What is known of the document of a request.
pub(crate) struct Held {
    versions: Vec<Document>,
    /// What the asking state says of this kind of document.
    acceptance: Option<Acceptance>,
}

/// Reads what is known of the document of a request; `None` if it asks for data.
pub(crate) fn held(c: &mut PgConnection, request: &DataRequest) -> Result<Option<Held>, Failure> {
    if !What::named(&request.what).is_some_and(What::is_document) {
        return Ok(None);
    }
    Ok(Some(Held {
        versions: store::documents::versions(c, request.work_item_id)?,
        acceptance: acceptances::find(c, &request.sender, &request.what)?,
    }))
}

/// How the document of a request stands, if one has come.
pub(crate) fn standing(request: &DataRequest) -> Option<Tag> {
    request.document_version?;
    Some(match request.document_verdict.as_deref() {
        Some("accepted") => Tag::new("✓ Accepted", "agree"),
        Some(_) => Tag::new("! Not accepted", "differ"),
        None => Tag::new("✓ Document sent", "info"),
    })
}

/// The document on the page of its request.
#[derive(Template)]
#[template(path = "document.html")]
pub(crate) struct Part {
    id: i64,
    csrf: String,
    acceptance: String,
    versions: Table,
    sends: Option<SendPart>,
    judges: Option<JudgePart>,
}

impl HtmlSafe for Part {}

struct SendPart {
    /// The version whose place a new one takes.
    replaces: Option<i32>,
    fields: Vec<Field>,
    attestation: String,
    attested: bool,
    wrong: String,
}

struct JudgePart {
    version: i32,
    verdict: Field,
    reason: Field,
}

/// A document as typed, but for its file.
#[derive(Debug, Clone, Default)]
pub(crate) struct SendForm {
    registrar: String,
    office: String,
    issued: String,
    reason: String,
    attest: bool,
    replaces: Option<i32>,
}

impl SendForm {
    fn of(mut fields: HashMap<String, String>) -> Self {
        let mut field = |name| fields.remove(name).unwrap_or_default();
        Self {
            registrar: field("registrar"),
            office: field("office"),
            issued: field("issued"),
            reason: field("reason"),
            attest: !field("attest").is_empty(),
            replaces: field("replaces").parse().ok(),
        }
    }

    /// What the file is, and the day of issue; else all that is wrong, in the order of the page.
    fn understand(&self, file: &[u8]) -> Result<(MediaType, NaiveDate), Mistakes> {
        let mut mistakes = Mistakes::default();
        let media_type = official::examine(file);
        if let Err(refusal) = &media_type {
            let told = if file.is_empty() {
                "Choose the file.".to_owned()
            } else {
                format!("{} {}", words::sentence(&refusal.to_string()), refusal.fix)
            };
            mistakes.add("file", told);
        }
        if self.registrar.trim().is_empty() {
            mistakes.add("registrar", "Enter the name of the registrar who attests.");
        }
        if self.office.trim().is_empty() {
            mistakes.add("office", "Enter the title or office of the registrar.");
        }
        let issued = typed_day(&self.issued);
        if issued.is_none() {
            mistakes.add(
                "issued",
                "Enter the day of issue as month/day/year, such as 4/15/2026.",
            );
        }
        if !self.attest {
            mistakes.add(
                "attest",
                "Tick the attestation; only what a registrar attests can be sent.",
            );
        }
        match (media_type, issued) {
            (Ok(media_type), Some(issued)) if mistakes.is_empty() => Ok((media_type, issued)),
            _ => Err(mistakes),
        }
    }
}

/// What is said of a document, as typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct VerdictForm {
    version: String,
    verdict: String,
    reason: String,
}

/// What the page of a request shows of its document to somebody who acts in the state `own`.
pub(crate) fn part(
    user: &User,
    own: &str,
    request: &DataRequest,
    listed: bool,
    held: &Held,
    typed: &Typed,
    mistakes: &Mistakes,
) -> Part {
    let current = held
        .versions
        .iter()
        .find(|version| version.superseded_at.is_none());
    let answers = listed && user.may(Permission::AnswerNotices) && request.recipient == own;
    let takes = !matches!(request.decision.as_deref(), Some("withdrawn" | "not_held"));
    let judged = |version: &&Document| version.received_at.is_some() && version.verdict.is_none();
    let what = What::named(&request.what);
    Part {
        id: request.work_item_id,
        csrf: user.session.csrf.clone(),
        acceptance: what.map_or_else(String::new, |what| {
            register::in_words(&request.sender, what, held.acceptance.as_ref())
        }),
        versions: versions(request.work_item_id, &held.versions, own == request.sender),
        sends: what
            .filter(|_| answers && takes)
            .map(|what| send_part(what, current, typed, mistakes)),
        judges: current
            .filter(judged)
            .filter(|_| request.sender == own)
            .map(|current| judge_part(current, typed, mistakes)),
    }
}

fn send_part(what: What, current: Option<&Document>, typed: &Typed, mistakes: &Mistakes) -> SendPart {
    let form = &typed.document;
    let mut fields = vec![
        Field::input("file", "The file", "", "file")
            .hint("PDF, or a PESC High School Transcript as XML; at most 10 MB")
            .required()
            .judged(mistakes),
        Field::text("registrar", "Name of the registrar who attests", &form.registrar)
            .required()
            .judged(mistakes),
        Field::text("office", "Title or office", &form.office)
            .required()
            .judged(mistakes),
        Field::text("issued", "Day of issue", &form.issued)
            .hint("For example 4/15/2026")
            .maximum(20)
            .required()
            .judged(mistakes),
    ];
    if current.is_some() {
        fields.push(
            Field::area(
                "reason",
                "Why does it take the place of the one before?",
                &form.reason,
            )
            .hint("At most 500 characters. Nothing sensitive")
            .maximum(NOTE)
            .class("whole")
            .judged(mistakes),
        );
    }
    SendPart {
        replaces: current.map(|current| current.version),
        fields,
        attestation: attestation(what),
        attested: form.attest,
        wrong: mistakes.of("attest").to_owned(),
    }
}

fn judge_part(current: &Document, typed: &Typed, mistakes: &Mistakes) -> JudgePart {
    let choices = VERDICTS
        .iter()
        .map(|(verdict, words)| Choice::new(verdict.name(), *words, &typed.verdict.verdict))
        .collect();
    JudgePart {
        version: current.version,
        verdict: Field::select("verdict", "Does it serve?", "Choose", choices)
            .required()
            .judged(mistakes),
        reason: Field::area("reason", "Why?", &typed.verdict.reason)
            .hint("Needed if you do not accept it. At most 500 characters")
            .maximum(NOTE)
            .class("whole")
            .judged(mistakes),
    }
}

/// The versions, newest first; who received one is told within the state that did.
fn versions(id: i64, versions: &[Document], asked: bool) -> Table {
    let mut table = Table::new(
        "Versions of the document",
        &[
            "Document",
            "Attested by",
            "~Issued",
            "~Sent",
            "Received",
            "In lieu of the original",
        ],
        "No document has come yet.",
    )
    .under_heading();
    for version in versions {
        let kind = if version.media_type == MediaType::Pdf.name() {
            "PDF"
        } else {
            "XML"
        };
        let replaced = version
            .superseded_why
            .as_ref()
            .map(|why| format!("Replaced: {why}"));
        let by = version
            .received_by
            .as_deref()
            .filter(|_| asked)
            .map(|by| by.split_once(':').map_or(by, |(_, who)| who));
        let verdict = match version.verdict.as_deref() {
            Some("accepted") => Cell::default().tag(Tag::new("✓ Accepted", "agree")),
            Some(_) => Cell::default().tag(Tag::new("! Not accepted", "differ")),
            None if version.superseded_at.is_some() => "–".into(),
            None => "Not said yet".into(),
        };
        table.row(
            if version.superseded_at.is_some() {
                "faded"
            } else {
                ""
            },
            [
                Cell::new(format!("Download version {}", version.version))
                    .link(format!(
                        "/data-requests/{id}/document?version={}",
                        version.version
                    ))
                    .note(
                        [
                            Some(format!("{kind}, {}", size(i64::from(version.size)))),
                            replaced,
                        ]
                        .into_iter()
                        .flatten()
                        .collect::<Vec<_>>()
                        .join(". "),
                    ),
                Cell::new(&*version.registrar).note(&*version.office),
                words::day(version.issued_on).into(),
                words::instant(version.sent_at).into(),
                version
                    .received_at
                    .map_or_else(|| Cell::new("Not yet"), |at| Cell::new(words::instant(at)))
                    .note(by.unwrap_or_default()),
                verdict.note(version.judged_why.clone().unwrap_or_default()),
            ],
        );
    }
    table
}

/// `POST /data-requests/{id}/document`: sends the document.
pub(crate) async fn send(
    portal: web::Data<Portal>,
    id: web::Path<i64>,
    sent: Sent<AnswerNotices>,
) -> Result<HttpResponse, Failure> {
    let Sent { user, fields, file } = sent;
    let (state, by, now, id) = (user.state()?, user.label(), portal.now(), *id);
    let form = SendForm::of(fields);
    let scope = user.judge().scope;
    let typed = form.clone();
    let done = portal
        .run(move |c| {
            requests::answerable(c, id, state, &scope)?;
            let (media_type, issued_on) = match form.understand(&file) {
                Ok(understood) => understood,
                Err(mistakes) => return Ok(Err(mistakes)),
            };
            let sending = Sending {
                media_type: media_type.name(),
                content: &file,
                registrar: &form.registrar,
                office: &form.office,
                issued_on,
                attested: form.attest,
                replaces: form.replaces,
                why: Some(&form.reason),
            };
            done(documents::send(c, id, state, &by, &sending, now))
        })
        .await?;
    match done {
        Ok(_) => Ok(view::see_other(&format!("/data-requests/{id}?done=sent"))),
        Err(mistakes) => {
            let typed = Typed {
                document: typed,
                ..Typed::default()
            };
            requests::again(
                &portal,
                &user,
                id,
                &typed,
                mistakes,
                StatusCode::UNPROCESSABLE_ENTITY,
            )
            .await
        }
    }
}

/// What was done, or what is wrong with the form.
fn done(result: Result<Option<Done>, ::notices::Error>) -> Result<Result<Done, Mistakes>, Failure> {
    match result {
        Ok(done) => done.map(Ok).ok_or(Failure::NotFound),
        Err(error) => mistakes_of(error).map(Err),
    }
}

/// Which version.
#[derive(Debug, Deserialize)]
pub(crate) struct Ask {
    version: Option<i32>,
}

/// `GET /data-requests/{id}/document?version=`: the file. It is disclosed, and the first look of the state that asked is
/// its receipt.
pub(crate) async fn download(
    portal: web::Data<Portal>,
    user: Allowed<SendNotices>,
    id: web::Path<i64>,
    ask: web::Query<Ask>,
) -> Result<HttpResponse, Failure> {
    let (state, id, version) = (user.state()?, *id, ask.version);
    let access = user.access(Purpose::Program, &portal);
    let read = portal
        .run(move |c| match documents::read(c, &access, id, state, version) {
            Ok(read) => read.map(Ok).ok_or(Failure::NotFound),
            Err(error) => mistakes_of(error).map(Err),
        })
        .await?;
    match read {
        Ok((document, content)) => {
            let file = HttpResponse::Ok()
                .content_type(document.media_type.clone())
                .insert_header((CACHE_CONTROL, "no-store"))
                .body(content);
            Ok(attach(file, &document)?)
        }
        Err(mistakes) => {
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            requests::again(&portal, &user, id, &Typed::default(), mistakes, status).await
        }
    }
}

/// `POST /data-requests/{id}/verdict`: says whether the document serves.
pub(crate) async fn judge(
    portal: web::Data<Portal>,
    id: web::Path<i64>,
    guarded: Guarded<SendNotices, VerdictForm>,
) -> Result<HttpResponse, Failure> {
    let Guarded { user, form } = guarded;
    let (state, by, now, id) = (user.state()?, user.label(), portal.now(), *id);
    let version: i32 = form.version.parse().map_err(|_| Failure::BadRequest)?;
    let verdict = VERDICTS
        .iter()
        .map(|(verdict, _)| *verdict)
        .find(|verdict| verdict.name() == form.verdict);
    let typed = form.clone();
    let judged = portal
        .run(move |c| {
            let Some(verdict) = verdict else {
                let mut mistakes = Mistakes::default();
                mistakes.add("verdict", "Choose whether it serves.");
                return Ok(Err(mistakes));
            };
            let said = (version, verdict, Some(form.reason.as_str()));
            done(documents::judge(c, id, state, &by, said, now))
        })
        .await?;
    match judged {
        Ok(done) => {
            let what = if done.recorded { "judged" } else { "late" };
            Ok(view::see_other(&format!("/data-requests/{id}?done={what}")))
        }
        Err(mistakes) => {
            let typed = Typed {
                verdict: typed,
                ..Typed::default()
            };
            requests::again(
                &portal,
                &user,
                id,
                &typed,
                mistakes,
                StatusCode::UNPROCESSABLE_ENTITY,
            )
            .await
        }
    }
}
