//! Families: who their children truly are. Nothing here is written by a state's clerk yet.

use std::sync::LazyLock;

use chrono::{Datelike, Days, NaiveDate};
use rand::RngExt;

use crate::names::{Culture, ENGLISH, HAITIAN, MAYAN, SPANISH, wants_second};
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
        let (kin, common) = &mut Kin::of(world, number);
        let shared = either(*kin != Kin::None, common, rng);
        let (culture, origin) = culture(shared);
        let fathers = [culture.surnames.draw(shared), culture.surnames.draw(shared)];
        let town = origin.town(either(*kin == Kin::Brothers, common, rng));

        let alone = rng.random_bool(rates::ALONE);
        let father_known = !rng.random_bool(rates::MOTHER_ONLY) || kin.names_alike();
        let father = Adult {
            first: culture.men.draw(rng),
            surnames: fathers,
        };
        let mother = Adult {
            first: culture.women.draw(rng),
            surnames: {
                let rng = either(*kin == Kin::Namesakes, common, rng);
                [culture.surnames.draw(rng), culture.surnames.draw(rng)]
            },
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
            let namesake = children.is_empty() && !alone && kin.names_alike();
            let drawn = either(namesake, common, rng);
            let birth = birth(world, &children, alone, drawn);
            let girl = drawn.random_bool(if alone { 0.25 } else { 0.485 });
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
            let after = (father_known && !namesake).then_some(&father);
            name(
                &mut child,
                culture,
                &children,
                after,
                either(namesake, common, rng),
            );
            if namesake && *kin == Kin::Cousins && number % 3 == 1 {
                child.birth = child.birth - Days::new(common.random_range(rates::COUSIN_DAYS));
            }
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

/// What ties a family to its neighbours in the numbering, in groups of three.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kin {
    None,
    /// The fathers of all three are brothers, from the same town.
    Brothers,
    /// The fathers of the first two are brothers, and named their eldest alike: see [`rates::COUSINS_NAMED_ALIKE`].
    Cousins,
    /// No kin, but the eldest of the first two are called the same: see [`rates::NAMESAKES`].
    Namesakes,
}

impl Kin {
    /// The tie of a family, and the stream from which all that it shares is drawn.
    fn of(world: &World, number: u64) -> (Self, Stream) {
        let group = number / 3;
        let mut stream = stream(world.seed, Purpose::Kin, [group, 0, 0]);
        let (brothers, alike): (f64, f64) = (stream.random(), stream.random());
        if brothers < rates::KIN {
            return (Self::Brothers, stream);
        }
        if number % 3 == 2 || alike >= rates::NAMESAKES.max(rates::COUSINS_NAMED_ALIKE) {
            return (Self::None, stream);
        }
        let other = circuit(world, group * 3 + 1);
        let meet = circuit(world, group * 3)
            .iter()
            .any(|state| other.contains(state));
        let kin = match meet {
            true if alike < rates::COUSINS_NAMED_ALIKE => Self::Cousins,
            false if alike < rates::NAMESAKES => Self::Namesakes,
            _ => Self::None,
        };
        (kin, stream)
    }

    /// Whether the eldest has the same names as another family's.
    fn names_alike(self) -> bool {
        matches!(self, Self::Cousins | Self::Namesakes)
    }
}

/// The stream to draw from: of what is common to several families, or the family's own.
fn either<'a>(is_common: bool, common: &'a mut Stream, own: &'a mut Stream) -> &'a mut Stream {
    if is_common { common } else { own }
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

/// Names a child: not like a brother or sister, except where parents want them to share a name; perhaps after the
/// father.
fn name(child: &mut Child, culture: &Culture, siblings: &[Child], father: Option<&Adult>, rng: &mut Stream) {
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
    let [with_common, with_other] = rates::TWO_GIVEN_BY_FIRST;
    let two = if wants_second(child.first) {
        with_common
    } else {
        with_other
    };
    if clash || rng.random_bool(two) {
        // A name of one's own where the first is a sibling's.
        for _ in 0..8 {
            let second = seconds.draw(rng);
            child.second = Some(second);
            let taken = clash && siblings.iter().any(|s| s.second == Some(second));
            if second != child.first && !taken {
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
    let free = |f: &&Adult| !child.girl && siblings.iter().all(|s| s.first != f.first);
    let father = father.filter(free);
    if let Some(father) = father.filter(|_| rng.random_bool(rates::NAMED_AFTER_FATHER)) {
        child.first = father.first;
        child.suffix = Some(if rng.random_bool(0.85) { "Jr." } else { "III" });
    }
}

/// Marks the last child as a twin and gives its brother or sister of the same day.
fn twin_of(children: &mut [Child], culture: &Culture, rng: &mut Stream) -> Child {
    let index = children.len() as u64;
    let same_sex = rng.random_bool(rates::TWINS_SAME_SEX);
    let (elder, siblings) = children.split_last_mut().expect("called after a child was added");
    elder.twin = true;
    elder.suffix = None;
    let mut twin = elder.clone();
    twin.index = index;
    twin.girl = elder.girl == same_sex;
    let (firsts, seconds) = if twin.girl {
        (&culture.girls, &culture.second_girls)
    } else {
        (&culture.boys, &culture.second_boys)
    };
    if same_sex && rng.random_bool(rates::TWINS_SAME_FIRST) {
        let second = seconds.draw(rng);
        elder.second = Some(second);
        while twin.second.is_none_or(|own| own == second) {
            twin.second = Some(seconds.draw(rng));
        }
        return twin;
    }
    let alike = same_sex && rng.random_bool(rates::TWINS_ALIKE);
    let pair = alike.then(|| firsts.near_pair(elder.first, rng)).flatten();
    let taken = |name: &str| siblings.iter().any(|s| s.first == name);
    match pair.filter(|(one, other)| !taken(one) && !taken(other)) {
        Some((one, other)) => {
            (elder.first, elder.second) = (one, None);
            (twin.first, twin.second) = (other, None);
        }
        None => {
            while twin.first == elder.first || taken(twin.first) {
                twin.first = firsts.draw(rng);
            }
            let other = if elder.girl {
                &culture.second_girls
            } else {
                &culture.second_boys
            };
            elder.second = rng.random_bool(rates::TWINS_TWO_GIVEN).then(|| other.draw(rng));
            twin.second = rng.random_bool(rates::TWINS_TWO_GIVEN).then(|| seconds.draw(rng));
        }
    }
    twin
}
