//! The weight of a pair, beside the same sum written down once more from the model's own figures, one rule after the
//! other and in the order in which `docs/linking.md` tells them.

use linking::compare::{Comparison, compare};
use linking::frequency::Role;
use linking::levels::Field;
use linking::levels::level::given;
use linking::tokens::{NONE, TokenId, Tokens};
use linking::{ContactInput, LinkIndex, Model, PersonNameInput, RecordInput, Sex};

use crate::{boy, date};

/// Children of a few families with common and rare names, as several clerks would write them, and people of other files.
fn children() -> Vec<RecordInput<'static>> {
    let jose = RecordInput {
        first_name: "José",
        middle_name: "Luis",
        last_name_1: "García",
        last_name_2: "Hernández",
        generation: "Jr",
        ..boy(0, "CA")
    };
    let girl = RecordInput {
        first_name: "María",
        generation: "",
        sex: Some(Sex::Female),
        ..jose.clone()
    };
    let lives = |address, postcode| ContactInput {
        address,
        place: "Salinas",
        postcode,
        ..ContactInput::default()
    };
    let variants = vec![
        boy(0, "TX"),
        boy(0, "CA"),
        RecordInput {
            multiple_birth: Some(true),
            first_name: "Cristina",
            ..boy(0, "TX")
        },
        RecordInput {
            first_name: "Xicoténcatl",
            ..boy(0, "FL")
        },
        RecordInput {
            first_name: "Osvaldo",
            middle_name: "Cristian",
            birth_date: Some(date(2012, 3, 21)),
            ..boy(0, "FL")
        },
        RecordInput {
            middle_name: "Osvaldo",
            last_name_2: "",
            birth_city: "Morelia",
            ..boy(0, "GA")
        },
        RecordInput {
            mother: PersonNameInput {
                last: "Luna",
                first: "Rosa",
            },
            father: PersonNameInput::default(),
            ..boy(0, "GA")
        },
        jose.clone(),
        RecordInput {
            state: "WI",
            middle_name: "Antonio",
            generation: "III",
            birth_date: Some(date(2016, 7, 2)),
            ..jose.clone()
        },
        RecordInput {
            state: "KY",
            last_name_1: "Hernández",
            last_name_2: "García",
            ..jose
        },
        girl.clone(),
        RecordInput {
            state: "KY",
            birth_city: "",
            birth_state: "OAX",
            ..girl.clone()
        },
        RecordInput {
            contact: lives("12 Oak Street", "93901"),
            ..girl.clone()
        },
        RecordInput {
            state: "KY",
            contact: lives("907 Oak St", "93901"),
            ..girl
        },
    ];
    let number = |(key, record)| RecordInput { key, ..record };
    (1..).zip(variants).map(number).collect()
}

/// How much oftener (above 1) two strangers share this word than they share one on average.
fn ratio(model: &Model, tokens: &Tokens, id: TokenId, role: Role) -> f64 {
    if id == NONE {
        return 1.0;
    }
    let commoner = tokens.share(id, role) / model.collision[role as usize];
    commoner.clamp(1.0 / 404.0, 54.6) // 8.66 bits rarer, 5.77 bits commoner
}

/// The odds that a pair is one child against each other explanation: twins, siblings, strangers, namesakes.
fn likelihoods(model: &Model, tokens: &Tokens, comparison: &Comparison) -> [f64; 5] {
    let p = model.priors;
    let mut classes = [p.same, p.twin, p.sibling, p.stranger, p.namesake];
    for field in Field::ALL {
        let level = comparison.levels.get(field);
        if level == 0 {
            continue; // Missing is not different.
        }
        let rates = model.rates(field, level);
        let [same, twin, sibling, stranger] =
            [rates.same, rates.twin, rates.sibling, rates.stranger].map(f64::from);
        let of = |id, role| ratio(model, tokens, id, role);
        let shared = match field {
            Field::Given if matches!(level, given::EXACT | given::OTHER_EQUAL) => {
                of(comparison.given, Role::Given)
            }
            Field::Middle => of(comparison.middle, Role::Given),
            Field::Surname => {
                let [one, other] = comparison.surnames;
                of(one, Role::Surname) * of(other, Role::Surname)
            }
            Field::BirthCity => of(comparison.city, Role::City),
            Field::Address => of(comparison.street, Role::Street),
            Field::Locality => of(comparison.locality, Role::Locality),
            _ => 1.0,
        };
        // Strangers agree in nothing more often than in nine of ten pairs.
        let shared = shared.min((0.9 / stranger).max(1.0));
        let name = matches!(field, Field::Given | Field::Middle);
        // Relatives bear one name as strangers do, but for a part of them, who bear it as one child does; and the
        // commonest names run in families.
        let runs = field == Field::Given && model.collision[Role::Given as usize] * shared >= 0.02;
        let relative = |rate: f64, part: f32| {
            if !name || (shared - 1.0).abs() < 1e-9 {
                return rate;
            }
            let on_purpose = f64::from(part) * same;
            let by_chance = (rate - on_purpose) * shared;
            let in_family = if runs { stranger * shared * 6.5 } else { 0.0 };
            (on_purpose + by_chance).max(in_family).min(0.9)
        };
        let alike = matches!(
            field,
            Field::Given | Field::Middle | Field::Surname | Field::BirthDate | Field::Sex | Field::Generation
        );
        let [of_twins, of_siblings] = model.namesakes;
        let namesake = if alike { same } else { stranger * shared };
        let rates = [
            same,
            relative(twin, of_twins),
            relative(sibling, of_siblings),
            stranger * shared,
            namesake,
        ];
        for (class, rate) in classes.iter_mut().zip(rates) {
            *class *= rate;
        }
    }
    classes
}

#[test]
fn a_weight_is_what_the_rates_of_all_fields_say() {
    let children = children();
    let index = LinkIndex::build(Model::default_fixed(), &children);
    let (model, tokens) = (index.model(), index.tokens());
    let mut seen = [false; 16];
    for a in 1..=children.len() as u128 {
        for b in a + 1..=children.len() as u128 {
            let comparison = compare(index.record(a).unwrap(), index.record(b).unwrap(), tokens);
            let [same, others @ ..] = likelihoods(model, tokens, &comparison);
            let expected = (same / others.iter().sum::<f64>()).log2();
            let found = index.compare(a, b).unwrap();
            assert!(
                (f64::from(found.weight) - expected).abs() < 0.02,
                "{a} and {b}: {} bits, by the rules {expected}: {:?}",
                found.weight,
                comparison
            );

            let why = index.explain(a, b).unwrap();
            let close = |bits: f32, odds: f64| (f64::from(bits) - odds.log2()).abs() < 0.05;
            assert!(
                close(why.strangers.total, same / others[2]),
                "{a} and {b}: {why:?}"
            );
            let relatives = why.relatives.unwrap();
            assert!(
                close(relatives.total, same / others[0].max(others[1])),
                "{a} and {b}"
            );
            for row in &why.rows {
                seen[row.field as usize] = true;
            }
            let rows: f32 = why.rows.iter().map(|row| row.bits_strangers).sum();
            assert!((why.strangers.prior + rows - why.strangers.total).abs() < 1e-3);
        }
    }
    assert_eq!(
        seen.iter().filter(|seen| **seen).count(),
        13,
        "of sixteen fields: {seen:?}"
    );
}

#[test]
fn what_is_rare_says_more_and_what_is_common_less() {
    let pair = |first_name: &'static str| {
        let child = |key, state| RecordInput {
            first_name,
            ..boy(key, state)
        };
        let index = LinkIndex::build(Model::default_fixed(), &[child(1, "TX"), child(2, "CA")]);
        let why = index.explain(1, 2).unwrap();
        let row = why
            .rows
            .iter()
            .find(|row| row.field == Field::Given)
            .unwrap()
            .clone();
        (row.bits_strangers, row.frequency_bits)
    };
    let (rare, common) = (pair("Xicoténcatl"), pair("José"));
    assert!(rare.0 > common.0 + 4.0, "{rare:?} {common:?}");
    assert!(rare.1 > 0.0 && common.1 < 0.0);
    let average = |(bits, frequency): (f32, f32)| bits - frequency;
    assert!(
        (average(rare) - average(common)).abs() < 1e-3,
        "one level, one rate"
    );
}
