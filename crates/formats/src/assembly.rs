//! Puts students together out of rows and values, whatever the format: what is refused, what is found, what is counted.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use chrono::NaiveDate;
use compact_str::CompactString;
use mde::{
    Action, Aliases, Finding, FindingCode, PartKind, Student, StudentId, Submission, Text, ValueContext,
    ValueError,
};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::drafts::{Drafts, RowPlaces, Rows, fingerprint};
use crate::header::Header;
use crate::options::Limits;
use crate::outcome::{Counts, Handler, RecordCounts};
use crate::place::{Place, Sent, missing, part_reduced, words};
use crate::refusal::{Refusal, RefusalCode};

/// So many different unknown elements are told apart; a file with more has another layout.
const UNKNOWN_NAMES: usize = 200;
/// Why a row that repeats is left out.
pub(crate) const SAID_BEFORE: &str = "rows of a student that said what another said before";
/// What stands for the names of a deleted student, which need not be sent.
const NO_NAME: &str = "-";

/// State of the row that is being read.
#[derive(Default)]
struct Row {
    place: Place,
    /// Bit per field that has occurred.
    seen: u64,
    /// A required value was refused, and that has been said.
    spoiled: bool,
}

/// The student that is being read.
#[derive(Default)]
struct Current {
    action: Option<Action>,
    rows: Rows,
    findings: Vec<Finding>,
    /// Refused rows per part.
    refused: BTreeMap<PartKind, u64>,
    /// Rows of other files that add values to the identity.
    added: Vec<Place>,
}

/// Puts students together and hands them over.
pub(crate) struct Assembly<'h> {
    handler: &'h mut dyn Handler,
    limits: Limits,
    header: Header,
    as_of: NaiveDate,
    /// The state's own codes.
    aliases: Option<&'static Aliases>,
    counts: Counts,
    student_rows: u64,
    drafts: Drafts,
    identity: Row,
    child: Row,
    current: Current,
    students: FxHashSet<StudentId>,
    /// Code and content of the facilities.
    facilities: FxHashMap<CompactString, u64>,
}

impl<'h> Assembly<'h> {
    /// Starts with the header, which the handler gets.
    pub(crate) fn start(
        header: Header,
        limits: Limits,
        handler: &'h mut dyn Handler,
    ) -> Result<Self, Refusal> {
        going_on(handler.header(&header))?;
        Ok(Self {
            handler,
            limits,
            as_of: header.as_of.date_naive(),
            aliases: Aliases::of(header.state),
            header,
            counts: Counts::default(),
            student_rows: 0,
            drafts: Drafts::default(),
            identity: Row::default(),
            child: Row::default(),
            current: Current::default(),
            students: FxHashSet::default(),
            facilities: FxHashMap::default(),
        })
    }

    /// A number for the rows of one kind of record in one file.
    pub(crate) fn source(&mut self, file: Option<&str>, record: &str) -> u16 {
        self.counts.records.push(RecordCounts {
            file: file.map(str::to_owned),
            record: record.to_owned(),
            ..RecordCounts::default()
        });
        u16::try_from(self.counts.records.len() - 1).unwrap_or(u16::MAX)
    }

    /// Counts rows that were read. What becomes of each is counted where it is decided, and held against this at the
    /// end.
    pub(crate) fn arrive(&mut self, source: u16, rows: u64) {
        self.counts.read += rows;
        if let Some(of) = self.of(source) {
            of.read += rows;
        }
    }

    fn of(&mut self, source: u16) -> Option<&mut RecordCounts> {
        self.counts.records.get_mut(usize::from(source))
    }

    fn kept(&mut self, place: Place) {
        self.counts.kept += 1;
        if let Some(of) = self.of(place.source) {
            of.kept += 1;
        }
    }

    fn refused(&mut self, place: Place) {
        self.counts.refused += 1;
        if let Some(of) = self.of(place.source) {
            of.refused += 1;
        }
    }

    /// Puts a finding where it is.
    fn put(&self, place: Place, finding: Finding) -> Finding {
        let finding = finding.at_line(place.line);
        let of = self.counts.records.get(usize::from(place.source));
        match of.and_then(|of| of.file.as_deref()) {
            Some(file) => finding.in_file(file),
            None => finding,
        }
    }

    /// Ends with the totals of the header held against the counts, and the counts against each other.
    pub(crate) fn finish(mut self) -> Result<(Header, Counts), Refusal> {
        let totals = self.header.totals;
        let pairs = [
            ("students", totals.students, self.student_rows),
            ("records", totals.records, self.counts.read),
        ];
        for (what, said, found) in pairs {
            if let Some(said) = said.filter(|said| *said != found) {
                self.tell(Finding::new(
                    FindingCode::Totals,
                    format!("The header says {said} {what}, the file has {found}."),
                ))?;
            }
        }
        match self.counts.mismatch() {
            None => Ok((self.header, self.counts)),
            Some(what) => Err(Refusal::new(
                RefusalCode::Accounting,
                format!("The program lost count of the rows: {what}."),
            )),
        }
    }

    /// Starts a student. Its identity is a row of its own, to which [`Self::set`] with `PartKind::Student` adds.
    pub(crate) fn begin_student(&mut self, action: Action, place: Place) {
        self.student_rows += 1;
        self.current = Current {
            action: Some(action),
            ..Current::default()
        };
        self.begin_row(PartKind::Student, place);
    }

    /// Starts a row of another file that adds values to the identity of the current student.
    pub(crate) fn begin_addition(&mut self, place: Place) {
        self.current.added.push(place);
    }

    /// Starts a row of a part.
    pub(crate) fn begin_row(&mut self, part: PartKind, place: Place) {
        *self.row(part) = Row {
            place,
            ..Row::default()
        };
    }

    fn row(&mut self, part: PartKind) -> &mut Row {
        match part {
            PartKind::Student => &mut self.identity,
            _ => &mut self.child,
        }
    }

    /// Reads one value of the current row of a part. What it cannot hold becomes a finding.
    /// The place is asked for only then, since finding it may cost more than reading the value.
    pub(crate) fn set(&mut self, sent: Sent<'_>, context: ValueContext<'_>, place: impl FnOnce() -> Place) {
        self.set_as(sent, sent.text, context, place);
    }

    /// The same for a value whose canonical text is not the text that was sent.
    pub(crate) fn set_as(
        &mut self,
        sent: Sent<'_>,
        canonical: &str,
        context: ValueContext<'_>,
        place: impl FnOnce() -> Place,
    ) {
        if canonical.is_empty() {
            return;
        }
        let bit = 1u64 << sent.field;
        let row = self.row(sent.part);
        if row.seen & bit != 0 {
            let (code, message) = if sent.part == PartKind::Student && !self.current.added.is_empty() {
                let message = "was in another row of the same student before, which was kept";
                (FindingCode::RowsDiffer, message)
            } else {
                (
                    FindingCode::Invalid,
                    "occurs twice in one row; the first one was kept",
                )
            };
            self.find(sent, code, format!("{} {message}.", sent.label), None, place());
            return;
        }
        row.seen |= bit;
        // Line ends within a value are how it was wrapped, not what it says (XML Schema collapses them as well).
        let unwrapped;
        let canonical = if memchr::memchr3(b'\n', b'\r', b'\t', canonical.as_bytes()).is_some() {
            unwrapped = canonical.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
            unwrapped.as_str()
        } else {
            canonical
        };
        let (canonical, context) = match self.alias(sent, canonical, context) {
            Some(meaning) => {
                let raw = Some(canonical);
                (meaning, ValueContext { raw, ..context })
            }
            None => (canonical, context),
        };
        if let Err(error) = self.drafts.set(sent.part, sent.field, canonical, context) {
            let code = match error {
                ValueError::UnknownCode { .. } => FindingCode::UnknownCode,
                _ => FindingCode::Invalid,
            };
            self.refuse_value(sent, code, &error.to_string(), error.fix(), place());
        }
    }

    /// What a state's own code stands for. A code that the profile has translated is no longer the state's own.
    fn alias(&self, sent: Sent<'_>, code: &str, context: ValueContext<'_>) -> Option<&'static str> {
        let aliases = self.aliases.filter(|_| context.raw.is_none())?;
        aliases.meaning(sent.part.fields()[sent.field].set?, code)
    }

    /// Tells that a value was left out. `problem` is a fragment such as "is not a date".
    pub(crate) fn refuse_value(
        &mut self,
        sent: Sent<'_>,
        code: FindingCode,
        problem: &str,
        fix: &str,
        place: Place,
    ) {
        let required = sent.part.fields()[sent.field].required;
        let consequence = match (required, sent.part) {
            (false, _) => "the value was left out",
            (true, PartKind::Student) => "the student was left out with all its rows",
            (true, _) => "the row was left out",
        };
        self.row(sent.part).spoiled |= required;
        let message = format!("{} {problem}; {consequence}.", sent.label);
        self.find(sent, code, message, Some(fix), place);
    }

    fn find(&mut self, sent: Sent<'_>, code: FindingCode, message: String, fix: Option<&str>, place: Place) {
        let finding = Finding::new(code, message)
            .of_part(sent.part)
            .of_element(sent.part.fields()[sent.field].element)
            .received(sent.text);
        let finding = match fix {
            Some(fix) => finding.with_fix(fix),
            None => finding,
        };
        let finding = self.put(place, finding);
        self.note(finding);
    }

    /// A finding of the current student, told when the student ends.
    fn note(&mut self, finding: Finding) {
        self.current.findings.push(finding);
    }

    /// Ends a child row of the current student.
    /// Where rows repeat, one that is there already says nothing new; elsewhere that is a finding.
    pub(crate) fn end_child(&mut self, part: PartKind, repeats: bool) {
        let row = std::mem::take(&mut self.child);
        let finished = self.drafts.finish_child(part, row.place, &mut self.current.rows);
        match finished {
            Ok(true) => {}
            Ok(false) if repeats => {
                self.ignore_row(row.place.source, SAID_BEFORE);
            }
            Ok(false) => {
                self.refused(row.place);
                let message = format!("The same {} occurs twice for this student.", words(part));
                let finding = Finding::new(FindingCode::DuplicateRow, message).of_part(part);
                self.note(self.put(row.place, finding));
            }
            Err(field) => {
                self.refused(row.place);
                *self.current.refused.entry(part).or_default() += 1;
                if !row.spoiled {
                    self.note(self.put(row.place, missing(part, field)));
                }
            }
        }
    }

    /// Ends a facility, which is handed over at once. Where facilities are written out in the rows of others, the same
    /// one again is nothing to tell.
    pub(crate) fn end_facility(&mut self, repeats: bool) -> Result<(), Refusal> {
        let finished = self.drafts.take_facility();
        let row = std::mem::take(&mut self.child);
        let findings = std::mem::take(&mut self.current.findings);
        let facility = match finished {
            Ok(facility) => facility,
            Err(field) => {
                self.refused(row.place);
                self.tell_all(findings, None)?;
                if row.spoiled {
                    return Ok(());
                }
                return self.tell(self.put(row.place, missing(PartKind::Facility, field)));
            }
        };
        let content = fingerprint(&facility);
        let known = self.facilities.insert(facility.code.as_str().into(), content);
        if repeats && known == Some(content) {
            self.ignore_row(row.place.source, "a facility that was written out before");
            return Ok(());
        }
        self.tell_all(findings, None)?;
        self.kept(row.place);
        self.counts.facilities += 1;
        if known.is_some() {
            let finding = Finding::new(
                FindingCode::DuplicateFacility,
                format!("Facility {} occurs twice; the last one was kept.", facility.code),
            );
            let finding = finding.of_part(PartKind::Facility).of_element("40");
            self.tell(self.put(row.place, finding))?;
        }
        let mut found = Vec::new();
        mde::rules::check_facility(&facility, &mut found);
        for finding in found {
            self.tell(self.put(row.place, finding))?;
        }
        going_on(self.handler.facility(facility))
    }

    /// Ends the current student: checks it by the record rules and hands it over, or says why not.
    pub(crate) fn end_student(&mut self) -> Result<(), Refusal> {
        let row = std::mem::take(&mut self.identity);
        let current = std::mem::take(&mut self.current);
        let action = current.action.unwrap_or(Action::Update);
        if action == Action::Delete {
            // The names of a deleted student need not be sent, but an identity cannot be without them.
            let identity = &mut self.drafts.identity;
            identity.last_name_1 = identity.last_name_1.take().or_else(|| Text::new(NO_NAME).ok());
            identity.first_name = identity.first_name.take().or_else(|| Text::new(NO_NAME).ok());
        }
        let id: Option<CompactString> = self
            .drafts
            .identity
            .state_student_id
            .as_ref()
            .map(|id| id.as_str().into());
        let mut findings = current.findings;
        let rows: Vec<Place> = [row.place]
            .into_iter()
            .chain(current.added.iter().copied())
            .chain(current.rows.places())
            .collect();
        match self.drafts.take_identity() {
            Err(field) => {
                for place in rows {
                    self.refused(place);
                }
                if !row.spoiled {
                    findings.push(self.put(row.place, missing(PartKind::Student, field)));
                }
                self.tell_all(findings, id.as_ref())
            }
            Ok(identity) => {
                let (student, places) = current.rows.into_student(identity);
                if !self.students.insert(student.id(self.header.state)) {
                    for place in rows {
                        self.refused(place);
                    }
                    let message = "The student occurs twice in this upload; the second one was left out.";
                    let finding = Finding::new(FindingCode::DuplicateStudent, message);
                    let finding = finding.of_part(PartKind::Student).of_element("2");
                    findings.push(self.put(row.place, finding));
                    return self.tell_all(findings, id.as_ref());
                }
                if self.students.len() as u64 > self.limits.students {
                    let message = format!("The upload has more than {} students.", self.limits.students);
                    return Err(Refusal::new(RefusalCode::TooManyStudents, message).at_line(row.place.line));
                }
                let count = u32::try_from(rows.len()).unwrap_or(u32::MAX);
                for place in rows {
                    self.kept(place);
                }
                self.counts.students += 1;
                let reduced: Vec<PartKind> = current.refused.keys().copied().collect();
                findings.extend(
                    current
                        .refused
                        .iter()
                        .map(|(part, count)| self.put(row.place, part_reduced(*part, *count))),
                );
                let mut submission = Submission {
                    action,
                    line: row.place.line,
                    student,
                    reduced,
                    rows: count,
                };
                if action != Action::Delete {
                    let found = self.check(&mut submission.student, row.place, &places);
                    findings.extend(found);
                }
                self.tell_all(findings, id.as_ref())?;
                going_on(self.handler.student(submission))
            }
        }
    }

    /// Checks a student by the record rules. The rules know no places, only which row of a part they speak of.
    fn check(&self, student: &mut Student, identity: Place, places: &RowPlaces) -> Vec<Finding> {
        let mut findings = Vec::new();
        mde::rules::check(student, self.as_of, &mut findings);
        let place_of = |finding: &Finding| {
            let of_part = |(part, _): &&(PartKind, Place)| Some(*part) == finding.part;
            let row = finding.row.and_then(|row| places.iter().filter(of_part).nth(row));
            row.map_or(identity, |(_, place)| *place)
        };
        findings
            .into_iter()
            .map(|finding| self.put(place_of(&finding), finding))
            .collect()
    }

    /// A row that could not be read or whose student is not there.
    pub(crate) fn refuse_row(&mut self, finding: Finding, place: Place) -> Result<(), Refusal> {
        self.student_rows += u64::from(finding.part == Some(PartKind::Student));
        self.refused(place);
        self.tell(self.put(place, finding))
    }

    /// A row of which the finding has been told: it is only counted.
    pub(crate) fn refuse_silently(&mut self, place: Place) {
        self.refused(place);
    }

    /// A row of a part of the current student that could not be read: the student has the part reduced.
    pub(crate) fn refuse_child(&mut self, part: PartKind, finding: Finding, place: Place) {
        self.refused(place);
        *self.current.refused.entry(part).or_default() += 1;
        self.note(self.put(place, finding.of_part(part)));
    }

    /// A row that the profile leaves out.
    pub(crate) fn ignore_row(&mut self, source: u16, reason: &str) {
        match self.counts.ignored_rows.get_mut(reason) {
            Some(count) => *count += 1,
            None => {
                self.counts.ignored_rows.insert(reason.to_owned(), 1);
            }
        }
        if let Some(of) = self.of(source) {
            of.ignored += 1;
        }
    }

    /// Something to tell of the current student.
    pub(crate) fn remark(&mut self, finding: Finding, place: Place) {
        self.note(self.put(place, finding));
    }

    /// A value that the profile leaves out; only counted.
    pub(crate) fn ignore_value(&mut self, reason: &str, count: u64) {
        match self.counts.ignored_values.get_mut(reason) {
            Some(known) => *known += count,
            None => {
                self.counts.ignored_values.insert(reason.to_owned(), count);
            }
        }
    }

    /// Something that is not in the data dictionary: told once per name, counted every time, never stored.
    pub(crate) fn unknown(
        &mut self,
        part: Option<PartKind>,
        name: &str,
        place: Place,
    ) -> Result<(), Refusal> {
        let name: CompactString = name.chars().take(60).collect();
        let key = match part {
            Some(part) => format!("unknown element {part}.{name}"),
            None => format!("unknown element {name}"),
        };
        if let Some(count) = self.counts.ignored_values.get_mut(&key) {
            *count += 1;
            return Ok(());
        }
        if self.counts.ignored_values.len() >= UNKNOWN_NAMES {
            self.ignore_value("further unknown elements", 1);
            return Ok(());
        }
        self.ignore_value(&key, 1);
        let finding = Finding::new(
            FindingCode::UnknownElement,
            format!("{name} is not in the layout; it was ignored here and wherever else it occurs."),
        )
        .received(&name);
        let finding = match part {
            Some(part) => finding.of_part(part),
            None => finding,
        };
        self.tell(self.put(place, finding))
    }

    fn tell_all(&mut self, findings: Vec<Finding>, id: Option<&CompactString>) -> Result<(), Refusal> {
        for mut finding in findings {
            finding.state_student_id = id.cloned();
            self.tell(finding)?;
        }
        Ok(())
    }

    /// Hands over a finding.
    pub(crate) fn tell(&mut self, finding: Finding) -> Result<(), Refusal> {
        going_on(self.handler.finding(finding))
    }
}

fn going_on(flow: ControlFlow<()>) -> Result<(), Refusal> {
    match flow {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Refusal::new(
            RefusalCode::Stopped,
            "The receiver stopped the reading.",
        )),
    }
}
