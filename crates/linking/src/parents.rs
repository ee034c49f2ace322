//! Comparing the adults of two records: mother with mother, or crossed where a clerk swapped the columns, or the
//! guardian where there is no parent to compare.

use crate::levels::level::{MISSING, parents as level};
use crate::record::{Adult, Record};
use crate::tokens::{Likeness, NONE, Tokens};

/// How two adults agree, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Agreement {
    Differ,
    NotCompared,
    SurnameOnly,
    GivenOnly,
    Same,
}

fn adult(a: Adult, b: Adult, tokens: &Tokens) -> Agreement {
    let comparable = a.last[0] != NONE && b.last[0] != NONE;
    let shared = || {
        let lasts = |x: Adult| x.last.into_iter().filter(|&last| last != NONE);
        lasts(a).any(|x| lasts(b).any(|y| tokens.likeness(x, y) <= Likeness::Close))
    };
    if a.first == NONE || b.first == NONE {
        return if comparable && shared() {
            Agreement::SurnameOnly
        } else {
            Agreement::NotCompared
        };
    }
    match tokens.given_likeness(a.first, b.first) {
        Likeness::Equal | Likeness::Close | Likeness::Nickname if !comparable || shared() => Agreement::Same,
        // Women are recorded under their own, their husband's or their children's surname.
        Likeness::Equal | Likeness::Close | Likeness::Nickname => Agreement::GivenOnly,
        _ => Agreement::Differ,
    }
}

/// The level of [`Field::Parents`](crate::levels::Field::Parents).
pub fn compare_parents(a: &Record, b: &Record, tokens: &Tokens) -> u8 {
    use Agreement::{Differ, GivenOnly, NotCompared, Same, SurnameOnly};
    let mother = adult(a.mother, b.mother, tokens);
    let father = adult(a.father, b.father, tokens);
    let straight_level = match (mother, father) {
        (Same, Same | GivenOnly) | (GivenOnly, Same) => level::BOTH,
        (Same, NotCompared | SurnameOnly) => level::MOTHER,
        (NotCompared | SurnameOnly, Same) => level::FATHER,
        (Same, Differ) | (Differ, Same) => level::ONE_DIFFERS,
        (GivenOnly, _) | (_, GivenOnly) => level::GIVEN_ONLY,
        (SurnameOnly, SurnameOnly | NotCompared) | (NotCompared, SurnameOnly) => level::SURNAMES,
        (Differ, _) | (_, Differ) => level::DIFFER,
        (NotCompared, NotCompared) => MISSING,
    };
    if matches!(straight_level, level::BOTH | level::MOTHER | level::FATHER) {
        return straight_level;
    }
    let crossed = [
        adult(a.mother, b.father, tokens),
        adult(a.father, b.mother, tokens),
    ];
    let crossed_agrees = crossed.contains(&Same) && !crossed.contains(&Differ);
    if crossed_agrees {
        return level::CROSSED;
    }
    if matches!(
        straight_level,
        MISSING | level::DIFFER | level::SURNAMES | level::GIVEN_ONLY
    ) {
        // Mother and father have been compared straight and crossed.
        let of_guardian = |x: Adult, y: Adult| adult(x, y, tokens) == Same;
        let any = (a.guardian != Adult::default() || b.guardian != Adult::default())
            && (of_guardian(a.guardian, b.guardian)
                || [b.mother, b.father]
                    .into_iter()
                    .any(|y| of_guardian(a.guardian, y))
                || [a.mother, a.father]
                    .into_iter()
                    .any(|x| of_guardian(x, b.guardian)));
        if any || crossed.contains(&Same) {
            return level::GUARDIAN;
        }
        // Columns exchanged and a surname changed by marriage at once.
        if straight_level == level::DIFFER && crossed.contains(&GivenOnly) && !crossed.contains(&Differ) {
            return level::GIVEN_ONLY;
        }
        if straight_level == MISSING && adult(a.guardian, b.guardian, tokens) == SurnameOnly {
            return level::SURNAMES;
        }
    }
    straight_level
}
