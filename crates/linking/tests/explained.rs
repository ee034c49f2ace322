//! Ten pairs explained for a school clerk: checked against the truth, and written down as a page that always shows the
//! model in force. `UPDATE_GENERATED=1 cargo test -p linking --test explained` writes it anew.

#[path = "explained/pairs.rs"]
mod pairs;
#[path = "explained/stories.rs"]
mod stories;

use std::fmt::Write;

use linking::cluster::{Reason, Veto};
use linking::explain::{Decision, Kin, Rule, chance, signed};
use linking::levels::Field;
use linking::story::{Event, Happened, record_of, story};
use linking::{
    Explanation, HumanDecision, HumanDecisions, LinkIndex, Model, PersonNameInput, RecordInput, Verdict,
    waterfall,
};
use pairs::{Pair, pairs};
use testkit::in_step;

fn explained(a: &RecordInput<'_>, b: &RecordInput<'_>) -> Explanation {
    among(&[a.clone(), b.clone()], &HumanDecisions::default())
}

/// The first two of some records explained.
fn among(inputs: &[RecordInput<'_>], humans: &HumanDecisions) -> Explanation {
    LinkIndex::build(Model::default_fixed(), inputs)
        .explain_among(inputs[0].key, inputs[1].key, humans)
        .unwrap()
}

#[test]
fn the_page_shows_the_model_in_force() {
    in_step("docs/linking-explained.md", &page(), "linking");
    let first = &pairs()[0];
    in_step(
        "docs/images/linking-waterfall.svg",
        &waterfall::svg(&explained(&first.a, &first.b)),
        "linking",
    );
}

fn page() -> String {
    let model = Model::default_fixed();
    let mut out = format!(
        "# Ten pairs explained\n\n\
         How the linking engine judges two records, on ten made-up pairs. The page is generated from the engine itself \
         (model `{}`); [linking.md](linking.md) says how it works.\n\n\
         Each pair begins with what a person would see on paper, and what the engine does about it. The table below \
         that is the sum behind it, for whoever wants to check: evidence is counted in **bits**. +1 doubles the odds \
         that the two records are one child, −1 halves them; +10 makes them a thousand times better.\n\n\
         Each field is weighed twice: against *strangers* (could two unrelated children agree like this by chance?) \
         and against *relatives* (could twins, or brothers and sisters?). A family shares last names and parents, so \
         these say much against strangers and nothing against relatives. The first line, before any field is looked \
         at, says how many such others there are: strangers by the hundred thousand, so the odds begin far below zero, \
         but few twins. The probability at the end allows for all of them at once, and for *namesakes* too: two \
         children of two families who happen to have one name and birth date. A long total against strangers alone \
         therefore proves nothing.\n\n\
         ![The weights of the first pair as a picture](images/linking-waterfall.svg)\n",
        model.version
    );
    for (index, pair) in pairs().iter().enumerate() {
        let _ = write!(out, "\n## {}. {}\n\n{}\n\n", index + 1, pair.title, pair.story);
        records(&mut out, pair);
        let explanation = explained(&pair.a, &pair.b);
        let truth = if pair.one_child {
            "one child"
        } else {
            "two children"
        };
        let _ = write!(
            out,
            "\n- **Decision:** {}\n- **What would settle it:** {}\n- **In truth:** {truth}.\n",
            explanation.rule_words(),
            explanation.settle_words()
        );
        weights(&mut out, &explanation);
    }
    out
}

fn records(out: &mut String, pair: &Pair) {
    let _ = writeln!(out, "| | First record | Second record |\n| --- | --- | --- |");
    let adult = |adult: PersonNameInput<'_>| format!("{} {}", adult.first, adult.last).trim().to_owned();
    let shown = |r: &RecordInput<'_>| {
        [
            ("State", r.state.to_owned()),
            (
                "First and middle name",
                format!("{} {}", r.first_name, r.middle_name).trim().to_owned(),
            ),
            (
                "Last names",
                format!("{} {}", r.last_name_1, r.last_name_2).trim().to_owned(),
            ),
            (
                "Birth date",
                r.birth_date
                    .map_or_else(String::new, |d| d.format("%b %-d, %Y").to_string()),
            ),
            (
                "Sex",
                r.sex
                    .map_or_else(String::new, |s| format!("{s:?}").to_lowercase()),
            ),
            ("Mother", adult(r.mother)),
            ("Father", adult(r.father)),
            ("Born in", r.birth_city.to_owned()),
            (
                "Multiple birth",
                r.multiple_birth
                    .map_or("", |yes| if yes { "yes" } else { "no" })
                    .to_owned(),
            ),
        ]
    };
    for ((name, one), (_, other)) in shown(&pair.a).into_iter().zip(shown(&pair.b)) {
        if !one.is_empty() || !other.is_empty() {
            let dash = |text: String| if text.is_empty() { "–".to_owned() } else { text };
            let _ = writeln!(out, "| {name} | {} | {} |", dash(one), dash(other));
        }
    }
}

fn weights(out: &mut String, explanation: &Explanation) {
    let relatives = explanation.relatives.unwrap();
    let _ = write!(
        out,
        "\n| Field | What was found | What it says | Against strangers | Against {} |\n\
         | --- | --- | --- | ---: | ---: |\n| Before looking | | what is usual, whatever the fields say | {} | {} |\n",
        explanation.kin.words(),
        signed(explanation.strangers.prior),
        signed(relatives.prior)
    );
    for row in &explanation.rows {
        let frequency = row.note.as_ref().map_or_else(String::new, |note| {
            format!(" ({note}; how common it is: {} bits)", signed(row.frequency_bits))
        });
        let _ = writeln!(
            out,
            "| {} | {}{frequency} | {} | {} | {} |",
            row.title,
            row.words,
            row.says,
            signed(row.bits_strangers),
            signed(row.bits_relatives)
        );
    }
    let _ = write!(
        out,
        "| **Total** | | | **{}**, probability {} | **{}**, probability {} |\n\
         \nAgainst all of it together: **{} bits, probability {}**. The likeliest other explanation: {}.\n",
        signed(explanation.strangers.total),
        chance(explanation.strangers.probability),
        signed(relatives.total),
        chance(relatives.probability),
        signed(explanation.weight),
        chance(explanation.probability),
        explanation.rival_explanation()
    );
}

#[test]
fn the_ten_pairs_are_never_decided_against_the_truth() {
    for pair in pairs() {
        let explanation = explained(&pair.a, &pair.b);
        let wrong = match explanation.rule {
            Rule::Automatic => !pair.one_child,
            Rule::Apart => pair.one_child,
            _ => false,
        };
        assert!(
            !wrong,
            "{}: {:?} at {}",
            pair.title, explanation.rule, explanation.weight
        );
    }
}

#[test]
fn the_parts_add_up() {
    // Namesakes are a further explanation, told with the strangers; without them the parts add up to the whole.
    let mut model = Model::default_fixed();
    model.priors.namesake = 0.0;
    for pair in pairs() {
        let (a, b) = (pair.a.key, pair.b.key);
        let e = LinkIndex::build(model.clone(), &[pair.a, pair.b])
            .explain(a, b)
            .unwrap();
        let relatives = e.relatives.unwrap();
        let sum = |bits: fn(&linking::explain::Row) -> f32| e.rows.iter().map(bits).sum::<f32>();
        assert!((e.strangers.prior + sum(|r| r.bits_strangers) - e.strangers.total).abs() < 1e-3);
        assert!((relatives.prior + sum(|r| r.bits_relatives) - relatives.total).abs() < 1e-3);
        // All together is at most the worse of the two, and worse by at most the third explanation, which is the
        // weaker kind of relatives.
        let two = -((-e.strangers.total).exp2() + (-relatives.total).exp2()).log2();
        assert!(
            e.weight <= two + 0.01 && e.weight >= two - 1.01,
            "{}: {} of {two}",
            pair.title,
            e.weight
        );
        assert_eq!(
            e.rows.len() + e.missing.len(),
            Field::ALL.len(),
            "each field is compared or missing"
        );
    }
}

/// Setting the fact in the record itself gives what the explanation promised.
#[test]
fn what_would_settle_it_does() {
    let mut both_ways = 0;
    for pair in pairs() {
        let explanation = explained(&pair.a, &pair.b);
        for settling in &explanation.settle {
            let promised = |decision| {
                let outcome = if decision == Decision::OneChild {
                    settling.if_same
                } else {
                    settling.if_different
                };
                outcome.filter(|outcome| outcome.decision == decision)
            };
            let (same, different) = (promised(Decision::OneChild), promised(Decision::TwoChildren));
            assert!(
                same.is_some() || different.is_some(),
                "{}: {}",
                pair.title,
                settling.words
            );
            both_ways += usize::from(same.is_some() && different.is_some());
            assert!(same.is_none_or(|o| o.weight >= explanation.bands.automatic));
            assert!(different.is_none_or(|o| o.weight < explanation.bands.review));
        }
        if matches!(explanation.rule, Rule::Automatic) {
            assert!(explanation.settle.is_empty());
        }
    }
    assert!(both_ways > 0, "no pair shows a fact that settles it either way");
    // The mother's name, given.
    let pair = pairs()
        .into_iter()
        .find(|pair| pair.a.mother.first.is_empty())
        .unwrap();
    let explanation = explained(&pair.a, &pair.b);
    let mother = explanation
        .settle
        .iter()
        .find(|settling| settling.fact == "the mother's name")
        .unwrap();
    let promised = mother.if_same.unwrap();
    let named = RecordInput {
        mother: pair.b.mother,
        ..pair.a.clone()
    };
    let found = explained(&named, &pair.b);
    assert_eq!(found.rule, Rule::Automatic);
    assert!(
        (found.weight - promised.weight).abs() < 0.5,
        "{} {}",
        found.weight,
        promised.weight
    );
}

#[test]
fn a_name_is_weighed_by_how_common_it_is() {
    let [common, rare] = ["Jose", "Agapito"].map(|first| {
        let [a, b] = ["TX", "CA"].map(|state| RecordInput {
            first_name: first,
            ..pairs::child(u128::from(state == "CA") + 1, state)
        });
        explained(&a, &b)
            .rows
            .into_iter()
            .find(|row| row.field == Field::Given)
            .unwrap()
    });
    assert!(common.frequency_bits < -0.5 && rare.frequency_bits > 1.0);
    let plain = |row: &linking::explain::Row| row.bits_strangers - row.frequency_bits;
    assert!(
        (plain(&common) - plain(&rare)).abs() < 1e-3,
        "the level weighs the same"
    );
}

#[test]
fn the_rule_knows_of_other_candidates_and_of_people() {
    let [a, b] = [(1, "TX"), (2, "CA")].map(|(key, state)| pairs::child(key, state));
    let nobody = HumanDecisions::default();
    assert_eq!(among(&[a.clone(), b.clone()], &nobody).rule, Rule::Automatic);
    // California has the child twice, enrolled at the same time: whom does the Texan record belong to?
    let twice = RecordInput {
        key: 3,
        state: "CA",
        enrollments: pairs::SCHOOL_YEAR,
        ..a.clone()
    };
    let enrolled = RecordInput {
        enrollments: pairs::SCHOOL_YEAR,
        ..b.clone()
    };
    let inputs = [a.clone(), enrolled.clone(), twice.clone()];
    let explanation = among(&inputs, &nobody);
    assert_eq!(explanation.rule, Rule::Asked(Reason::TwoCandidates));
    let open = LinkIndex::build(Model::default_fixed(), &inputs)
        .explain_open(1, 2, Reason::Contradicted, &nobody)
        .unwrap();
    assert_eq!(
        (open.rule, open.bands),
        (Rule::Asked(Reason::Contradicted), explanation.bands)
    );
    assert!(explanation.bands.automatic > Model::default_fixed().thresholds.auto);
    let explanation = among(&[enrolled, twice, a.clone()], &nobody);
    assert_eq!(
        explanation.rule,
        Rule::Asked(Reason::Veto(Veto::OverlappingEnrollments))
    );
    assert_eq!(explanation.settle[0].field, Field::Source);
    let humans: HumanDecisions = [HumanDecision {
        verdict: Verdict::Different,
        key_a: 1,
        key_b: 2,
    }]
    .into_iter()
    .collect();
    let explanation = among(&[a, b], &humans);
    assert_eq!(explanation.rule, Rule::People(Verdict::Different));
    assert!(explanation.rule_words().contains("people decided") && explanation.settle.is_empty());
}

#[test]
fn namesakes_share_names_and_birth_date_as_one_child_does() {
    let pairs = pairs();
    let pair = pairs
        .iter()
        .find(|pair| pair.title.contains("Namesakes"))
        .unwrap();
    let explanation = explained(&pair.a, &pair.b);
    let namesakes = explanation.namesakes.unwrap();
    assert!(
        namesakes.total
            < explanation
                .strangers
                .total
                .min(explanation.relatives.unwrap().total)
    );
    assert!(explanation.rival_explanation().starts_with("namesakes"));
    // Whoever adds up the odds of all other explanations finds the weight.
    let others = [
        Some(explanation.strangers),
        explanation.relatives,
        explanation.namesakes,
    ];
    let odds: f32 = others
        .into_iter()
        .flatten()
        .map(|against| (-against.total).exp2())
        .sum();
    assert!((explanation.weight + odds.log2()).abs() < 0.1, "{explanation:?}");
}

#[test]
fn twins_are_weighed_against_twins() {
    let pair = &pairs()[0];
    let explanation = explained(&pair.a, &pair.b);
    assert_eq!(
        (explanation.kin, explanation.rival_explanation()),
        (Kin::Twins, "twins")
    );
    let surname = explanation
        .rows
        .iter()
        .find(|row| row.field == Field::Surname)
        .unwrap();
    assert!(surname.says.ends_with("twins share it too"), "{}", surname.says);
}

#[test]
fn figures_in_words() {
    assert_eq!(
        [signed(3.07), signed(-0.04), signed(-2.0)],
        ["+3.1", "+0.0", "−2.0"]
    );
    assert_eq!(
        [
            chance(0.999_99),
            chance(0.9951),
            chance(0.5),
            chance(0.002),
            chance(1e-9)
        ],
        ["over 0.9999", "0.9951", "0.50", "0.0020", "under 0.0001"]
    );
}

#[test]
fn the_picture_is_complete_small_and_silent_about_children() {
    for pair in pairs() {
        let explanation = explained(&pair.a, &pair.b);
        let svg = waterfall::svg(&explanation);
        assert!(svg.len() < 20_000, "{} bytes", svg.len());
        assert!(svg.contains("<title>") && svg.contains("<desc>"));
        for forbidden in [
            "<script",
            "style",
            "href",
            "url(",
            "font-size=\"1\"",
            "NaN",
            "inf",
        ] {
            assert!(!svg.contains(forbidden), "{forbidden}");
        }
        for row in &explanation.rows {
            assert!(svg.contains(&row.title) && svg.contains(&format!(">{}<", signed(row.bits_strangers))));
        }
        let sizes = svg
            .split("font-size=\"")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap());
        assert!(sizes.into_iter().all(|size| size.parse::<f32>().unwrap() >= 12.0));
        let values = [
            pair.a.first_name,
            pair.a.last_name_1,
            pair.b.last_name_1,
            pair.a.mother.first,
            pair.a.birth_city,
        ];
        for value in values.into_iter().filter(|value| !value.is_empty()) {
            assert!(!svg.contains(value), "{value} in the picture");
        }
        // Everything is on paper.
        for number in svg
            .split(['"', ' ', ',', 'M', 'V', 'H'])
            .filter_map(|part| part.parse::<f32>().ok())
        {
            assert!((0.0..=1000.0).contains(&number), "{number}");
        }
    }
}

#[test]
fn stored_text_cannot_break_out_of_the_picture() {
    let pair = &pairs()[0];
    let mut explanation = explained(&pair.a, &pair.b);
    explanation.rows[0].title = "<script>\"&".repeat(100);
    explanation.rows[0].bits_strangers = f32::NAN;
    let svg = waterfall::svg(&explanation);
    assert!(!svg.contains("<script>") && svg.contains("&lt;script&gt;&quot;&amp;") && svg.len() < 24_000);
}

#[test]
fn without_families_there_is_one_column() {
    let mut model = Model::default_fixed();
    (model.priors.twin, model.priors.sibling) = (0.0, 0.0);
    let [a, b] = [(1, "TX"), (2, "CA")].map(|(key, state)| pairs::child(key, state));
    let explanation = LinkIndex::build(model, &[a, b]).explain(1, 2).unwrap();
    assert!(explanation.relatives.is_none() && explanation.weight.is_finite());
    let svg = waterfall::svg(&explanation);
    assert!(svg.contains("Against strangers") && !svg.contains("brothers"));
    let json = serde_json::to_string(&explanation).unwrap();
    // A number read back may differ in its last bit.
    let read = serde_json::from_str::<Explanation>(&json).unwrap();
    assert_eq!(
        (read.rows.len(), read.rule, &read.summary),
        (explanation.rows.len(), explanation.rule, &explanation.summary)
    );
}
