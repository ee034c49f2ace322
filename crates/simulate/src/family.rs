//! Families: who their children truly are. Nothing here is written by a state's clerk yet.

use std::sync::LazyLock;

use chrono::{Datelike, Days, NaiveDate};
use rand::RngExt;

use crate::names::{Culture, ENGLISH, HAITIAN, MAYAN, SPANISH};
use crate::places::{Circuits, Origin, State, Town};
use crate::random::{Purpose, Stream, one, pick, stream};
use crate::rates;
use crate::stays::{self, Stay};

/// Everything that is the same for all families of a nation.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) states: Vec<State>,
    pub(crate) circuits: Circuits,
    /// Day of the first night.
    pub(crate) start: NaiveDate,
    /// Day of the last night.
    pub(crate) end: NaiveDate,
}

/// A father, mother or other adult.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Adult {
    pub(crate) first: &'static str,
    pub(crate) surnames: [&'static str; 2],
}

/// A child as it is.
#[derive(Debug, Clone)]
pub(crate) struct Child {
    /// From 0, within the family.
    pub(crate) index: u64,
    pub(crate) first: &'static str,
    pub(crate) second: Option<&'static str>,
    /// One, or the father's and the mother's.
    pub(crate) surnames: (&'static str, Option<&'static str>),
    pub(crate) suffix: Option<&'static str>,
    pub(crate) girl: bool,
    pub(crate) birth: NaiveDate,
    pub(crate) born_in: Town,
    pub(crate) twin: bool,
}

/// A family with all that it does between the first known arrival and the last night.
#[derive(Debug)]
pub(crate) struct Family {
    /// From 0, within the nation.
    pub(crate) number: u64,
    pub(crate) father: Option<Adult>,
    pub(crate) mother: Option<Adult>,
    /// An aunt, grandfather or the like.
    pub(crate) relative: Adult,
    pub(crate) children: Vec<Child>,
    pub(crate) stays: Vec<Stay>,
}

/// Children by age in years on the first day, 0 to 21.
const AGES: [u32; 22] = [
    10, 30, 52, 65, 78, 98, 110, 118, 135, 150, 157, 165, 172, 165, 165, 175, 155, 125, 105, 80, 50, 30,
];
static AGES_TOTAL: LazyLock<u32> = LazyLock::new(|| AGES.iter().sum());

/// The places in the nation's list of the states where a family is: its first draw, so that another state can skip it.
pub(crate) fn circuit(world: &World, number: u64) -> &[usize] {
    world
        .circuits
        .draw(&mut stream(world.seed, Purpose::Stays, [number, 0, 0]))
}

impl Family {
    /// The family of a number; the same for ever.
    pub(crate) fn new(world: &World, number: u64) -> Self {
        let rng = &mut stream(world.seed, Purpose::Family, [number, 0, 0]);
        let circuit = circuit(world, number);
        let home = world.states[circuit[0]];
        // Three neighbours in the numbering may be kin: the fathers are brothers, from the same place.
        let kin = &mut stream(world.seed, Purpose::Kin, [number / 3, 0, 0]);
        let has_kin = kin.random_bool(rates::KIN);
        let shared = if has_kin { kin } else { &mut *rng };
        let (culture, origin) = culture(shared);
        let town = origin.town(shared);
        let fathers = [culture.surnames.draw(shared), culture.surnames.draw(shared)];

        let alone = rng.random_bool(rates::ALONE);
        let father_known = !rng.random_bool(rates::MOTHER_ONLY);
        let father = Adult {
            first: culture.men.draw(rng),
            surnames: fathers,
        };
        let mother = Adult {
            first: culture.women.draw(rng),
            surnames: [culture.surnames.draw(rng), culture.surnames.draw(rng)],
        };
        // A mother alone gives both her surnames, or the absent father's with hers.
        let first = if !father_known && rng.random_bool(0.5) {
            mother.surnames
        } else {
            [father.surnames[0], mother.surnames[0]]
        };
        let surnames = (first[0], culture.double_surname.then_some(first[1]));
        let relative = relative(culture, &father, &mother, rng);

        let mut children: Vec<Child> = Vec::new();
        let size = if alone {
            1
        } else {
            pick(rng, &rates::FAMILY_SIZE) as u64 + 1
        };
        while (children.len() as u64) < size {
            let birth = birth(world, &children, alone, rng);
            let girl = rng.random_bool(if alone { 0.25 } else { 0.485 });
            let born_in = birth_town(world, circuit, home, town, rng);
            let mut child = Child {
                index: children.len() as u64,
                first: "",
                second: None,
                surnames,
                suffix: None,
                girl,
                birth,
                born_in,
                twin: false,
            };
            name(&mut child, culture, &children, &father, father_known, rng);
            let twins = size > 1 && children.len() as u64 + 1 < size && rng.random_bool(rates::TWIN_BIRTH);
            children.push(child);
            if twins {
                let twin = twin_of(&mut children, culture, rng);
                children.push(twin);
            }
        }
        let parents = !alone;
        Self {
            number,
            father: (parents && father_known).then_some(father),
            mother: parents.then_some(mother),
            relative,
            children,
            stays: stays::of_family(world, number, circuit, town),
        }
    }

    /// The stays in a state, with their places in the family's list, for which a child was born and not too old.
    pub(crate) fn stays_of(&self, child: &Child, state: usize) -> impl Iterator<Item = (usize, &Stay)> {
        let birth = child.birth;
        let too_old = birth.year() + 22;
        self.stays
            .iter()
            .enumerate()
            .filter(move |(_, stay)| stay.state == state && stay.from >= birth && stay.from.year() < too_old)
    }
}

fn culture(rng: &mut Stream) -> (&'static Culture, Origin) {
    match pick(rng, &rates::CULTURE) {
        1 => (&MAYAN, Origin::Guatemala),
        2 => (&HAITIAN, Origin::Haiti),
        3 => (&ENGLISH, Origin::Home),
        _ => (
            &SPANISH,
            [
                Origin::Mexico,
                Origin::Guatemala,
                Origin::ElSalvador,
                Origin::Honduras,
                Origin::Home,
            ][pick(rng, &rates::ORIGIN)],
        ),
    }
}

fn relative(culture: &Culture, father: &Adult, mother: &Adult, rng: &mut Stream) -> Adult {
    let first = if rng.random_bool(0.5) {
        culture.men.draw(rng)
    } else {
        culture.women.draw(rng)
    };
    let surname = if rng.random_bool(0.5) {
        father.surnames[0]
    } else {
        mother.surnames[0]
    };
    Adult {
        first,
        surnames: [surname, culture.surnames.draw(rng)],
    }
}

/// A birth date at least ten months from those of the brothers and sisters.
fn birth(world: &World, siblings: &[Child], alone: bool, rng: &mut Stream) -> NaiveDate {
    let mut day = world.start;
    for _ in 0..12 {
        let age = if alone {
            rng.random_range(16..21)
        } else {
            let mut at = rng.random_range(0..*AGES_TOTAL);
            let mut age = 0;
            while at >= AGES[age] {
                at -= AGES[age];
                age += 1;
            }
            age as u64
        };
        day = world.start - Days::new(age * 365 + rng.random_range(1..365));
        if siblings
            .iter()
            .all(|s| (s.birth - day).num_days().unsigned_abs() > 300)
        {
            return day;
        }
    }
    day
}

fn birth_town(world: &World, circuit: &[usize], home: State, origin: Option<Town>, rng: &mut Stream) -> Town {
    let here = |state: State, rng: &mut Stream| state.town(rng.random_range(0..state.town_count()));
    match origin {
        Some(town) if !rng.random_bool(rates::BORN_IN_CIRCUIT) => town,
        Some(_) => here(world.states[one(rng, circuit)], rng),
        None => here(home, rng),
    }
}

/// Names a child: not like a brother or sister, except where parents want them to share a name.
fn name(
    child: &mut Child,
    culture: &Culture,
    siblings: &[Child],
    father: &Adult,
    father_known: bool,
    rng: &mut Stream,
) {
    let (firsts, seconds) = if child.girl {
        (&culture.girls, &culture.second_girls)
    } else {
        (&culture.boys, &culture.second_boys)
    };
    for _ in 0..8 {
        child.first = firsts.draw(rng);
        if siblings.iter().all(|s| s.first != child.first) {
            break;
        }
    }
    let clash = siblings.iter().any(|s| s.first == child.first);
    if clash || rng.random_bool(rates::TWO_GIVEN) {
        // A name of one's own where the first is a sibling's.
        for _ in 0..8 {
            let second = seconds.draw(rng);
            child.second = Some(second);
            if second != child.first && siblings.iter().all(|s| s.second != Some(second)) {
                break;
            }
        }
    }
    let like = siblings.iter().rfind(|s| s.girl == child.girl);
    if let Some(sibling) = like.filter(|_| rng.random_bool(rates::NAMED_LIKE_SIBLING)) {
        child.first = sibling.first;
        let own = child.second.unwrap_or_else(|| seconds.draw(rng));
        let taken = sibling.second == Some(own) || own == child.first;
        let other = if child.girl { "Esperanza" } else { "Salvador" };
        child.second = Some(if taken { other } else { own });
    }
    let namesake = !child.girl && father_known && siblings.iter().all(|s| s.first != father.first);
    if namesake && rng.random_bool(rates::NAMED_AFTER_FATHER) {
        child.first = father.first;
        child.suffix = Some(if rng.random_bool(0.85) { "Jr." } else { "III" });
    }
}

/// Marks the last child as a twin and gives its brother or sister of the same day.
fn twin_of(children: &mut [Child], culture: &Culture, rng: &mut Stream) -> Child {
    let index = children.len() as u64;
    let like = rng.random_bool(0.65);
    let last = children.last_mut().expect("called after a child was added");
    last.twin = true;
    last.suffix = None;
    let mut twin = last.clone();
    twin.index = index;
    twin.girl = if like { twin.girl } else { rng.random_bool(0.5) };
    let firsts = if twin.girl { &culture.girls } else { &culture.boys };
    let alike = rng
        .random_bool(rates::TWINS_ALIKE)
        .then(|| firsts.alike(last.first, rng))
        .flatten();
    twin.first = alike.unwrap_or_else(|| firsts.draw(rng));
    let taken: Vec<_> = children.iter().map(|c| c.first).collect();
    while taken.contains(&twin.first) {
        twin.first = firsts.draw(rng);
    }
    let seconds = if twin.girl {
        &culture.second_girls
    } else {
        &culture.second_boys
    };
    twin.second = twin.second.map(|_| seconds.draw(rng));
    twin
}
