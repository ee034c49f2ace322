use super::*;

#[test]
fn what_a_field_says_is_said_in_words() {
    let said = |strangers, relatives| {
        let bits = FieldBits {
            strangers,
            relatives,
            frequency: 0.0,
        };
        says(bits, Kin::Siblings)
    };
    for (strangers, relatives, words) in [
        (0.4, 0.0, "says little against strangers"),
        (1.9, 1.0, "speaks slightly for one child"),
        (2.0, 1.0, "speaks clearly for one child"),
        (4.9, 3.0, "speaks clearly for one child"),
        (5.0, 3.0, "speaks strongly for one child"),
        (9.0, 3.0, "speaks very strongly for one child"),
        (-3.0, -3.0, "speaks clearly against it"),
        (
            6.0,
            0.4,
            "speaks strongly for one child, but brothers or sisters share it too",
        ),
        (
            6.0,
            -0.4,
            "speaks strongly for one child, but brothers or sisters share it too",
        ),
        (
            6.0,
            -0.5,
            "speaks strongly for one child, but more for brothers or sisters",
        ),
        (
            0.5,
            -0.5,
            "speaks slightly for one child, but more for brothers or sisters",
        ),
        (
            0.0,
            3.0,
            "says little against strangers, but speaks clearly against brothers or sisters",
        ),
        (
            -1.0,
            0.5,
            "speaks slightly against it, but speaks slightly against brothers or sisters",
        ),
        (
            0.0,
            -0.5,
            "says little against strangers, and speaks slightly for brothers or sisters",
        ),
        (-0.5, -0.5, "speaks slightly against it"),
    ] {
        assert_eq!(said(strangers, relatives), words, "{strangers} {relatives}");
    }
}

#[test]
fn a_probability_is_never_rounded_to_certainty() {
    for (probability, words) in [
        (1.0, "over 0.9999"),
        (0.999_951, "over 0.9999"),
        (0.999_95, "over 0.9999"),
        (0.999_949, "0.9999"),
        (0.985, "0.9850"),
        (0.984, "0.98"),
        (0.01, "0.01"),
        (0.009_9, "0.0099"),
        (0.000_05, "0.0001"),
        (0.000_049, "under 0.0001"),
        (0.0, "under 0.0001"),
    ] {
        assert_eq!(chance(probability), words, "{probability}");
    }
}

#[test]
fn fields_have_names_for_people() {
    let titles: Vec<String> = Field::ALL.into_iter().map(title).collect();
    assert_eq!(
        titles,
        [
            "First given name",
            "Other given names",
            "Last names",
            "Birth date",
            "Sex",
            "Parents and guardian",
            "Birth city",
            "Birth state and country",
            "Multiple birth",
            "Whose records",
            "Suffix (Jr., III)",
            "Identifiers",
            "Address",
            "Postcode and town",
            "Telephone and e-mail",
            "Further columns",
        ]
    );
    assert_eq!(
        (upper(""), lower(""), upper("ña"), lower("ÑA")),
        (String::new(), String::new(), "Ña".into(), "ñA".into())
    );
}

#[test]
fn weights_have_one_place_and_a_sign() {
    for (bits, words) in [
        (0.0, "+0.0"),
        (0.04, "+0.0"),
        (-0.04, "+0.0"),
        (0.06, "+0.1"),
        (-0.06, "−0.1"),
        (12.34, "+12.3"),
        (-12.36, "−12.4"),
    ] {
        assert_eq!(signed(bits), words);
    }
}

#[test]
fn a_summary_says_what_tells_something() {
    let summary_of = |levels: &[(Field, u8)]| {
        let levels = levels
            .iter()
            .fold(crate::levels::Levels::default(), |all, &(field, level)| {
                all.with(field, level)
            });
        summary(&Comparison {
            levels,
            ..Comparison::default()
        })
    };
    assert_eq!(summary_of(&[]), "nothing could be compared");
    // What nearly always agrees is told where it does not.
    let usual = [
        (Field::Sex, 1),
        (Field::Generation, 1),
        (Field::Source, 1),
        (Field::MultipleBirth, 3),
    ];
    assert_eq!(summary_of(&usual), "nothing could be compared");
    let unusual = [
        (Field::Sex, 2),
        (Field::Generation, 2),
        (Field::Source, 2),
        (Field::MultipleBirth, 1),
        (Field::Identifier, 1),
        (Field::Given, 1),
        (Field::BirthDate, 1),
    ];
    assert_eq!(
        summary_of(&unusual),
        "same birth date; given name equal; sex differs; multiple birth on both; suffix differs; two ids of one state, \
         both reported; an identifier is shared"
    );
}

#[test]
fn against_one_explanation_bits_are_added_to_its_prior() {
    let close = |found: f32, wanted: f32| assert!((found - wanted).abs() < 1e-4, "{found} {wanted}");
    let against = Against::new(-8.0, [3.0, 4.5, -0.5].into_iter());
    close(against.prior, -8.0);
    close(against.total, -1.0);
    close(against.probability as f32, 1.0 / 3.0);
    let sure = Against::new(f64::INFINITY, [3.0].into_iter());
    close(sure.prior, 99.0);
    close(sure.total, 99.0);
    let never = Against::new(-50.0, [-100.0].into_iter());
    close(never.total, -99.0);
}

/// Two children of one description, of two states, as an explanation to be turned every way.
fn explanation() -> Explanation {
    let child = |key, state| crate::RecordInput {
        key,
        state,
        first_name: "Cristian",
        last_name_1: "Tello",
        birth_date: chrono::NaiveDate::from_ymd_opt(2014, 3, 21),
        live: true,
        ..crate::RecordInput::default()
    };
    let index = LinkIndex::build(crate::Model::default_fixed(), &[child(1, "TX"), child(2, "CA")]);
    index.explain(1, 2).unwrap()
}

#[test]
fn the_rule_that_decides_is_a_sentence() {
    let mut why = explanation();
    why.bands = Bands {
        review: -1.0,
        automatic: 7.64,
        probabilities: [0.333, 0.995],
    };
    let mut said = |rule| {
        why.rule = rule;
        (why.rule_words(), why.settle_words())
    };
    let veto = |veto| Rule::Asked(Reason::Veto(veto));
    for (rule, words) in [
        (
            Rule::Automatic,
            "One child, joined without people: the evidence is above the upper threshold (+7.6 bits, probability \
             0.9950) and nothing forbids it.",
        ),
        (
            Rule::Asked(Reason::Uncertain),
            "People are asked: the evidence is between the thresholds (−1.0 bits, probability 0.33; +7.6 bits, \
             probability 0.9950).",
        ),
        (
            Rule::Asked(Reason::TwoCandidates),
            "People are asked: another child fits nearly as well.",
        ),
        (
            Rule::Asked(Reason::Contradicted),
            "People are asked: other records of the same child speak against it.",
        ),
        (
            Rule::Asked(Reason::Split),
            "People are asked: the records of this child no longer look like one child.",
        ),
        (
            veto(Veto::SameState),
            "People are asked, whatever the weight: one state holds both under different identifiers.",
        ),
        (
            veto(Veto::OverlappingEnrollments),
            "People are asked, whatever the weight: both were enrolled at the same time.",
        ),
        (
            veto(Veto::MultipleBirth),
            "People are asked, whatever the weight: a multiple birth with different given names.",
        ),
        (
            veto(Veto::ParentsDiffer),
            "People are asked, whatever the weight: parents differ.",
        ),
        (
            veto(Veto::SexAndGivenName),
            "People are asked, whatever the weight: sex and given name differ.",
        ),
        (
            veto(Veto::HumanDifferent),
            "People are asked, whatever the weight: people said that these are different children.",
        ),
        (
            Rule::Apart,
            "Two children; nobody is asked: the evidence is below the lower threshold (−1.0 bits, probability 0.33).",
        ),
        (
            Rule::People(Verdict::Same),
            "One child: people decided so, and that stands.",
        ),
        (
            Rule::People(Verdict::Different),
            "Two children: people decided so, and that stands.",
        ),
    ] {
        assert_eq!(said(rule).0, words);
    }
    assert_eq!(said(Rule::Automatic).1, "Nothing is open.");
    assert_eq!(said(Rule::People(Verdict::Same)).1, "Nothing is open.");
}

#[test]
fn at_most_two_facts_are_named() {
    let mut why = explanation();
    let fact = |words: &str| Settling {
        field: Field::Sex,
        fact: "the child's sex".to_owned(),
        missing: true,
        if_same: None,
        if_different: None,
        words: words.to_owned(),
    };
    why.settle.clear();
    why.rule = Rule::Apart;
    assert_eq!(why.settle_words(), "No single fact would make it one child.");
    why.rule = Rule::Asked(Reason::Uncertain);
    assert_eq!(
        why.settle_words(),
        "No single fact settles it: compare the two records as a whole and ask the states."
    );
    for (number, words) in [
        (1, "If one."),
        (2, "If one. Or: if two."),
        (3, "If one. Or: if two."),
    ] {
        why.settle = ["If one.", "If two.", "If three."][..number]
            .iter()
            .map(|words| fact(words))
            .collect();
        assert_eq!(why.settle_words(), words);
    }
    why.rule = Rule::Automatic;
    assert_eq!(why.settle_words(), "Nothing is open.");
}

#[test]
fn the_likeliest_other_explanation_is_the_one_with_the_least_bits() {
    let mut why = explanation();
    let against = |total| Against {
        prior: 0.0,
        total,
        probability: 0.5,
    };
    for (strangers, relatives, namesakes, words) in [
        (3.0, Some(4.0), Some(5.0), "strangers"),
        (4.0, Some(3.0), Some(5.0), "twins"),
        (
            4.0,
            Some(5.0),
            Some(3.0),
            "namesakes, two children of two families with one name and birth date",
        ),
        (4.0, None, None, "strangers"),
    ] {
        why.kin = Kin::Twins;
        why.strangers = against(strangers);
        (why.relatives, why.namesakes) = (relatives.map(against), namesakes.map(against));
        assert_eq!(why.rival_explanation(), words);
    }
    assert_eq!(Kin::Siblings.words(), "brothers or sisters");
}
