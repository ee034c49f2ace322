//! The rules of deciding, without a database: who may validate what, when an item goes up, which number survives.

use serde::{Deserialize, Serialize};

use super::Error;

/// How many working days of its state an item waits at each level before it goes up. Nothing is ever approved by waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// At the district.
    pub district: u32,
    /// At the region, where the state has regions.
    pub region: u32,
    /// At the state, before it goes to the arbiter.
    pub state: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            district: 5,
            region: 5,
            state: 5,
        }
    }
}

/// On whose worklist of a state an item is, from the bottom up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// A district.
    District,
    /// The districts of a region.
    Region,
    /// The whole state.
    State,
}

impl Level {
    /// Its name in tables, addresses and forms.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::District => "district",
            Self::Region => "region",
            Self::State => "state",
        }
    }

    /// The level of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::District, Self::Region, Self::State]
            .into_iter()
            .find(|level| level.name() == name)
    }
}

/// What becomes of an item on one worklist today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It stays.
    Stay,
    /// It goes up.
    Up(Level),
    /// This state has had its time.
    Over,
}

/// The step after `at_level` working days on this worklist and `in_all` since the item was opened. Giving an item back
/// down does not stop the clock: after the days of all levels together the state's time is over.
#[must_use]
pub fn step(level: Level, has_region: bool, at_level: u32, in_all: u32, policy: &Policy) -> Step {
    if in_all >= policy.district + policy.region + policy.state {
        return Step::Over;
    }
    match level {
        Level::District if at_level >= policy.district && has_region => Step::Up(Level::Region),
        Level::District if at_level >= policy.district => Step::Up(Level::State),
        Level::Region if at_level >= policy.region => Step::Up(Level::State),
        Level::State if at_level >= policy.state => Step::Over,
        _ => Step::Stay,
    }
}

/// The person behind a label of who acts (`account:…`, `certificate:… for …`): one person is the same whether it acts in
/// the portal or through its state's system, and after a new certificate.
#[must_use]
pub fn human(label: &str) -> String {
    let name = label.split_once(" for ").map_or_else(
        || label.strip_prefix("account:").unwrap_or(label),
        |(_, user)| user,
    );
    name.trim().to_lowercase()
}

/// A request, as far as it matters for who may validate it.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Who asks.
    pub by: &'a str,
    /// In which state.
    pub state: Option<&'a str>,
    /// The states that have it.
    pub states: &'a [String],
    /// Whether it is the arbiter's.
    pub with_arbiter: bool,
}

/// Whether somebody may approve or refuse a request: never its own; an administrator of another state where several
/// states have it, a second person where one has; only the arbiter once it is the arbiter's. `state` is `None` for the
/// arbiter.
pub fn may_validate(asked: Asked<'_>, by: &str, state: Option<&str>) -> Result<(), Error> {
    if human(asked.by) == human(by) {
        return Err(Error::OwnRequest);
    }
    let concerned = |state: &str| asked.states.iter().any(|s| s == state);
    match (asked.with_arbiter, state) {
        (true, Some(_)) => Err(Error::WithArbiter),
        (false, None) => Err(Error::NotWithArbiter),
        (false, Some(state)) if !concerned(state) => Err(Error::NotFound),
        (false, Some(state)) if asked.states.len() > 1 && asked.state == Some(state) => {
            Err(Error::AnotherState)
        }
        (true, None) | (false, Some(_)) => Ok(()),
    }
}

/// The number that survives unless somebody chooses: the person with most students, of two the smaller number.
#[must_use]
pub fn default_master(members: &[(i64, usize)]) -> Option<i64> {
    members
        .iter()
        .max_by_key(|(person, students)| (*students, std::cmp::Reverse(*person)))
        .map(|(person, _)| *person)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_goes_up_level_by_level_and_its_time_ends() {
        let policy = Policy::default();
        let at = |level, region, days, all| step(level, region, days, all, &policy);
        assert_eq!(at(Level::District, true, 4, 4), Step::Stay);
        assert_eq!(at(Level::District, true, 5, 5), Step::Up(Level::Region));
        assert_eq!(at(Level::District, false, 5, 5), Step::Up(Level::State));
        assert_eq!(at(Level::Region, true, 5, 10), Step::Up(Level::State));
        assert_eq!(at(Level::State, true, 4, 14), Step::Stay);
        assert_eq!(at(Level::State, true, 5, 5), Step::Over);
        assert_eq!(
            at(Level::District, true, 0, 15),
            Step::Over,
            "given down again and again"
        );
    }

    #[test]
    fn nobody_validates_what_it_asked_for() {
        let (one, two) = (["TX".to_owned()], ["GA".to_owned(), "TX".to_owned()]);
        let asked = |states, with_arbiter| Asked {
            by: "account:Alma@tea.example",
            state: Some("TX"),
            states,
            with_arbiter,
        };
        let may = |asked, by: &str, state| may_validate(asked, by, state);
        assert!(may(asked(&one, false), "account:second@tea.example", Some("TX")).is_ok());
        assert!(matches!(
            may(
                asked(&one, false),
                "certificate:ab for alma@tea.example",
                Some("TX")
            ),
            Err(Error::OwnRequest)
        ));
        assert!(matches!(
            may(asked(&two, false), "account:second@tea.example", Some("TX")),
            Err(Error::AnotherState)
        ));
        assert!(may(asked(&two, false), "account:gus@ga.example", Some("GA")).is_ok());
        assert!(matches!(
            may(asked(&two, false), "account:x@mi.example", Some("MI")),
            Err(Error::NotFound)
        ));
        assert!(matches!(
            may(asked(&two, false), "account:ari@ed.example", None),
            Err(Error::NotWithArbiter)
        ));
        assert!(matches!(
            may(asked(&two, true), "account:gus@ga.example", Some("GA")),
            Err(Error::WithArbiter)
        ));
        assert!(may(asked(&two, true), "account:ari@ed.example", None).is_ok());
        assert!(matches!(
            may(asked(&two, true), "account:alma@tea.example", None),
            Err(Error::OwnRequest)
        ));
    }

    #[test]
    fn the_larger_person_survives_and_of_two_the_smaller_number() {
        assert_eq!(default_master(&[(7, 1), (5, 1), (9, 2)]), Some(9));
        assert_eq!(default_master(&[(7, 1), (5, 1)]), Some(5));
        assert_eq!(default_master(&[]), None);
    }
}
