//! Reports: counts of a period, moves, missed enrollments, and counts that are frozen.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use api::answer::district::{self, List, ListForm};
use api::answer::reports as tables;
use askama::Template;
use chrono::{Datelike as _, NaiveDate, NaiveTime};
use export::lists::About;
use records::counts::{Period, ShownCounts, ShownTally, Viewer};
use records::qa;
use records::report::{self, PATIENCE, Question};
use records::snapshot::{self, SnapshotError, Taker};
use serde::Deserialize;
use spreadsheet::Form;
use store::Purpose;
use store::snapshots::{self, Listed};

use crate::failure::{Failure, encode};
use crate::field::Field;
use crate::state::Portal;
use crate::user::{Allowed, Guarded, Permission, SeeReports, TakeSnapshots, User};
use crate::view::{self, Cell, Choice, Chrome, Mistakes, Table};
use crate::words;

/// Periods that the form offers, the present one first.
const PERIODS: i32 = 5;

#[derive(Template)]
#[template(path = "reports.html")]
struct ReportsPage {
    chrome: Chrome,
    mistakes: Mistakes,
    whole_nation: bool,
    period: Field,
    known_at: Field,
    report: Option<Report>,
    snapshots: Table,
    /// Name of a new snapshot, for who may take one.
    name: Option<Field>,
    period_to_freeze: Field,
}

struct Report {
    period: Period,
    until: String,
    rules: String,
    query: String,
    counts: Table,
    moves: Table,
}

/// What is asked for, as typed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    period: String,
    /// A day, at the end of which the question is asked.
    known_at: String,
    /// The district of a list; the whole state if empty.
    district: String,
}

impl Asked {
    /// The question; `None` where nothing is asked yet.
    fn question(&self, portal: &Portal, user: &User) -> Result<Option<Question>, Mistakes> {
        if self.period.is_empty() {
            return Ok(None);
        }
        let mut mistakes = Mistakes::default();
        let period = self.period.parse();
        if period.is_err() {
            mistakes.add("period", "Choose one of the periods.");
        }
        let day = match self.known_at.trim() {
            "" => None,
            text => Some(text.parse::<NaiveDate>()),
        };
        let known_at = match day {
            Some(Ok(day)) => Some(day.and_time(NaiveTime::MIN).and_utc() + chrono::TimeDelta::days(1)),
            Some(Err(_)) => {
                mistakes.add("known_at", "Enter a day, such as 2026-12-15, or leave it empty.");
                None
            }
            None => None,
        };
        if known_at.is_some_and(|at| at > portal.now()) {
            mistakes.add(
                "known_at",
                "Enter a day that has passed: what will be known is not known yet.",
            );
        }
        match period {
            Ok(period) if mistakes.is_empty() => Ok(Some(Question {
                period,
                known_at,
                today: portal.today(user.acts_in),
            })),
            _ => Err(mistakes),
        }
    }

    fn query(&self) -> String {
        format!(
            "period={}&known_at={}",
            encode(&self.period),
            encode(&self.known_at)
        )
    }
}

fn viewer(user: &User) -> Viewer {
    user.acts_in.map_or(Viewer::Nation, Viewer::State)
}

/// The periods of late as choices.
fn periods(name: &'static str, chosen: &str, today: NaiveDate, mistakes: &Mistakes) -> Field {
    let present = today.year() + i32::from(today.month() >= 9);
    let choices = (0..PERIODS).filter_map(|back| Period::ending(present - back));
    let choices = choices.map(|period| {
        let years = period.to_string();
        Choice::new(years.clone(), format!("September to August, {years}"), chosen)
    });
    Field::select(name, "Period", "Choose a period", choices.collect()).judged(mistakes)
}

/// `GET /reports?period=&known_at=`
pub(crate) async fn show(
    portal: web::Data<Portal>,
    user: Allowed<SeeReports>,
    asked: web::Query<Asked>,
) -> Result<HttpResponse, Failure> {
    let (question, mistakes) = match asked.question(&portal, &user) {
        Ok(question) => (question, Mistakes::default()),
        Err(mistakes) => (None, mistakes),
    };
    let report = match question {
        Some(question) => Some(reported(&shown(&portal, &user, question).await?, asked.query())),
        None => None,
    };
    page(&portal, &user, &asked, report, mistakes, "").await
}

async fn shown(portal: &Portal, user: &User, question: Question) -> Result<ShownCounts, Failure> {
    let answer = portal.db().report(move |c| report::counts(c, &question)).await?;
    Ok(answer.counts.shown_to(viewer(user)))
}

async fn page(
    portal: &Portal,
    user: &User,
    asked: &Asked,
    report: Option<Report>,
    mistakes: Mistakes,
    name: &str,
) -> Result<HttpResponse, Failure> {
    let (state, today) = (user.acts_in, portal.today(user.acts_in));
    let listed = portal.run(move |c| Ok(snapshots::list(c, state)?)).await?;
    let known_at = Field::input("known_at", "As known at the end of", &asked.known_at, "date")
        .hint("Empty: as known now")
        .judged(&mistakes);
    let name = user.may(Permission::TakeSnapshots).then(|| {
        Field::text("name", "Name", name)
            .hint("Lower-case letters, digits and hyphens, such as december-2026")
            .maximum(60)
            .judged(&mistakes)
    });
    let status = if mistakes.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let page = ReportsPage {
        chrome: Chrome::of(user, "Reports", "/reports"),
        whole_nation: viewer(user) == Viewer::Nation,
        period: periods("period", &asked.period, today, &mistakes),
        known_at,
        report,
        snapshots: frozen(&listed),
        name,
        period_to_freeze: periods("period_to_freeze", "", today, &mistakes),
        mistakes,
    };
    view::page_with(status, &page)
}

fn reported(shown: &ShownCounts, query: String) -> Report {
    let mut counts = Table::new(
        "Children, each counted once",
        &[
            "Where",
            "#Category 1",
            "#Category 2",
            "#Arrived in the period",
            "#Eligibility ended",
            "#Age unknown",
        ],
        "No children.",
    )
    .under_heading();
    let small = shown.small;
    counts.row("strong", row("The nation", &shown.nation, small));
    for of in &shown.states {
        counts.row("", row(of.state.name(), &of.tally, small));
    }
    let mut moves = Table::new(
        "Moves between states",
        &["From", "To", "#Moves", "#Children"],
        "No moves between states.",
    )
    .under_heading();
    for way in &shown.moves {
        moves.row(
            "",
            [
                way.from.name().into(),
                way.to.name().into(),
                told(way.moves, small),
                told(way.children, small),
            ],
        );
    }
    Report {
        period: shown.period,
        until: words::day(shown.until),
        rules: shown.rules.clone(),
        query,
        counts,
        moves,
    }
}

fn row(place: &str, of: &ShownTally, small: Option<u64>) -> [Cell; 6] {
    [
        place.into(),
        told(of.category_1, small),
        told(of.category_2, small),
        told(of.moved_in_period, small),
        told(of.eligibility_ended, small),
        told(of.age_unknown, small),
    ]
}

fn told(number: Option<u64>, small: Option<u64>) -> Cell {
    match (number, small) {
        (Some(number), _) => words::count(i64::try_from(number).unwrap_or(i64::MAX)).into(),
        (None, small) => format!("not shown (below {})", small.unwrap_or_default()).into(),
    }
}

fn frozen(listed: &[Listed]) -> Table {
    let mut table = Table::new(
        "Frozen counts",
        &["Name", "Period", "~Known at", "~Taken", "By"],
        "No count is frozen yet.",
    )
    .under_heading();
    for snapshot in listed {
        let ends = snapshot.period_ends;
        let period = Period::ending(ends).map_or_else(|| ends.to_string(), |period| period.to_string());
        table.row(
            "",
            [
                Cell::new(snapshot.name.as_str())
                    .link(format!("/reports/snapshots/{}/children.csv", snapshot.name))
                    .note("every child that counted, as CSV"),
                period.into(),
                words::instant(snapshot.known_at).into(),
                words::instant(snapshot.taken_at).into(),
                snapshot
                    .state
                    .as_deref()
                    .map_or_else(|| "The hub".to_owned(), words::state_name)
                    .into(),
            ],
        );
    }
    table
}

/// `GET /reports/{what}.{form}?period=&known_at=`
pub(crate) async fn download(
    portal: web::Data<Portal>,
    user: Allowed<SeeReports>,
    path: web::Path<(String, String)>,
    asked: web::Query<Asked>,
) -> Result<HttpResponse, Failure> {
    let (what, form) = path.into_inner();
    let question = asked.question(&portal, &user).ok().flatten();
    let question = question.ok_or(Failure::BadRequest)?;
    let list = match what.as_str() {
        "qa" => Some(List::Quality),
        "free-meals" => Some(List::FreeMeals),
        _ => None,
    };
    if let Some(list) = list {
        let form = ListForm::named(&form).ok_or(Failure::NotFound)?;
        let name = format!("{what}-{}", question.period);
        return district_list(&portal, &user, (list, form, &name), question, &asked.district).await;
    }
    let form = Form::named(&form).ok_or(Failure::NotFound)?;
    let table = match what.as_str() {
        "counts" => tables::counts(&shown(&portal, &user, question).await?),
        "moves" => {
            let shown = shown(&portal, &user, question).await?;
            tables::moves(&shown.moves, shown.small)
        }
        "missed-enrollments" => {
            let (access, state) = (user.access(Purpose::Program, &portal), user.acts_in);
            let missed = portal
                .db()
                .report(move |c| report::missed_enrollments(c, &access, &question, state, PATIENCE));
            tables::missed(&missed.await?)
        }
        _ => return Err(Failure::NotFound),
    };
    Ok(tables::file(
        &table,
        &format!("{what}-{}", question.period),
        form,
    )?)
}

/// The quality list of a district, without a file of its own, or whom it feeds free of charge.
async fn district_list(
    portal: &Portal,
    user: &User,
    (list, form, name): (List, ListForm, &str),
    question: Question,
    district: &str,
) -> Result<HttpResponse, Failure> {
    let (state, access) = (user.state()?, user.access(Purpose::Program, portal));
    let named = Some(district.trim()).filter(|name| !name.is_empty());
    let wanted = qa::Wanted {
        state,
        district: named.map(ToOwned::to_owned),
        days: question.period.until(question.today),
    };
    let about = About {
        state,
        district: wanted.district.clone(),
        days: wanted.days,
        today: question.today,
        by: user.email.clone(),
        at: access.at,
    };
    let rows = portal
        .db()
        .report(move |c| qa::list(c, &access, &wanted, &qa::OwnFile::new()))
        .await?;
    Ok(district::file(list, &rows, &about, form, name)?)
}

/// A snapshot to take.
#[derive(Debug, Deserialize)]
pub(crate) struct New {
    name: String,
    period_to_freeze: String,
}

/// `POST /reports/snapshots`
pub(crate) async fn take(
    portal: web::Data<Portal>,
    guarded: Guarded<TakeSnapshots, New>,
) -> Result<HttpResponse, Failure> {
    let (
        user,
        New {
            name,
            period_to_freeze,
        },
    ) = (guarded.user, guarded.form);
    let (state, by, now) = (user.acts_in, user.label(), portal.now());
    let name = name.trim().to_owned();
    let Ok(period) = period_to_freeze.parse::<Period>() else {
        let mut mistakes = Mistakes::default();
        mistakes.add("period_to_freeze", "Choose one of the periods.");
        return page(&portal, &user, &Asked::default(), None, mistakes, &name).await;
    };
    let question = Question {
        period,
        known_at: None,
        today: portal.today(state),
    };
    let taking = name.clone();
    let taken = portal
        .db()
        .report(move |c| {
            let taken = snapshot::take(c, &taking, &question, Taker { by: &by, state }, now);
            if let Ok(taken) = &taken {
                let detail = serde_json::json!({ "period": period.to_string(), "known_at": taken.known_at });
                store::access::audit(c, now, &by, "snapshot.take", &taken.name, &detail)?;
            }
            Ok::<_, store::Error>(taken)
        })
        .await?;
    let mut mistakes = Mistakes::default();
    match taken {
        Ok(_) => return Ok(view::see_other("/reports")),
        Err(SnapshotError::Name(_)) => {
            mistakes.add("name", "Use 1 to 60 lower-case letters, digits and hyphens.");
        }
        Err(SnapshotError::Taken(_)) => mistakes.add("name", "This name is taken. Choose another one."),
        Err(error) => return Err(api::Problem::from(error).into()),
    }
    page(&portal, &user, &Asked::default(), None, mistakes, &name).await
}

/// `GET /reports/snapshots/{name}/children.csv`
pub(crate) async fn children(
    portal: web::Data<Portal>,
    user: Allowed<SeeReports>,
    name: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    let (access, state) = (user.access(Purpose::Program, &portal), user.acts_in);
    let file = name.clone();
    let csv = portal
        .run(move |c| {
            let visible = |of: &snapshots::Snapshot| {
                of.state.is_none() || state.is_none_or(|state| of.state.as_deref() == Some(state.as_str()))
            };
            let found = snapshots::named(c, &name)?
                .filter(visible)
                .ok_or(Failure::NotFound)?;
            snapshot::children_of(c, &access, &found, state).map_err(|error| api::Problem::from(error).into())
        })
        .await?;
    Ok(tables::csv(csv, &file))
}
