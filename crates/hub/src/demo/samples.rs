//! The story of exports as state systems write them: `DIR/STATE/DATE/files`, read through the mapping profiles.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use chrono::{NaiveDate, NaiveTime};
use client::UploadOptions;
use formats::BatchKind;
use mde::{Identity, PersonId, StateCode, StudentId};
use store::{Access, Actor, Channel, Purpose};
use uuid::Uuid;

use super::story::Story;

pub(super) fn tell(story: &mut Story, folder: &Path) -> Result<()> {
    let profiles = formats::profile::shipped();
    let mut exports: Vec<(NaiveDate, StateCode, PathBuf)> = Vec::new();
    let mut passed_over = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| format!("failed to read {}", folder.display()))? {
        let path = entry?.path();
        let Some(state) = path
            .file_name()
            .and_then(|n| n.to_str())
            .and_then(|n| StateCode::new(n).ok())
        else {
            continue;
        };
        if !profiles.iter().any(|p| p.state == Some(state)) {
            passed_over.push(state.to_string());
            continue;
        }
        for date in std::fs::read_dir(&path)? {
            let path = date?.path();
            if let Some(date) = path
                .file_name()
                .and_then(|n| n.to_str())
                .and_then(|n| n.parse().ok())
            {
                exports.push((date, state, path));
            }
        }
    }
    exports.sort();
    let mut states: Vec<StateCode> = exports.iter().map(|(_, state, _)| *state).collect();
    states.sort_unstable();
    states.dedup();
    if exports.is_empty() {
        bail!(
            "{} holds no export for which there is a mapping profile",
            folder.display()
        );
    }
    story.console.heading("States register");
    story.register(&states)?;
    story
        .console
        .line(states.iter().map(|s| s.name()).collect::<Vec<_>>().join(", "));
    if !passed_over.is_empty() {
        passed_over.sort();
        story
            .console
            .line(format!("no mapping profile yet for {}", passed_over.join(", ")));
    }

    let mut known: Vec<StateCode> = Vec::new();
    for (date, state, path) in &exports {
        story
            .console
            .heading(format!("{} uploads its export of {date}", state.name()));
        let profile = profiles
            .iter()
            .find(|p| p.state == Some(*state))
            .context("checked above")?;
        let first = !known.contains(state);
        known.push(*state);
        let options = UploadOptions {
            // The first export of a state is everything it holds, whatever the later ones are.
            kind: if first {
                Some(BatchKind::Full)
            } else {
                Some(profile.kind.unwrap_or(BatchKind::Delta))
            },
            profile: Some(profile.name.clone()),
            as_of: Some(
                date.and_time(NaiveTime::from_hms_opt(23, 0, 0).context("a time")?)
                    .and_utc(),
            ),
        };
        let batch = story.upload(*state, path, &options)?;
        story.describe(&batch);
        story.check(
            batch.status == "loaded",
            format!("batch {} is {}", batch.batch_id, batch.status),
        );
        findings(story, batch.batch_id)?;
    }
    story.settle()?;
    links(story, &states)?;
    near_matches(story)
}

/// What the hub has to say about an upload, by cause, errors with every row.
fn findings(story: &Story, batch_id: i64) -> Result<()> {
    let connection = &mut *store::connection(&story.pool)?;
    for cause in store::batches::causes(connection, batch_id)? {
        let code = mde::FindingCode::ALL
            .iter()
            .find(|c| c.code() == cause.code)
            .map_or("", |c| c.title());
        let element = if cause.element.is_empty() {
            String::new()
        } else {
            format!(", element {}", cause.element)
        };
        story.console.line(format!(
            "{} {} x{}{element}: {code}",
            cause.severity, cause.code, cause.findings
        ));
        if cause.severity == "error" {
            let all = store::batches::findings(connection, batch_id, None, -1, 100_000)?;
            let of_cause = all.iter().map(|(_, f)| f).filter(|f| {
                f.code.code() == cause.code && f.element.as_deref().unwrap_or_default() == cause.element
            });
            for finding in of_cause {
                let file = finding.file.as_deref().unwrap_or_default();
                let line = finding.line.map_or(String::new(), |n| format!(":{n}"));
                let student = finding.state_student_id.as_deref().unwrap_or("-");
                let received = finding
                    .received
                    .as_deref()
                    .map_or(String::new(), |r| format!(" [{r}]"));
                story.console.line(format!(
                    "     {file}{line} student {student}: {}{received}",
                    finding.message
                ));
            }
        }
    }
    Ok(())
}

fn access(story: &Story) -> Access {
    Access {
        actor: Actor::Account {
            account_id: 0,
            email: "demo@mariposa.example".to_owned(),
            state: None,
        },
        on_behalf_of: None,
        purpose: Purpose::Program,
        channel: Channel::Export,
        at: story.now(),
    }
}

/// Every child that is known in more than one state, with the reason of each link.
fn links(story: &mut Story, states: &[StateCode]) -> Result<()> {
    story.console.heading("Children known in more than one state");
    let connection = &mut *store::connection(&story.pool)?;
    let mut persons: BTreeMap<i64, Vec<Uuid>> = BTreeMap::new();
    for (student, person) in store::links::all(connection)? {
        persons.entry(person).or_default().push(student);
    }
    let number_of_states = |students: &[Uuid]| {
        let mut of: Vec<u16> = students.iter().map(|s| StudentId(*s).state_number()).collect();
        of.sort_unstable();
        of.dedup();
        of.len()
    };
    let across: Vec<(i64, Vec<Uuid>)> = persons
        .into_iter()
        .filter(|(_, students)| number_of_states(students) > 1)
        .collect();
    for (person, students) in &across {
        story.console.line(format!("{}", PersonId::new(*person)?));
        for (id, line) in describe(story, connection, states, students)? {
            story.console.line(format!("     {line}"));
            for event in store::links::events(connection, &[id])? {
                if let Some(summary) = event.evidence["explanation"]["summary"].as_str() {
                    let bits = event.evidence["mean_weight"].as_f64().unwrap_or_default();
                    story
                        .console
                        .line(format!("         {} ({bits:.1} bits): {summary}", event.decided));
                }
            }
        }
    }
    story.check(
        !across.is_empty(),
        format!("{} children were found in more than one state", across.len()),
    );
    Ok(())
}

/// Every near match, with why it is not decided by the engine.
fn near_matches(story: &mut Story) -> Result<()> {
    story.console.heading("Near matches for people");
    let connection = &mut *store::connection(&story.pool)?;
    let states: Vec<StateCode> = StateCode::all().collect();
    let items = store::work_items::open(connection, "near_match", None, 10_000)?;
    for item in &items {
        let probability = item.probability.unwrap_or_default();
        story.console.line(format!(
            "{} ({:.0} %, {:.1} bits)",
            item.reason,
            probability * 100.0,
            item.weight.unwrap_or_default()
        ));
        let students: Vec<Uuid> = [item.student_a, item.student_b].into_iter().flatten().collect();
        for (_, line) in describe(story, connection, &states, &students)? {
            story.console.line(format!("     {line}"));
        }
    }
    story.console.line(format!("{} near matches", items.len()));
    Ok(())
}

fn describe(
    story: &Story,
    connection: &mut diesel::PgConnection,
    states: &[StateCode],
    students: &[Uuid],
) -> Result<Vec<(Uuid, String)>> {
    let ids: Vec<StudentId> = students.iter().map(|id| StudentId(*id)).collect();
    let read = store::persons::read_students(connection, &access(story), &ids)?;
    Ok(read
        .into_iter()
        .map(|(id, student)| {
            let state = states
                .iter()
                .find(|s| s.number() == id.state_number())
                .map_or("??".to_owned(), ToString::to_string);
            (id.0, format!("{state} {}", one_line(&student.identity)))
        })
        .collect())
}

fn one_line(identity: &Identity) -> String {
    let text = |value: &Option<mde::text::Name>| value.as_ref().map_or("-".to_owned(), ToString::to_string);
    format!(
        "{:<12} {} / {} , {} {}  born {} in {}  father {} {}  mother {} {}",
        identity.state_student_id,
        identity.last_name_1,
        text(&identity.last_name_2),
        identity.first_name,
        identity
            .middle_name
            .as_ref()
            .map_or(String::new(), ToString::to_string),
        identity.birth_date.map_or("?".to_owned(), |d| d.to_string()),
        text(&identity.birth_city),
        text(&identity.parent1_first_name),
        text(&identity.parent1_last_name),
        text(&identity.parent2_first_name),
        text(&identity.parent2_last_name),
    )
}
