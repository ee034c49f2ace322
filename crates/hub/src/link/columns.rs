//! Which column of a CSV is what: given with `--map`, guessed from the header otherwise, and always shown.

use std::fmt;

use serde::Serialize;

use super::Refusal;

/// What a column can be. Names are those of `--map COL=element`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Element {
    LastName1,
    LastName2,
    FirstName,
    MiddleName,
    Suffix,
    MotherLast,
    MotherFirst,
    FatherLast,
    FatherFirst,
    GuardianLast,
    GuardianFirst,
    BirthCity,
    BirthState,
    BirthCountry,
    Address,
    Place,
    Postcode,
    Phone,
    Email,
    NationalId,
    BirthDate,
    BirthYear,
    BirthMonth,
    BirthDay,
    Sex,
    MultipleBirth,
    AlternateId,
    Other,
    Source,
    Id,
    Truth,
    Ignore,
}

/// How many columns may be one element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Several {
    /// One only.
    No,
    /// Joined by spaces, in the order of the columns.
    Joined,
    /// Each is a value of its own.
    Listed,
}

/// An element, its name, how often it may occur and how headers spell it (letters and digits only, lower case).
type Known = (Element, &'static str, Several, &'static [&'static str]);

#[rustfmt::skip]
const KNOWN: &[Known] = &[
    (Element::LastName1, "last_name_1", Several::Joined, &["lastname1", "lastname", "lname", "lname1", "last", "surname", "surname1", "familyname", "family", "apellido", "apellidos", "apellido1", "primerapellido", "apellidopaterno", "paternallastname", "studentlastname", "pername2"]),
    (Element::LastName2, "last_name_2", Several::Joined, &["lastname2", "lname2", "surname2", "secondlastname", "secondsurname", "apellido2", "segundoapellido", "apellidomaterno", "maternallastname"]),
    (Element::FirstName, "first_name", Several::Joined, &["firstname", "firstname1", "fname", "first", "givenname", "givennames", "given", "gname", "forename", "forenames", "nombre", "nombres", "primernombre", "studentfirstname", "pername1"]),
    (Element::MiddleName, "middle_name", Several::Joined, &["middlename", "middlenames", "mname", "middle", "middleinitial", "mi", "secondname", "segundonombre", "studentmiddlename"]),
    (Element::Suffix, "suffix", Several::No, &["suffix", "namesuffix", "generation", "generationcode", "sufijo"]),
    (Element::BirthDate, "birth_date", Several::No, &["birthdate", "dob", "dateofbirth", "birthdt", "bdate", "datebirth", "birth", "fechanacimiento", "fechadenacimiento", "nacimiento", "fecnac"]),
    (Element::BirthYear, "birth_year", Several::No, &["birthyear", "yearofbirth", "yob", "dobyear", "dobyr", "dobyyyy", "byear", "aonacimiento", "anonacimiento", "anodenacimiento"]),
    (Element::BirthMonth, "birth_month", Several::No, &["birthmonth", "monthofbirth", "mob", "dobmonth", "dobmon", "dobmm", "bmonth", "mesnacimiento", "mesdenacimiento"]),
    (Element::BirthDay, "birth_day", Several::No, &["birthday", "dayofbirth", "dobday", "dobdd", "bday", "dianacimiento", "diadenacimiento"]),
    (Element::Sex, "sex", Several::No, &["sex", "gender", "sexo", "genero", "sexcode"]),
    (Element::MultipleBirth, "multiple_birth", Several::No, &["multiplebirth", "multiplebirthflag", "twin", "gemelo", "partomultiple"]),
    (Element::MotherLast, "mother_last", Several::Joined, &["motherlast", "motherlastname", "motherlastname1", "motherlastname2", "mothersurname", "parent2last", "parent2lastname", "legalparent2lastname", "apellidomadre", "apellidosmadre"]),
    (Element::MotherFirst, "mother_first", Several::Joined, &["motherfirst", "motherfirstname", "mothergivenname", "parent2first", "parent2firstname", "legalparent2firstname", "nombremadre"]),
    (Element::FatherLast, "father_last", Several::Joined, &["fatherlast", "fatherlastname", "fatherlastname1", "fatherlastname2", "fathersurname", "parent1last", "parent1lastname", "legalparent1lastname", "apellidopadre", "apellidospadre"]),
    (Element::FatherFirst, "father_first", Several::Joined, &["fatherfirst", "fatherfirstname", "fathergivenname", "parent1first", "parent1firstname", "legalparent1firstname", "nombrepadre"]),
    (Element::GuardianLast, "guardian_last", Several::Joined, &["guardianlast", "guardianlastname", "guardiansurname", "apellidotutor"]),
    (Element::GuardianFirst, "guardian_first", Several::Joined, &["guardianfirst", "guardianfirstname", "guardiangivenname", "nombretutor"]),
    (Element::BirthCity, "birth_city", Several::No, &["birthcity", "cityofbirth", "birthplace", "placeofbirth", "birthtown", "ciudadnacimiento", "ciudaddenacimiento", "lugarnacimiento", "lugardenacimiento"]),
    (Element::BirthState, "birth_state", Several::No, &["birthstate", "stateofbirth", "birthprovince", "estadonacimiento", "estadodenacimiento"]),
    (Element::BirthCountry, "birth_country", Several::No, &["birthcountry", "countryofbirth", "paisnacimiento", "paisdenacimiento"]),
    (Element::Source, "source", Several::No, &["source", "src", "sourcedataset", "sourcesystem", "dataset", "fuente"]),
    (Element::Id, "id", Several::No, &["id", "recid", "recordid", "rid", "rowid", "uniqueid", "uid", "rownumber", "sid", "studentid", "statestudentid", "identifier", "clave", "personid"]),
    (Element::AlternateId, "alternate_id", Several::Listed, &["alternateid", "alternateids", "altid", "alternatestudentid", "medicaidid", "passport", "passportnumber"]),
    (Element::NationalId, "national_id", Several::No, &["nationalid", "ssn", "socsecid", "socialsecuritynumber", "socialsecurityno", "nss", "curp", "nin"]),
    (Element::Address, "address", Several::Joined, &["address", "address1", "address2", "address3", "addr", "addr1", "addr2", "addressline1", "addressline2", "street", "streetnumber", "streetname", "streetaddress", "streetno", "housenumber", "unitnumber", "direccion", "domicilio", "calle", "enumcap"]),
    (Element::Place, "place", Several::Joined, &["place", "suburb", "city", "town", "municipality", "locality", "ciudad", "municipio", "localidad"]),
    (Element::Postcode, "postcode", Several::No, &["postcode", "postalcode", "zip", "zipcode", "zip5", "codigopostal", "cp", "enumpc"]),
    (Element::Phone, "phone", Several::No, &["phone", "phonenumber", "phoneno", "telephone", "tel", "mobile", "cellphone", "cell", "telefono", "celular"]),
    (Element::Email, "email", Several::No, &["email", "emailaddress", "mail", "correo", "correoelectronico"]),
    (Element::Other, "other", Several::Listed, &[]),
    (Element::Ignore, "ignore", Several::Listed, &[]),
];

/// The first so many spellings of an id mean rows; the others may be a person's number, which rightly repeats.
const OF_ROWS: usize = 8;

/// A column whose name says that it numbers rows and that does so for more than this share of them is meant as the
/// id: that ids repeat is then an error to be told.
const MEANT: f64 = 0.9;

impl Element {
    /// How many there are.
    pub(super) const COUNT: usize = Element::Ignore as usize + 1;

    /// The first so many elements are kept as text.
    pub(super) const TEXTS: usize = Element::NationalId as usize + 1;

    /// All names that `--map` takes.
    pub(super) fn names() -> String {
        KNOWN.iter().map(|known| known.1).collect::<Vec<_>>().join(", ")
    }

    pub(super) fn name(self) -> &'static str {
        KNOWN
            .iter()
            .find(|known| known.0 == self)
            .map_or("truth", |known| known.1)
    }

    fn named(name: &str) -> Option<Element> {
        KNOWN.iter().find(|known| known.1 == name).map(|known| known.0)
    }

    fn several(self) -> Several {
        KNOWN
            .iter()
            .find(|known| known.0 == self)
            .map_or(Several::No, |known| known.2)
    }

    /// Where the spelling stands among those of its element, for elements of which the best column is taken.
    fn guess(header: &str) -> Option<(Element, usize)> {
        let plain = plain(header);
        KNOWN.iter().find_map(|(element, _, _, spellings)| {
            let rank = spellings.iter().position(|s| *s == plain)?;
            Some((*element, rank))
        })
    }
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Letters and digits of a header, lower case and without accents.
fn plain(header: &str) -> String {
    let unaccented = |c: char| match c {
        'á' => 'a',
        'é' => 'e',
        'í' => 'i',
        'ó' => 'o',
        'ú' | 'ü' => 'u',
        'ñ' => 'n',
        other => other,
    };
    header
        .chars()
        .flat_map(char::to_lowercase)
        .map(unaccented)
        .filter(char::is_ascii_alphanumeric)
        .collect()
}

/// What the user said about columns.
#[derive(Debug, Default, Clone)]
pub(super) struct Wanted {
    /// `--map COL=element`, and the columns of `--id`, `--source` and `--truth`.
    pub(super) map: Vec<(String, Element)>,
}

impl Wanted {
    /// Reads `COL=element`; the last `=` counts, so that a column's name may hold one.
    pub(super) fn add(&mut self, text: &str) -> Result<(), Refusal> {
        let Some((column, element)) = text.rsplit_once('=') else {
            return Err(Refusal::usage(format!(
                "--map {text}: write it as COLUMN=element, for example --map SURNAME=last_name_1"
            )));
        };
        let Some(element) = Element::named(element.trim()) else {
            return Err(Refusal::usage(format!(
                "--map {text}: there is no element {:?}; elements are {}",
                element.trim(),
                Element::names()
            )));
        };
        self.map.push((column.trim().to_owned(), element));
        Ok(())
    }

    /// One column for one element, of an option of its own.
    pub(super) fn column(&mut self, column: Option<&String>, element: Element) {
        self.map
            .extend(column.map(|column| (column.trim().to_owned(), element)));
    }

    /// Every column named has to be in one of the files.
    pub(super) fn check(&self, headers: &[&[String]]) -> Result<(), Refusal> {
        for (column, element) in &self.map {
            if !headers.iter().any(|header| header.contains(column)) {
                let there: Vec<&str> = headers
                    .iter()
                    .flat_map(|header| header.iter().map(String::as_str))
                    .take(60)
                    .collect();
                return Err(Refusal::usage(format!(
                    "there is no column {column:?} to be {element}; columns are {}",
                    there.join(", ")
                )));
            }
        }
        Ok(())
    }
}

/// A column and what it is taken for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) element: Element,
    /// How that is known, or how it is read, in a few words.
    pub(super) note: String,
}

impl Serialize for Element {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.name())
    }
}

/// Whether a column of such a spelling that numbers such a share of the rows is their id.
fn numbers(rank: usize, share: f64) -> bool {
    share >= 1.0 || (rank < OF_ROWS && share > MEANT)
}

/// What each column of one file is.
#[derive(Debug, Clone)]
pub(super) struct Mapping {
    pub(super) columns: Vec<Column>,
}

impl Mapping {
    /// Takes what is wanted and guesses the rest. `unique` gives the share of the rows seen so far that a column
    /// numbers, 0..=1.
    pub(super) fn new(
        header: &[String],
        wanted: &Wanted,
        unique: &dyn Fn(usize) -> f64,
    ) -> Result<Mapping, Refusal> {
        let mut columns: Vec<Column> = header
            .iter()
            .map(|name| Column {
                name: name.clone(),
                element: Element::Ignore,
                note: "not recognised".to_owned(),
            })
            .collect();
        let mut by_hand = vec![false; header.len()];
        for (name, element) in &wanted.map {
            let Some(at) = header.iter().position(|column| column == name) else {
                continue;
            };
            if by_hand[at] && columns[at].element != *element {
                return Err(Refusal::usage(format!(
                    "column {name:?} cannot be both {} and {element}",
                    columns[at].element
                )));
            }
            by_hand[at] = true;
            columns[at].element = *element;
            "as told".clone_into(&mut columns[at].note);
        }
        let mut mapping = Mapping { columns };
        for element in KNOWN.iter().map(|known| known.0).chain([Element::Truth]) {
            let of: Vec<&str> = mapping.of(element).map(|at| header[at].as_str()).collect();
            if of.len() > 1 && element.several() == Several::No {
                return Err(Refusal::usage(format!(
                    "columns {} cannot all be {element}; keep one",
                    of.join(" and ")
                )));
            }
        }
        mapping.guess(&by_hand, unique);
        mapping.check()?;
        Ok(mapping)
    }

    fn guess(&mut self, by_hand: &[bool], unique: &dyn Fn(usize) -> f64) {
        let mut guesses: Vec<(usize, Element, usize)> = (0..self.columns.len())
            .filter(|&at| !by_hand[at])
            .filter_map(|at| Element::guess(&self.columns[at].name).map(|(e, rank)| (at, e, rank)))
            .collect();
        // Of several spellings of one element the usual one is taken, whatever the order of the columns.
        guesses.sort_by_key(|&(at, _, rank)| (rank, at));
        let has = |element| guesses.iter().any(|g| g.1 == element) || self.of(element).next().is_some();
        let in_parts = has(Element::BirthYear) && has(Element::BirthMonth);
        let surnames = has(Element::LastName1);
        for &(at, mut element, rank) in &guesses {
            if element == Element::BirthDay && !in_parts {
                element = Element::BirthDate;
            }
            let taken = self
                .of(element)
                .next()
                .map(|first| self.columns[first].name.clone());
            let refused = match taken {
                Some(first) if element.several() == Several::No => Some(format!("{element} is {first}")),
                _ if element == Element::Id && !numbers(rank, unique(at)) => {
                    Some("does not number the rows".to_owned())
                }
                _ => None,
            };
            let column = &mut self.columns[at];
            if let Some(note) = refused {
                column.note = note;
            } else {
                column.element = element;
                "guessed".clone_into(&mut column.note);
            }
        }
        for (column, by_hand) in self.columns.iter_mut().zip(by_hand) {
            let whole = matches!(
                plain(&column.name).as_str(),
                "name" | "fullname" | "nombrecompleto"
            );
            if whole && !by_hand && column.element == Element::Ignore {
                if surnames && plain(&column.name) == "name" {
                    column.element = Element::FirstName;
                    "guessed, beside surnames".clone_into(&mut column.note);
                } else {
                    "a whole name; split it into first and last names".clone_into(&mut column.note);
                }
            }
        }
    }

    /// Without a name and without a birth date nobody can be recognised.
    fn check(&self) -> Result<(), Refusal> {
        let usable = [
            Element::LastName1,
            Element::LastName2,
            Element::FirstName,
            Element::BirthDate,
            Element::BirthYear,
        ];
        if self.columns.iter().any(|c| usable.contains(&c.element)) {
            return Ok(());
        }
        let names: Vec<&str> = self.columns.iter().map(|c| c.name.as_str()).take(60).collect();
        Err(Refusal::usage(format!(
            "no column was recognised as a name or a birth date; say which is which with --map COLUMN=element, for \
             example --map {}=last_name_1. Columns are {}",
            names.first().unwrap_or(&"COLUMN"),
            names.join(", ")
        )))
    }

    /// The columns of an element, in order.
    pub(super) fn of(&self, element: Element) -> impl Iterator<Item = usize> + '_ {
        self.columns
            .iter()
            .enumerate()
            .filter(move |(_, column)| column.element == element)
            .map(|(at, _)| at)
    }

    /// Whether a column is that element.
    pub(super) fn has(&self, element: Element) -> bool {
        self.of(element).next().is_some()
    }
}

impl fmt::Display for Mapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self
            .columns
            .iter()
            .map(|c| c.name.chars().count())
            .max()
            .unwrap_or(0)
            .min(40);
        for column in &self.columns {
            writeln!(
                f,
                "  {:<width$}  → {:<14} {}",
                column.name, column.element, column.note
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    fn mapped(names: &[&str], map: &[&str]) -> Result<Vec<&'static str>, Refusal> {
        let mut wanted = Wanted::default();
        for text in map {
            wanted.add(text)?;
        }
        let header = header(names);
        wanted.check(&[&header])?;
        let mapping = Mapping::new(&header, &wanted, &|at| {
            if header[at] == "personid" { 0.95 } else { 1.0 }
        })?;
        Ok(mapping.columns.iter().map(|c| c.element.name()).collect())
    }

    #[test]
    fn every_element_has_one_name_and_no_spelling_is_claimed_twice() {
        let mut spellings: Vec<&str> = KNOWN.iter().flat_map(|known| known.3).copied().collect();
        assert!(spellings.iter().all(|s| plain(s) == *s));
        spellings.sort_unstable();
        let all = spellings.len();
        spellings.dedup();
        assert_eq!(spellings.len(), all);
        assert_eq!(KNOWN.len() + 1, Element::COUNT);
        assert!(KNOWN.iter().all(|known| Element::named(known.1) == Some(known.0)));
    }

    #[test]
    fn headers_of_published_sets_are_understood() {
        let febrl = [
            "rec_id",
            " given_name",
            " surname",
            "street_number",
            "address_1",
            "address_2",
            "suburb",
            "postcode",
            "state",
            "date_of_birth",
            "soc_sec_id",
        ];
        assert_eq!(
            mapped(&febrl, &[]).unwrap(),
            [
                "id",
                "first_name",
                "last_name_1",
                "address",
                "address",
                "address",
                "place",
                "postcode",
                "ignore",
                "birth_date",
                "national_id",
            ]
        );
        let census = [
            "PERSON_ID",
            "PERNAME1",
            "PERNAME2",
            "SEX",
            "DOB_DAY",
            "DOB_MON",
            "DOB_YEAR",
            "ENUMCAP",
            "ENUMPC",
        ];
        assert_eq!(
            mapped(&census, &[]).unwrap(),
            [
                "id",
                "first_name",
                "last_name_1",
                "sex",
                "birth_day",
                "birth_month",
                "birth_year",
                "address",
                "postcode",
            ]
        );
        let spanish = [
            "Clave",
            "Nombre(s)",
            "Apellido Paterno",
            "Apellido Materno",
            "Fecha de Nacimiento",
            "Teléfono",
            "CURP",
        ];
        assert_eq!(
            mapped(&spanish, &[]).unwrap(),
            [
                "id",
                "first_name",
                "last_name_1",
                "last_name_2",
                "birth_date",
                "phone",
                "national_id"
            ]
        );
    }

    #[test]
    fn doubtful_headers_are_told_apart() {
        assert_eq!(
            mapped(&["name", "surname"], &[]).unwrap(),
            ["first_name", "last_name_1"]
        );
        assert_eq!(mapped(&["name", "dob"], &[]).unwrap(), ["ignore", "birth_date"]);
        assert_eq!(
            mapped(&["birthday", "fname"], &[]).unwrap(),
            ["birth_date", "first_name"]
        );
        // The usual spelling wins, and a column that repeats is no id.
        assert_eq!(
            mapped(&["sid", "id", "dob"], &[]).unwrap(),
            ["ignore", "id", "birth_date"]
        );
        assert_eq!(
            mapped(&["personid", "dob"], &[]).unwrap(),
            ["ignore", "birth_date"]
        );
        assert!(numbers(0, 0.95) && !numbers(0, 0.5) && !numbers(OF_ROWS, 0.95));
        // What is given goes before what is guessed.
        assert_eq!(
            mapped(&["id", "key", "dob"], &["key=id"]).unwrap(),
            ["ignore", "id", "birth_date"]
        );
        assert_eq!(mapped(&["a=b"], &["a=b=first_name"]).unwrap(), ["first_name"]);
    }

    #[test]
    fn what_cannot_be_is_refused_with_what_to_do() {
        for (names, map, told) in [
            (vec!["a", "b"], vec![], "--map a=last_name_1"),
            (vec!["dob"], vec!["x=sex"], "there is no column \"x\""),
            (vec!["dob"], vec!["dob=birthdate"], "elements are last_name_1"),
            (vec!["dob"], vec!["dob"], "COLUMN=element"),
            (vec!["dob", "b"], vec!["dob=sex", "b=sex"], "cannot all be sex"),
            (
                vec!["dob"],
                vec!["dob=sex", "dob=id"],
                "cannot be both sex and id",
            ),
        ] {
            let refusal = mapped(&names, &map).unwrap_err();
            assert_eq!(refusal.exit, 2);
            assert!(refusal.message.contains(told), "{}", refusal.message);
        }
    }
}
