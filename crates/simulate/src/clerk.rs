//! The clerk: how a child and its parents are written down in one state. Drawn once for each student of a state, so
//! that the state writes the same thing every night until it corrects it.

use chrono::{Datelike, NaiveDate};
use mde::code::{BirthVerification, Gender};
use rand::RngExt;

use crate::family::{Adult, Child, Family, World};
use crate::names::nicknames;
use crate::places::State;
use crate::random::{Purpose, Stream, pick, stream};
use crate::rates::{self, ErrorKind};
use crate::slips::{has_accent, plain, typo};

/// A name as written: last names and first name.
pub(crate) type WrittenName = (String, String);

/// A child as one state has it.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) last_1: String,
    pub(crate) last_2: String,
    pub(crate) first: String,
    pub(crate) middle: String,
    pub(crate) gender: Gender,
    pub(crate) birth: Option<NaiveDate>,
    pub(crate) evidence: BirthVerification,
    pub(crate) city: Option<String>,
    pub(crate) province: Option<&'static str>,
    pub(crate) country: Option<&'static str>,
    pub(crate) multiple: Option<bool>,
    pub(crate) father: Option<WrittenName>,
    pub(crate) mother: Option<WrittenName>,
    pub(crate) guardian: Option<WrittenName>,
    pub(crate) errors: Vec<ErrorKind>,
}

/// The dice of one student: one throw and one detail for each kind of error, thrown whether or not it can happen, so
/// that correcting one error leaves all others as they were.
struct Dice {
    throws: [(f64, u64); ErrorKind::ALL.len()],
    /// Whether the state has corrected what can be corrected.
    corrected: bool,
    errors: Vec<ErrorKind>,
}

impl Dice {
    fn new(rng: &mut Stream, corrected: bool) -> Self {
        let mut throws = [(0.0, 0); ErrorKind::ALL.len()];
        for throw in &mut throws {
            *throw = (rng.random(), rng.random());
        }
        Self {
            throws,
            corrected,
            errors: Vec::new(),
        }
    }

    /// Whether the error happens, at its own rate.
    fn slips(&mut self, kind: ErrorKind) -> bool {
        self.one_of(&[kind]).is_some()
    }

    /// At most one of several errors that exclude each other.
    fn one_of(&mut self, kinds: &[ErrorKind]) -> Option<ErrorKind> {
        let mut left = self.throws[kinds[0] as usize].0;
        for kind in kinds {
            if left < kind.rate() {
                if self.corrected && is_mistake(*kind) {
                    return None;
                }
                self.errors.push(*kind);
                return Some(*kind);
            }
            left -= kind.rate();
        }
        None
    }

    fn detail(&self, kind: ErrorKind) -> u64 {
        self.throws[kind as usize].1
    }
}

/// Whether a state that looks again corrects it. The rest is a habit of writing, or is not known.
pub(crate) fn is_mistake(kind: ErrorKind) -> bool {
    use ErrorKind::{
        BirthCityTypo, BirthDaySwapped, BirthDayTypo, BirthPlaceholder, BirthYearSlip, FirstGivenDropped,
        FirstSurnameDropped, Nickname, SexWrong, SurnameInMiddle, SurnamesSwapped, TypoInGiven,
        TypoInSurname,
    };
    matches!(
        kind,
        BirthCityTypo
            | BirthDaySwapped
            | BirthDayTypo
            | BirthPlaceholder
            | BirthYearSlip
            | FirstGivenDropped
            | FirstSurnameDropped
            | Nickname
            | SexWrong
            | SurnameInMiddle
            | SurnamesSwapped
            | TypoInGiven
            | TypoInSurname
    )
}

/// Writes a child down in a state: its `copy`-th student there, after a correction or not.
pub(crate) fn write(
    world: &World,
    family: &Family,
    child: &Child,
    state: State,
    copy: u64,
    corrected: bool,
) -> Written {
    let mut rng = stream(
        world.seed,
        Purpose::Clerk,
        [family.number, child.index << 8 | copy, state.number],
    );
    let mut dice = Dice::new(&mut rng, corrected);
    let evidence = evidence(&mut rng);
    let asked = state.habits.asks_multiple && rng.random_bool(rates::MULTIPLE_ASKED);
    let twin_mark = [Some(true), Some(false), None][pick(&mut rng, &rates::TWIN_MARKED)];
    let multiple = if child.twin {
        twin_mark.filter(|_| state.habits.asks_multiple)
    } else {
        asked.then_some(false)
    };

    let (mut first, mut middle) = given(child, &mut dice);
    let (mut last_1, mut last_2, pushed) = surnames(child, &mut dice);
    if let Some(pushed) = pushed {
        middle = [&middle, pushed].join(" ").trim_start().into();
    }
    if dice.slips(ErrorKind::TypoInGiven) {
        first = typo(&first, dice.detail(ErrorKind::TypoInGiven));
    }
    if dice.slips(ErrorKind::TypoInSurname) {
        let detail = dice.detail(ErrorKind::TypoInSurname);
        let word = if detail.is_multiple_of(3) && !last_2.is_empty() {
            &mut last_2
        } else {
            &mut last_1
        };
        *word = typo(word, detail >> 2);
    }
    let birth = birth(child, &mut dice);
    let wrong_sex = dice.slips(ErrorKind::SexWrong);
    let city = birth_city(child, &mut dice);
    let province = (!dice.slips(ErrorKind::BirthStateMissing)).then_some(child.born_in.province);
    let country = (!rng.random_bool(0.02)).then_some(child.born_in.country);
    let (father, mother, guardian) = parents(world, family, child, state, copy, &mut dice);

    let named = [&first, &middle, &last_1, &last_2];
    let loses = named.iter().any(|n| has_accent(n))
        && dice.throws[ErrorKind::AccentsLost as usize].0 < state.habits.accents_lost;
    if loses {
        dice.errors.push(ErrorKind::AccentsLost);
    }
    if copy > 0 {
        dice.errors.push(ErrorKind::SecondId);
    }
    // A system of capitals is no error; a student without an accent in it is written as the state's others are.
    let no_accents = dice.throws[ErrorKind::AccentsLost as usize].0 < state.habits.accents_lost;
    let spell = |text: String| {
        let text = if no_accents { plain(&text) } else { text };
        if state.habits.capitals {
            text.to_uppercase()
        } else {
            text
        }
    };
    let spell_name = |name: WrittenName| (spell(name.0), spell(name.1));
    Written {
        last_1: spell(last_1),
        last_2: spell(last_2),
        first: spell(first),
        middle: spell(middle),
        gender: if child.girl == wrong_sex {
            Gender::Male
        } else {
            Gender::Female
        },
        birth,
        evidence,
        city: city.map(&spell),
        province,
        country,
        multiple,
        father: father.map(spell_name),
        mother: mother.map(spell_name),
        guardian: guardian.map(spell_name),
        errors: dice.errors,
    }
}

fn evidence(rng: &mut Stream) -> BirthVerification {
    const OTHER: [BirthVerification; 5] = [
        BirthVerification::Passport,
        BirthVerification::BaptismalCertificate,
        BirthVerification::HospitalCertificate,
        BirthVerification::SchoolRecords,
        BirthVerification::ImmigrationDocument,
    ];
    match pick(rng, &rates::BIRTH_EVIDENCE) {
        0 => BirthVerification::BirthCertificate,
        1 => crate::random::one(rng, &OTHER),
        _ => BirthVerification::ParentsAffidavit,
    }
}

/// First and middle name as written.
fn given(child: &Child, dice: &mut Dice) -> (String, String) {
    use ErrorKind::{
        FirstGivenDropped, GivenMerged, MariaAbbreviated, MiddleDropped, MiddleInitial, Nickname,
    };
    let mut first = child.first.to_owned();
    let short = nicknames(child.first);
    let form = child
        .second
        .and_then(|_| dice.one_of(&[GivenMerged, MiddleDropped, MiddleInitial, FirstGivenDropped]));
    if form != Some(FirstGivenDropped) {
        if !short.is_empty() && dice.slips(Nickname) {
            first = short[dice.detail(Nickname) as usize % short.len()].into();
        } else if child.first == "María" && child.second.is_some() && dice.slips(MariaAbbreviated) {
            "Ma.".clone_into(&mut first);
        }
    }
    let second = child.second.unwrap_or_default();
    match form {
        Some(GivenMerged) => (format!("{first} {second}"), String::new()),
        Some(MiddleDropped) => (first, String::new()),
        Some(MiddleInitial) => {
            // "del Carmen" is abbreviated to its name's letter.
            let name = second.rsplit(' ').next().unwrap_or(second);
            (first, name.chars().take(1).collect())
        }
        Some(FirstGivenDropped) => {
            let name = second.rsplit(' ').next().unwrap_or(second);
            (name.to_owned(), String::new())
        }
        _ => (first, second.to_owned()),
    }
}

/// The two fields of surnames as written, and what was pushed into the middle name.
fn surnames(child: &Child, dice: &mut Dice) -> (String, String, Option<&'static str>) {
    use ErrorKind::{
        FirstSurnameDropped, SecondSurnameDropped, SurnameInMiddle, SurnamesHyphenated, SurnamesJoined,
        SurnamesSwapped,
    };
    let (one, Some(two)) = child.surnames else {
        return (child.surnames.0.to_owned(), String::new(), None);
    };
    let form = dice.one_of(&[
        SecondSurnameDropped,
        FirstSurnameDropped,
        SurnameInMiddle,
        SurnamesSwapped,
        SurnamesJoined,
        SurnamesHyphenated,
    ]);
    let none = String::new();
    match form {
        Some(SecondSurnameDropped) => (one.to_owned(), none, None),
        Some(FirstSurnameDropped) => (two.to_owned(), none, None),
        Some(SurnameInMiddle) => (two.to_owned(), none, Some(one)),
        Some(SurnamesSwapped) => (two.to_owned(), one.to_owned(), None),
        Some(SurnamesJoined) => (format!("{one} {two}"), none, None),
        Some(SurnamesHyphenated) => (format!("{one}-{two}"), none, None),
        _ => (one.to_owned(), two.to_owned(), None),
    }
}

/// Whether day and month can be taken for each other.
pub(crate) fn swappable(birth: NaiveDate) -> bool {
    birth.day() <= 12 && birth.day() != birth.month()
}

fn birth(child: &Child, dice: &mut Dice) -> Option<NaiveDate> {
    use ErrorKind::{BirthDateMissing, BirthDaySwapped, BirthDayTypo, BirthPlaceholder, BirthYearSlip};
    let birth = child.birth;
    let (year, month, day) = (birth.year(), birth.month(), birth.day());
    let written = if dice.slips(BirthDateMissing) {
        return None;
    } else if (month, day) != (1, 1) && dice.slips(BirthPlaceholder) {
        NaiveDate::from_ymd_opt(year, 1, 1)
    } else if swappable(birth) && dice.slips(BirthDaySwapped) {
        NaiveDate::from_ymd_opt(year, day, month)
    } else if dice.slips(BirthYearSlip) {
        let years = if dice.detail(BirthYearSlip).is_multiple_of(2) {
            -1
        } else {
            1
        };
        NaiveDate::from_ymd_opt(year + years, month, day.min(28))
    } else if dice.slips(BirthDayTypo) {
        let days = 1 + dice.detail(BirthDayTypo) as u32 % 20;
        NaiveDate::from_ymd_opt(year, month, 1 + (day - 1 + days) % 28)
    } else {
        Some(birth)
    };
    written.or(Some(birth))
}

fn birth_city(child: &Child, dice: &mut Dice) -> Option<String> {
    let city = child.born_in.city;
    if dice.slips(ErrorKind::BirthCityMissing) {
        return None;
    }
    Some(if dice.slips(ErrorKind::BirthCityTypo) {
        typo(city, dice.detail(ErrorKind::BirthCityTypo))
    } else {
        city.to_owned()
    })
}

type Parents = (Option<WrittenName>, Option<WrittenName>, Option<WrittenName>);

/// Father, mother and guardian as written. Brothers and sisters are written on one certificate, so how their parents are
/// written is drawn for the family and state.
fn parents(
    world: &World,
    family: &Family,
    child: &Child,
    state: State,
    copy: u64,
    child_dice: &mut Dice,
) -> Parents {
    use ErrorKind::{FatherMissing, GuardianForParents, MotherMissing, ParentsSwapped};
    let mut rng = stream(world.seed, Purpose::Parents, [family.number, copy, state.number]);
    let mut dice = Dice::new(&mut rng, false);
    // The husband's name is the family's way in every state, or else the clerk's.
    let own = &mut stream(world.seed, Purpose::Parents, [family.number, u64::MAX, 0]);
    let by_clerk = own.random_bool(rates::MOTHER_BY_CLERK);
    let as_wife = if by_clerk { &mut rng } else { own }.random_bool(rates::MOTHER_AS_WIFE);
    let mother_form = pick(&mut rng, &rates::MOTHER_WRITTEN);
    let father_form = pick(&mut rng, &rates::FATHER_WRITTEN);
    let guardian_written = rng.random_bool(rates::GUARDIAN_WRITTEN);
    let guardian_other = rng.random_bool(rates::GUARDIAN_OTHER);
    let guardian_mother = rng.random_bool(0.6);

    let relative = (
        family.relative.surnames[0].to_owned(),
        family.relative.first.to_owned(),
    );
    let Some(mother) = &family.mother else {
        // Young people who travel alone are their own guardians.
        let own = (child.surnames.0.to_owned(), child.first.to_owned());
        return (None, None, guardian_written.then_some(own));
    };
    if dice.slips(GuardianForParents) {
        child_dice.errors.append(&mut dice.errors);
        return (None, None, Some(relative));
    }
    let mut written_mother = Some(mother_name(mother, family.father.as_ref(), as_wife, mother_form));
    let mut written_father = family.father.as_ref().map(|f| father_name(f, father_form));
    if written_father.is_some() && dice.slips(FatherMissing) {
        written_father = None;
    }
    if dice.slips(MotherMissing) {
        written_mother = None;
    }
    if written_father.is_some() && written_mother.is_some() && dice.slips(ParentsSwapped) {
        std::mem::swap(&mut written_father, &mut written_mother);
    }
    let guardian = guardian_written.then(|| {
        if guardian_other {
            return relative;
        }
        let (preferred, other) = if guardian_mother {
            (&written_mother, &written_father)
        } else {
            (&written_father, &written_mother)
        };
        preferred.clone().or_else(|| other.clone()).unwrap_or(relative)
    });
    child_dice.errors.append(&mut dice.errors);
    (written_father, written_mother, guardian)
}

fn mother_name(mother: &Adult, father: Option<&Adult>, as_wife: bool, form: usize) -> WrittenName {
    let [one, two] = mother.surnames;
    let last = match (form, father) {
        (_, Some(father)) if as_wife => father.surnames[0].to_owned(),
        (0, _) => format!("{one} {two}"),
        (2, Some(father)) => format!("{one} de {}", father.surnames[0]),
        _ => one.to_owned(),
    };
    (last, mother.first.to_owned())
}

fn father_name(father: &Adult, form: usize) -> WrittenName {
    let [one, two] = father.surnames;
    let last = match form {
        0 => format!("{one} {two}"),
        1 => one.to_owned(),
        _ => format!("{one}-{two}"),
    };
    (last, father.first.to_owned())
}
