//! The files of a described export, record by record: what each is, and of which student. The second half, student by
//! student, is in [`super::students`].

use std::borrow::Cow;
use std::collections::BTreeMap;

use mde::{Finding, FindingCode, PartKind, StateStudentId};

use super::layout::Layout;
use super::map::{Found, OpenMap, Takes};
use super::partition::{Partitions, StudentRow};
use super::record::Item;
use super::schema::{Profile, Role};
use super::table::Table;
use super::values::set_values;
use super::waiting::Waiting;
use super::{pattern, students};
use crate::archive::Upload;
use crate::assembly::Assembly;
use crate::header::Header;
use crate::options::Limits;
use crate::outcome::{Counts, Handler};
use crate::place::Place;
use crate::refusal::{Refusal, RefusalCode};
use crate::source::{Source, refusal_of};

/// More rows than this in one table are no table that somebody looks up in.
const TABLE_ROWS: usize = 8_000_000;
/// More rows than this make no record several.
const EACH: usize = 100;
/// What becomes of the rows of a table, in words.
const LOOKED_UP: &str = "rows in which others look something up";

/// Which name of the profile each file of an upload has; refuses an upload in which a required file is missing or one
/// comes twice.
pub(crate) fn assign<'p>(profile: &'p Profile, names: &[String]) -> Result<Vec<Option<&'p str>>, Refusal> {
    let described = profile.file_names();
    let found: Vec<_> = names
        .iter()
        .map(|name| described.iter().copied().find(|known| pattern::fits(known, name)))
        .collect();
    for known in described {
        let mut matching = names.iter().zip(&found).filter(|(_, of)| **of == Some(known));
        let first = matching.next();
        if first.is_none() && profile.maps_of(known).any(|(_, map)| map.required) {
            return Err(Refusal::new(
                RefusalCode::MissingFile,
                format!(
                    "The upload has no {known}, which the profile {} requires.",
                    profile.label()
                ),
            ));
        }
        let several = profile.maps_of(known).any(|(_, map)| map.several);
        if let Some((second, _)) = matching.next().filter(|_| !several) {
            return Err(Refusal::new(
                RefusalCode::DuplicateFile,
                format!("The upload has two files {known}."),
            )
            .in_file(second));
        }
    }
    Ok(found)
}

/// The names that the profile requires and no file has.
pub(crate) fn missing(profile: &Profile, names: &[String]) -> Vec<String> {
    profile
        .file_names()
        .into_iter()
        .filter(|known| !names.iter().any(|name| pattern::fits(known, name)))
        .filter(|known| profile.maps_of(known).any(|(_, map)| map.required))
        .map(str::to_owned)
        .collect()
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
    let known = assign(profile, &names)?;
    let state = header.state.as_str().to_owned();
    let expected = upload.claimed_bytes().min(limits.decompressed_bytes);
    let mut reading = Reading {
        profile,
        limits,
        state,
        assembly: Assembly::start(header, limits, handler)?,
        partitions: Partitions::for_bytes(expected).map_err(|e| refusal_of(&e))?,
        maps: ranks(profile).iter().map(|_| None).collect(),
        tables: BTreeMap::new(),
        waiting: Waiting::default(),
    };
    for (index, known) in known.into_iter().enumerate() {
        let name = &names[index];
        match known {
            None => reading.undescribed(name)?,
            Some(known) => upload
                .read(index, |source| reading.file(known, name, source))
                .map_err(|refusal| refusal.in_file(name))?,
        }
    }
    reading.look_up()?;
    let Reading {
        mut assembly,
        partitions,
        maps,
        ..
    } = reading;
    students::read(profile, partitions, &maps, &mut assembly)?;
    assembly.finish()
}

/// The place in the profile and the number of each description that rows can have, in the order in which the rows of a
/// student are to come: its own, what other files add to it, the rest.
pub(crate) fn ranks(profile: &Profile) -> Vec<(usize, u8)> {
    let mut ranks: Vec<(u8, usize, u8)> = Vec::new();
    for (index, map) in profile.files.iter().map(toml::Spanned::get_ref).enumerate() {
        let class = match (map.part, map.adds) {
            (Some(PartKind::Student), false) => 0,
            (Some(PartKind::Student), true) => 1,
            _ => 2,
        };
        ranks.extend(map.numbers().map(|n| (class, index, n)));
    }
    ranks.sort_unstable();
    ranks.into_iter().map(|(_, index, n)| (index, n)).collect()
}

struct Reading<'p, 'h> {
    profile: &'p Profile,
    limits: Limits,
    state: String,
    assembly: Assembly<'h>,
    partitions: Partitions,
    /// By rank; rows name them by it.
    maps: Vec<Option<OpenMap<'p>>>,
    tables: BTreeMap<&'p str, Table>,
    /// Rows that look something up, until every file has been read.
    waiting: Waiting,
}

/// A kind of record of the file that is being read.
struct OpenKind {
    source: u16,
    /// The ranks of its descriptions.
    maps: Vec<usize>,
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

    fn file(&mut self, known: &'p str, name: &str, source: &mut Source<'_>) -> Result<(), Refusal> {
        let layout = self.profile.layout_of(known);
        let kinds = self.profile.kinds_of(known);
        let wanted = kinds.wanted();
        // An empty file is one without rows.
        let Some(mut records) = layout.open(self.profile.encoding, &wanted, source, self.limits)? else {
            return Ok(());
        };
        let mut open = Vec::with_capacity(wanted.len());
        for (index, wanted) in wanted.iter().enumerate() {
            let names = records.columns(index);
            open.push(self.open(known, name, wanted.record, &names)?);
            if matches!(layout, Layout::Delimited { .. } | Layout::Fixed(_)) {
                self.unknown_columns(known, name, &wanted.columns, &names, layout)?;
            }
        }
        let mut other = None;
        while let Some(item) = records.next()? {
            match item {
                Item::Record { kind, line, values } => self.record(&open[kind], line, &values)?,
                Item::Broken {
                    kind,
                    line,
                    values,
                    finding,
                } => {
                    let source = match kind {
                        Some(kind) => open[kind].source,
                        None => *other.get_or_insert_with(|| self.assembly.source(Some(name), "")),
                    };
                    let kind = kind.map(|kind| &open[kind]);
                    self.broken(kind, Place { source, line }, &values, *finding)?;
                }
                Item::Unknown {
                    kind,
                    name: unknown,
                    line,
                } => {
                    let source = match kind {
                        Some(kind) => open[kind].source,
                        None => *other.get_or_insert_with(|| self.assembly.source(Some(name), "")),
                    };
                    let part = kind.and_then(|kind| self.part_of(&open[kind]));
                    self.assembly.unknown(part, &unknown, Place { source, line })?;
                }
            }
        }
        Ok(())
    }

    /// Opens the descriptions of one kind of record.
    fn open(
        &mut self,
        known: &'p str,
        file: &str,
        record: &str,
        names: &[&str],
    ) -> Result<OpenKind, Refusal> {
        for (index, column) in names.iter().enumerate() {
            let first = names.iter().position(|n| n.eq_ignore_ascii_case(column));
            if !column.is_empty() && first != Some(index) {
                let column: String = column.chars().take(40).collect();
                let message = format!("The column {column} occurs twice.");
                return Err(Refusal::new(RefusalCode::WrongLayout, message).at_line(1));
            }
        }
        let source = self.assembly.source(Some(file), record);
        let mut maps = Vec::new();
        for (rank, (index, n)) in ranks(self.profile).into_iter().enumerate() {
            let map = self.profile.files[index].get_ref();
            if map.name == known && map.record == record {
                let open = OpenMap::new(self.profile, map, n, file, names)?;
                if let Role::Table(table) = open.role {
                    self.tables.entry(table).or_insert_with(Table::new);
                }
                self.maps[rank] = Some(open);
                maps.push(rank);
            }
        }
        Ok(OpenKind { source, maps })
    }

    fn unknown_columns(
        &mut self,
        known: &str,
        file: &str,
        wanted: &[&str],
        names: &[&str],
        layout: &Layout,
    ) -> Result<(), Refusal> {
        // A fixed layout is the profile's own: what it does not use of it, it knows.
        if matches!(layout, Layout::Fixed(_)) {
            return Ok(());
        }
        let is_known = |name: &&&str| wanted.iter().any(|w| w.eq_ignore_ascii_case(name));
        let unknown: Vec<&str> = names.iter().filter(|n| !is_known(n)).copied().collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let list = unknown.join(", ");
        let finding = Finding::new(
            FindingCode::UnknownElement,
            format!("The profile does not describe the columns {list}; they were ignored."),
        );
        let part = self.profile.maps_of(known).find_map(|(_, map)| map.part);
        let finding = match part {
            Some(part) => finding.of_part(part),
            None => finding,
        };
        self.assembly
            .tell(finding.received(&list).in_file(file).at_line(1))
    }

    fn part_of(&self, kind: &OpenKind) -> Option<PartKind> {
        kind.maps
            .iter()
            .find_map(|rank| self.maps[*rank].as_ref().and_then(OpenMap::part))
    }

    /// A record goes to every description that takes it; at least one has to.
    fn record(&mut self, kind: &OpenKind, line: u64, values: &[Cow<'_, str>]) -> Result<(), Refusal> {
        let found = Found {
            own: values,
            looked: &[],
        };
        let place = Place {
            source: kind.source,
            line,
        };
        let mut taken = 0;
        let mut otherwise = None;
        for rank in &kind.maps {
            let Some(map) = &self.maps[*rank] else { continue };
            match map.takes(&found) {
                Takes::Nothing => {}
                Takes::Yes => {
                    taken += 1;
                    self.taken(*rank, place, &found)?;
                }
                other => otherwise = otherwise.or(Some((*rank, other))),
            }
        }
        self.assembly.arrive(kind.source, taken.max(1));
        if taken > 0 {
            return Ok(());
        }
        let maps = kind.maps.iter().filter_map(|rank| self.maps[*rank].as_ref());
        if let Some(reason) = maps.into_iter().find_map(|map| map.map.otherwise.as_deref()) {
            self.assembly.ignore_row(kind.source, reason);
            return Ok(());
        }
        match otherwise {
            Some((_, Takes::LeftOut(reason))) => self.assembly.ignore_row(kind.source, &reason),
            Some((rank, Takes::OtherKind(problem))) => {
                self.of_no_kind(kind, rank, place, &found, &problem)?;
            }
            _ => {
                let finding = Finding::new(
                    FindingCode::Missing,
                    "The row has none of the columns that repeat; it was left out.",
                );
                self.assembly.refuse_row(finding, place)?;
            }
        }
        Ok(())
    }

    /// A record that no description takes. Where one column says which of several kinds it is, its text is wrong;
    /// otherwise the one description leaves it out by the profile's own word.
    fn of_no_kind(
        &mut self,
        kind: &OpenKind,
        rank: usize,
        place: Place,
        found: &Found<'_>,
        problem: &str,
    ) -> Result<(), Refusal> {
        let Some(map) = &self.maps[rank] else {
            return Ok(());
        };
        match map.chooser(found) {
            Some((column, sent)) if kind.maps.len() > 1 => {
                let finding = Finding::new(
                    FindingCode::UnknownCode,
                    format!("{column} is of no kind that the profile describes; the row was left out."),
                )
                .received(sent);
                self.assembly.refuse_row(finding, place)
            }
            _ => {
                let reason = format!("{}: {problem}", map.file);
                self.assembly.ignore_row(place.source, &reason);
                Ok(())
            }
        }
    }

    fn taken(&mut self, rank: usize, place: Place, found: &Found<'_>) -> Result<(), Refusal> {
        let Some(map) = &self.maps[rank] else {
            return Ok(());
        };
        for reason in map.ignored(found) {
            self.assembly.ignore_value(reason, 1);
        }
        if map.has_joins() {
            return self
                .waiting
                .add(rank, place, found.own)
                .map_err(|e| refusal_of(&e));
        }
        self.derived(rank, place, found)
    }

    /// A record with all that it looks up: a facility is ready, a row of a student waits for the others of its student.
    fn derived(&mut self, rank: usize, place: Place, found: &Found<'_>) -> Result<(), Refusal> {
        let Some(map) = &self.maps[rank] else {
            return Ok(());
        };
        let part = match map.role {
            Role::LeftOut(reason) => {
                self.assembly.ignore_row(place.source, reason);
                return Ok(());
            }
            Role::Table(table) => {
                let key = map.key(found);
                let mut columns = String::new();
                map.take(found, &mut columns);
                self.assembly.ignore_row(place.source, LOOKED_UP);
                let Some(table) = self.tables.get_mut(table) else {
                    return Ok(());
                };
                if table.len() >= TABLE_ROWS {
                    return Err(Refusal::new(
                        RefusalCode::TooLarge,
                        format!("A table has more than {TABLE_ROWS} rows."),
                    ));
                }
                return table.add(&key, &columns).map_err(|e| refusal_of(&e));
            }
            Role::Part(part) => part,
        };
        check_state(map, found, &self.state, place)?;
        let mut text = String::new();
        map.take(found, &mut text);
        if part == PartKind::Facility {
            self.assembly.begin_row(part, place);
            set_values(self.profile, map, "", &text, place, &mut self.assembly);
            return self.assembly.end_facility(map.map.repeats);
        }
        let sent = map.key(found);
        match StateStudentId::new(&sent) {
            Ok(key) => self.wait(key.as_str(), rank, place, &text),
            Err(error) => {
                let column = map.key_label();
                let finding = if sent.is_empty() {
                    let message = format!("{column} is missing; the row was left out.");
                    Finding::new(FindingCode::Missing, message)
                } else {
                    let message = format!("{column} {error}; the row was left out.");
                    Finding::new(FindingCode::Invalid, message).received(&sent)
                };
                let finding = finding.of_part(part).of_element("2");
                self.assembly.refuse_row(finding, place)
            }
        }
    }

    fn wait(&mut self, key: &str, rank: usize, place: Place, text: &str) -> Result<(), Refusal> {
        let row = StudentRow {
            key,
            rank: u16::try_from(rank).unwrap_or(u16::MAX),
            problem: false,
            text,
            line: place.line,
            source: place.source,
        };
        self.partitions.add(row).map_err(|e| refusal_of(&e))
    }

    /// A record that is refused as a whole may still say of which student it is: the student then has lost something.
    fn broken(
        &mut self,
        kind: Option<&OpenKind>,
        place: Place,
        values: &[Cow<'_, str>],
        finding: Finding,
    ) -> Result<(), Refusal> {
        self.assembly.arrive(place.source, 1);
        let found = Found {
            own: values,
            looked: &[],
        };
        let finding = match kind.and_then(|kind| self.part_of(kind)) {
            Some(part) => finding.of_part(part),
            None => finding,
        };
        for rank in kind.map_or(&[][..], |kind| &kind.maps) {
            let Some(map) = &self.maps[*rank] else { continue };
            let key = map.key(&found);
            let Ok(key) = StateStudentId::new(&key) else {
                continue;
            };
            let Some(part) = map.part() else { continue };
            if !matches!(map.takes(&found), Takes::Yes) {
                continue;
            }
            let row = StudentRow {
                key: key.as_str(),
                rank: u16::try_from(*rank).unwrap_or(u16::MAX),
                problem: true,
                text: &students::encoded(&finding.of_part(part)),
                line: place.line,
                source: place.source,
            };
            return self.partitions.add(row).map_err(|e| refusal_of(&e));
        }
        self.assembly.refuse_row(finding, place)
    }

    /// Everything has been read: what rows refer to is there now, or nowhere.
    fn look_up(&mut self) -> Result<(), Refusal> {
        let mut waiting = std::mem::take(&mut self.waiting)
            .into_rows()
            .map_err(|e| refusal_of(&e))?;
        while let Some(row) = waiting.next().map_err(|e| refusal_of(&e))? {
            let own: Vec<Cow<'_, str>> = row.values().map(Cow::Borrowed).collect();
            let Some(map) = &self.maps[row.rank] else { continue };
            let found = Found {
                own: &own,
                looked: &[],
            };
            let mut looked = Vec::new();
            let mut lost = None;
            // Of one join each row that is found makes a row, and the record is several.
            let mut several = None;
            for (position, (join, key)) in map.joins(&found).enumerate() {
                let most = if join.each { EACH + 1 } else { 1 };
                let mut rows = match self.tables.get_mut(join.table) {
                    Some(table) if !key.is_empty() => table.last(&key, most).map_err(|e| refusal_of(&e))?,
                    _ => Vec::new(),
                };
                if rows.len() > EACH {
                    let message = format!("{} refers to more than {EACH} rows.", join.label());
                    let refusal = Refusal::new(RefusalCode::TooLarge, message);
                    return Err(refusal.in_file(&map.file).at_line(row.place.line));
                }
                if rows.is_empty() && join.required && !key.is_empty() {
                    lost = lost.or(Some((join.label(), key.into_owned())));
                }
                looked.push(rows.pop());
                if !rows.is_empty() {
                    several = Some((position, rows));
                }
            }
            self.looked_up(row.rank, row.place, &own, &looked, lost.as_ref())?;
            if let Some((position, rows)) = several {
                self.assembly.arrive(row.place.source, rows.len() as u64);
                for one in rows {
                    looked[position] = Some(one);
                    self.looked_up(row.rank, row.place, &own, &looked, lost.as_ref())?;
                }
            }
        }
        Ok(())
    }

    /// A record with what it refers to, or without.
    fn looked_up(
        &mut self,
        rank: usize,
        place: Place,
        own: &[Cow<'_, str>],
        looked: &[Option<Vec<String>>],
        lost: Option<&(&str, String)>,
    ) -> Result<(), Refusal> {
        let Some(map) = &self.maps[rank] else {
            return Ok(());
        };
        let found = Found { own, looked };
        match (map.takes(&found), lost) {
            (Takes::OtherKind(problem), _) => {
                let reason = format!("{}: {problem}", map.file);
                self.assembly.ignore_row(place.source, &reason);
                Ok(())
            }
            (Takes::LeftOut(reason), _) => {
                self.assembly.ignore_row(place.source, &reason);
                Ok(())
            }
            (_, Some((label, key))) => {
                let finding = Finding::new(
                    FindingCode::BrokenReference,
                    format!("{label} {key} is not in this upload; the row was left out."),
                )
                .received(key);
                self.lost(rank, place, finding, &found)
            }
            (_, None) => self.derived(rank, place, &found),
        }
    }

    /// A row that refers to nothing: the student has lost it.
    fn lost(
        &mut self,
        rank: usize,
        place: Place,
        finding: Finding,
        found: &Found<'_>,
    ) -> Result<(), Refusal> {
        let Some(map) = &self.maps[rank] else {
            return Ok(());
        };
        let finding = match map.part() {
            Some(part) => finding.of_part(part),
            None => finding,
        };
        match StateStudentId::new(&map.key(found)) {
            Ok(key) if map.part() != Some(PartKind::Facility) => {
                let row = StudentRow {
                    key: key.as_str(),
                    rank: u16::try_from(rank).unwrap_or(u16::MAX),
                    problem: true,
                    text: &students::encoded(&finding),
                    line: place.line,
                    source: place.source,
                };
                self.partitions.add(row).map_err(|e| refusal_of(&e))
            }
            _ => self.assembly.refuse_row(finding, place),
        }
    }
}

/// Refuses a record of another state.
fn check_state(map: &OpenMap<'_>, found: &Found<'_>, state: &str, place: Place) -> Result<(), Refusal> {
    let sent = map.state(found);
    if sent.is_empty() || sent.eq_ignore_ascii_case(state) {
        return Ok(());
    }
    let sent: String = sent.chars().take(40).collect();
    Err(Refusal::new(
        RefusalCode::WrongState,
        format!("A row is of {sent}, the upload of {state}."),
    )
    .in_file(&map.file)
    .at_line(place.line))
}
