//! Help: words, findings, problems, accessibility. These pages hold no data and need no account: whoever gets a report
//! or an error can follow its links.

use actix_web::{HttpResponse, web};
use api::ProblemCode;
use askama::Template;
use mde::{Element, FindingCode, Severity};

use crate::failure::Failure;
use crate::help::glossary::{TERMS, Term};
use crate::state::Portal;
use crate::user::{Allowed, SignedIn};
use crate::view::{self, Cell, Chrome, Table, Tag};

/// Who reads, if somebody is signed in.
type Reader = Option<Allowed<SignedIn>>;

fn chrome(reader: &Reader, title: impl Into<String>) -> Chrome {
    match reader {
        Some(user) => Chrome::of(user, title, "/help"),
        None => Chrome::bare(title),
    }
}

#[derive(Template)]
#[template(path = "help.html")]
struct HelpPage<'a> {
    chrome: Chrome,
    contact: &'a str,
}

/// `GET /help`
pub(crate) async fn index(portal: web::Data<Portal>, reader: Reader) -> Result<HttpResponse, Failure> {
    view::page(&HelpPage {
        chrome: chrome(&reader, "Help"),
        contact: portal.contact(),
    })
}

#[derive(Template)]
#[template(path = "glossary.html")]
struct GlossaryPage {
    chrome: Chrome,
    terms: &'static [Term],
}

/// `GET /help/glossary`
pub(crate) async fn glossary(reader: Reader) -> Result<HttpResponse, Failure> {
    view::page(&GlossaryPage {
        chrome: chrome(&reader, "Glossary"),
        terms: TERMS,
    })
}

#[derive(Template)]
#[template(path = "accessibility.html")]
struct AccessibilityPage<'a> {
    chrome: Chrome,
    contact: &'a str,
}

/// `GET /accessibility`
pub(crate) async fn accessibility(
    portal: web::Data<Portal>,
    reader: Reader,
) -> Result<HttpResponse, Failure> {
    view::page(&AccessibilityPage {
        chrome: chrome(&reader, "Accessibility"),
        contact: portal.contact(),
    })
}

#[derive(Template)]
#[template(path = "findings.html")]
struct FindingsPage {
    chrome: Chrome,
    table: Table,
}

/// The severity of a finding as a tag.
fn severity(severity: Severity) -> Tag {
    match severity {
        Severity::Error => Tag::new("✕ Error", "differ"),
        Severity::Warning => Tag::new("! Warning", "wait"),
    }
}

/// `GET /docs/findings`
pub(crate) async fn findings(reader: Reader) -> Result<HttpResponse, Failure> {
    let mut table = Table::new(
        "Kinds of finding",
        &["Code", "Severity", "What was found", "Rule"],
        "",
    )
    .under_heading();
    for code in FindingCode::ALL {
        let rule = code.explained();
        table.row(
            "",
            [
                Cell::new(rule.code).link(code.page()),
                Cell::default().tag(severity(rule.severity)),
                rule.title.into(),
                rule.rule.into(),
            ],
        );
    }
    view::page(&FindingsPage {
        chrome: chrome(&reader, "Findings"),
        table,
    })
}

#[derive(Template)]
#[template(path = "finding.html")]
struct FindingPage {
    chrome: Chrome,
    severity: Tag,
    rule: &'static mde::Rule,
    elements: Table,
}

/// `GET /docs/findings/{code}`
pub(crate) async fn finding(reader: Reader, code: web::Path<String>) -> Result<HttpResponse, Failure> {
    let rule = FindingCode::of_code(&code).ok_or(Failure::NotFound)?.explained();
    let mut elements = Table::new("Data elements", &["Element", "Name", "A right value"], "").under_heading();
    for number in rule.elements {
        if let Some(element) = Element::numbered(number) {
            let cells = [element.number, element.name, element.example];
            elements.row("", cells.map(Cell::from));
        }
    }
    view::page(&FindingPage {
        chrome: chrome(&reader, format!("{}: {}", rule.code, rule.title)),
        severity: severity(rule.severity),
        rule,
        elements,
    })
}

#[derive(Template)]
#[template(path = "problems.html")]
struct ProblemsPage {
    chrome: Chrome,
    table: Table,
}

/// `GET /docs/problems`
pub(crate) async fn problems(reader: Reader) -> Result<HttpResponse, Failure> {
    let mut table = Table::new("Kinds of problem", &["Code", "#Status", "What it is"], "").under_heading();
    for code in ProblemCode::ALL {
        table.row(
            "",
            [
                Cell::new(code.code()).link(code.page()),
                code.status().as_u16().to_string().into(),
                code.title().into(),
            ],
        );
    }
    view::page(&ProblemsPage {
        chrome: chrome(&reader, "Problems"),
        table,
    })
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage {
    chrome: Chrome,
    code: ProblemCode,
}

/// `GET /docs/problems/{code}`
pub(crate) async fn problem(reader: Reader, code: web::Path<String>) -> Result<HttpResponse, Failure> {
    let code = ProblemCode::of_code(&code).ok_or(Failure::NotFound)?;
    view::page(&ProblemPage {
        chrome: chrome(&reader, code.title()),
        code,
    })
}
