//! Contacts as people type or send them, checked: whom to call in a school, district or state. Pure.

use chrono::NaiveDate;
use mde::StateCode;
use mde::code::{Codes as _, ContactRole};
use serde::Deserialize;
use store::contacts::{Contact, NewContact};

use crate::own_list::{ListError, columns, line_of, unreadable};

/// The columns of a list, in order; the names of the form's fields too.
pub const COLUMNS: [&str; 12] = [
    "district",
    "facility_code",
    "role",
    "name",
    "phone",
    "email",
    "languages",
    "cover_name",
    "cover_phone",
    "cover_email",
    "cover_from",
    "cover_until",
];

/// A contact as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "as in store::contacts::NewContact")]
pub struct Typed {
    pub district: String,
    pub facility_code: String,
    pub role: String,
    pub name: String,
    pub phone: String,
    pub email: String,
    pub languages: String,
    pub cover_name: String,
    pub cover_phone: String,
    pub cover_email: String,
    pub cover_from: String,
    pub cover_until: String,
}

/// What is wrong, field by field.
pub type Wrong = Vec<(&'static str, String)>;

impl Typed {
    /// A kept contact as it would be typed.
    #[must_use]
    pub fn of(kept: &Contact) -> Self {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let day = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
        Self {
            district: text(&kept.district),
            facility_code: text(&kept.facility_code),
            role: kept.role.clone(),
            name: kept.name.clone(),
            phone: text(&kept.phone),
            email: text(&kept.email),
            languages: kept.languages.clone(),
            cover_name: text(&kept.cover_name),
            cover_phone: text(&kept.cover_phone),
            cover_email: text(&kept.cover_email),
            cover_from: day(kept.cover_from),
            cover_until: day(kept.cover_until),
        }
    }

    /// Its values in the order of [`COLUMNS`].
    #[must_use]
    pub fn values(&self) -> [&str; 12] {
        [
            &self.district,
            &self.facility_code,
            &self.role,
            &self.name,
            &self.phone,
            &self.email,
            &self.languages,
            &self.cover_name,
            &self.cover_phone,
            &self.cover_email,
            &self.cover_from,
            &self.cover_until,
        ]
    }

    fn set(&mut self, column: usize, value: &str) {
        let fields = [
            &mut self.district,
            &mut self.facility_code,
            &mut self.role,
            &mut self.name,
            &mut self.phone,
            &mut self.email,
            &mut self.languages,
            &mut self.cover_name,
            &mut self.cover_phone,
            &mut self.cover_email,
            &mut self.cover_from,
            &mut self.cover_until,
        ];
        if let Some(field) = fields.into_iter().nth(column) {
            value.clone_into(field);
        }
    }

    /// The contact, or all that is wrong with it. `own` are the districts of who keeps it; none: the whole state.
    pub fn checked(&self, state: StateCode, own: Option<&[String]>) -> Result<NewContact, Wrong> {
        let mut wrong = Wrong::new();
        let district = given(&self.district);
        let named = |name: &str, own: &[String]| own.iter().any(|o| o.to_lowercase() == name.to_lowercase());
        match (own, &district) {
            (Some(_), None) => wrong.push(("district", "Name your district.".into())),
            (Some(own), Some(name)) if !named(name, own) => wrong.push((
                "district",
                format!("You keep the contacts of {}.", own.join(", ")),
            )),
            _ => {}
        }
        let facility_code = given(&self.facility_code);
        if facility_code.is_some() && district.is_none() {
            wrong.push(("district", "Name the district of the school.".into()));
        }
        let role = role(&self.role);
        if role.is_none() {
            let known = ContactRole::ALL.iter().map(|role| role.row().stored);
            let known = known.collect::<Vec<_>>().join(", ");
            wrong.push(("role", format!("Choose a role: {known}.")));
        }
        let name = given(&self.name);
        if name.as_ref().is_none_or(|name| name.chars().count() > 120) {
            wrong.push(("name", "Enter a name of at most 120 characters.".into()));
        }
        if given(&self.languages).is_some_and(|text| text.chars().count() > 120) {
            wrong.push((
                "languages",
                "Name the languages in at most 120 characters.".into(),
            ));
        }
        let (phone, email) = (
            phone("phone", &self.phone, &mut wrong),
            email("email", &self.email, &mut wrong),
        );
        if given(&self.phone).is_none() && given(&self.email).is_none() {
            wrong.push(("phone", "Enter a telephone number or an e-mail address.".into()));
        }
        let cover = self.cover(&mut wrong);
        let (Some(role), Some(name), Some(cover), true) = (role, name, cover, wrong.is_empty()) else {
            return Err(wrong);
        };
        Ok(NewContact {
            state: state.to_string(),
            district,
            facility_code,
            role: role.row().stored.to_owned(),
            name,
            phone,
            email,
            languages: given(&self.languages).unwrap_or_default(),
            cover_phone: phone_of(&self.cover_phone, cover.is_some()),
            cover_email: phone_of(&self.cover_email, cover.is_some()),
            cover_from: cover.as_ref().map(|(_, from, _)| *from),
            cover_until: cover.as_ref().map(|(.., until)| *until),
            cover_name: cover.map(|(name, ..)| name),
        })
    }

    /// Who stands in, from when until when; `None` where that is wrong, which is noted.
    #[expect(clippy::option_option, reason = "nobody stands in, or it is wrong")]
    fn cover(&self, wrong: &mut Wrong) -> Option<Option<(String, NaiveDate, NaiveDate)>> {
        phone("cover_phone", &self.cover_phone, wrong);
        email("cover_email", &self.cover_email, wrong);
        let any = [
            &self.cover_name,
            &self.cover_phone,
            &self.cover_email,
            &self.cover_from,
            &self.cover_until,
        ];
        if any.into_iter().all(|text| given(text).is_none()) {
            return Some(None);
        }
        let name = given(&self.cover_name);
        if name.is_none() {
            wrong.push((
                "cover_name",
                "Name who stands in, or leave all of it empty.".into(),
            ));
        }
        let mut day = |field: &'static str, text: &str| {
            let day = ["%Y-%m-%d", "%m/%d/%Y"]
                .iter()
                .find_map(|form| NaiveDate::parse_from_str(text.trim(), form).ok());
            if day.is_none() {
                wrong.push((field, "Enter a day, such as 2026-06-01.".into()));
            }
            day
        };
        let (from, until) = (
            day("cover_from", &self.cover_from),
            day("cover_until", &self.cover_until),
        );
        match (name, from, until) {
            (Some(_), Some(from), Some(until)) if until < from => {
                wrong.push(("cover_until", "The last day is before the first.".into()));
                None
            }
            (Some(name), Some(from), Some(until)) => Some(Some((name, from, until))),
            _ => None,
        }
    }
}

fn given(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn phone_of(text: &str, covered: bool) -> Option<String> {
    given(text).filter(|_| covered)
}

/// The role with this stored code or of this name, upper or lower case.
#[must_use]
pub fn role(code: &str) -> Option<ContactRole> {
    let code = code.trim();
    ContactRole::ALL.iter().copied().find(|role| {
        let row = role.row();
        row.stored.eq_ignore_ascii_case(code) || row.label.eq_ignore_ascii_case(code)
    })
}

/// A telephone number of 7 to 15 digits (ITU-T E.164), as people write it.
fn phone(field: &'static str, text: &str, wrong: &mut Wrong) -> Option<String> {
    let text = given(text)?;
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let plain = text.chars().all(|c| c.is_ascii_digit() || " +-().x/".contains(c));
    if (7..=20).contains(&digits) && plain && text.len() <= 40 {
        return Some(text);
    }
    wrong.push((field, "Enter a telephone number, such as 956-555-0143.".into()));
    None
}

fn email(field: &'static str, text: &str, wrong: &mut Wrong) -> Option<String> {
    let text = given(text)?;
    let parts = text.split_once('@');
    let good = parts.is_some_and(|(name, host)| {
        !name.is_empty() && host.contains('.') && !host.contains('@') && !host.starts_with('.')
    });
    if good && text.len() <= 200 && !text.contains(char::is_whitespace) {
        return Some(text);
    }
    wrong.push((
        field,
        "Enter an e-mail address, such as name@district.org.".into(),
    ));
    None
}

/// A list, read: the lines that are right, with their numbers, and what is wrong with the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// What can be kept.
    pub good: Vec<NewContact>,
    /// Line, and what is wrong with it. No value is repeated.
    pub bad: Vec<(u64, String)>,
}

/// Reads a list of contacts with a header, in any order of columns; `role` and `name` have to be there. As CSV, or with
/// tabs between the columns, as rows come out of a spreadsheet that is copied.
pub fn read(text: &str, state: StateCode, own: Option<&[String]>) -> Result<Sheet, ListError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let copied = text.lines().next().is_some_and(|header| header.contains('\t'));
    let mut csv = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .delimiter(if copied { b'\t' } else { b',' })
        // The last cells of a row may be missing where they are empty.
        .flexible(copied)
        .from_reader(text.as_bytes());
    let found = columns(csv.headers().map_err(|error| unreadable(text, &error))?)?;
    for wanted in ["role", "name"] {
        if !found.contains_key(wanted) {
            let mut names: Vec<&str> = found.keys().map(String::as_str).collect();
            names.sort_unstable();
            return Err(ListError::NoColumn {
                wanted,
                found: names.join(", "),
            });
        }
    }
    let (mut sheet, mut lines) = (
        Sheet {
            good: Vec::new(),
            bad: Vec::new(),
        },
        0,
    );
    for record in csv.records() {
        lines += 1;
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(lines + 1, |start| line_of(text, start));
                sheet.bad.push((line, unreadable(text, &error).to_string()));
                continue;
            }
        };
        let line = record.position().map_or(lines + 1, |start| line_of(text, start));
        if record.iter().all(str::is_empty) {
            continue;
        }
        let mut typed = Typed::default();
        for (at, column) in COLUMNS.iter().enumerate() {
            let value = found.get(*column).and_then(|place| record.get(*place));
            typed.set(at, value.unwrap_or_default());
        }
        match typed.checked(state, own) {
            Ok(contact) => sheet.good.push(contact),
            Err(wrong) => {
                let words: Vec<String> = wrong
                    .iter()
                    .map(|(field, what)| format!("{field}: {what}"))
                    .collect();
                sheet.bad.push((line, words.join(" ")));
            }
        }
    }
    if sheet.good.is_empty() && sheet.bad.is_empty() {
        return Err(ListError::Empty);
    }
    Ok(sheet)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texas() -> StateCode {
        StateCode::new("TX").unwrap()
    }

    #[test]
    fn good_lines_are_kept_and_bad_ones_named() {
        let text = "Role,Name,District,Facility Code,Phone,Email,Languages,cover name,cover_from,cover_until\n\
             mep,Rosa Díaz,Mission CISD,,956-555-0143,,\"Spanish, Mixtec\",Ana Ruiz,2026-06-01,08/15/2026\n\
             KING,Nobody,Mission CISD,,956-555-0143,,,,,\n\
             NURSE,,Mission CISD,108912-001,call me,,,,,\n\
             REGISTRAR,Luz,Mission CISD,108912-001,,luz@mcisd.org,,,,\n\
             REGISTRAR,Short\n\
             COUNSELOR,Cy,,108912-001,,cy@mcisd.org,,Di,2026-06-02,2026-06-01\n";
        let sheet = read(text, texas(), None).unwrap();
        let names: Vec<&str> = sheet.good.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(names, ["Rosa Díaz", "Luz"]);
        assert_eq!(sheet.good[0].cover_until, NaiveDate::from_ymd_opt(2026, 8, 15));
        let lines: Vec<u64> = sheet.bad.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [3, 4, 6, 7]);
        assert!(sheet.bad[1].1.contains("name:") && sheet.bad[1].1.contains("phone:"));
        assert!(sheet.bad[3].1.contains("district:") && sheet.bad[3].1.contains("cover_until:"));
        assert!(!sheet.bad[1].1.contains("call me"), "no value is repeated");
        assert_eq!(read("", texas(), None), Err(ListError::Empty));
        assert!(matches!(
            read("name\nA\n", texas(), None),
            Err(ListError::NoColumn { wanted: "role", .. })
        ));
    }

    #[test]
    fn rows_are_pasted_as_a_spreadsheet_copies_them() {
        let text = "role\tname\tdistrict\tphone\temail\r\nSchool nurse\tDíaz, Rosa\tMission CISD\t956-555-0143\r\n\
             MEP\tLuz\tMission CISD\t\tluz@mcisd.org\r\n";
        let sheet = read(text, texas(), None).unwrap();
        let names: Vec<&str> = sheet.good.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(
            (names.as_slice(), sheet.bad.as_slice()),
            (&["Díaz, Rosa", "Luz"][..], &[][..])
        );
        assert_eq!(sheet.good[1].email.as_deref(), Some("luz@mcisd.org"));
    }

    #[test]
    fn who_keeps_a_districts_contacts_keeps_no_others() {
        let mut typed = Typed {
            district: "mission cisd".into(),
            role: "MEP".into(),
            name: "Rosa".into(),
            email: "rosa@mcisd.org".into(),
            ..Typed::default()
        };
        let own = ["Mission CISD".to_owned()];
        assert!(typed.checked(texas(), Some(&own)).is_ok());
        for district in ["", "Sharyland ISD"] {
            typed.district = district.into();
            assert_eq!(typed.checked(texas(), Some(&own)).unwrap_err()[0].0, "district");
        }
        assert!(typed.checked(texas(), None).is_ok());
    }
}
