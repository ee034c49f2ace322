//! Doses and alerts.

use chrono::{Days, NaiveDate};
use mde::code::{AlertKind, ContactRole};
use mde::{Alert, AlertDraft, Date, Draft, Immunization, ImmunizationDraft, Text};
use rand::RngExt;

use crate::family::{Child, World};
use crate::places::State;
use crate::random::{Purpose, Stream, one, pick, stream};
use crate::rates;

/// The visits of the usual childhood schedule: age in days, and the vaccines given.
const SCHEDULE: [(u64, &[&str]); 11] = [
    (2, &["HEPB"]),
    (45, &["HEPB"]),
    (62, &["DTAP", "POLIO", "HIB", "PCV"]),
    (125, &["DTAP", "POLIO", "HIB"]),
    (190, &["DTAP", "HEPB"]),
    (370, &["MMR", "VARICELLA"]),
    (400, &["HEPA"]),
    (480, &["DTAP", "PCV"]),
    (600, &["HEPA"]),
    (1_600, &["DTAP", "POLIO", "MMR", "VARICELLA"]),
    (4_050, &["TDAP", "MCV4", "HPV"]),
];

/// The doses that a state knows on a day. The child's history is the same in every state that has it, but for a dose
/// or a day here and there.
pub(crate) fn doses(
    world: &World,
    family: u64,
    child: &Child,
    rng: &mut Stream,
    arrival: NaiveDate,
    day: NaiveDate,
) -> Vec<Immunization> {
    let known = pick(rng, &rates::DOSES_KNOWN);
    let single = (rng.random_range(5..60u64), rng.random_range(0..SCHEDULE.len()));
    let mut history = stream(world.seed, Purpose::Doses, [family, child.index, 0]);
    let mut rows = Vec::new();
    match known {
        0 => {}
        1 => {
            let given = arrival + Days::new(single.0);
            rows.extend(dose(SCHEDULE[single.1].1[0], given, day));
        }
        _ => {
            let spread = history.random_range(20..160u64);
            for (age, vaccines) in SCHEDULE {
                let visit = child.birth + Days::new(age + history.random_range(0..spread));
                for vaccine in vaccines {
                    let had = history.random_bool(0.86);
                    let written = rng.random_bool(0.94);
                    let other_day = u64::from(rng.random_bool(0.02));
                    if had && written {
                        rows.extend(dose(vaccine, visit + Days::new(other_day), day));
                    }
                }
            }
        }
    }
    rows
}

fn dose(vaccine: &str, given: NaiveDate, day: NaiveDate) -> Option<Immunization> {
    if given > day {
        return None;
    }
    ImmunizationDraft {
        vaccine: Text::new(vaccine).ok(),
        date: Date::new(given).ok(),
        ..ImmunizationDraft::default()
    }
    .finish()
    .ok()
}

/// An alert for about one student in thirty.
pub(crate) fn alerts(state: State, rng: &mut Stream, arrival: NaiveDate, day: NaiveDate) -> Vec<Alert> {
    const CONTACTS: [&str; 6] = [
        "Reina Camacho",
        "Carmen Guzmán",
        "Norma Montaño",
        "Paul Fisher",
        "Esperanza Pérez",
        "Diane Walker",
    ];
    if !rng.random_bool(0.033) {
        return Vec::new();
    }
    let medical = rng.random_bool(0.6);
    let phone = format!("({}) 555-01{:02}", state.habits.area, rng.random_range(0..100));
    let resolved = rng
        .random_bool(0.2)
        .then(|| arrival + Days::new(rng.random_range(30..200)));
    let alert = AlertDraft {
        kind: Some(if medical {
            AlertKind::Medical
        } else {
            AlertKind::Educational
        }),
        resolution_date: resolved.filter(|r| *r <= day).and_then(|r| Date::new(r).ok()),
        contact_name: Text::new(one(rng, &CONTACTS)).ok(),
        contact_phone: mde::text::Phone::new(&phone).ok(),
        contact_role: Some(if medical {
            ContactRole::Nurse
        } else {
            ContactRole::Counselor
        }),
        ..AlertDraft::default()
    };
    alert.finish().ok().into_iter().collect()
}
