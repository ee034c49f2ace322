//! The way to graduation as a picture: of each subject what is done of what is required. It stands beside the table that
//! says the same.

use askama::Template;
use askama::filters::HtmlSafe;
use records::plan::PlanSubject;

use crate::words;

/// Height of a subject with the space around it.
const ROW: usize = 34;
/// The width of the largest requirement.
const LONGEST: f64 = 400.0;

/// A subject of which something is required. Units are Carnegie units.
#[derive(Debug, Clone, PartialEq)]
struct Subject {
    name: &'static str,
    required: f64,
    /// What counts toward it, at most what is required.
    done: f64,
    in_progress: usize,
}

/// All subjects, one below the other.
#[derive(Debug, Clone, Template)]
#[template(path = "progress.html")]
pub(crate) struct Progress {
    subjects: Vec<Subject>,
}

impl HtmlSafe for Progress {}

/// Where a subject is drawn.
struct Drawn<'a> {
    of: &'a Subject,
    y: usize,
    whole: f64,
    done: f64,
}

impl Subject {
    fn is_complete(&self) -> bool {
        self.done >= self.required
    }

    fn words(&self) -> String {
        let so_far = format!("{} of {}", units(self.done), units(self.required));
        match self.in_progress {
            _ if self.is_complete() => format!("{so_far} ✓"),
            0 => so_far,
            courses => format!(
                "{so_far}; {} under way",
                words::counted(courses, "course", "courses")
            ),
        }
    }
}

/// Units without needless zeros.
fn units(units: f64) -> String {
    let text = format!("{units:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl Progress {
    /// The picture, if anything is required.
    pub(crate) fn of(subjects: &[PlanSubject]) -> Option<Self> {
        let subjects: Vec<Subject> = subjects.iter().filter_map(subject).collect();
        (!subjects.is_empty()).then_some(Self { subjects })
    }

    fn height(&self) -> usize {
        self.subjects.len() * ROW + 6
    }

    fn drawn(&self) -> impl Iterator<Item = Drawn<'_>> {
        let most = self.subjects.iter().map(|s| s.required).fold(0.0, f64::max);
        self.subjects.iter().enumerate().map(move |(row, of)| Drawn {
            of,
            y: row * ROW + 3,
            whole: (of.required / most * LONGEST).round(),
            done: (of.done / most * LONGEST).round(),
        })
    }

    /// All of it in words.
    fn words(&self) -> String {
        let subjects = self.subjects.iter().map(|s| format!("{}: {}", s.name, s.words()));
        subjects.collect::<Vec<_>>().join("; ")
    }
}

fn subject(of: &PlanSubject) -> Option<Subject> {
    let units = |text: &Option<String>| text.as_ref()?.parse::<f64>().ok();
    let required = units(&of.required).filter(|units| *units > 0.0)?;
    Some(Subject {
        name: of.subject.name(),
        required,
        done: required - units(&of.needed)?,
        in_progress: of.in_progress,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(required: Option<&str>, needed: Option<&str>, in_progress: usize) -> PlanSubject {
        PlanSubject {
            subject: records::plan::Subject::Mathematics,
            required: required.map(Into::into),
            earned: "9".into(),
            from_other_subjects: None,
            in_progress,
            hours: "0".into(),
            needed: needed.map(Into::into),
        }
    }

    #[test]
    fn what_is_done_is_what_is_required_without_what_is_needed() {
        let picture = Progress::of(&[
            of(Some("4"), Some("1.5"), 2),
            of(Some("0.5"), Some("0"), 1),
            of(Some("3"), Some("3"), 0),
            of(None, None, 1),
            of(Some("0"), Some("0"), 0),
        ])
        .unwrap();
        let words: Vec<String> = picture.subjects.iter().map(Subject::words).collect();
        assert_eq!(words, ["2.5 of 4; 2 courses under way", "0.5 of 0.5 ✓", "0 of 3"]);
        let widths: Vec<(f64, f64)> = picture.drawn().map(|row| (row.whole, row.done)).collect();
        assert_eq!(widths, [(400.0, 250.0), (50.0, 50.0), (300.0, 0.0)]);
    }

    #[test]
    fn nothing_is_drawn_where_nothing_is_required() {
        assert!(Progress::of(&[of(None, None, 3)]).is_none());
    }
}
