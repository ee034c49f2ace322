//! Which district of the state belongs to which region.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;
use store::{access, work_items};

use crate::failure::Failure;
use crate::field::Field;
use crate::state::Portal;
use crate::user::{Allowed, Guarded, ManageState, Permission, User};
use crate::view::{self, Chrome, Mistakes, Table};
use crate::words;

/// Letters of the list that the form takes.
const LETTERS: usize = 40_000;

/// Longest name of a district or region.
const LONGEST: usize = 100;

/// The list as typed.
#[derive(Debug, Deserialize)]
pub(crate) struct Typed {
    list: String,
}

/// What was just done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    done: String,
}

#[derive(Template)]
#[template(path = "admin_regions.html")]
struct RegionsPage {
    chrome: Chrome,
    mistakes: Mistakes,
    state: &'static str,
    table: Table,
    list: Field,
}

fn administered(user: &User) -> Result<mde::StateCode, Failure> {
    if user.may_everywhere(Permission::ManageState) {
        user.state()
    } else {
        Err(Failure::Forbidden)
    }
}

/// `GET /admin/regions`
pub(crate) async fn show(
    portal: web::Data<Portal>,
    user: Allowed<ManageState>,
    ask: web::Query<Ask>,
) -> Result<HttpResponse, Failure> {
    let done = (ask.done == "kept")
        .then_some("The list is kept. What comes to a worklist from now on, and what goes up, goes by it.");
    page(&portal, &user, None, Mistakes::default(), done).await
}

async fn page(
    portal: &Portal,
    user: &User,
    typed: Option<String>,
    mistakes: Mistakes,
    done: Option<&str>,
) -> Result<HttpResponse, Failure> {
    let state = administered(user)?;
    let pairs = portal.run(move |c| Ok(work_items::regions(c, state)?)).await?;
    let mut by_region: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (district, region) in &pairs {
        by_region.entry(region).or_default().push(district);
    }
    let mut table = Table::new(
        "Regions",
        &["Region", "#Districts", "Which"],
        "The state has no regions. What a district does not decide goes up to the state.",
    )
    .under_heading();
    for (region, districts) in by_region {
        table.row(
            "",
            [
                region.into(),
                words::count(districts.len() as i64).into(),
                districts.join(", ").into(),
            ],
        );
    }
    let status = if mistakes.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let text = typed.unwrap_or_else(|| written(&pairs));
    let page = RegionsPage {
        chrome: Chrome::of(user, "Regions and districts", "/admin").done(done),
        state: state.name(),
        table,
        list: Field::area("list", "District and region, one pair on a line", &text)
            .hint("As CSV: a name with a comma in it stands in quotes. It replaces what is kept")
            .maximum(LETTERS)
            .judged(&mistakes),
        mistakes,
    };
    view::page_with(status, &page)
}

/// The list as it can be changed and sent back.
fn written(pairs: &[(String, String)]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for pair in pairs {
        if writer.serialize(pair).is_err() {
            return String::new();
        }
    }
    writer
        .into_inner()
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .unwrap_or_default()
}

/// Pairs of district and region, or what is wrong, line by line.
fn read(list: &str) -> Result<Vec<(String, String)>, Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(list.as_bytes());
    let mut of: BTreeMap<String, (u64, String)> = BTreeMap::new();
    let mut wrong = Vec::new();
    for row in reader.records() {
        let Ok(row) = row else {
            wrong.push("The list is no CSV: look for a quotation mark that is not closed.".to_owned());
            break;
        };
        let line = row.position().map_or(0, csv::Position::line);
        let named = |text: &str| !text.is_empty() && text.chars().count() <= LONGEST;
        match (row.len(), row.get(0), row.get(1)) {
            (2, Some(district), Some(region)) if named(district) && named(region) => {
                let header = line == 1
                    && district.eq_ignore_ascii_case("district")
                    && region.eq_ignore_ascii_case("region");
                if header {
                    continue;
                }
                if let Some((earlier, _)) = of.get(district) {
                    wrong.push(format!(
                        "Line {line}: {district} is on line {earlier} already. A district belongs to one region."
                    ));
                } else {
                    of.insert(district.to_owned(), (line, region.to_owned()));
                }
            }
            _ => wrong.push(format!(
                "Line {line}: write the district, a comma and the region, each of at most {LONGEST} letters."
            )),
        }
    }
    if wrong.is_empty() {
        Ok(of
            .into_iter()
            .map(|(district, (_, region))| (district, region))
            .collect())
    } else {
        wrong.truncate(20);
        Err(wrong)
    }
}

/// `POST /admin/regions`: puts the list in the place of what is kept.
pub(crate) async fn keep(
    portal: web::Data<Portal>,
    guarded: Guarded<ManageState, Typed>,
) -> Result<HttpResponse, Failure> {
    let Guarded { user, form } = guarded;
    let state = administered(&user)?;
    let pairs = match read(&form.list) {
        Ok(pairs) => pairs,
        Err(wrong) => {
            let mut mistakes = Mistakes::default();
            for text in wrong {
                mistakes.add("list", text);
            }
            return page(&portal, &user, Some(form.list), mistakes, None).await;
        }
    };
    let (now, by) = (portal.now(), user.label());
    portal
        .write(move |c| {
            let named: Vec<(&str, &str)> = pairs.iter().map(|(d, r)| (d.as_str(), r.as_str())).collect();
            work_items::set_regions(c, state, &named)?;
            let detail = serde_json::json!({ "districts": pairs.len() });
            Ok(access::audit(
                c,
                now,
                &by,
                "regions.replace",
                state.as_str(),
                &detail,
            )?)
        })
        .await?;
    Ok(view::see_other("/admin/regions?done=kept"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_comes_back_as_it_was_kept() {
        let list = "district,region\nMission CISD,Valley\n\"Edinburg, CISD\", Valley\nLubbock ISD,Plains\n";
        let pairs = read(list).unwrap();
        assert_eq!(pairs.len(), 3);
        assert_eq!(read(&written(&pairs)).unwrap(), pairs);
        assert_eq!(read("").unwrap(), []);
    }

    #[test]
    fn every_wrong_line_is_named() {
        let wrong =
            read("Mission CISD,Valley\nLubbock ISD\n,Plains\nMission CISD,Plains\na,b,c\n").unwrap_err();
        let lines: Vec<&str> = wrong.iter().map(|text| &text[..6]).collect();
        assert_eq!(lines, ["Line 2", "Line 3", "Line 4", "Line 5"]);
        assert!(wrong[2].contains("on line 1 already"), "{wrong:?}");
    }
}
