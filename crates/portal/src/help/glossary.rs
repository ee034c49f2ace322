//! The words of the field, each explained in a sentence or two of our own. The pages link to them where a word first
//! appears ([`super::ask`]).

/// A word and what it means.
#[derive(Debug)]
pub(crate) struct Term {
    /// Its name in addresses.
    pub(crate) id: &'static str,
    /// The word, with its short form.
    pub(crate) word: &'static str,
    /// What it means, as sentences.
    pub(crate) means: &'static str,
    /// Where that is laid down; empty where it is a word of this hub.
    pub(crate) source: &'static str,
}

/// Every term, by word.
pub(crate) const TERMS: &[Term] = &[
    Term {
        id: "alert",
        word: "Alert",
        means: "A mark that there is something to know about a child's health or schooling, and whom to ask. It never says what it is; that stays with the school.",
        source: "",
    },
    Term {
        id: "arbiter",
        word: "Arbiter",
        means: "The federal role that decides who is who where two states disagree, or where one of them stays silent.",
        source: "",
    },
    Term {
        id: "carnegie-unit",
        word: "Carnegie unit",
        means: "The measure of a high school credit: one course that meets every day for a school year, about 120 hours. Other units are converted to it so that credits of two states can be added.",
        source: "",
    },
    Term {
        id: "category-1",
        word: "Category 1 count",
        means: "Children aged 3 to 21 who were eligible and resident in the state on a day at least of the period from September 1 to August 31. Each child counts once in a state.",
        source: "20 U.S.C. 6393(a); EDFacts file specification 121",
    },
    Term {
        id: "category-2",
        word: "Category 2 count",
        means: "Children of the category 1 count who were served in a summer or intersession project on a day at least of the same period.",
        source: "20 U.S.C. 6393(a)",
    },
    Term {
        id: "coe",
        word: "Certificate of eligibility (COE)",
        means: "The form on which a recruiter writes down why a child is eligible, signed by the family and approved by the state.",
        source: "34 CFR 200.89(c)",
    },
    Term {
        id: "closing-hand-off",
        word: "Closing hand-off",
        means: "What a school says last of a child that leaves: the last day, where it goes, how far it is in each course. It is shown beside the record as not confirmed, until the state's next upload.",
        source: "",
    },
    Term {
        id: "consolidated-record",
        word: "Consolidated record",
        means: "All that the participating states have sent about one child, brought together on one page, each value with the state that said it.",
        source: "34 CFR 200.81",
    },
    Term {
        id: "continuation",
        word: "Continuation of services",
        means: "A child may be served after its eligibility has ended: until the end of the term, for one more year where there is nothing comparable, or in secondary school until graduation. Such a child is served, but not counted.",
        source: "20 U.S.C. 6394(e)",
    },
    Term {
        id: "contradiction",
        word: "Contradiction",
        means: "Two states say different things of one child, or one state says two things that cannot both be so. Who said it corrects it; the hub never changes what a state sent.",
        source: "",
    },
    Term {
        id: "correction",
        word: "Correction",
        means: "A family’s request to have put right what a state’s record says of its child. The state whose record it is decides within 30 days; a family that is refused may add a statement, which is shown wherever the record is.",
        source: "34 CFR 200.85, 34 CFR 99.20 to 99.22",
    },
    Term {
        id: "data-administrator",
        word: "Data administrator",
        means: "Who judges near matches, validates merges and splits and answers notices for a district, a region or a state.",
        source: "",
    },
    Term {
        id: "data-request",
        word: "Data request",
        means: "A question of one state to another that holds a record of a child: send or refresh the data, or send an official document. New data of the child that arrive with an upload answer it by themselves; a document is sent for it.",
        source: "",
    },
    Term {
        id: "deadline",
        word: "Deadline",
        means: "A duty of a state that a date has started, such as ten working days for the record of a newly certified child and four for a child who has moved. It is met by the upload that brings what it asks for.",
        source: "34 CFR 200.85",
    },
    Term {
        id: "disclosure",
        word: "Disclosure",
        means: "The note that somebody saw, received or printed something of a child: who, for whom, why, what kinds of data and when. Parents may see it.",
        source: "34 CFR 99.32",
    },
    Term {
        id: "eed",
        word: "Eligibility end date (EED)",
        means: "The day on which eligibility ends: 36 months after the qualifying arrival, or earlier at the 22nd birthday, graduation or death.",
        source: "20 U.S.C. 6399(3); 34 CFR 200.81",
    },
    Term {
        id: "eligible",
        word: "Eligible migratory child",
        means: "A child not yet 22 who made a qualifying move within the last 36 months as, or with, a migratory agricultural worker or fisher. It is eligible in the state that certified it, not in others.",
        source: "20 U.S.C. 6399(3)",
    },
    Term {
        id: "enrollment-type",
        word: "Enrollment type",
        means: "What kind of enrollment it is: the basic school program, a migrant project in the regular term, in summer or intersession, all year round, or residency only, where a child lives in a place and goes to no school there.",
        source: "",
    },
    Term {
        id: "finding",
        word: "Finding",
        means: "What the hub says of one element of one record in an upload. An error leaves out the smallest thing that it spoils; a warning leaves out nothing.",
        source: "",
    },
    Term {
        id: "full-delta",
        word: "Full and delta upload",
        means: "A full upload has every child whom the state holds: who is not in it is no longer reported. A delta has only what changed.",
        source: "",
    },
    Term {
        id: "held",
        word: "Held upload",
        means: "An upload that would take away so many children that somebody should look first. It is loaded when a data administrator releases it.",
        source: "",
    },
    Term {
        id: "id-and-r",
        word: "Identification and recruitment (ID&R)",
        means: "The work of finding migratory families and certifying their children.",
        source: "",
    },
    Term {
        id: "merge",
        word: "Merge",
        means: "Two records are found to be one child and joined under one number; the other number is retired and leads there for ever. A second person has to agree, and it can be undone.",
        source: "",
    },
    Term {
        id: "mep",
        word: "Migrant Education Program (MEP)",
        means: "The federal program that helps migratory children finish school in spite of their moves (ESEA, Title I, Part C).",
        source: "20 U.S.C. 6391",
    },
    Term {
        id: "mde",
        word: "Minimum data element (MDE)",
        means: "One item of what every state reports of a migratory child, known by its number: a name, a birth date, a school, a course. The hub stores nothing else.",
        source: "20 U.S.C. 6398(b)(2); OMB 1810-0683",
    },
    Term {
        id: "missed-enrollment",
        word: "Missed enrollment",
        means: "A child who left its school by moving away, and of whom no state has reported anything since. Somebody should look for it.",
        source: "",
    },
    Term {
        id: "move-notice",
        word: "Move notice",
        means: "A message from one state to another that a child is coming or has left, or a question where it is. The hub writes some of its own when a record shows a move.",
        source: "34 CFR 200.85",
    },
    Term {
        id: "near-match",
        word: "Near match",
        means: "Two records that may be one child, or may not: too like to ignore and too unlike to join without a look. A data administrator decides.",
        source: "",
    },
    Term {
        id: "not-reported",
        word: "No longer reported",
        means: "The state's last full upload did not have the child. What the state sent before stays visible, but gives no count and raises no notice.",
        source: "",
    },
    Term {
        id: "official-document",
        word: "Official document",
        means: "A transcript, an immunization certificate or a copy of a certificate of eligibility as a file, of which a registrar attests that it is a true copy. It is sent for a data request; whether a school takes it in lieu of a paper original, each state says for itself.",
        source: "",
    },
    Term {
        id: "onboarding-phase",
        word: "Onboarding phase",
        means: "Which groups of data elements a state has said it sends, and since when. What is not due yet is not missing.",
        source: "",
    },
    Term {
        id: "osy",
        word: "Out-of-school youth (OSY)",
        means: "A migratory youth not yet 22, without a diploma, who goes to no school here. Some work; many have never been to a school in this country.",
        source: "",
    },
    Term {
        id: "period",
        word: "Performance period",
        means: "The twelve months from September 1 to August 31 for which children are counted.",
        source: "EDFacts file specification 121",
    },
    Term {
        id: "pfs",
        word: "Priority for services (PFS)",
        means: "Children to be served first: who made a qualifying move within the last year and fail or are most at risk of failing the state's standards, or have dropped out of school. The state says who it is.",
        source: "20 U.S.C. 6394(d)",
    },
    Term {
        id: "purpose",
        word: "Purpose",
        means: "Why somebody looks at a record: to enroll or place the child, to count credits, to find out its eligibility, or to run the program. It is written down with every look.",
        source: "34 CFR 99.32(a)(3)",
    },
    Term {
        id: "qad",
        word: "Qualifying arrival date (QAD)",
        means: "The day on which a child and the worker with whom it moved were both at the new place. The 36 months of eligibility begin with it.",
        source: "34 CFR 200.81",
    },
    Term {
        id: "qualifying-move",
        word: "Qualifying move",
        means: "A move across school district lines, from one home to another and for economic necessity, that makes a child eligible.",
        source: "34 CFR 200.81",
    },
    Term {
        id: "reconciliation",
        word: "Reconciliation",
        means: "A state's own list of eligible children compared with what the hub holds of that state, child by child, until every difference is explained or corrected.",
        source: "",
    },
    Term {
        id: "referral",
        word: "Referral",
        means: "A child that is newly enrolled in a school and may be a migrant child whom the state does not have, given to its recruiters to ask the family. The hub keeps only the state's own number of it, and what came of it.",
        source: "",
    },
    Term {
        id: "residency-date",
        word: "Residency date",
        means: "The day on which the child came to the school district where it lives now. It need not be a qualifying arrival.",
        source: "",
    },
    Term {
        id: "retired-number",
        word: "Retired number",
        means: "A student record number that was joined with another one. It is never used again and always leads to the record that took its place.",
        source: "",
    },
    Term {
        id: "small-numbers",
        word: "Small numbers not shown",
        means: "A count below ten could point to a child, so it is not told to those outside the state, nor is a number from which it could be worked out.",
        source: "34 CFR 99.31(b)",
    },
    Term {
        id: "split",
        word: "Split",
        means: "A record turns out to be of two children and is taken apart. A second person has to agree, and it can be undone.",
        source: "",
    },
    Term {
        id: "student-record-number",
        word: "Student record number",
        means: "The twelve digits by which the hub knows a child in all states. It says nothing about the child and is never used for another one.",
        source: "data element 1",
    },
    Term {
        id: "user-administrator",
        word: "User administrator",
        means: "Who makes accounts, gives and takes roles and keeps the dates of trainings for a state, a region or a district.",
        source: "",
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::TERMS;

    #[test]
    fn the_terms_are_sorted_once_each_and_whole() {
        let words: Vec<String> = TERMS.iter().map(|term| term.word.to_lowercase()).collect();
        let mut sorted = words.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(words, sorted);
        let ids: BTreeSet<&str> = TERMS.iter().map(|term| term.id).collect();
        assert_eq!(ids.len(), TERMS.len());
        for term in TERMS {
            assert!(term.means.ends_with('.') && term.means.len() > 40, "{}", term.id);
        }
    }

    #[test]
    fn every_word_that_a_template_asks_about_is_here() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
        let mut asked = 0;
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            for rest in text.split("help::ask(\"").skip(1) {
                let id = rest.split('"').next().unwrap();
                assert!(
                    TERMS.iter().any(|term| term.id == id),
                    "{id} in {}",
                    path.display()
                );
                asked += 1;
            }
        }
        assert!(asked >= 12, "the pages lead to the glossary");
    }
}
