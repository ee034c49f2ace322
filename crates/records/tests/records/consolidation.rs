//! What several states say of one made-up child, brought together.

use crate::made_up::{child, consolidated, day, held, no_longer, row};
use mde::{Course, Enrollment, Facility, Immunization, QualifyingMove, Student};
use records::courses::CourseStatus;
use records::record::Basis;

fn with(mut student: Student, change: impl FnOnce(&mut Student)) -> Student {
    change(&mut student);
    student
}

#[test]
fn the_best_evidence_wins_and_then_the_most_recent() {
    let record = consolidated(
        vec![
            held(
                "TX",
                "2026-01-05",
                child(
                    "1",
                    &[
                        ("birth_date", "2011-04-08"),
                        ("birth_verification", "1004"),
                        ("gender", "Female"),
                    ],
                ),
            ),
            held(
                "FL",
                "2026-04-01",
                child(
                    "2",
                    &[
                        ("birth_date", "2011-04-03"),
                        ("birth_verification", "1007"),
                        ("gender", "Female"),
                    ],
                ),
            ),
            held(
                "CA",
                "2026-03-01",
                child("3", &[("birth_date", "2011-04-03"), ("gender", "Female")]),
            ),
        ],
        &[],
    );
    let birth = record.element("birth_date").unwrap();
    assert_eq!(birth.value, "2011-04-08");
    assert_eq!(birth.source.state.as_str(), "TX");
    assert_eq!(birth.rule, "best evidence of birth: birth certificate");
    assert_eq!(birth.others.len(), 1);
    assert_eq!(birth.others[0].sources.len(), 2);
    assert_eq!(
        record
            .element("birth_verification")
            .unwrap()
            .source
            .state
            .as_str(),
        "TX"
    );
    assert_eq!(record.element("gender").unwrap().confirmed_by.len(), 2);
    assert!(
        record
            .disagreements
            .iter()
            .any(|d| d.text.contains("CA and FL say 2011-04-03")),
        "{:?}",
        record.disagreements
    );

    // Without evidence the newest is shown; a guardian is never a matter of evidence.
    let record = consolidated(
        vec![
            held(
                "TX",
                "2026-01-05",
                child(
                    "1",
                    &[("birth_date", "2011-04-08"), ("guardian_first_name", "Eva")],
                ),
            ),
            held(
                "FL",
                "2026-04-01",
                child(
                    "2",
                    &[("birth_date", "2011-04-03"), ("guardian_first_name", "Rosa")],
                ),
            ),
        ],
        &[],
    );
    assert_eq!(record.element("birth_date").unwrap().value, "2011-04-03");
    assert_eq!(
        record.element("birth_date").unwrap().rule,
        "most recent: 2026-04-01"
    );
    let record = consolidated(
        vec![
            held(
                "TX",
                "2026-01-05",
                child(
                    "1",
                    &[
                        ("birth_date", "2011-04-08"),
                        ("birth_verification", "1004"),
                        ("guardian_last_name", "Old"),
                    ],
                ),
            ),
            held(
                "FL",
                "2026-04-01",
                child(
                    "2",
                    &[("birth_date", "2011-04-08"), ("guardian_last_name", "New")],
                ),
            ),
        ],
        &[],
    );
    assert_eq!(record.element("guardian_last_name").unwrap().value, "New");
}

#[test]
fn a_name_is_never_put_together_of_two_states_halves() {
    let record = consolidated(
        vec![
            held("TX", "2026-04-01", child("1", &[("last_name_1", "García López")])),
            held(
                "CA",
                "2026-01-01",
                child(
                    "2",
                    &[
                        ("last_name_1", "García"),
                        ("last_name_2", "López"),
                        ("middle_name", "Luz"),
                    ],
                ),
            ),
        ],
        &[],
    );
    assert_eq!(record.summary.name, "Inés García López");
    assert!(record.element("last_name_2").is_none());
    assert!(
        record
            .disagreements
            .iter()
            .any(|d| d.text.starts_with("Last Name2: only CA states it (López)"))
    );

    // Where nothing contradicts, what is left out is filled in, and accents are no disagreement.
    let record = consolidated(
        vec![
            held("TX", "2026-04-01", child("1", &[("last_name_1", "GARCIA")])),
            held(
                "CA",
                "2026-01-01",
                child("2", &[("last_name_1", "García"), ("middle_name", "Luz")]),
            ),
        ],
        &[],
    );
    assert_eq!(record.element("middle_name").unwrap().value, "Luz");
    assert!(record.element("last_name_1").unwrap().others[0].spelling_only);
    assert!(record.disagreements.is_empty(), "{:?}", record.disagreements);
}

#[test]
fn a_student_that_is_not_live_is_visible_and_counts_nowhere() {
    let gone = with(
        child(
            "9",
            &[("birth_date", "2010-01-01"), ("birth_verification", "1004")],
        ),
        |s| {
            s.courses.push(row::<Course>(&[
                ("title", "Algebra 1"),
                ("credits", "1"),
                ("final_grade", "A"),
            ]));
            s.qualifying_moves.push(row::<QualifyingMove>(&[(
                "qualifying_arrival_date",
                "2026-01-01",
            )]));
            s.immunizations.push(row::<Immunization>(&[
                ("vaccine", "MMR"),
                ("cvx", "03"),
                ("date", "2012-05-05"),
            ]));
        },
    );
    let live = held("CA", "2025-01-01", child("2", &[("birth_date", "2011-04-03")]));
    let record = consolidated(
        vec![
            live,
            no_longer(held("TX", "2026-04-01", gone.clone()), "2026-03-01"),
        ],
        &[],
    );
    assert_eq!(record.basis, Basis::Live);
    let birth = record.element("birth_date").unwrap();
    assert_eq!((birth.value.as_str(), birth.others.len()), ("2011-04-03", 0));
    assert_eq!(record.credits_earned, "0");
    assert!(record.eligibility.is_empty());
    assert_eq!(
        (record.courses.len(), record.qualifying_moves.len()),
        (1, 1),
        "but all of it is to be seen"
    );
    assert_eq!(
        (
            record.immunizations[0].dated_doses,
            record.immunizations[0].doses.len()
        ),
        (0, 1)
    );
    assert_eq!(
        record.sources[1].status_text,
        "no longer reported since 2026-03-01"
    );

    let older = no_longer(
        held("CA", "2025-01-01", child("2", &[("birth_date", "2011-04-03")])),
        "2025-06-01",
    );
    let record = consolidated(
        vec![older, no_longer(held("TX", "2026-04-01", gone), "2026-03-01")],
        &[],
    );
    assert_eq!(record.basis, Basis::LastReported);
    assert_eq!(record.element("birth_date").unwrap().value, "2010-01-01");
    assert_eq!(record.credits_earned, "1");
    assert!(!record.eligibility[0].eligible_today, "nobody reports the child");

    assert_eq!(consolidated(vec![], &[]).basis, Basis::Nothing);
}

fn school(code: &str, name: &str, located: &str, nces: Option<&str>) -> Facility {
    let mut values = vec![
        ("code", code),
        ("name", name),
        ("city", "Mission"),
        ("located_in_state", located),
    ];
    values.extend(nces.map(|n| ("nces_school_id", n)));
    row(&values)
}

fn enrolled(facility: &str, start: &str, more: &[(&str, &str)]) -> Enrollment {
    let mut values = vec![("facility_code", facility), ("enrollment_date", start)];
    values.extend(more);
    row(&values)
}

#[test]
fn the_same_enrollment_counts_once_and_only_the_same() {
    let texas = with(child("1", &[]), |s| {
        s.enrollments = vec![
            enrolled(
                "T1",
                "2025-08-20",
                &[
                    ("enrollment_type", "01"),
                    ("withdrawal_date", "2025-11-14"),
                    ("grade", "04"),
                ],
            ),
            enrolled("T1", "2025-08-20", &[("enrollment_type", "02")]),
            enrolled(
                "T1",
                "2024-08-19",
                &[("enrollment_type", "01"), ("withdrawal_date", "2025-05-30")],
            ),
        ];
    });
    let california = with(child("2", &[]), |s| {
        s.enrollments = vec![
            enrolled(
                "C7",
                "2025-08-20",
                &[("enrollment_type", "05"), ("withdrawal_date", "2025-11-21")],
            ),
            enrolled(
                "C7",
                "2025-08-21",
                &[("enrollment_type", "01"), ("withdrawal_date", "2025-08-22")],
            ),
            enrolled(
                "C8",
                "2025-08-20",
                &[("enrollment_type", "01"), ("withdrawal_date", "2025-08-22")],
            ),
        ];
    });
    let facilities = [
        (
            "TX",
            school("T1", "Rio Vista Elementary", "TX", Some("480000000001")),
        ),
        ("CA", school("C7", "RIO VISTA ELEM", "TX", Some("480000000001"))),
        ("CA", school("C8", "Rio Vista Elementary", "CA", None)),
    ];
    // California's upload is newer, but it is a Texan school.
    let record = consolidated(
        vec![
            held("TX", "2026-01-01", texas),
            held("CA", "2026-04-01", california),
        ],
        &facilities,
    );
    assert_eq!(record.enrollments.len(), 5);
    let both: Vec<_> = record
        .enrollments
        .iter()
        .filter(|e| e.sources.len() == 2)
        .collect();
    assert_eq!(both.len(), 1);
    let both = both[0];
    assert_eq!((both.state.as_str(), both.class.as_str()), ("TX", "school"));
    assert_eq!(
        both.facility.as_ref().unwrap().title(),
        "Rio Vista Elementary, Mission"
    );
    assert_eq!(both.end, Some(day("2025-11-14")));
    assert_eq!(both.notes, ["CA says it ended on 2025-11-21"]);
    assert_eq!(both.grade.as_ref().unwrap().label, "grade 4");
    assert!(record.enrollments.is_sorted_by(|a, b| a.start >= b.start));
    let project = record.enrollments.iter().find(|e| e.class == "project").unwrap();
    assert!(project.open);
    assert!(
        record
            .timeline
            .iter()
            .any(|e| e.text == "Left Rio Vista Elementary, Mission")
    );
}

#[test]
fn residency_without_a_school_is_the_same_only_within_a_state() {
    let at = |state: &str, id: &str| {
        held(
            state,
            "2026-01-01",
            with(child(id, &[]), |s| {
                s.enrollments.push(row::<Enrollment>(&[
                    ("enrollment_date", "2025-09-01"),
                    ("enrollment_type", "06"),
                ]));
            }),
        )
    };
    assert_eq!(
        consolidated(vec![at("TX", "1"), at("TX", "2"), at("CA", "3")], &[])
            .enrollments
            .len(),
        2
    );
}

fn moved(date: &str, more: &[(&str, &str)]) -> QualifyingMove {
    let mut values = vec![("qualifying_arrival_date", date)];
    values.extend(more);
    row(&values)
}

#[test]
fn each_states_own_moves_make_eligible_in_that_state() {
    let texas = with(child("1", &[("birth_date", "2011-04-08")]), |s| {
        s.qualifying_moves = vec![
            moved("2021-06-01", &[]),
            moved("2023-03-05", &[("eligibility_expiration_date", "2026-03-05")]),
            moved(
                "2025-09-01",
                &[("void_date", "2025-10-01"), ("void_reason", "INELIGIBLE")],
            ),
        ];
    });
    let california = with(child("2", &[]), |s| {
        s.qualifying_moves = vec![
            moved("2024-07-01", &[("eligibility_expiration_date", "2027-09-30")]),
            moved("2026-12-01", &[]),
        ];
    });
    let record = consolidated(
        vec![
            held("TX", "2026-04-01", texas),
            held("CA", "2026-04-01", california),
        ],
        &[],
    );
    let [ca, tx] = record.eligibility.as_slice() else {
        panic!("two states")
    };
    assert_eq!(
        (ca.state.as_str(), ca.qualifying_arrival_date, ca.ends),
        ("CA", day("2024-07-01"), day("2027-06-30"))
    );
    assert!(ca.eligible_today);
    assert_eq!(ca.warnings.len(), 1, "{:?}", ca.warnings);
    assert_eq!(
        (tx.state.as_str(), tx.qualifying_arrival_date, tx.ends),
        ("TX", day("2023-03-05"), day("2026-03-04"))
    );
    assert!(
        !tx.eligible_today && tx.warnings.is_empty(),
        "a day of difference is right in both states"
    );
    assert_eq!(record.summary.eligible_in.len(), 1);
    assert_eq!(record.qualifying_moves.len(), 5);
}

#[test]
fn a_termination_and_the_22nd_birthday_end_eligibility() {
    let of = |identity: &[(&str, &str)], date: &str| {
        let student = with(child("1", identity), |s| {
            s.qualifying_moves.push(moved(date, &[]));
        });
        consolidated(vec![held("TX", "2026-04-01", student)], &[])
            .eligibility
            .remove(0)
    };
    let graduated = of(
        &[
            ("birth_date", "2008-01-02"),
            ("termination_date", "2025-06-01"),
            ("termination_flag", "02"),
        ],
        "2025-01-01",
    );
    assert_eq!(
        (graduated.ends, graduated.eligible_today),
        (day("2025-06-01"), false)
    );
    assert_eq!(graduated.rule, "graduation");
    assert!(graduated.warnings.is_empty(), "{:?}", graduated.warnings);
    let dropout = of(
        &[
            ("birth_date", "2008-01-02"),
            ("termination_date", "2025-06-01"),
            ("termination_flag", "04"),
        ],
        "2025-01-01",
    );
    assert!(dropout.eligible_today);
    let before = of(
        &[
            ("birth_date", "2008-01-02"),
            ("termination_date", "2024-06-01"),
            ("termination_flag", "01"),
        ],
        "2025-01-01",
    );
    assert_eq!((before.termination_date, before.eligible_today), (None, true));
    let grown_up = of(&[("birth_date", "2004-05-01")], "2025-01-01");
    assert_eq!(
        (grown_up.ends, grown_up.rule.as_str()),
        (day("2026-04-30"), "the day before the 22nd birthday")
    );
}

fn course(title: &str, more: &[(&str, &str)]) -> Course {
    let mut values = vec![
        ("title", title),
        ("subject_area", "Mathematics"),
        ("facility_code", "T1"),
        ("course_year", "2025"),
    ];
    values.extend(more);
    row(&values)
}

#[test]
fn credits_are_exact_and_partial_work_is_no_credit() {
    let third = |section| {
        course(
            "Algebra 1",
            &[
                ("term_type", "0829"),
                ("section", section),
                ("credits", ".33"),
                ("final_grade", "B"),
            ],
        )
    };
    let texas = with(child("1", &[]), |s| {
        s.courses = vec![
            third("01"),
            third("02"),
            third("03"),
            course("Geometry", &[("clock_hours", "61.5"), ("grade_to_date", "88")]),
            course("Statistics", &[("clock_hours", "20"), ("credits", ".5")]),
            course("Calculus", &[]),
        ];
    });
    // California repeats one of them from the transcript.
    let california = with(child("2", &[]), |s| {
        let mut copy = third("02");
        copy.credits = row::<Course>(&[("title", "x"), ("credits", ".5")]).credits;
        s.courses = vec![copy];
    });
    let facilities = [
        ("TX", school("T1", "Mission High", "TX", None)),
        ("CA", school("T1", "Mission High", "TX", None)),
    ];
    let record = consolidated(
        vec![
            held("TX", "2026-01-01", texas),
            held("CA", "2026-04-01", california),
        ],
        &facilities,
    );
    assert_eq!(record.courses.len(), 6);
    assert_eq!(
        record.credits_earned, "0.99",
        "three thirds as granted, in the awarding state's words, no float"
    );
    let [mathematics] = record.credits.as_slice() else {
        panic!("one subject")
    };
    assert_eq!(
        (mathematics.earned.as_str(), mathematics.unclear.as_str()),
        ("0.99", "0.5")
    );
    assert_eq!(
        (
            mathematics.partial_clock_hours.as_str(),
            mathematics.completed,
            mathematics.partial
        ),
        ("61.5", 3, 1)
    );
    let status = |title: &str| record.courses.iter().find(|c| c.title == title).unwrap().status;
    assert_eq!(status("Geometry"), CourseStatus::Partial);
    assert_eq!(status("Statistics"), CourseStatus::Unclear);
    assert_eq!(status("Calculus"), CourseStatus::InProgress);
    let shared = record.courses.iter().find(|c| c.sources.len() == 2).unwrap();
    assert_eq!(shared.notes, ["CA says credits 0.5"]);
}

#[test]
fn what_one_student_lists_twice_it_did_twice() {
    let semester = || {
        course(
            "English 9",
            &[("term_type", "0828"), ("credits", "0.5"), ("final_grade", "A")],
        )
    };
    let student = |id: &str| with(child(id, &[]), |s| s.courses = vec![semester(), semester()]);
    let facilities = [
        ("TX", school("T1", "Mission High", "TX", None)),
        ("CA", school("T1", "Mission High", "TX", None)),
    ];
    let record = consolidated(
        vec![
            held("TX", "2026-01-01", student("1")),
            held("CA", "2026-04-01", student("2")),
        ],
        &facilities,
    );
    assert_eq!((record.courses.len(), record.credits_earned.as_str()), (2, "1"));
    // Without a known school nothing says that two states mean the same course.
    let record = consolidated(
        vec![
            held("TX", "2026-01-01", student("1")),
            held("CA", "2026-04-01", student("2")),
        ],
        &[],
    );
    assert_eq!((record.courses.len(), record.credits_earned.as_str()), (4, "2"));
}

#[test]
fn immunizations_are_the_union_of_all_states() {
    let dose = |vaccine: &str, cvx: &str, date: &str| {
        row::<Immunization>(&[("vaccine", vaccine), ("cvx", cvx), ("date", date)])
    };
    let texas = with(child("1", &[]), |s| {
        s.immunizations = vec![
            dose("Pediarix", "110", "2012-05-01"),
            dose("MMR", "03", "2012-05-01"),
            dose("MMR", "03", ""),
            dose("blue drops", "", "2012-05-01"),
        ];
    });
    let california = with(child("2", &[]), |s| {
        s.immunizations = vec![
            dose("DTaP", "20", "2012-05-01"),
            dose("DTaP", "20", "2012-05-08"),
            dose("MMR", "", "2013-06-01"),
            dose("MMRV", "94", "2013-06-01"),
            dose("Blue Drops", "", "2012-05-01"),
        ];
    });
    let record = consolidated(
        vec![
            held("TX", "2026-01-01", texas),
            held("CA", "2026-04-01", california),
        ],
        &[],
    );
    let group = |code: &str| record.immunizations.iter().find(|g| g.group == code).unwrap();
    let dtap = group("DTAP");
    assert_eq!(
        dtap.dated_doses, 2,
        "the combination and the single vaccine of one day are one dose"
    );
    assert_eq!(dtap.doses[0].sources.len(), 2);
    assert!(
        dtap.doses.iter().all(|d| d.near_another),
        "a week apart: two, marked"
    );
    assert_eq!(group("POLIO").dated_doses, 1);
    assert!(group("POLIO").doses[0].combination);
    assert_eq!(group("HEPB").dated_doses, 1);
    let mmr = group("MMR");
    assert_eq!((mmr.dated_doses, mmr.undated_reports, mmr.doses.len()), (2, 1, 3));
    assert!(mmr.doses[2].date.is_none() && !mmr.doses[0].near_another);
    let other = group("OTHER");
    assert_eq!(
        other.doses.len(),
        2,
        "an MMR without a code was not read by the rules, and blue drops are one dose"
    );
    assert_eq!(
        other
            .doses
            .iter()
            .find(|d| d.sources.len() == 2)
            .unwrap()
            .vaccines,
        ["Blue Drops", "blue drops"]
    );
}

#[test]
fn alerts_assessments_and_graduation() {
    let student = with(child("1", &[]), |s| {
        s.alerts = vec![
            row(&[("kind", "MED"), ("resolution_date", "2025-01-01")]),
            row(&[
                ("kind", "MED"),
                ("contact_name", "Nurse Ortiz"),
                ("contact_phone", "956-555-0100"),
            ]),
        ];
        s.assessments = vec![
            row(&[("name", "STAAR"), ("month", "2024-05"), ("result", "410")]),
            row(&[("name", "STAAR"), ("month", "2025-05"), ("result", "480")]),
            row(&[("name", "Old test")]),
        ];
        s.enrollments = vec![enrolled("T1", "2025-08-20", &[("graduation_school", "Y")])];
        s.graduation_requirements = vec![row(&[
            ("subject_area", "Mathematics"),
            ("units", "4.0"),
            ("facility_code", "T1"),
        ])];
    });
    let copy = with(child("2", &[]), |s| {
        s.assessments = vec![row(&[("name", "Staar"), ("month", "2025-05"), ("result", "480")])];
    });
    let facilities = [("TX", school("T1", "Mission High", "TX", None))];
    let record = consolidated(
        vec![held("TX", "2026-04-01", student), held("CA", "2026-01-01", copy)],
        &facilities,
    );
    assert!(record.alerts[0].open && !record.alerts[1].open);
    assert_eq!(record.summary.open_medical_alerts, 1);
    assert_eq!(
        record
            .assessments
            .iter()
            .map(|a| a.month.as_deref())
            .collect::<Vec<_>>(),
        [Some("2025-05"), Some("2024-05"), None]
    );
    assert_eq!(record.assessments[0].sources.len(), 2);
    assert_eq!(record.graduation_requirements[0].units, "4");
    assert_eq!(
        record
            .graduation_school
            .as_ref()
            .unwrap()
            .facility
            .name
            .as_deref(),
        Some("Mission High")
    );
    let texas = record.states.iter().find(|s| s.state.as_str() == "TX").unwrap();
    assert_eq!(
        (texas.last_activity, texas.days_since),
        (Some(day("2025-08-20")), 9)
    );
}
