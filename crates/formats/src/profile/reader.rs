//! The files of a described export to students.

use std::borrow::Cow;

use mde::{Action, Finding, FindingCode, PartKind, StateStudentId};

use super::lines::{Row, Rows, columns};
use super::partition::{Partitions, StudentRow};
use super::pattern;
use super::row::{OpenFile, decoded, layout};
use super::schema::{FileMap, Profile};
use crate::archive::Upload;
use crate::assembly::Assembly;
use crate::header::Header;
use crate::options::Limits;
use crate::outcome::{Counts, Handler};
use crate::place::Place;
use crate::refusal::{Refusal, RefusalCode};
use crate::source::{Source, refusal_of};

/// Which description each file of an upload has; refuses an upload in which a required file is missing or one comes
/// twice.
pub(crate) fn assign<'p>(
    profile: &'p Profile,
    names: &[String],
) -> Result<Vec<Option<&'p FileMap>>, Refusal> {
    let described = || profile.files.iter().map(toml::Spanned::get_ref);
    let found: Vec<_> = names
        .iter()
        .map(|name| described().find(|map| pattern::fits(&map.name, name)))
        .collect();
    for map in described() {
        let mut matching = names
            .iter()
            .zip(&found)
            .filter(|(_, m)| m.is_some_and(|m| std::ptr::eq(m, map)));
        let first = matching.next();
        if first.is_none() && map.required {
            return Err(Refusal::new(
                RefusalCode::MissingFile,
                format!(
                    "The upload has no {}, which the profile {} requires.",
                    map.name,
                    profile.label()
                ),
            ));
        }
        if let Some((second, _)) = matching.next() {
            return Err(Refusal::new(
                RefusalCode::DuplicateFile,
                format!("The upload has two files {}.", map.name),
            )
            .in_file(second));
        }
    }
    Ok(found)
}

/// Reads all files of an upload.
pub(crate) fn read(
    profile: &Profile,
    header: Header,
    upload: &mut Upload,
    limits: Limits,
    handler: &mut dyn Handler,
) -> Result<(Header, Counts), Refusal> {
    let names = upload.names().to_vec();
    let maps = assign(profile, &names)?;
    let state = header.state.as_str().to_owned();
    let expected = upload.claimed_bytes().min(limits.decompressed_bytes);
    let mut reading = Reading {
        profile,
        limits,
        state,
        assembly: Assembly::start(header, limits, handler)?,
        partitions: Partitions::for_bytes(expected).map_err(|e| refusal_of(&e))?,
        files: Vec::new(),
    };
    for (index, map) in maps.into_iter().enumerate() {
        let name = &names[index];
        match map {
            None => reading.undescribed(name)?,
            Some(map) => upload
                .read(index, |source| reading.file(map, name, source))
                .map_err(|refusal| refusal.in_file(name))?,
        }
    }
    reading.students()
}

struct Reading<'p, 'h> {
    profile: &'p Profile,
    limits: Limits,
    state: String,
    assembly: Assembly<'h>,
    partitions: Partitions,
    /// In the order of the upload; rows name them by their index.
    files: Vec<OpenFile<'p>>,
}

impl<'p> Reading<'p, '_> {
    fn undescribed(&mut self, name: &str) -> Result<(), Refusal> {
        self.assembly
            .ignore_value("a file that the profile does not describe", 1);
        let finding = Finding::new(
            FindingCode::UnknownElement,
            format!(
                "The profile {} does not describe this file; it was ignored.",
                self.profile.label()
            ),
        );
        self.assembly.tell(finding.in_file(name))
    }

    fn file(&mut self, map: &'p FileMap, name: &str, source: &mut Source<'_>) -> Result<(), Refusal> {
        let (delimiter, quoting) = layout(self.profile, map);
        let limit = usize::try_from(self.limits.record_bytes).unwrap_or(usize::MAX);
        let mut rows = Rows::new(source, quoting.then_some(delimiter as u8), limit);
        // An empty file is one without rows.
        let Some(first) = rows.next()? else { return Ok(()) };
        let open = self.header_row(map, name, &first)?;
        let index = self.files.len();
        self.files.push(open);
        while let Some(row) = rows.next()? {
            match row {
                Row::TooLong(line) => {
                    let message = format!("The row is longer than {limit} bytes.");
                    let finding = Finding::new(FindingCode::RowTooLong, message).of_part(map.part);
                    self.assembly.refuse_row(
                        finding,
                        Place {
                            file: Some(name),
                            line,
                        },
                    )?;
                }
                Row::At(line, bytes) => self.row(index, line, bytes)?,
            }
        }
        Ok(())
    }

    fn header_row(&mut self, map: &'p FileMap, name: &str, first: &Row<'_>) -> Result<OpenFile<'p>, Refusal> {
        let wrong = |code, message: &str| Refusal::new(code, message).at_line(1);
        let Row::At(_, bytes) = first else {
            return Err(wrong(
                RefusalCode::WrongLayout,
                "The first row is too long to name columns.",
            ));
        };
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") || bytes.contains(&0) {
            return Err(wrong(
                RefusalCode::WrongEncoding,
                "The file is UTF-16 or no text at all.",
            ));
        }
        let (delimiter, quoting) = layout(self.profile, map);
        let text = decoded(self.profile.encoding, bytes).map_err(|m| wrong(RefusalCode::WrongEncoding, m))?;
        let names = columns(&text, delimiter, quoting).ok_or_else(|| {
            wrong(
                RefusalCode::WrongLayout,
                "The quotes of the first row do not match.",
            )
        })?;
        let open = OpenFile::new(self.profile, map, name, &names)?;
        let unknown = open.unknown_columns(&names);
        if !unknown.is_empty() {
            let list = unknown.join(", ");
            let finding = Finding::new(
                FindingCode::UnknownElement,
                format!("The profile does not describe the columns {list}; they were ignored."),
            );
            let finding = finding.of_part(map.part).received(&list);
            self.assembly.tell(finding.in_file(name).at_line(1))?;
        }
        Ok(open)
    }

    /// A row of a student waits for the others of its student; a facility is ready.
    fn row(&mut self, index: usize, line: u64, bytes: &[u8]) -> Result<(), Refusal> {
        let file = &self.files[index];
        let part = file.map.part;
        let place = Place {
            file: Some(&file.name),
            line,
        };
        let text = match decoded(self.profile.encoding, bytes) {
            Ok(text) => text,
            Err(message) => {
                // Which student it is of cannot be told safely: its id may be what is not text.
                let finding = Finding::new(FindingCode::NotText, message).of_part(part);
                return self.assembly.refuse_row(finding, place);
            }
        };
        let (delimiter, quoting) = file.layout();
        let split = columns(&text, delimiter, quoting);
        // A row that is wrong may still say of which student it is.
        let split = split.unwrap_or_else(|| text.split(delimiter).map(Cow::Borrowed).collect());
        if part == PartKind::Facility {
            if let Some(problem) = shape_problem(file, &text) {
                return self.assembly.refuse_row(problem, place);
            }
            file.check_state(&split, &self.state, line)?;
            self.assembly.begin_row(part, place);
            file.set_values(&split, line, &mut self.assembly);
            return self.assembly.end_facility();
        }
        match StateStudentId::new(file.key(&split)) {
            Ok(key) => self
                .partitions
                .add(StudentRow {
                    key: key.as_str(),
                    file: order(part, index),
                    text: &text,
                    line,
                })
                .map_err(|e| refusal_of(&e)),
            Err(error) => {
                let column = file.map.key.as_deref().unwrap_or_default();
                let finding = match (shape_problem(file, &text), file.key(&split)) {
                    (Some(problem), _) => problem,
                    (None, "") => Finding::new(
                        FindingCode::Missing,
                        format!("{column} is missing; the row was left out."),
                    )
                    .of_element("2"),
                    (None, id) => Finding::new(
                        FindingCode::Invalid,
                        format!("{column} {error}; the row was left out."),
                    )
                    .of_element("2")
                    .received(id),
                };
                self.assembly.refuse_row(finding.of_part(part), place)
            }
        }
    }

    fn students(self) -> Result<(Header, Counts), Refusal> {
        let Self {
            mut assembly,
            partitions,
            files,
            state,
            ..
        } = self;
        let mut failed = None;
        let outcome = partitions.each_student::<std::io::Error>(|rows| {
            student(rows, &files, &state, &mut assembly).map_err(|refusal| {
                failed = Some(refusal);
                std::io::ErrorKind::Other.into()
            })
        });
        match (failed, outcome) {
            (Some(refusal), _) => Err(refusal),
            (None, Err(error)) if error.kind() == std::io::ErrorKind::FileTooLarge => Err(Refusal::new(
                RefusalCode::RecordTooLarge,
                "The upload has far too many rows of one student.",
            )),
            (None, Err(error)) => Err(refusal_of(&error)),
            (None, Ok(())) => assembly.finish(),
        }
    }
}

/// The place of a file in the order of a student's rows: its own row first.
fn order(part: PartKind, index: usize) -> u16 {
    match part {
        PartKind::Student => 0,
        _ => u16::try_from(index + 1).unwrap_or(u16::MAX),
    }
}

/// All rows of one student id.
fn student(
    rows: &[StudentRow<'_>],
    files: &[OpenFile<'_>],
    state: &str,
    assembly: &mut Assembly<'_>,
) -> Result<(), Refusal> {
    let file_of = |row: &StudentRow<'_>| match row.file {
        0 => files.iter().find(|f| f.map.part == PartKind::Student),
        n => files.get(usize::from(n) - 1),
    };
    let mut begun = false;
    for row in rows {
        let Some(file) = file_of(row) else { continue };
        let part = file.map.part;
        let place = Place {
            file: Some(&file.name),
            line: row.line,
        };
        let (delimiter, quoting) = file.layout();
        let problem = shape_problem(file, row.text).map(|p| p.of_part(part).of_student(row.key));
        let split = columns(row.text, delimiter, quoting).unwrap_or_default();
        match (part, problem) {
            (PartKind::Student, Some(problem)) => assembly.refuse_row(problem, place)?,
            (PartKind::Student, None) if begun => {
                let message = "The student occurs twice in this upload; this row was left out.";
                let finding = Finding::new(FindingCode::DuplicateStudent, message).of_part(part);
                assembly.refuse_row(finding.of_element("2").of_student(row.key), place)?;
            }
            (PartKind::Student, None) => {
                file.check_state(&split, state, row.line)?;
                begun = true;
                assembly.begin_student(Action::Update, place);
                file.set_values(&split, row.line, assembly);
            }
            (_, Some(problem)) if begun => assembly.refuse_child(part, problem, place),
            (_, Some(problem)) => assembly.refuse_row(problem, place)?,
            (_, None) if !begun => {
                let message = format!("Student {} is not in this upload; the row was left out.", row.key);
                let finding = Finding::new(FindingCode::NoStudent, message).of_part(part);
                assembly.refuse_row(finding.of_element("2").of_student(row.key), place)?;
            }
            (_, None) => {
                if let Some(reason) = file.left_out(&split) {
                    assembly.ignore_row(&reason);
                } else {
                    file.check_state(&split, state, row.line)?;
                    assembly.begin_row(part, place);
                    file.set_values(&split, row.line, assembly);
                    assembly.end_child(part);
                }
            }
        }
    }
    if begun { assembly.end_student() } else { Ok(()) }
}

/// What is wrong with the shape of a row.
fn shape_problem(file: &OpenFile<'_>, text: &str) -> Option<Finding> {
    let (delimiter, quoting) = file.layout();
    match columns(text, delimiter, quoting) {
        None => Some(Finding::new(
            FindingCode::RowShape,
            "The quotes of the row do not match; it was left out.",
        )),
        Some(found) if found.len() != file.width() => Some(Finding::new(
            FindingCode::RowShape,
            format!(
                "The row has {} columns where the first row has {}; it was left out.",
                found.len(),
                file.width()
            ),
        )),
        Some(_) => None,
    }
}
