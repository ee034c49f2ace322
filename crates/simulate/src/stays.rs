//! Where a family stays and when: seasonal circuits between states, and moves within one.

use chrono::{Datelike, Days, NaiveDate};
use rand::RngExt;

use crate::family::World;
use crate::places::{Town, elsewhere};
use crate::random::{Purpose, Stream, one, pick, stream};
use crate::rates;

/// A stay of a family in a town of the nation.
#[derive(Debug, Clone)]
pub(crate) struct Stay {
    /// Place of the state in the nation's list.
    pub(crate) state: usize,
    /// Town of the state, from 0.
    pub(crate) town: usize,
    pub(crate) from: NaiveDate,
    /// First day away; `None` while the family is still there on the last night.
    pub(crate) to: Option<NaiveDate>,
    /// Where the family came from.
    pub(crate) origin: Town,
    /// Where it goes next, if it told the school.
    pub(crate) destination: Option<Town>,
    /// Whether the arrival was certified as a qualifying move.
    pub(crate) certified: bool,
    /// Days until the state's system knows of the arrival.
    pub(crate) told_in: u64,
    /// Days until the state's system knows of the leaving.
    pub(crate) told_out: u64,
}

/// Days of the last three years, over which the known arrivals are spread.
const KNOWN_DAYS: f64 = 1100.0;

/// The stays of a family in order of time, from its first known arrival to the last night.
pub(crate) fn of_family(world: &World, number: u64, circuit: &[usize], origin: Option<Town>) -> Vec<Stay> {
    // The purpose is that of the draw of the circuit; the thing's second number keeps the two streams apart.
    let rng = &mut stream(world.seed, Purpose::Stays, [number, 1, 0]);
    let count = (pick(rng, &rates::ARRIVALS) + 1).max(circuit.len());
    let arrivals = if circuit.len() == 1 {
        within_one_state(world, count, circuit[0], rng)
    } else {
        seasons(world, count, circuit, rng)
    };
    let usual: Vec<usize> = circuit
        .iter()
        .map(|s| rng.random_range(0..world.states[*s].town_count()))
        .collect();
    let mut stays: Vec<Stay> = Vec::with_capacity(arrivals.len());
    for (state, from) in arrivals {
        let place = circuit.iter().position(|s| *s == state).unwrap_or(0);
        let moves_about = circuit.len() == 1 || rng.random_bool(0.1);
        let town = if moves_about {
            rng.random_range(0..world.states[state].town_count())
        } else {
            usual[place]
        };
        let here = world.states[state].town(town);
        let origin = match stays.last_mut() {
            None if rng.random_bool(rates::FROM_ABROAD) => {
                origin.unwrap_or_else(|| elsewhere(rng, &world.states))
            }
            None => elsewhere(rng, &world.states),
            Some(last) => leave(world, last, here, from, rng),
        };
        stays.push(Stay {
            state,
            town,
            from,
            to: None,
            origin,
            destination: None,
            certified: rng.random_bool(rates::CERTIFIED),
            told_in: one(rng, &[0, 0, 0, 0, 1, 1, 1, 2, 3, 5, 9]),
            told_out: one(rng, &[0, 0, 1, 1, 2, 4, 8, 15]),
        });
    }
    stays
}

/// Ends a stay before the next arrival, and says where the family then came from.
fn leave(world: &World, stay: &mut Stay, next: Town, arrival: NaiveDate, rng: &mut Stream) -> Town {
    let between = (arrival - stay.from).num_days().max(2) as u64;
    let detour = rng.random_bool(0.25);
    let away = if detour {
        rng.random_range(between / 6..=between / 2)
    } else {
        rng.random_range(0..4)
    };
    stay.to = Some(arrival - Days::new(away.min(between - 1)));
    let stop = if detour {
        elsewhere(rng, &world.states)
    } else {
        next
    };
    stay.destination = rng.random_bool(rates::DESTINATION_SAID).then_some(stop);
    if detour {
        stop
    } else {
        world.states[stay.state].town(stay.town)
    }
}

/// Arrivals of a family that stays in one state: more of them in recent years, and at the same pace to come.
fn within_one_state(world: &World, count: usize, state: usize, rng: &mut Stream) -> Vec<(usize, NaiveDate)> {
    let mut days: Vec<NaiveDate> = (0..count)
        .map(|_| {
            let past = 1.0 - rng.random::<f64>().sqrt();
            world.start - Days::new((past * KNOWN_DAYS) as u64)
        })
        .collect();
    let mut next = world.start;
    loop {
        next = next + Days::new(rng.random_range(1..900));
        if next > world.end {
            break;
        }
        days.push(next);
    }
    days.sort_unstable();
    days.dedup_by(|later, earlier| (*later - *earlier).num_days() < 15);
    days.into_iter().map(|day| (state, day)).collect()
}

/// Arrivals of a family on a seasonal circuit: away in spring, on in summer, home in autumn.
fn seasons(world: &World, count: usize, circuit: &[usize], rng: &mut Stream) -> Vec<(usize, NaiveDate)> {
    let first_year = world.start.year() - 1 - count.div_ceil(circuit.len()) as i32;
    let settled = rng.random_bool(0.2);
    let mut arrivals = Vec::new();
    for year in first_year..=world.end.year() {
        for (place, state) in circuit.iter().enumerate() {
            let (month, day, spread) = match (place, circuit.len()) {
                (0, _) => (10, 1, 55),
                (1, _) => (3, 20, 75),
                _ => (7, 1, 40),
            };
            let start = NaiveDate::from_ymd_opt(year, month, day).unwrap_or(world.start);
            arrivals.push((*state, start + Days::new(rng.random_range(0..spread))));
        }
    }
    arrivals.sort_unstable_by_key(|(_, day)| *day);
    if settled {
        // Last year's circuit did not lead home again.
        let last_home = arrivals
            .iter()
            .rposition(|(state, day)| *state == circuit[0] && *day <= world.start);
        arrivals.truncate(last_home.unwrap_or(arrivals.len()));
    }
    arrivals.retain(|(_, day)| *day <= world.end);
    let known = arrivals.iter().filter(|(_, day)| *day <= world.start).count();
    arrivals.drain(..known.saturating_sub(count));
    arrivals
}
