//! Which region of its state a district belongs to.

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Array, Text};
use mde::StateCode;

use crate::db::Result;
use crate::schema::district_region;

/// Pairs of district and region of a state, by region and district.
pub fn regions(connection: &mut PgConnection, state: StateCode) -> Result<Vec<(String, String)>> {
    Ok(district_region::table
        .filter(district_region::state.eq(state.as_str()))
        .order((district_region::region, district_region::district))
        .select((district_region::district, district_region::region))
        .load(connection)?)
}

/// The districts that belong to these regions of a state.
pub fn districts_of(
    connection: &mut PgConnection,
    state: StateCode,
    regions: &[String],
) -> Result<Vec<String>> {
    Ok(district_region::table
        .filter(district_region::state.eq(state.as_str()))
        .filter(district_region::region.eq_any(regions))
        .order(district_region::district)
        .select(district_region::district)
        .load(connection)?)
}

/// Says which region each district of a state belongs to: pairs of district and region. Replaces what was said before.
pub fn set_regions(connection: &mut PgConnection, state: StateCode, regions: &[(&str, &str)]) -> Result<()> {
    let (districts, names): (Vec<&str>, Vec<&str>) = regions.iter().copied().unzip();
    connection.transaction(|connection| {
        sql_query("delete from district_region where state = $1")
            .bind::<Text, _>(state.as_str())
            .execute(connection)?;
        sql_query(
            "insert into district_region (state, district, region) select $1, d, r from unnest($2::text[], $3::text[]) as x (d, r)",
        )
        .bind::<Text, _>(state.as_str())
        .bind::<Array<Text>, _>(districts)
        .bind::<Array<Text>, _>(names)
        .execute(connection)?;
        Ok(())
    })
}
