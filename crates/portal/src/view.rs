//! What all pages are made of: the frame around them, tables, cells and tags.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use askama::Template;
use askama::filters::HtmlSafe;

use crate::failure::Failure;
use crate::user::{Permission, User};
use crate::{assets, training, words};

/// An entry of the navigation.
#[derive(Debug, Clone)]
pub(crate) struct NavItem {
    pub(crate) href: &'static str,
    pub(crate) label: &'static str,
    pub(crate) here: bool,
}

/// Entries of the navigation that have room beside each other on a wide screen.
const ON_A_LINE: usize = 9;

/// The frame: title, who is signed in, navigation.
#[derive(Debug, Clone)]
pub(crate) struct Chrome {
    pub(crate) title: String,
    pub(crate) style: String,
    pub(crate) script: String,
    /// Seconds until the session ends if nothing more is asked for; 0 without a session.
    pub(crate) seconds: i64,
    pub(crate) logo: String,
    pub(crate) name: String,
    pub(crate) place: String,
    pub(crate) csrf: String,
    pub(crate) several_places: bool,
    /// Whether all children here are made up.
    pub(crate) training: bool,
    pub(crate) nav: Vec<NavItem>,
    /// Parts that are not for every day, behind one more entry.
    pub(crate) more: Vec<NavItem>,
    /// What was just done.
    pub(crate) done: Option<String>,
}

impl Chrome {
    /// A frame without anybody signed in.
    pub(crate) fn bare(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            style: assets::style(),
            script: assets::script(),
            seconds: 0,
            logo: assets::logo(),
            name: String::new(),
            place: String::new(),
            csrf: String::new(),
            several_places: false,
            training: training::is_on(),
            nav: Vec::new(),
            more: Vec::new(),
            done: None,
        }
    }

    /// The frame of a user's page under this part of the navigation.
    pub(crate) fn of(user: &User, title: impl Into<String>, here: &str) -> Self {
        let item = |href, label, permission: Permission| {
            user.may(permission).then_some(NavItem {
                href,
                label,
                here: href == here,
            })
        };
        let state = |item: Option<NavItem>| item.filter(|_| user.acts_in.is_some());
        let daily = [
            item("/", "Home", Permission::SignedIn),
            item("/search", "Find a child", Permission::ReadRecords),
            state(item("/students", "My students", Permission::SeeStudents)),
            item("/worklist", "Worklist", Permission::DecideMatches),
            state(item("/notices", "Move notices", Permission::SendNotices)),
            state(item("/deadlines", "Deadlines", Permission::SendNotices)),
            state(item("/batches", "Uploads", Permission::SeeBatches)),
            item("/reports", "Reports", Permission::SeeReports),
        ];
        let seldom = [
            state(item("/disagreements", "Contradictions", Permission::ManageState)),
            item("/contacts", "Contacts", Permission::ReadRecords),
            item("/requirements", "Requirements", Permission::ReadRecords),
            state(item("/reconciliations", "Reconciliation", Permission::Reconcile)),
            item("/admin", "Administration", Permission::Administer),
        ];
        let mut nav: Vec<NavItem> = daily.into_iter().flatten().collect();
        let mut more: Vec<NavItem> = seldom.into_iter().flatten().collect();
        if nav.len() + more.len() <= ON_A_LINE {
            nav.append(&mut more);
        } else if let Some(at) = more.iter().position(|item| item.here) {
            // Where one is, is always seen.
            nav.push(more.remove(at));
        }
        let roles: Vec<_> = user.roles.iter().map(|role| words::role(*role)).collect();
        let place = user.acts_in.map_or("Federal", mde::StateCode::name);
        Self {
            name: user.name.clone(),
            place: if roles.is_empty() {
                String::new()
            } else {
                format!("{} · {}", roles.join(", "), place)
            },
            csrf: user.session.csrf.clone(),
            seconds: user.seconds,
            several_places: user.choices.len() > 1,
            nav,
            more,
            ..Self::bare(title)
        }
    }

    /// With a line that says what was just done.
    pub(crate) fn done(mut self, done: Option<&str>) -> Self {
        self.done = done.map(ToOwned::to_owned);
        self
    }
}

/// A page. It may hold personal data and is kept nowhere on the way.
pub(crate) fn page(template: &impl Template) -> Result<HttpResponse, Failure> {
    page_with(StatusCode::OK, template)
}

/// A page with another status.
pub(crate) fn page_with(status: StatusCode, template: &impl Template) -> Result<HttpResponse, Failure> {
    Ok(HttpResponse::build(status)
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(template.render()?))
}

/// Goes on to another page after a form.
pub(crate) fn see_other(target: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header(("Location", target))
        .insert_header((CACHE_CONTROL, "no-store"))
        .finish()
}

/// A small label.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "tag.html")]
pub(crate) struct Tag {
    pub(crate) text: String,
    /// `agree`, `differ`, `wait`, `info` or nothing.
    pub(crate) class: &'static str,
    /// The whole of it, for who points at it.
    pub(crate) title: String,
    /// Where it leads, if anywhere.
    pub(crate) href: String,
}

impl HtmlSafe for Tag {}

impl Tag {
    pub(crate) fn new(text: impl Into<String>, class: &'static str) -> Self {
        Self {
            text: text.into(),
            class,
            ..Self::default()
        }
    }
}

/// A cell of a table.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cell {
    pub(crate) text: String,
    pub(crate) href: String,
    pub(crate) tags: Vec<Tag>,
    pub(crate) note: String,
}

impl Cell {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    pub(crate) fn link(mut self, href: impl Into<String>) -> Self {
        self.href = href.into();
        self
    }

    pub(crate) fn tag(mut self, tag: Tag) -> Self {
        self.tags.push(tag);
        self
    }

    pub(crate) fn tags(mut self, tags: impl IntoIterator<Item = Tag>) -> Self {
        self.tags.extend(tags);
        self
    }

    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    pub(crate) fn is_blank(&self) -> bool {
        self.text.is_empty() && self.tags.is_empty() && self.note.is_empty()
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<Option<String>> for Cell {
    fn from(text: Option<String>) -> Self {
        Self::new(text.unwrap_or_default())
    }
}

/// A row; its first cell names it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Row {
    /// `strong`, `faded` or nothing.
    pub(crate) class: &'static str,
    pub(crate) cells: Vec<Cell>,
}

/// A column's heading, and how its cells are set: `right` for numbers, `nowrap` for dates and other short texts.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) label: String,
    pub(crate) class: &'static str,
}

/// A table, which becomes a list of labelled values on a narrow screen.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "table.html")]
pub(crate) struct Table {
    pub(crate) caption: String,
    pub(crate) caption_hidden: bool,
    pub(crate) class: &'static str,
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Row>,
    /// What is said instead of an empty table.
    pub(crate) empty: &'static str,
}

impl HtmlSafe for Table {}

impl Table {
    /// A table without rows. A column whose label starts with `#` holds numbers, one with `~` short texts.
    pub(crate) fn new(caption: impl Into<String>, columns: &[&str], empty: &'static str) -> Self {
        let columns = columns
            .iter()
            .map(|label| Column {
                label: label.trim_start_matches(['#', '~']).to_owned(),
                class: match label.as_bytes().first() {
                    Some(b'#') => "right",
                    Some(b'~') => "nowrap",
                    _ => "",
                },
            })
            .collect();
        Self {
            caption: caption.into(),
            caption_hidden: false,
            class: "",
            columns,
            rows: Vec::new(),
            empty,
        }
    }

    /// The same with the caption for screen readers only, where a heading says it.
    pub(crate) fn under_heading(mut self) -> Self {
        self.caption_hidden = true;
        self
    }

    pub(crate) fn row(&mut self, class: &'static str, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(Row {
            class,
            cells: cells.into_iter().collect(),
        });
    }

    /// The cells of a row, each with its column.
    fn cells<'a>(&'a self, row: &'a Row) -> impl Iterator<Item = (&'a Column, &'a Cell)> {
        self.columns.iter().zip(&row.cells)
    }
}

/// A choice of a drop-down or of radio buttons.
#[derive(Debug, Clone)]
pub(crate) struct Choice {
    pub(crate) value: String,
    pub(crate) label: String,
    pub(crate) chosen: bool,
}

impl Choice {
    pub(crate) fn new(value: impl Into<String>, label: impl Into<String>, chosen: &str) -> Self {
        let value = value.into();
        Self {
            chosen: value == chosen,
            value,
            label: label.into(),
        }
    }
}

/// The purposes of a look-up as choices.
pub(crate) fn purposes(chosen: &str) -> Vec<Choice> {
    store::Purpose::ALL
        .iter()
        .map(|p| Choice::new(p.name(), words::purpose(*p), chosen))
        .collect()
}

/// What is wrong with a form, field by field.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mistakes(pub(crate) Vec<(&'static str, String)>);

impl Mistakes {
    pub(crate) fn add(&mut self, field: &'static str, message: impl Into<String>) {
        self.0.push((field, message.into()));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is wrong with a field; empty if nothing is.
    pub(crate) fn of(&self, field: &str) -> &str {
        self.0
            .iter()
            .find(|(name, _)| *name == field)
            .map_or("", |(_, message)| message)
    }
}
