//! What people decided about pairs of students. Kept for ever, whatever persons are merged and split and whatever
//! model is in use.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, Bool, Float, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

use crate::db::Result;
use crate::prepared::prepared;
use crate::schema::link_decision;

/// What people decided about pairs.
#[derive(Debug, Clone, Queryable, QueryableByName)]
pub struct Decision {
    /// The smaller student id.
    #[diesel(sql_type = SqlUuid)]
    pub student_a: Uuid,
    /// The larger student id.
    #[diesel(sql_type = SqlUuid)]
    pub student_b: Uuid,
    /// Whether they are the same child.
    #[diesel(sql_type = Bool)]
    pub same: bool,
}

/// Every decision of people about a pair.
pub fn decisions(connection: &mut PgConnection) -> Result<Vec<Decision>> {
    Ok(link_decision::table
        .select((
            link_decision::student_a,
            link_decision::student_b,
            link_decision::same,
        ))
        .load(connection)?)
}

/// The decisions of people about pairs of which one is among these students.
pub fn decisions_of(connection: &mut PgConnection, students: &[Uuid]) -> Result<Vec<Decision>> {
    // Two look-ups, each by its own index: an "or" over both columns is read as a scan where many are asked for.
    Ok(prepared(
        "select student_a, student_b, same from link_decision where student_a = any($1)
         union select student_a, student_b, same from link_decision where student_b = any($1)",
    )
    .bind::<Array<SqlUuid>, _>(students)
    .load(connection)?)
}

/// Remembers a decision of people about a pair; a later one replaces it. The linker adds the weight that the evidence
/// has now when it next looks.
pub fn decide(
    connection: &mut PgConnection,
    (a, b): (Uuid, Uuid),
    same: bool,
    by: &str,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    let (a, b) = if a < b { (a, b) } else { (b, a) };
    let values = (
        link_decision::same.eq(same),
        link_decision::decided_at.eq(now),
        link_decision::decided_by.eq(by),
        link_decision::reason.eq(reason),
        link_decision::weight.eq(None::<f32>),
        link_decision::model.eq(None::<&str>),
    );
    diesel::insert_into(link_decision::table)
        .values((
            link_decision::student_a.eq(a),
            link_decision::student_b.eq(b),
            values,
        ))
        .on_conflict((link_decision::student_a, link_decision::student_b))
        .do_update()
        .set(values)
        .execute(connection)?;
    Ok(())
}

/// A decision that two students are two children, with the evidence that there was.
#[derive(Debug, Clone, QueryableByName)]
pub struct Different {
    /// The smaller student id.
    #[diesel(sql_type = SqlUuid)]
    pub student_a: Uuid,
    /// The larger student id.
    #[diesel(sql_type = SqlUuid)]
    pub student_b: Uuid,
    /// When it was decided.
    #[diesel(sql_type = Timestamptz)]
    pub decided_at: DateTime<Utc>,
    /// By whom.
    #[diesel(sql_type = Text)]
    pub decided_by: String,
    /// Why.
    #[diesel(sql_type = Text)]
    pub reason: String,
    /// Weight of the evidence at the decision, in bits; `None` until the linker has looked.
    #[diesel(sql_type = Nullable<Float>)]
    pub weight: Option<f32>,
    /// The model that gave that weight.
    #[diesel(sql_type = Nullable<Text>)]
    pub model: Option<String>,
}

/// The decisions "two children" about any of these students.
pub fn different_of(connection: &mut PgConnection, students: &[Uuid]) -> Result<Vec<Different>> {
    Ok(prepared(
        "select student_a, student_b, decided_at, decided_by, reason, weight, model from link_decision
         where not same and (student_a = any($1) or student_b = any($1)) order by student_a, student_b",
    )
    .bind::<Array<SqlUuid>, _>(students)
    .load(connection)?)
}

/// Writes beside decisions which weight the evidence has by this model: pairs of students (smaller id first) with bits.
pub fn set_weights(connection: &mut PgConnection, weights: &[(Uuid, Uuid, f32)], model: &str) -> Result<()> {
    if weights.is_empty() {
        return Ok(());
    }
    let a: Vec<Uuid> = weights.iter().map(|w| w.0).collect();
    let b: Vec<Uuid> = weights.iter().map(|w| w.1).collect();
    let bits: Vec<f32> = weights.iter().map(|w| w.2).collect();
    sql_query(
        "update link_decision d set weight = w.weight, model = $4
         from unnest($1::uuid[], $2::uuid[], $3::real[]) as w (a, b, weight) where d.student_a = w.a and d.student_b = w.b",
    )
    .bind::<Array<SqlUuid>, _>(a)
    .bind::<Array<SqlUuid>, _>(b)
    .bind::<Array<Float>, _>(bits)
    .bind::<Text, _>(model)
    .execute(connection)?;
    Ok(())
}
