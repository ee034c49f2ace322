//! Whom a school, district or state has now, as a sheet.

use mde::Identity;
use spreadsheet::{Cell, Column, Table};
use store::roster::Listed;

const STUDENTS: [Column; 18] = [
    Column::new("person_id", 16),
    Column::new("state_student_id", 16),
    Column::new("last_name", 22),
    Column::new("first_name", 20),
    Column::new("birth_date", 12),
    Column::new("district", 22),
    Column::new("facility_code", 14),
    Column::new("school", 28),
    Column::new("grade", 14),
    Column::new("enrolled", 12),
    Column::new("withdrawn", 12),
    Column::new("qualifying_arrival", 12),
    Column::new("eligible_until", 12),
    Column::new("priority_for_services", 10),
    Column::new("english_learner", 10),
    Column::new("special_education", 10),
    Column::new("open_alert", 10),
    Column::new("out_of_school", 10),
];

/// Last names and first names of a child as its state sends them.
#[must_use]
pub fn names(identity: &Identity) -> (String, String) {
    let joined = |parts: [Option<&str>; 2]| parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
    (
        joined([
            Some(identity.last_name_1.as_str()),
            identity.last_name_2.as_ref().map(mde::Text::as_str),
        ]),
        joined([
            Some(identity.first_name.as_str()),
            identity.middle_name.as_ref().map(mde::Text::as_str),
        ]),
    )
}

/// A row per child of a list.
#[must_use]
pub fn table(children: &[Listed]) -> Table {
    Table::new("Students", &STUDENTS).with(children.iter().map(row))
}

fn row(child: &Listed) -> Vec<Cell<'static>> {
    let (entry, identity) = (&child.entry, &child.student.identity);
    let (last, first) = names(identity);
    let yes_or_no = |flag: bool| if flag { "Yes" } else { "No" }.into();
    vec![
        child.person_id.to_string().into(),
        identity.state_student_id.to_string().into(),
        last.into(),
        first.into(),
        identity.birth_date.map(|day| day.day().to_string()).into(),
        entry.district.clone().into(),
        entry.facility_code.clone().into(),
        child.school.clone().into(),
        child.grade().into(),
        entry.enrolled_on.to_string().into(),
        entry.withdrawn_on.map(|day| day.to_string()).into(),
        entry.eligible_from.to_string().into(),
        entry.eligible_until.to_string().into(),
        yes_or_no(entry.priority_for_services),
        yes_or_no(entry.english_learner),
        yes_or_no(entry.special_education),
        yes_or_no(entry.alerts),
        yes_or_no(entry.out_of_school),
    ]
}
