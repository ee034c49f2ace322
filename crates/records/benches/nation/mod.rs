//! A made-up nation on PostgreSQL, linked as it truly is: what is measured is not how well children are told apart.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use chrono::{DateTime, Utc};
use diesel::PgConnection;
use mde::{PersonId, StateCode, StateStudentId, Student, StudentId};
use pgcluster::{Cluster, Options};
use simulate::Nation;
use store::Pool;
use store::links::{Decided, LinkChange};
use store::students::{self, Source};
use uuid::Uuid;

/// Students loaded at a time.
const PART: usize = 2_000;

/// An empty database of a server of its own in a folder, and connections to it.
pub(crate) fn database(folder: &Path, connections: u32) -> Result<(Cluster, Pool)> {
    // PostgreSQL may run as another user, who must get to its own folder below this one.
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o711);
    std::fs::set_permissions(folder, open)?;
    let cluster = Cluster::start(&Options::new(folder.join("cluster")))?;
    store::db::ensure_database(&cluster.connection_url("postgres"), "hub")?;
    let url = cluster.connection_url("hub");
    store::migrate(&url)?;
    let pool = store::pool(&url, connections, Duration::from_mins(30));
    Ok((cluster, pool))
}

/// Loads the nation's first night and links it as it truly is. Gives each person's students.
pub(crate) fn fill(
    connection: &mut PgConnection,
    nation: &Nation,
    now: DateTime<Utc>,
) -> Result<BTreeMap<PersonId, Vec<Uuid>>> {
    let night = nation.nights().next().context("a night")?;
    let mut children: BTreeMap<String, Vec<Uuid>> = BTreeMap::new();
    for (number, state) in nation.config().states.iter().copied().enumerate() {
        store::participants::register(connection, state, now)?;
        let truth: HashMap<StudentId, String> = nation
            .truth(state)
            .map(|t| {
                Ok((
                    StudentId::of(state, &StateStudentId::new(&t.state_student_id)?),
                    t.child,
                ))
            })
            .collect::<Result<_>>()?;
        let source = Source {
            state,
            batch_id: number as i64 + 1,
            as_of: now,
            received_at: now,
        };
        let mut part = Vec::with_capacity(PART);
        for submission in nation.submissions(state, night) {
            let id = submission.student.id(state);
            children.entry(truth[&id].clone()).or_default().push(id.0);
            part.push(submission.student);
            if part.len() == PART {
                load(connection, state, source, &part, now)?;
                part.clear();
            }
        }
        load(connection, state, source, &part, now)?;
    }
    let numbers = store::links::new_persons(connection, children.len(), now)?;
    let people: BTreeMap<PersonId, Vec<Uuid>> = numbers.into_iter().zip(children.into_values()).collect();
    let links: Vec<LinkChange> = people
        .iter()
        .flat_map(|(person, students)| {
            students.iter().map(|student| LinkChange {
                student_id: *student,
                from: None,
                to: *person,
                decided: Decided::New,
                decided_by: "bench".into(),
                evidence: serde_json::json!({}),
            })
        })
        .collect();
    for part in links.chunks(PART) {
        store::links::apply(connection, part, now)?;
    }
    diesel::RunQueryDsl::execute(diesel::sql_query("vacuum analyze"), connection)?;
    Ok(people)
}

fn load(
    connection: &mut PgConnection,
    state: StateCode,
    source: Source,
    part: &[Student],
    now: DateTime<Utc>,
) -> Result<()> {
    let rows: Vec<_> = part.iter().map(|s| (s.id(state), s, s.content_hash())).collect();
    store::db::write(connection, |connection| {
        students::replace(connection, source, &rows, &HashMap::new(), now)
    })?;
    Ok(())
}
