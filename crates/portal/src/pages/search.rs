//! Finding a child: by record number, or by name and birth date.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use api::search::{Also, Hit, Query};
use askama::Template;
use chrono::{Datelike as _, NaiveDate};
use mde::code::{Codes as _, Gender};
use mde::{PersonId, StateCode};
use serde::{Deserialize, Serialize};
use store::Purpose;

use crate::failure::Failure;
use crate::field::Field;
use crate::session::{Look, Session};
use crate::state::Portal;
use crate::user::{Allowed, Guarded, ReadRecords, User};
use crate::view::{self, Choice, Chrome, Mistakes, Tag};
use crate::words;

/// What the form asks, as typed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct SearchForm {
    pub(crate) number: String,
    pub(crate) first: String,
    pub(crate) last: String,
    pub(crate) birth: String,
    pub(crate) state: String,
    pub(crate) gender: String,
    pub(crate) parent: String,
    pub(crate) purpose: String,
}

/// What is asked for, understood.
enum Asked {
    Number(PersonId),
    Name(Query),
}

impl SearchForm {
    /// The fields of the form: number, first names, last names, birth date, purpose; and what is not needed: state,
    /// gender, parent.
    pub(crate) fn fields(&self, mistakes: &Mistakes) -> [Field; 8] {
        let states = StateCode::all()
            .map(|state| Choice::new(state.as_str(), state.name(), &self.state))
            .collect();
        let genders = Gender::ALL
            .iter()
            .map(|gender| Choice::new(gender.row().stored, gender.label(), &self.gender))
            .collect();
        [
            Field::text("number", "Or the record number", &self.number)
                .hint("12 digits. If you know it, nothing else is needed")
                .maximum(20),
            Field::text("first", "First names", &self.first)
                .hint("Nicknames and spelling without accents are found too")
                .maximum(100),
            Field::text("last", "Last names", &self.last)
                .hint("One or both, in any order")
                .maximum(100),
            Field::text("birth", "Birth date or year", &self.birth)
                .hint("For example 4/23/2011, or 2011")
                .maximum(20),
            Field::select(
                "purpose",
                "Why do you look?",
                "Choose a purpose",
                view::purposes(&self.purpose),
            )
            .hint("It is written down with your name"),
            Field::select("state", "Only records of a state", "All states", states),
            Field::select("gender", "Gender", "Not known", genders),
            Field::text("parent", "A parent or guardian", &self.parent)
                .hint("First name, or first and last names")
                .maximum(100),
        ]
        .map(|field| field.judged(mistakes))
    }

    fn purpose(&self) -> Option<Purpose> {
        Purpose::named(&self.purpose)
    }

    fn understand(&self) -> Result<(Asked, Purpose), Mistakes> {
        let mut mistakes = Mistakes::default();
        let asked = if self.number.trim().is_empty() {
            self.name(&mut mistakes)
        } else {
            self.number(&mut mistakes)
        };
        if self.purpose().is_none() {
            mistakes.add(
                "purpose",
                "Choose why you look. It is written down with your name.",
            );
        }
        match (asked, self.purpose()) {
            (Some(asked), Some(purpose)) if mistakes.is_empty() => Ok((asked, purpose)),
            _ => Err(mistakes),
        }
    }

    fn number(&self, mistakes: &mut Mistakes) -> Option<Asked> {
        let digits: String = self
            .number
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .collect();
        let id = PersonId::parse(&digits);
        if id.is_err() {
            mistakes.add(
                "number",
                "A record number has 12 digits. Check it, or search by name and birth date.",
            );
        }
        id.ok().map(Asked::Number)
    }

    fn name(&self, mistakes: &mut Mistakes) -> Option<Asked> {
        if self.first.trim().is_empty() && self.last.trim().is_empty() {
            mistakes.add("last", "Enter a last name or a first name, or the record number.");
        }
        let born = birth(&self.birth);
        match born {
            None if self.birth.trim().is_empty() => {
                mistakes.add(
                    "birth",
                    "Add the birth date, or at least the year. A name alone would show too many children.",
                );
            }
            None => mistakes.add(
                "birth",
                "Enter the birth date as month/day/year, such as 4/23/2011, or only the year.",
            ),
            Some(_) => {}
        }
        let (date, year) = born?;
        if !mistakes.is_empty() {
            return None;
        }
        let also = Also {
            state: StateCode::new(&self.state).ok(),
            gender: Gender::ALL
                .iter()
                .copied()
                .find(|gender| gender.row().stored == self.gender),
            parent: self.parent.clone(),
        };
        Query::new(&self.last, &self.first, date, year, also)
            .map(Asked::Name)
            .map_err(|problem| mistakes.add("last", problem.detail()))
            .ok()
    }
}

/// A birth date as people write it (4/23/2011, 2011-04-23), or a year.
fn birth(text: &str) -> Option<(Option<NaiveDate>, Option<i32>)> {
    let text = text.trim();
    let date = ["%m/%d/%Y", "%Y-%m-%d", "%m-%d-%Y", "%b %d, %Y", "%B %d, %Y"]
        .iter()
        .find_map(|format| NaiveDate::parse_from_str(text, format).ok())
        .filter(|date| (1900..=2100).contains(&date.year()));
    if let Some(date) = date {
        return Some((Some(date), None));
    }
    let year = text.parse().ok().filter(|year| (1900..=2100).contains(year))?;
    Some((None, Some(year)))
}

/// A person as a search shows it.
struct Found {
    name: String,
    href: String,
    number: String,
    facts: String,
    why: String,
    tags: Vec<Tag>,
    also: Vec<String>,
}

#[derive(Template)]
#[template(path = "search.html")]
struct SearchPage {
    chrome: Chrome,
    mistakes: Mistakes,
    number: Field,
    first: Field,
    last: Field,
    birth: Field,
    purpose: Field,
    /// What is not needed: state, gender, parent.
    also: [Field; 3],
    /// Whether any of that was said.
    also_said: bool,
    searched: bool,
    full: bool,
    results: Vec<Found>,
    recent: Vec<Recent>,
}

/// A record that was opened in this session.
struct Recent {
    name: String,
    href: String,
    facts: String,
}

impl Recent {
    fn of(look: &Look) -> Self {
        Self {
            name: look.name.clone(),
            href: format!("/persons/{}?purpose={}#main", look.person_id, look.purpose.name()),
            facts: format!(
                "{} · opened {} · {}",
                words::day_or(look.birth_date, "birth date not known"),
                words::instant(look.at),
                words::purpose(look.purpose)
            ),
        }
    }
}

impl SearchPage {
    fn new(chrome: Chrome, user: &User, form: &SearchForm, mistakes: Mistakes) -> Self {
        let [number, first, last, birth, purpose, state, gender, parent] = form.fields(&mistakes);
        let results = Vec::new();
        Self {
            also: [state, gender, parent],
            also_said: [&form.state, &form.gender, &form.parent]
                .iter()
                .any(|text| !text.trim().is_empty()),
            recent: user.session.looks.iter().map(Recent::of).collect(),
            chrome,
            mistakes,
            number,
            first,
            last,
            birth,
            purpose,
            searched: false,
            full: false,
            results,
        }
    }
}

/// From where somebody came.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Came {
    /// Whether it has just said whether a page helped.
    thanks: bool,
}

/// `GET /search`
pub(crate) async fn show(
    user: Allowed<ReadRecords>,
    came: web::Query<Came>,
) -> Result<HttpResponse, Failure> {
    let done = came.thanks.then_some("Thank you. Your answer is kept.");
    let chrome = Chrome::of(&user, "Find a child", "/search").done(done);
    view::page(&SearchPage::new(
        chrome,
        &user,
        &SearchForm::default(),
        Mistakes::default(),
    ))
}

/// `POST /search`: goes to the record, or to the results. What was typed is kept in the session and not in an address,
/// which browsers and proxies keep.
pub(crate) async fn search(
    portal: web::Data<Portal>,
    guarded: Guarded<ReadRecords, SearchForm>,
) -> Result<HttpResponse, Failure> {
    let Guarded { user, form } = guarded;
    let asked = match form.understand() {
        Ok((asked, _)) => asked,
        Err(mistakes) => {
            let chrome = Chrome::of(&user, "Error: find a child", "/search");
            return view::page_with(
                StatusCode::UNPROCESSABLE_ENTITY,
                &SearchPage::new(chrome, &user, &form, mistakes),
            );
        }
    };
    if let Asked::Number(id) = asked {
        return Ok(view::see_other(&format!(
            "/persons/{id}?purpose={}",
            form.purpose
        )));
    }
    let key_hash = user.key_hash.clone();
    portal
        .run(move |c| Session::change(c, &key_hash, |session| session.search = Some(form)))
        .await?;
    // The results are where the keyboard goes on.
    Ok(view::see_other("/search/results#results"))
}

/// `GET /search/results`: runs the session's search; whom it shows is disclosed.
pub(crate) async fn results(
    portal: web::Data<Portal>,
    user: Allowed<ReadRecords>,
) -> Result<HttpResponse, Failure> {
    let Some(form) = user.session.search.clone() else {
        return Ok(view::see_other("/search"));
    };
    let Ok((Asked::Name(query), purpose)) = form.understand() else {
        return Ok(view::see_other("/search"));
    };
    let access = user.access(purpose, &portal);
    let hits = portal
        .run(move |c| Ok(api::search::find(c, &access, &query)?))
        .await?;
    let chrome = Chrome::of(&user, "Search results", "/search");
    let mut page = SearchPage::new(chrome, &user, &form, Mistakes::default());
    page.searched = true;
    page.full = hits.len() >= api::search::HITS;
    page.results = hits.iter().map(|hit| shown(hit, purpose)).collect();
    view::page(&page)
}

fn shown(hit: &Hit, purpose: Purpose) -> Found {
    let names = |s: &api::search::HitStudent| {
        [
            s.given_name.as_str(),
            &s.family_name,
            s.generation.as_deref().unwrap_or(""),
        ]
        .join(" ")
        .trim()
        .to_owned()
    };
    let best = hit.students.first();
    let facts = best.map(|s| {
        let born = words::day_or(s.birth_date, "birth date not known");
        let place = Some(s.birth_place.clone())
            .filter(|p| !p.is_empty())
            .map(|p| format!("born in {p}"));
        let parents = Some(s.parents.join(" and "))
            .filter(|p| !p.is_empty())
            .map(|p| format!("parents {p}"));
        [Some(born), s.gender.clone(), place, parents]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" · ")
    });
    let number = hit.person_id.map(|id| id.to_string());
    Found {
        name: best.map_or_else(String::new, names),
        href: number.as_ref().map_or_else(String::new, |id| {
            format!("/persons/{id}?purpose={}#main", purpose.name())
        }),
        number: number.unwrap_or_default(),
        facts: facts.unwrap_or_default(),
        why: hit.reasons.clone(),
        tags: hit
            .students
            .iter()
            .map(|s| Tag {
                text: if s.live {
                    s.state.clone()
                } else {
                    format!("{} (no longer reported)", s.state)
                },
                class: "info",
                title: words::state_name(&s.state),
                href: String::new(),
            })
            .collect(),
        also: hit
            .students
            .iter()
            .skip(1)
            .filter(|s| {
                Some(names(s)) != best.map(names) || best.is_some_and(|b| b.birth_date != s.birth_date)
            })
            .map(|s| {
                format!(
                    "{} says {}, {}",
                    s.state,
                    names(s),
                    words::day_or(s.birth_date, "no birth date")
                )
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn birth_dates_are_read_as_people_write_them() {
        let date = NaiveDate::from_ymd_opt(2011, 4, 23);
        for text in [
            "4/23/2011",
            "04/23/2011",
            "2011-04-23",
            " Apr 23, 2011 ",
            "April 23, 2011",
        ] {
            assert_eq!(birth(text), Some((date, None)), "{text}");
        }
        assert_eq!(birth("2011"), Some((None, Some(2011))));
        for text in ["", "11", "23/4/2011", "4/23/11", "soon", "20111"] {
            assert_eq!(birth(text), None, "{text}");
        }
    }

    fn mistakes(form: &SearchForm) -> Vec<&'static str> {
        form.understand()
            .err()
            .map_or_else(Vec::new, |m| m.0.into_iter().map(|(field, _)| field).collect())
    }

    #[test]
    fn a_name_needs_a_birth_date_and_every_search_a_purpose() {
        let form = SearchForm {
            last: "Reyes".into(),
            ..SearchForm::default()
        };
        assert_eq!(mistakes(&form), ["birth", "purpose"]);
        assert_eq!(mistakes(&SearchForm::default()), ["last", "birth", "purpose"]);
        let form = SearchForm {
            number: "12".into(),
            purpose: "enroll".into(),
            ..SearchForm::default()
        };
        assert_eq!(mistakes(&form), ["number"]);
        let form = SearchForm {
            number: "1234-5678-9012".into(),
            purpose: "enroll".into(),
            ..SearchForm::default()
        };
        assert!(mistakes(&form).is_empty());
        let form = SearchForm {
            last: "Reyes".into(),
            birth: "2011".into(),
            purpose: "credit".into(),
            ..SearchForm::default()
        };
        assert!(mistakes(&form).is_empty());
    }
}
