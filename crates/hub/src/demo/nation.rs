//! The story of a made-up nation: six states upload over mutual TLS, children are found across states, a notice goes out.

use std::collections::HashMap;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result};
use client::UploadOptions;
use mde::{StateCode, StateStudentId, StudentId};
use serde_json::{Value, json};
use simulate::{Nation, Night};
use uuid::Uuid;

use super::story::Story;

const STATES: usize = 6;
const NIGHTS: u32 = 2;

pub(super) fn tell(story: &mut Story, students: usize, folder: &Path) -> Result<()> {
    let states = simulate::Config::first_states(STATES);
    let nation = Nation::new(simulate::Config {
        students,
        states: states.clone(),
        nights: NIGHTS,
        ..simulate::Config::default()
    })?;
    story.console.heading("Six states register");
    story.register(&states)?;
    let names: Vec<&str> = states.iter().map(|s| s.name()).collect();
    story.console.line(names.join(", "));

    let exports = folder.join("exports");
    for night in nation.nights() {
        upload_night(story, &nation, &exports, night)?;
    }
    linked(story, &nation)?;
    look_up(story, &states)?;
    Ok(())
}

fn upload_night(story: &mut Story, nation: &Nation, exports: &Path, night: Night) -> Result<()> {
    let what = if night.is_full() {
        "everything they hold"
    } else {
        "what changed"
    };
    story.console.heading(format!(
        "Night of {}: each state uploads {what}, over mutual TLS",
        night.date
    ));
    let began = Instant::now();
    let (mut rows, mut loaded) = (0, true);
    for state in nation.config().states.clone() {
        let path = exports
            .join(state.as_str())
            .join(night.date.to_string())
            .join("upload.xml");
        std::fs::create_dir_all(path.parent().context("a file in a folder")?)?;
        let mut file = std::io::BufWriter::new(std::fs::File::create(&path)?);
        simulate::write::write_upload(nation, state, night, &mut file)?;
        std::io::Write::flush(&mut file)?;
        let batch = story.upload(state, &path, &UploadOptions::default())?;
        story.describe(&batch);
        rows += batch.rows_read;
        loaded &= batch.status == "loaded" && batch.students_refused == 0;
        if night.is_full() && Some(&state) == nation.config().states.first() {
            let again = story.upload(state, &path, &UploadOptions::default())?;
            story.check(
                again.batch_id == batch.batch_id,
                "the same upload again gets the first receipt",
            );
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    story.check(
        loaded,
        format!(
            "all uploads are loaded, no student is refused ({rows} rows, {:.0} a second)",
            rows as f64 / seconds
        ),
    );
    Ok(())
}

fn linked(story: &mut Story, nation: &Nation) -> Result<()> {
    story.console.heading("Who is who across states");
    story.settle()?;
    let connection = &mut *store::connection(&story.pool)?;
    let links: HashMap<Uuid, i64> = store::links::all(connection)?.into_iter().collect();
    let near_matches = store::work_items::count_open(connection, "near_match", None)?;
    let mut child_of: HashMap<Uuid, String> = HashMap::new();
    for state in &nation.config().states {
        for truth in nation.truth(*state) {
            let id = StudentId::of(*state, &StateStudentId::new(&truth.state_student_id)?);
            child_of.insert(id.0, truth.child);
        }
    }
    let linked: Vec<(&str, i64)> = links
        .iter()
        .filter_map(|(student, person)| Some((child_of.get(student)?.as_str(), *person)))
        .collect();
    let (right, found) = same_pairs(linked.iter().map(|(child, person)| (*person, *child)));
    let (_, truth) = same_pairs(linked.iter().map(|(child, person)| (*child, *person)));
    let persons: std::collections::HashSet<i64> = links.values().copied().collect();
    story.console.line(format!(
        "{} students are {} children; {near_matches} near matches wait for people",
        links.len(),
        persons.len()
    ));
    let precision = right as f64 / found.max(1) as f64;
    let recall = right as f64 / truth.max(1) as f64;
    story.check(
        precision >= 0.99,
        format!("{found} pairs joined, {right} of them rightly: precision {precision:.4}"),
    );
    story.check(
        recall >= 0.75,
        format!("{truth} pairs are the same child: recall {recall:.4}"),
    );
    story.check(
        links.len() == child_of.len(),
        "every student is linked to exactly one person",
    );
    Ok(())
}

/// Pairs within a group: those that also agree in the second value, and all.
fn same_pairs<G: std::hash::Hash + Eq, V: std::hash::Hash + Eq>(
    rows: impl Iterator<Item = (G, V)>,
) -> (u64, u64) {
    let mut groups: HashMap<G, HashMap<V, u64>> = HashMap::new();
    for (group, value) in rows {
        *groups.entry(group).or_default().entry(value).or_default() += 1;
    }
    let pairs = |n: u64| n * n.saturating_sub(1) / 2;
    groups.values().fold((0, 0), |(same, all), group| {
        (
            same + group.values().map(|n| pairs(*n)).sum::<u64>(),
            all + pairs(group.values().sum()),
        )
    })
}

/// One child across states, a notice, and what another state may not see.
fn look_up(story: &mut Story, states: &[StateCode]) -> Result<()> {
    story.console.heading("A counselor looks a child up");
    let connection = &mut *store::connection(&story.pool)?;
    let mut persons: HashMap<i64, Vec<Uuid>> = HashMap::new();
    for (student, person) in store::links::all(connection)? {
        persons.entry(person).or_default().push(student);
    }
    let state_of = |id: &Uuid| {
        states
            .iter()
            .copied()
            .find(|s| s.number() == StudentId(*id).state_number())
    };
    let mut across: Vec<(i64, Vec<StateCode>)> = persons
        .into_iter()
        .map(|(person, students)| {
            let mut of: Vec<StateCode> = students.iter().filter_map(state_of).collect();
            of.sort_unstable();
            of.dedup();
            (person, of)
        })
        .filter(|(_, of)| of.len() >= 2)
        .collect();
    across.sort_by_key(|(person, of)| (std::cmp::Reverse(of.len()), *person));
    let (person, of) = across
        .first()
        .cloned()
        .context("a child that is known in two states")?;
    let person = mde::PersonId::new(person)?;
    let (one, other) = (of[0], of[1]);

    let headers = [("Purpose", "place"), ("On-Behalf-Of", "counselor@school.example")];
    let began = Instant::now();
    let record: Value = story
        .as_state(one)?
        .get_json(&format!("/v1/persons/{person}"), &headers)?;
    let took = began.elapsed();
    let enrollments = record["enrollments"].as_array().map_or(0, Vec::len);
    story.console.line(format!(
        "{} knows the child {person} too; one record shows {enrollments} enrollments in {} states ({:.0} ms)",
        one.name(),
        of.len(),
        took.as_secs_f64() * 1000.0
    ));
    story.check(
        record["person_id"] == json!(person.to_string()) && enrollments > 0,
        "the record brings the states together",
    );
    let looked = store::access::disclosures(&mut *store::connection(&story.pool)?, person, 10)?;
    story.check(
        looked
            .iter()
            .any(|d| d.on_behalf_of.as_deref() == Some("counselor@school.example")),
        "the look-up is written down, with who and why",
    );

    let own = record["sources"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|s| s["state"] == json!(one.as_str()));
    let id = own
        .and_then(|s| s["state_student_id"].as_str())
        .context("the record names its sources")?
        .to_owned();
    let path = format!("/v1/states/{one}/students/{id}");
    let own_view = status(story.as_state(one)?.get_json(&path, &headers))?;
    let foreign_view = status(story.as_state(other)?.get_json(&path, &headers))?;
    story.check(
        own_view == 200 && foreign_view == 404,
        format!("{one} reads its own student, {other} gets 404 for it"),
    );

    story.console.heading("A family moves");
    let found = [one, other].iter().try_fold(0, |sum, state| {
        let body: Value = story
            .as_state(*state)?
            .get_json("/v1/move-notices?box=inbox&status=all", &[])?;
        anyhow::Ok(sum + body["items"].as_array().map_or(0, Vec::len))
    })?;
    story.console.line(format!(
        "the hub has noticed moves by itself: {found} notices lie in the inboxes of {one} and {other}"
    ));
    let notice = json!({
        "kind": "arrival", "person_id": person.to_string(), "recipient": other.as_str(),
        "expected_date": (story.now() + chrono::TimeDelta::days(5)).date_naive(),
        "city": "Mission", "note": "The family says that it goes back after the harvest.",
    });
    let sent: Value = story
        .as_state(one)?
        .post_json("/v1/move-notices", &notice, &headers)?;
    let number = sent["move_notice_id"].as_i64().context("a notice has a number")?;
    let inbox: Value = story
        .as_state(other)?
        .get_json("/v1/move-notices?box=inbox&status=open", &[])?;
    let arrived = inbox["items"]
        .as_array()
        .is_some_and(|all| all.iter().any(|n| n["move_notice_id"] == json!(number)));
    story.check(
        arrived,
        format!("{one} announces the child to {other}, and the notice is there"),
    );
    let answer = json!({ "answer": "arrived", "note": "enrolled today" });
    story.as_state(other)?.post_json::<Value>(
        &format!("/v1/move-notices/{number}/acknowledgement"),
        &answer,
        &headers,
    )?;
    let seen: Value = story
        .as_state(one)?
        .get_json("/v1/move-notices?box=sent&status=all", &[])?;
    let answered = seen["items"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|n| n["move_notice_id"] == json!(number))
        .cloned();
    let answered = answered.unwrap_or(Value::Null);
    story.check(
        answered["answer"] == json!("arrived")
            && !answered["acknowledged_at"].is_null()
            && !answered["received_at"].is_null(),
        format!("{other} answers, and {one} sees the answer with its times"),
    );
    Ok(())
}

/// The status behind an answer or a problem.
fn status(answer: std::result::Result<Value, client::Error>) -> Result<u16> {
    match answer {
        Ok(_) => Ok(200),
        Err(client::Error::Hub(problem)) => Ok(problem.status),
        Err(error) => Err(error.into()),
    }
}
