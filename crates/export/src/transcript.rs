//! The course history as PESC High School Transcript, which student information systems and transcript services read:
//! message HighSchoolTranscript 1.5.0 with types of AcademicRecord 1.9.0 and CoreMain 1.14.0 (Postsecondary Electronic
//! Standards Council). `schemas/pesc-high-school-transcript-1.5.xsd` describes the part of it that is used.
//!
//! One document per child with an academic record per awarding school. Credits are those that schools granted, in
//! Carnegie units; partial work is told in notes and never as credit. The document is unofficial: the schools attest.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use mde::PartKind;
use records::ConsolidatedRecord;
use records::courses::{CourseEntry, CourseStatus};

use crate::xml::Writer;

const NAMESPACE: &str = "urn:org:pesc:message:HighSchoolTranscript:v1.5.0";

/// Characters of a note, of a name of a person, and of a title or a name of an organization.
const NOTE: usize = 80;
const NAME: usize = 35;
const TITLE: usize = 60;

/// The transcript of a person, made at this instant for this receiver (the name of a state or a school).
#[must_use]
pub fn pesc(record: &ConsolidatedRecord, at: DateTime<Utc>, receiver: &str) -> String {
    let mut out = Writer::new("HSTrn:HighSchoolTranscript");
    out.attribute("xmlns:HSTrn", NAMESPACE);
    transmission(record, at, receiver, &mut out);
    out.open("Student");
    person(record, &mut out);
    let mut schools: BTreeMap<(String, &str), Vec<&CourseEntry>> = BTreeMap::new();
    for entry in &record.courses {
        let school = entry
            .facility
            .as_ref()
            .map(records::facility::FacilityInfo::title);
        let state = entry.facility.as_ref().map_or(entry.state, |f| f.state);
        let key = (school.unwrap_or_default(), state.name());
        schools.entry(key).or_default().push(entry);
    }
    if schools.is_empty() {
        // The message has at least one academic record.
        out.open("AcademicRecord");
        note(&mut out, "No state reports a course of this student.");
        out.close();
    }
    for ((name, state), courses) in schools {
        school(&name, state, &courses, &mut out);
    }
    out.finish()
}

fn transmission(record: &ConsolidatedRecord, at: DateTime<Utc>, receiver: &str, out: &mut Writer) {
    out.open("TransmissionData");
    out.leaf(
        "DocumentID",
        &format!("{}-{}", record.person_id, at.format("%Y%m%d%H%M%S")),
    );
    out.leaf("CreatedDateTime", &at.to_rfc3339_opts(SecondsFormat::Secs, true));
    out.leaf("DocumentTypeCode", "RequestedRecord");
    out.leaf("TransmissionType", "Original");
    organization("Source", "Mariposa record exchange", out);
    organization("Destination", receiver, out);
    out.leaf("DocumentOfficialCode", "Unofficial");
    out.leaf("DocumentCompleteCode", "Complete");
    notes(
        out,
        "Courses as states reported them to the exchange; each course names its sources. Ask the awarding schools for \
         official transcripts.",
    );
    statements(record, out);
    out.close();
}

/// What families have stated against what is in the transcript: it goes wherever that goes (34 CFR 99.21(c)).
fn statements(record: &ConsolidatedRecord, out: &mut Writer) {
    let shown = [PartKind::Student, PartKind::Course];
    for of in record.statements.iter().filter(|of| of.is_about(&shown)) {
        let text = format!(
            "The family disagrees with {}. {}: \"{}\". Its statement of {}: {}",
            of.source.state.name(),
            of.name.as_deref().unwrap_or("The record"),
            of.says,
            of.stated_at.date_naive(),
            of.statement.split_whitespace().collect::<Vec<_>>().join(" "),
        );
        notes(out, &text);
    }
}

/// The message asks for an identifier of each organization out of closed lists, in which neither an exchange nor a state
/// has one: an OPEID of zeros.
fn organization(role: &'static str, name: &str, out: &mut Writer) {
    out.open(role);
    out.open("Organization");
    out.leaf("OPEID", "00000000");
    out.leaf("OrganizationName", &cut(name, TITLE));
    out.close();
    out.close();
}

fn person(record: &ConsolidatedRecord, out: &mut Writer) {
    out.open("Person");
    out.leaf("SchoolAssignedPersonID", &record.person_id.to_string());
    if let Some(date) = record.summary.birth_date {
        out.open("Birth");
        out.leaf("BirthDate", &date.to_string());
        out.close();
    }
    let value = |column: &str| record.element(column).map(|e| e.value.as_str());
    let last: Vec<&str> = ["last_name_1", "last_name_2"]
        .into_iter()
        .filter_map(value)
        .collect();
    let last = last.join(" ");
    let mut parts = Vec::new();
    parts.extend(value("first_name").map(|name| ("FirstName", name)));
    parts.extend(value("middle_name").map(|name| ("MiddleName", name)));
    if !last.is_empty() {
        parts.push(("LastName", &last));
    }
    out.open("Name");
    for (element, name) in &parts {
        out.leaf(*element, &cut(name, NAME));
    }
    for (_, name) in parts.iter().filter(|(_, name)| name.chars().count() > NAME) {
        notes(out, &format!("In full: {name}"));
    }
    if let Some(generation) = value("generation") {
        notes(out, &format!("Suffix: {generation}"));
    }
    out.close();
    if let Some(gender) = value("gender") {
        out.open("Gender");
        out.leaf(
            "GenderCode",
            match gender {
                "Female" | "Male" => gender,
                _ => "Unreported",
            },
        );
        out.close();
    }
    out.close();
}

fn school(name: &str, state: &str, courses: &[&CourseEntry], out: &mut Writer) {
    out.open("AcademicRecord");
    out.open("School");
    let named = if name.is_empty() {
        format!("School in {state}")
    } else {
        name.to_owned()
    };
    out.leaf("OrganizationName", &cut(&named, TITLE));
    let facility = courses.iter().find_map(|entry| entry.facility.as_ref());
    notes(out, &format!("State: {state}"));
    if named.chars().count() > TITLE {
        notes(out, &format!("In full: {named}"));
    }
    for (label, id) in [
        ("Code in the state", facility.and_then(|f| f.code.as_ref())),
        ("NCES school", facility.and_then(|f| f.nces_school_id.as_ref())),
        ("Telephone", facility.and_then(|f| f.phone.as_ref())),
    ] {
        if let Some(id) = id {
            notes(out, &format!("{label}: {id}"));
        }
    }
    out.close();
    // Sessions by school year; a year of which it is not said whether it begins or ends there is told in a note.
    let mut sessions: BTreeMap<u16, Vec<&CourseEntry>> = BTreeMap::new();
    let mut others = Vec::new();
    for entry in courses {
        match entry.school_year.as_deref().and_then(begins) {
            Some(year) => sessions.entry(year).or_default().push(entry),
            None => others.push(*entry),
        }
    }
    for (year, courses) in sessions {
        out.open("AcademicSession");
        out.open("AcademicSessionDetail");
        // The month in which a school year begins at the earliest.
        out.leaf("SessionDesignator", &format!("{year}-07"));
        out.leaf("SessionSchoolYear", &format!("{year}-{}", year + 1));
        out.close();
        for entry in courses {
            course(entry, out);
        }
        out.close();
    }
    for entry in others {
        course(entry, out);
    }
    out.close();
}

/// The year in which a school year written as `2024-2025` begins.
fn begins(school_year: &str) -> Option<u16> {
    let (begins, ends) = school_year.split_once('-')?;
    let (begins, ends): (u16, u16) = (begins.parse().ok()?, ends.parse().ok()?);
    ((1900..=9998).contains(&begins) && ends == begins + 1).then_some(begins)
}

fn course(entry: &CourseEntry, out: &mut Writer) {
    let kind = entry.course_type.as_ref().map(|kind| kind.code.as_str());
    let granted = entry
        .credits
        .as_ref()
        .filter(|_| entry.status == CourseStatus::Completed);
    out.open("Course");
    out.leaf(
        "CourseCreditBasis",
        match kind {
            Some("04") => "AdvancedPlacement",
            Some("05") => "InternationalBaccalaureate",
            _ => "Regular",
        },
    );
    if let Some(credits) = granted {
        out.leaf("CourseCreditUnits", "CarnegieUnits");
        out.leaf("CourseCreditEarned", credits);
    }
    match &entry.final_grade {
        Some(grade) if grade.chars().count() <= 10 => out.leaf("CourseAcademicGrade", grade),
        _ => out.leaf(
            "CourseAcademicGradeStatusCode",
            match entry.status {
                CourseStatus::InProgress => "InProgress",
                CourseStatus::Completed => "Completed",
                CourseStatus::Partial | CourseStatus::Unclear => "Incomplete",
            },
        ),
    }
    if let Some(sced) = &entry.sced {
        out.leaf("CourseSCEDCode", sced);
    }
    let level = match kind {
        Some("02") => Some("Honors"),
        Some("04") => Some("AdvancedPlacement"),
        Some("05") => Some("InternationalBaccalaureate"),
        _ => None,
    };
    if let Some(level) = level {
        out.leaf("CourseLevel", level);
    }
    let section = entry.section.as_ref().map(|section| section.code.as_str());
    if let Some(section) = section.filter(|code| ["02", "03"].contains(code)) {
        out.leaf("CourseSectionNumber", if section == "02" { "A" } else { "B" });
    }
    out.leaf("CourseTitle", &cut(&entry.title, TITLE));
    if entry.title.chars().count() > TITLE {
        notes(out, &format!("In full: {}", entry.title));
    }
    if let Some(grade) = entry
        .final_grade
        .as_ref()
        .filter(|grade| grade.chars().count() > 10)
    {
        notes(out, &format!("Final grade: {grade}"));
    }
    if let Some(year) = entry.school_year.as_ref().filter(|year| begins(year).is_none()) {
        notes(out, &format!("School year: {year}"));
    }
    partial(entry, out);
    for source in &entry.sources {
        let live = if source.live { "" } else { ", no longer reported" };
        let (state, id) = (source.state, &source.state_student_id);
        notes(
            out,
            &format!(
                "Reported by {state} (student {id}), data of {}{live}",
                source.as_of.date_naive()
            ),
        );
    }
    out.close();
}

/// Partial work, and credits that no school has finally granted: notes, no credit.
fn partial(entry: &CourseEntry, out: &mut Writer) {
    if let Some(grade) = &entry.grade_to_date {
        notes(out, &format!("Partial work, grade to date: {grade}"));
    }
    if let Some(hours) = &entry.clock_hours {
        notes(out, &format!("Partial work, clock hours: {hours}"));
    }
    if let Some(credits) = entry
        .credits
        .as_ref()
        .filter(|_| entry.status != CourseStatus::Completed)
    {
        notes(
            out,
            &format!("Credits sent beside partial work, not counted: {credits}"),
        );
    }
}

fn note(out: &mut Writer, text: &str) {
    out.leaf("NoteMessage", text);
}

/// A text in as many notes as it needs.
fn notes(out: &mut Writer, text: &str) {
    let letters: Vec<char> = text.chars().collect();
    for part in letters.chunks(NOTE) {
        note(out, &part.iter().collect::<String>());
    }
}

fn cut(text: &str, letters: usize) -> String {
    text.chars().take(letters).collect()
}
