use super::*;

fn given(a: &str, b: &str) -> Likeness {
    let mut tokens = Tokens::default();
    let (a, b) = (tokens.intern(a), tokens.intern(b));
    assert_eq!(tokens.given_likeness(a, b), tokens.given_likeness(b, a));
    tokens.given_likeness(a, b)
}

#[test]
fn likeness_of_given_names() {
    assert_eq!(given("JOSE", "JOSE"), Likeness::Equal);
    assert_eq!(given("JOSE", "PEPE"), Likeness::Nickname);
    assert_eq!(given("CRISTIAN", "CRSTIAN"), Likeness::Close);
    assert_eq!(given("CARLA", "KARLA"), Likeness::Close);
    assert_eq!(given("DANIEL", "DANIELA"), Likeness::Similar);
    assert!(given("JOEL", "NOEL") > Likeness::Nickname);
    assert_eq!(given("J", "JOSE"), Likeness::Initial);
    assert_eq!(given("EDWIN", "ALMA"), Likeness::Different);
}

#[test]
fn a_collision_is_the_chance_that_two_draws_are_one_word() {
    let mut tokens = Tokens::default();
    assert_eq!(tokens.collision(Role::Given), None, "nothing to draw from");
    let [ana, eva] = ["ANA", "EVA"].map(|word| tokens.intern(word));
    for id in [ana, ana, ana, eva] {
        tokens.count(id, Role::Given);
    }
    tokens.count(eva, Role::Surname);
    assert_eq!(tokens.collision(Role::Given), Some(10.0 / 16.0));
    assert_eq!(tokens.collision(Role::Surname), Some(1.0));
    tokens.uncount(eva, Role::Given);
    assert_eq!(tokens.collision(Role::Given), Some(1.0));
    tokens.uncount(NONE, Role::Given);
    assert_eq!(tokens.collision(Role::City), None);
}

#[test]
fn counting_moves_the_share() {
    let mut tokens = Tokens::default();
    let id = tokens.intern("XOCHITL");
    let before = tokens.share(id, Role::Given);
    for _ in 0..500 {
        tokens.count(id, Role::Given);
    }
    assert!(
        (tokens.share(id, Role::Given) - before).abs() < 1e-12,
        "counted, not yet in force"
    );
    tokens.freeze(SMOOTHING);
    assert!(tokens.share(id, Role::Given) > 100.0 * before);
    for _ in 0..500 {
        tokens.uncount(id, Role::Given);
    }
    tokens.freeze(SMOOTHING);
    assert!((tokens.share(id, Role::Given) - before).abs() < 1e-12);
}

fn free(a: &str, b: &str) -> Likeness {
    let mut tokens = Tokens::default();
    let (a, b) = (tokens.intern(a), tokens.intern(b));
    assert_eq!(tokens.likeness(a, b), tokens.likeness(b, a));
    tokens.likeness(a, b)
}

#[test]
fn likeness_of_surnames_and_places() {
    for (a, b, likeness) in [
        ("LUNA", "LUNA", Likeness::Equal),
        ("L", "LUNA", Likeness::Initial),
        ("L", "VEGA", Likeness::Different),
        ("L", "M", Likeness::Different),
        ("ANNA", "ANA", Likeness::Close),
        ("ANA", "AVA", Likeness::Different),
        ("VAZQUEZ", "BASQUES", Likeness::Close),
        ("TELLO", "TELO", Likeness::Close),
        ("ORTEGA", "ORTGEA", Likeness::Close),
        ("EMMA", "EHHA", Likeness::Close),
        // Two slips in a long word.
        ("BALLESTEROS", "BALESTERROS", Likeness::Close),
        // Another word, although one begins with the other.
        ("MARTIN", "MARTINEZ", Likeness::Similar),
        ("MARTINEZ", "MARTIN", Likeness::Similar),
        ("MARCELINO", "MARGARITO", Likeness::SameStart),
        ("MOR", "MORENO", Likeness::Similar),
        ("ROSARIO", "ROBLES", Likeness::Different),
        ("GARCIA", "LOPEZ", Likeness::Different),
        ("JOSE", "PEPE", Likeness::Different),
        // Longer than what is kept at hand.
        ("SANTAMARIADELRIONUEVO", "SANTAMARIADELRIONUEVA", Likeness::Close),
        ("SANTAMARIADELRIONUEVO", "SANTAMARIADELRIONUEVO", Likeness::Equal),
    ] {
        assert_eq!(free(a, b), likeness, "{a} {b}");
    }
}

#[test]
fn two_established_names_a_letter_apart_are_two_names() {
    for (a, b, likeness) in [
        ("MARIO", "MARIA", Likeness::Similar),
        ("ANTONIO", "ANTONIA", Likeness::Similar),
        // Neither is established, and yet they can be brother and sister.
        ("FULGENCIO", "FULGENCIA", Likeness::Similar),
        ("OSVALDO", "OSBALDO", Likeness::Close),
        ("FULGENCIO", "FULGENIO", Likeness::Close),
        ("JULIA", "JULIAN", Likeness::Similar),
        ("PACO", "PANCHO", Likeness::Nickname),
        ("LUPITA", "GUADALUPE", Likeness::Nickname),
    ] {
        assert_eq!(given(a, b), likeness, "{a} {b}");
    }
    assert!(gender_pair("DANIEL", "DANIELA") && gender_pair("MARIO", "MARIA"));
    assert!(!gender_pair("MARIO", "MARIO") && !gender_pair("MARIO", "MARCO"));
}

/// Pairs are asked for again and again, and may take each other's place.
#[test]
fn what_is_remembered_of_two_words_is_what_was_found() {
    let mut tokens = Tokens::default();
    let mut words: Vec<String> = ["JOSE", "PEPE", "MARIO", "MARIA", "J", "M", "OSVALDO", "OSBALDO"]
        .map(str::to_owned)
        .into();
    let endings = ["A", "O", "EZ", "", "ITA", "IA"];
    words.extend((0..60_u8).map(|at| {
        let letters = [at % 7, at % 5, at % 3].map(|n| char::from(b'A' + n));
        letters.iter().collect::<String>() + endings[at as usize % endings.len()]
    }));
    let ids: Vec<TokenId> = words.iter().map(|word| tokens.intern(word)).collect();
    for _ in 0..2 {
        for &a in &ids {
            for &b in &ids {
                if a != b {
                    let told = || format!("{} {}", tokens.text(a), tokens.text(b));
                    assert_eq!(
                        tokens.likeness(a, b),
                        tokens.work_out_likeness(a, b),
                        "{}",
                        told()
                    );
                    let found = tokens.work_out_given_likeness(a, b);
                    assert_eq!(tokens.given_likeness(a, b), found, "{}", told());
                }
            }
        }
    }
    // The numbers of the very last words do not fit beside each other.
    let memo = Memo::default();
    let far = 1 << MEMO_BITS;
    for pair in [(1, far), (far, 1), (far, far + 1), (1, far - 1)] {
        assert_eq!(memo.of(pair, || Likeness::Initial), Likeness::Initial, "{pair:?}");
    }
    assert_eq!(
        memo.of((1, far - 1), || Likeness::Close),
        Likeness::Initial,
        "remembered"
    );
    assert_eq!(memo.of((1, far), || Likeness::Close), Likeness::Close, "not");
    for (at, likeness) in (1..).zip(Likeness::ALL) {
        memo.of((at, 100), || likeness);
        assert_eq!(memo.of((at, 100), || Likeness::Equal), likeness);
    }
}

#[test]
fn a_word_is_held_once_with_what_is_asked_of_it() {
    let mut tokens = Tokens::default();
    assert!(tokens.is_empty());
    assert_eq!((tokens.intern(""), tokens.find("ANA")), (NONE, None));
    let words = [
        "ANA",
        "J",
        "SANTAMARIADELRIONUEVO",
        "HUAJUAPANDELEON",
        "HUAJUAPAN",
    ];
    let ids = words.map(|word| tokens.intern(word));
    assert_eq!(ids, [1, 2, 3, 4, 5]);
    assert_eq!(words.map(|word| tokens.intern(word)), ids);
    assert_eq!(ids.map(|id| tokens.text(id).to_owned()), words);
    assert_eq!((tokens.len(), tokens.is_empty()), (5, false));
    let [ana, initial, long, huajuapan, short] = ids;
    assert_eq!(
        [ana, initial, NONE].map(|id| tokens.is_whole(id)),
        [true, false, false]
    );
    assert_eq!(tokens.start(ana, 2), b"AN");
    assert_eq!(tokens.start(ana, 3), b"ANA");
    assert_eq!(tokens.start(initial, 3), b"J");
    assert_eq!(tokens.start(long, 20), b"SANTAMARIADELRIO");
    assert!(tokens.begins_alike(huajuapan, short) && tokens.begins_alike(short, huajuapan));
    assert!(!tokens.begins_alike(huajuapan, long) && !tokens.begins_alike(ana, initial));
    let ann = tokens.intern("ANNA");
    assert_eq!(tokens.sound(ana), tokens.sound(ann));
    assert_ne!(tokens.sound(ana), tokens.sound(long));
}

/// Beside so many records of the built-in tables as the smoothing says.
#[test]
fn a_share_is_what_was_counted_beside_the_built_in_tables() {
    let mut tokens = Tokens::default();
    let [garcia, rara] = ["GARCIA", "RARA"].map(|word| tokens.intern(word));
    for id in [garcia, garcia, garcia, rara] {
        tokens.count(id, Role::Surname);
    }
    tokens.count(NONE, Role::Surname);
    tokens.freeze(16.0);
    let near = |found: f64, wanted: f64| assert!((found / wanted - 1.0).abs() < 1e-4, "{found} {wanted}");
    near(tokens.share(garcia, Role::Surname), (3.0 + 16.0 * 0.029) / 20.0);
    near(tokens.share(rara, Role::Surname), (1.0 + 16.0 * 5e-5) / 20.0);
    near(tokens.share(garcia, Role::City), 4e-4);
    near(tokens.share(garcia, Role::Given), 8e-5);
    near(tokens.share(garcia, Role::Street), 1e-3);
    near(tokens.share(garcia, Role::Locality), 1e-3);
    // A word that comes later is judged by what was known then.
    tokens.count(rara, Role::Surname);
    let late = tokens.intern("LOPEZ");
    near(tokens.share(late, Role::Surname), 16.0 * 0.024 / 20.0);
    // Of words that are gathered the uses come along.
    tokens.hold_all(vec![NewWord::new("RARISIMA", [0, 5, 0, 0, 0])]);
    let late = tokens.find("RARISIMA").unwrap();
    tokens.freeze(16.0);
    near(tokens.share(late, Role::Surname), (5.0 + 16.0 * 5e-5) / 26.0);
    near(tokens.share(rara, Role::Surname), (2.0 + 16.0 * 5e-5) / 26.0);
    for _ in 0..5 {
        tokens.uncount(late, Role::Surname);
    }
    tokens.freeze(16.0);
    near(tokens.share(late, Role::Surname), 5e-5 * 16.0 / 21.0);
}

/// The first numbers of splitmix64 from 0 (Steele, Lea, Flood 2014).
#[test]
fn the_finish_of_a_hash_is_that_of_splitmix() {
    let step = 0x9E37_79B9_7F4A_7C15_u64;
    let first = [1, 2, 3].map(|n| mix(step.wrapping_mul(n)));
    assert_eq!(
        first,
        [
            0xE220_A839_7B1D_CDAF,
            0x6E78_9E6A_A1B9_65F4,
            0x06C4_5D18_8009_454F
        ]
    );
    assert_ne!(hash_bytes(b"ANA"), hash_bytes(b"ANB"));
    assert_eq!(hash_bytes(b"ANA"), hash_bytes(b"ANA"));
}
