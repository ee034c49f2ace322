//! A row as the engine wants it: texts by element, dates, sex; and what could not be read, counted.

use std::borrow::Cow;

use chrono::NaiveDate;
use csv::StringRecord;
use linking::record::BirthDate;
use linking::{ContactInput, PersonNameInput, RecordInput, Sex};
use serde::Serialize;

use super::Refusal;
use super::columns::{Element, Mapping};
use super::dates::{self, Bad, Decided, Order};
use super::table::Lines;

/// A row taken apart.
#[derive(Debug, Default)]
pub(super) struct Person<'a> {
    texts: [Cow<'a, str>; Element::TEXTS],
    alternate_ids: Vec<&'a str>,
    other: Vec<&'a str>,
    birth_date: Option<NaiveDate>,
    /// What is known of a birth date that is not whole.
    birth_parts: BirthDate,
    sex: Option<Sex>,
    multiple_birth: Option<bool>,
    bad_date: Option<Bad>,
}

impl Person<'_> {
    fn text(&self, element: Element) -> &str {
        &self.texts[element as usize]
    }

    /// What the engine is given: `number` is the record's key, `source` a code of letters, empty without sources.
    pub(super) fn input<'p>(&'p self, number: u128, source: &'p str) -> RecordInput<'p> {
        let name = |last, first| PersonNameInput {
            last: self.text(last),
            first: self.text(first),
        };
        RecordInput {
            key: number,
            state: source,
            first_name: self.text(Element::FirstName),
            middle_name: self.text(Element::MiddleName),
            last_name_1: self.text(Element::LastName1),
            last_name_2: self.text(Element::LastName2),
            generation: self.text(Element::Suffix),
            birth_date: self.birth_date,
            birth_parts: self.birth_parts,
            sex: self.sex,
            multiple_birth: self.multiple_birth,
            mother: name(Element::MotherLast, Element::MotherFirst),
            father: name(Element::FatherLast, Element::FatherFirst),
            guardian: name(Element::GuardianLast, Element::GuardianFirst),
            birth_city: self.text(Element::BirthCity),
            birth_state: self.text(Element::BirthState),
            birth_country: self.text(Element::BirthCountry),
            alternate_ids: &self.alternate_ids,
            contact: ContactInput {
                address: self.text(Element::Address),
                place: self.text(Element::Place),
                postcode: self.text(Element::Postcode),
                phone: self.text(Element::Phone),
                email: self.text(Element::Email),
                identifier: self.text(Element::NationalId),
                other: &self.other,
            },
            live: true,
            ..RecordInput::default()
        }
    }
}

/// Values that could not be read and were left out.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct LeftOut {
    /// Dates that do not exist, of which only what can be right is kept, or that are none.
    pub(super) invalid_dates: Lines,
    /// Dates without a century.
    pub(super) two_digit_years: Lines,
}

impl LeftOut {
    /// Counts what a row left out.
    pub(super) fn add(&mut self, person: &Person<'_>, line: u64) {
        match person.bad_date {
            Some(Bad::Invalid) => self.invalid_dates.add(line),
            Some(Bad::TwoDigitYear) => self.two_digit_years.add(line),
            Some(Bad::InPart) | None => {}
        }
    }

    /// Adds what later rows left out.
    pub(super) fn append(&mut self, later: &LeftOut) {
        self.invalid_dates.append(later.invalid_dates);
        self.two_digit_years.append(later.two_digit_years);
    }
}

/// How the rows of one file are read.
#[derive(Debug)]
pub(super) struct Reading {
    /// The columns of each element.
    columns: Vec<Vec<usize>>,
    order: Order,
    /// `H` and `M` for hombre and mujer, so that `M` is no male.
    spanish_sex: bool,
}

/// Longer cells are cut: no name or address is as long, and work grows with the length.
const LONGEST_CELL: usize = 1_000;

fn cell(record: &StringRecord, at: usize) -> &str {
    trimmed(record.get(at).unwrap_or_default())
}

/// Without blanks around. Nearly all cells have none, and [`str::trim`] would look that up in tables.
fn trimmed(text: &str) -> &str {
    match text.as_bytes() {
        [] => text,
        [first, .., last] | [last @ first] if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
        _ => text.trim(),
    }
}

/// The beginning of a cell.
fn cut(record: &StringRecord, at: usize) -> &str {
    let text = cell(record, at);
    &text[..text.floor_char_boundary(LONGEST_CELL)]
}

impl Reading {
    /// Decides from a file's first rows how its values are written, and notes that in the mapping.
    pub(super) fn new(mapping: &mut Mapping, sample: &[StringRecord]) -> Result<Reading, Refusal> {
        let mut columns = vec![Vec::new(); Element::COUNT];
        for (at, column) in mapping.columns.iter().enumerate() {
            columns[column.element as usize].push(at);
        }
        let mut order = Order::default();
        if let Some(&at) = columns[Element::BirthDate as usize].first() {
            let decided = dates::decide(sample.iter().map(|record| cell(record, at)));
            let column = &mut mapping.columns[at];
            if decided.two_digits {
                return Err(Refusal::usage(format!(
                    "column {:?}: years of two digits do not say the century; write them with four, or leave the column \
                     out with --map {0}=ignore",
                    column.name
                )));
            }
            order = decided.order;
            column.note += &note(decided);
        }
        let sexes = || {
            columns[Element::Sex as usize]
                .iter()
                .flat_map(|&at| sample.iter().map(move |r| cell(r, at)))
        };
        let spanish_sex = sexes().any(|sex| sex.eq_ignore_ascii_case("h"))
            && !sexes().any(|sex| sex.eq_ignore_ascii_case("f"));
        Ok(Reading {
            columns,
            order,
            spanish_sex,
        })
    }

    /// The first cell of an element; empty if there is none.
    pub(super) fn one<'a>(&self, record: &'a StringRecord, element: Element) -> &'a str {
        self.columns[element as usize]
            .first()
            .map_or("", |&at| cell(record, at))
    }

    fn all<'a>(&self, record: &'a StringRecord, element: Element) -> impl Iterator<Item = &'a str> {
        self.columns[element as usize]
            .iter()
            .map(|&at| cut(record, at))
            .filter(|text| !text.is_empty())
    }

    /// Takes a row apart.
    pub(super) fn person<'a>(&self, record: &'a StringRecord) -> Person<'a> {
        let mut person = Person {
            sex: self.sex(self.one(record, Element::Sex)),
            multiple_birth: yes(self.one(record, Element::MultipleBirth)),
            alternate_ids: self.all(record, Element::AlternateId).collect(),
            // By place: an empty one keeps the others in theirs.
            other: self.columns[Element::Other as usize]
                .iter()
                .map(|&at| cut(record, at))
                .collect(),
            ..Person::default()
        };
        for (text, columns) in person.texts.iter_mut().zip(&self.columns) {
            for &at in columns {
                match cut(record, at) {
                    "" => {}
                    more if text.is_empty() => *text = Cow::Borrowed(more),
                    more => {
                        text.to_mut().push(' ');
                        text.to_mut().push_str(more);
                    }
                }
            }
        }
        match self.birth_date(record) {
            Ok(date) => person.birth_date = date,
            Err((bad, known)) => (person.bad_date, person.birth_parts) = (Some(bad), known),
        }
        person
    }

    /// The birth date of one column, or of parts where that one is empty. `Err` also says what of it may be right.
    fn birth_date(&self, record: &StringRecord) -> Result<Option<NaiveDate>, (Bad, BirthDate)> {
        let unknown = |bad| (bad, BirthDate::default());
        if let Some(parts) =
            dates::parts(self.one(record, Element::BirthDate), self.order).map_err(unknown)?
        {
            return dates::existing(parts)
                .map(Some)
                .map_err(|bad| (bad, dates::what_is_known(parts)));
        }
        let [year, month, day] = [Element::BirthYear, Element::BirthMonth, Element::BirthDay]
            .map(|element| Some(self.one(record, element)).filter(|text| !dates::is_missing(text)));
        if year.is_none() && month.is_none() && day.is_none() {
            return Ok(None);
        }
        let read = |text: Option<&str>, read: fn(&str) -> Result<u32, Bad>| text.map_or(Ok(0), read);
        let parts = [
            read(year, dates::number),
            read(month, dates::month),
            read(day, dates::number),
        ];
        let bad = match (year, &parts[0]) {
            (Some(_), Ok(0..=99)) => Bad::TwoDigitYear,
            _ if year.is_none() || month.is_none() || day.is_none() => Bad::InPart,
            _ => Bad::Invalid,
        };
        let parts = parts.map(|part| part.unwrap_or(0));
        dates::existing(parts)
            .map(Some)
            .map_err(|_| (bad, dates::what_is_known(parts)))
    }

    /// Female or male in letters, words or the codes of ISO/IEC 5218.
    fn sex(&self, text: &str) -> Option<Sex> {
        let is = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
        if is(&["m"]) {
            return Some(if self.spanish_sex { Sex::Female } else { Sex::Male });
        }
        if is(&[
            "f", "female", "w", "woman", "girl", "femenino", "mujer", "niña", "2", "02", "2.0",
        ]) {
            Some(Sex::Female)
        } else if is(&[
            "male",
            "man",
            "boy",
            "h",
            "hombre",
            "masculino",
            "varon",
            "varón",
            "niño",
            "1",
            "01",
            "1.0",
        ]) {
            Some(Sex::Male)
        } else {
            None
        }
    }
}

fn yes(text: &str) -> Option<bool> {
    let is = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is(&["y", "yes", "true", "t", "1", "s", "si", "sí"]) {
        Some(true)
    } else if is(&["n", "no", "false", "f", "0"]) {
        Some(false)
    } else {
        None
    }
}

fn note(decided: Decided) -> String {
    let order = match decided.order {
        Order::MonthFirst => "month before day",
        Order::DayFirst => "day before month",
    };
    if decided.ambiguous {
        format!("; {order}, though its values do not tell")
    } else if decided.order == Order::DayFirst {
        format!("; {order}")
    } else {
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::columns::Wanted;

    fn reading(header: &[&str], rows: &[&[&str]]) -> Result<(Reading, Vec<StringRecord>, Mapping), Refusal> {
        let header: Vec<String> = header.iter().map(|&name| name.to_owned()).collect();
        let rows: Vec<StringRecord> = rows.iter().map(|&row| StringRecord::from(row.to_vec())).collect();
        let mut mapping = Mapping::new(&header, &Wanted::default(), &|_| 1.0)?;
        let reading = Reading::new(&mut mapping, &rows)?;
        Ok((reading, rows, mapping))
    }

    #[test]
    fn a_row_becomes_what_the_engine_compares() {
        let header = [
            "fname",
            "lname",
            "address_1",
            "address_2",
            "dob",
            "sexo",
            "twin",
            "ssn",
            "alt_id",
        ];
        let row = [
            "José ",
            "de la Cruz",
            "12",
            "Main St",
            "25/12/2010",
            "H",
            "sí",
            "123456",
            "7",
        ];
        let (reading, rows, mapping) = reading(&header, &[&row]).unwrap();
        let person = reading.person(&rows[0]);
        let input = person.input(7, "A");
        assert_eq!((input.key, input.state, input.live), (7, "A", true));
        assert_eq!((input.first_name, input.last_name_1), ("José", "de la Cruz"));
        assert_eq!(input.birth_date, NaiveDate::from_ymd_opt(2010, 12, 25));
        assert_eq!((input.sex, input.multiple_birth), (Some(Sex::Male), Some(true)));
        assert_eq!(input.contact.identifier, "123456");
        assert_eq!(input.alternate_ids, ["7"]);
        assert_eq!(input.contact.address, "12 Main St");
        assert_eq!(mapping.columns[4].note, "guessed; day before month");
    }

    #[test]
    fn letters_for_sex_follow_the_column() {
        let sex = |rows: &[&[&str]]| {
            let (reading, rows, _) = reading(&["sex", "dob"], rows).unwrap();
            rows.iter().map(|row| reading.person(row).sex).collect::<Vec<_>>()
        };
        let (female, male) = (Some(Sex::Female), Some(Sex::Male));
        assert_eq!(sex(&[&["M", ""], &["H", ""]]), [female, male]);
        assert_eq!(
            sex(&[&["M", ""], &["f", ""], &["", ""], &["x", ""]]),
            [male, female, None, None]
        );
        assert_eq!(sex(&[&["1", ""], &["2", ""]]), [male, female]);
    }

    #[test]
    fn dates_in_parts_and_wrong_ones() {
        let rows: [&[&str]; 5] = [
            &["2010", "3", "7"],
            &["2010", "", "7"],
            &["2010", "2", "30"],
            &["10", "3", "7"],
            &["", "3", "7"],
        ];
        let (reading, rows, _) = reading(&["byear", "bmonth", "bday"], &rows).unwrap();
        let people: Vec<Person<'_>> = rows.iter().map(|row| reading.person(row)).collect();
        let dates: Vec<Option<NaiveDate>> = people.iter().map(|person| person.birth_date).collect();
        let date = NaiveDate::from_ymd_opt;
        assert_eq!(dates, [date(2010, 3, 7), None, None, None, None]);
        let parts: Vec<(u16, u8, u8)> = people
            .iter()
            .map(|person| person.input(0, "").birth_parts)
            .map(|parts| (parts.year, parts.month, parts.day))
            .collect();
        assert_eq!(
            parts,
            [(0, 0, 0), (2010, 0, 7), (2010, 2, 0), (0, 3, 7), (0, 3, 7)]
        );
        let mut left_out = LeftOut::default();
        for (line, person) in people.iter().enumerate() {
            left_out.add(person, line as u64 + 2);
        }
        assert_eq!(
            (left_out.invalid_dates.count, left_out.invalid_dates.first_line),
            (1, 4)
        );
        assert_eq!(
            (
                left_out.two_digit_years.count,
                left_out.two_digit_years.first_line
            ),
            (1, 5)
        );
    }

    #[test]
    fn years_without_a_century_are_refused() {
        let refusal = reading(&["dob"], &[&["1/2/10"], &["3/4/11"]]).unwrap_err();
        assert!(
            refusal.message.contains("--map dob=ignore"),
            "{}",
            refusal.message
        );
    }
}
