//! What states require for graduation, and how a state counts eligibility: read by all, kept by the state's
//! administrators.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use mde::eligibility::{LastDay, Terminations};
use mde::{EligibilityRules, StateCode};
use records::requirements::{BadSets, RequirementSets};
use serde::Deserialize;
use store::requirements::Kept;
use store::{participants, requirements};

use crate::failure::Failure;
use crate::field::Field;
use crate::state::Portal;
use crate::user::{Allowed, Guarded, ManageState, Permission, ReadRecords, User};
use crate::view::{self, Cell, Choice, Chrome, Mistakes, Table};
use crate::words;

/// Letters of a document that the form takes; a longer one is for the interface or the command line.
const LETTERS: usize = 20_000;

/// Whose sets.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Ask {
    #[serde(default)]
    state: String,
    #[serde(default)]
    done: String,
}

/// The form with a document.
#[derive(Debug, Deserialize)]
pub(crate) struct DocumentForm {
    document: String,
}

/// The form with the rules of eligibility.
#[derive(Debug, Deserialize)]
pub(crate) struct RulesForm {
    last_day: String,
    terminations: String,
}

struct SetView {
    title: String,
    source: String,
    units: Table,
}

#[derive(Template)]
#[template(path = "requirements.html")]
struct RequirementsPage {
    chrome: Chrome,
    mistakes: Mistakes,
    states: Table,
    state: String,
    sets: Vec<SetView>,
    rules: String,
    /// The form, for who may change it.
    document: Option<Field>,
    last_day: Option<Field>,
    terminations: Option<Field>,
}

/// The state whose sets the user keeps: its own, as a whole.
pub(crate) fn managed(user: &User) -> Option<StateCode> {
    user.acts_in
        .filter(|_| user.may(Permission::ManageState) && user.districts.is_none())
}

/// `GET /requirements?state=`
pub(crate) async fn show(
    portal: web::Data<Portal>,
    user: Allowed<ReadRecords>,
    ask: web::Query<Ask>,
) -> Result<HttpResponse, Failure> {
    let state = StateCode::new(&ask.state).ok().or(user.acts_in);
    let done = match ask.done.as_str() {
        "kept" => Some("The sets are kept. Plans are measured against them from now on."),
        "rules" => Some("The rules are chosen. They hold from now on, for what is held too."),
        _ => None,
    };
    page(&portal, &user, state, None, Mistakes::default(), done).await
}

/// `POST /requirements`: puts the document in the place of all that the state keeps.
pub(crate) async fn keep(
    portal: web::Data<Portal>,
    guarded: Guarded<ManageState, DocumentForm>,
) -> Result<HttpResponse, Failure> {
    let Guarded { user, form } = guarded;
    let state = managed(&user).ok_or(Failure::Forbidden)?;
    let mut mistakes = Mistakes::default();
    match RequirementSets::parse(&form.document) {
        Err(BadSets(wrong)) => {
            for text in wrong {
                mistakes.add("document", text);
            }
        }
        Ok(sets) if sets.state != state => {
            mistakes.add(
                "document",
                format!(
                    "The document is of {}, not of {}",
                    sets.state.name(),
                    state.name()
                ),
            );
        }
        Ok(sets) => {
            let (by, now) = (user.label(), portal.now());
            portal
                .run(move |c| Ok(requirements::replace(c, state, &sets.rows(), &by, now)?))
                .await?;
            return Ok(view::see_other(&format!("/requirements?state={state}&done=kept")));
        }
    }
    page(&portal, &user, Some(state), Some(form.document), mistakes, None).await
}

/// `POST /requirements/eligibility`: chooses how the state counts eligibility.
pub(crate) async fn choose(
    portal: web::Data<Portal>,
    guarded: Guarded<ManageState, RulesForm>,
) -> Result<HttpResponse, Failure> {
    let Guarded { user, form } = guarded;
    let state = managed(&user).ok_or(Failure::Forbidden)?;
    let rules = EligibilityRules {
        last_day: match form.last_day.as_str() {
            "day_before" => LastDay::DayBefore,
            "same_day" => LastDay::SameDay,
            _ => return Err(Failure::BadRequest),
        },
        terminations: match form.terminations.as_str() {
            "current" => Terminations::Current,
            "2003" => Terminations::V2003,
            _ => return Err(Failure::BadRequest),
        },
    };
    let (by, now) = (user.label(), portal.now());
    portal
        .run(move |c| Ok(participants::choose_eligibility_rules(c, state, rules, &by, now)?))
        .await?;
    Ok(view::see_other(&format!(
        "/requirements?state={state}&done=rules"
    )))
}

async fn page(
    portal: &Portal,
    user: &User,
    state: Option<StateCode>,
    typed: Option<String>,
    mistakes: Mistakes,
    done: Option<&'static str>,
) -> Result<HttpResponse, Failure> {
    let (kept, rows, rules) = portal
        .run(move |c| {
            let kept = requirements::kept(c)?;
            let of: Vec<StateCode> = state.into_iter().collect();
            let rows = requirements::of_states(c, &of)?;
            let rules = participants::eligibility_rules(c)?;
            Ok((kept, rows, rules))
        })
        .await?;
    let sets = state.map(|state| RequirementSets::of(state, &rows));
    let chosen = state.and_then(|state| rules.get(&state).copied());
    let own = managed(user).filter(|own| Some(*own) == state);
    let status = if mistakes.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let document = |own: StateCode| {
        let text = typed.unwrap_or_else(|| sample(own, sets.as_ref()));
        Field::area("document", "The sets of the state, as JSON or TOML", &text)
            .hint("They replace all sets that are kept. A longer document goes through the interface or the command line")
            .maximum(LETTERS)
            .judged(&mistakes)
    };
    let forms = own.map(|own| (document(own), rule_fields(chosen.unwrap_or_default())));
    let (document, rule_fields) =
        forms.map_or((None, None), |(document, fields)| (Some(document), Some(fields)));
    let [last_day, terminations] = rule_fields.map_or([None, None], |fields| fields.map(Some));
    view::page_with(
        status,
        &RequirementsPage {
            chrome: Chrome::of(user, "Requirements and rules", "/requirements").done(done),
            states: states(&kept),
            state: state.map_or_else(String::new, |state| state.name().to_owned()),
            sets: sets.iter().flat_map(|sets| &sets.sets).map(set_view).collect(),
            rules: chosen.map_or_else(String::new, rules_in_words),
            document,
            last_day,
            terminations,
            mistakes,
        },
    )
}

/// What is kept as it can be changed and sent back, or an example where nothing is.
fn sample(state: StateCode, sets: Option<&RequirementSets>) -> String {
    match sets.filter(|sets| !sets.sets.is_empty()) {
        Some(sets) => serde_json::to_string_pretty(sets).unwrap_or_default(),
        None => format!(
            "state = \"{state}\"\n\n[[sets]]\ncohorts = [2020, 2030]\nsource = \"\"\ndated = \nunits = {{ English = 4, Mathematics = 3 }}\n"
        ),
    }
}

fn rule_fields(rules: EligibilityRules) -> [Field; 2] {
    let last_day = match rules.last_day {
        LastDay::DayBefore => "day_before",
        LastDay::SameDay => "same_day",
    };
    let terminations = match rules.terminations {
        Terminations::Current => "current",
        Terminations::V2003 => "2003",
    };
    [
        Field::select(
            "last_day",
            "The last of the 36 months",
            "Choose",
            vec![
                Choice::new(
                    "day_before",
                    "The day before: Sep 1, 2022 to Aug 31, 2025",
                    last_day,
                ),
                Choice::new("same_day", "The same day: Sep 1, 2022 to Sep 1, 2025", last_day),
            ],
        )
        .required(),
        Field::select(
            "terminations",
            "What ends eligibility before",
            "Choose",
            vec![
                Choice::new("current", "Graduation, equivalency and death", terminations),
                Choice::new("2003", "Any termination (rules of 2003)", terminations),
            ],
        )
        .required(),
    ]
}

fn rules_in_words(rules: EligibilityRules) -> String {
    let last = match rules.last_day {
        LastDay::DayBefore => "the day before the third anniversary of the arrival",
        LastDay::SameDay => "the third anniversary of the arrival itself",
    };
    let ends = match rules.terminations {
        Terminations::Current => "graduation, high school equivalency and death end it before",
        Terminations::V2003 => "any termination ends it before (rules of 2003)",
    };
    format!("The last day of eligibility is {last}; {ends}.")
}

fn states(kept: &[Kept]) -> Table {
    let mut table = Table::new(
        "States that keep requirements",
        &["State", "#Sets", "~Kept since", "By"],
        "No state keeps requirements here yet.",
    );
    for of in kept {
        let by = of
            .kept_by
            .split_once(':')
            .map_or(of.kept_by.as_str(), |(_, who)| who);
        table.row(
            "",
            [
                Cell::new(words::state_name(&of.state)).link(format!("/requirements?state={}", of.state)),
                words::count(of.sets).into(),
                words::day(of.kept_at.date_naive()).into(),
                by.into(),
            ],
        );
    }
    table
}

fn set_view(set: &records::requirements::KeptSet) -> SetView {
    let mut units = Table::new(
        "Carnegie units by subject area",
        &["Subject area", "#Units"],
        "None.",
    )
    .under_heading();
    for (area, number) in &set.units {
        units.row("", [area.clone().into(), number.clone().into()]);
    }
    units.row("strong", ["All".into(), set.total().to_string().into()]);
    let place = set.place.as_deref().unwrap_or("The whole state");
    SetView {
        title: format!("{place}: grade 9 began in {} to {}", set.cohorts.0, set.cohorts.1),
        source: format!("{}, of {}", set.source, words::day(set.dated)),
        units,
    }
}
