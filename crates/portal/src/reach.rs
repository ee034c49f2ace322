//! Whose accounts and roles a user administrator may change. Pure.

use mde::StateCode;
use store::accounts::listed::Within;
use store::accounts::{Grant, Role};

/// What a user administrator administers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reach(Within);

impl Reach {
    /// The reach of who acts with these roles in a state, or with a federal one; `None` without the role of a user
    /// administrator. `districts_of` names the districts of regions on the day.
    pub(crate) fn of<E>(
        acts_in: Option<StateCode>,
        acting: &[&Grant],
        districts_of: impl FnOnce(StateCode, &[String]) -> Result<Vec<String>, E>,
    ) -> Result<Option<Self>, E> {
        let administers: Vec<&&Grant> = acting
            .iter()
            .filter(|grant| grant.role == Role::UserAdministrator)
            .collect();
        if administers.is_empty() {
            return Ok(None);
        }
        let Some(state) = acts_in else {
            return Ok(Some(Self(Within::Federal)));
        };
        if administers.iter().any(|grant| is_whole(grant)) {
            return Ok(Some(Self(Within::State(state))));
        }
        let regions: Vec<String> = administers.iter().filter_map(|g| g.region.clone()).collect();
        let mut districts = districts_of(state, &regions)?;
        districts.extend(administers.iter().filter_map(|grant| grant.district.clone()));
        Ok(Some(Self(Within::Places {
            state,
            regions,
            districts,
        })))
    }

    /// Whose accounts are listed.
    pub(crate) fn within(&self) -> &Within {
        &self.0
    }

    /// Whether this role may be given or taken: in a state all of the state, of regions and districts what lies in
    /// them. Of the federal administrators, the federal roles and the user administrators of whole states.
    pub(crate) fn covers(&self, grant: &Grant) -> bool {
        match &self.0 {
            Within::Federal => {
                grant.state.is_none() || (grant.role == Role::UserAdministrator && is_whole(grant))
            }
            Within::State(state) => grant.state == Some(*state),
            Within::Places {
                state,
                regions,
                districts,
            } => {
                grant.state == Some(*state)
                    && (is_among(grant.region.as_deref(), regions)
                        || is_among(grant.district.as_deref(), districts))
            }
        }
    }

    /// Whether the account itself may be changed: its password, whether it is disabled, its trainings. Only where every
    /// role of it is within reach, lest the password of an account lend its other roles. An account without roles is
    /// its home state's.
    pub(crate) fn owns(&self, grants: &[Grant], home_state: Option<&str>) -> bool {
        if grants.is_empty() {
            return match &self.0 {
                Within::Federal => home_state.is_none(),
                Within::State(state) => home_state == Some(state.as_str()),
                Within::Places { .. } => false,
            };
        }
        grants.iter().all(|grant| self.covers(grant))
    }

    /// Whether the account is seen: some role of it is within reach, or it is owned.
    pub(crate) fn sees(&self, grants: &[Grant], home_state: Option<&str>) -> bool {
        let home = matches!(&self.0, Within::State(state) if home_state == Some(state.as_str()));
        home || grants.iter().any(|grant| self.covers(grant)) || self.owns(grants, home_state)
    }

    /// The roles that can be given.
    pub(crate) fn roles(&self) -> Vec<Role> {
        let federal = matches!(self.0, Within::Federal);
        let only = |role: &Role| match role {
            Role::Arbiter => federal,
            Role::UserAdministrator => true,
            _ => !federal,
        };
        Role::ALL.into_iter().filter(only).collect()
    }
}

/// Whether a place is one of these, upper or lower case: each state writes its districts in several ways.
fn is_among(name: Option<&str>, places: &[String]) -> bool {
    name.is_some_and(|name| {
        let name = name.to_lowercase();
        places.iter().any(|place| place.to_lowercase() == name)
    })
}

/// Whether a role holds in the whole of its state.
pub(crate) fn is_whole(grant: &Grant) -> bool {
    grant.region.is_none() && grant.district.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(role: Role, state: &str, region: &str, district: &str) -> Grant {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Grant {
            role,
            state: StateCode::new(state).ok(),
            region: some(region),
            district: some(district),
        }
    }

    fn reach(own: &Grant) -> Reach {
        let districts = |_: StateCode, regions: &[String]| {
            Ok::<_, ()>(regions.iter().map(|region| format!("{region} ISD")).collect())
        };
        Reach::of(own.state, &[own], districts).unwrap().unwrap()
    }

    #[test]
    fn nobody_reaches_beyond_its_own_place() {
        use Role::{Arbiter, DataAdministrator, SecondaryUser, UserAdministrator};
        let texas = reach(&grant(UserAdministrator, "TX", "", ""));
        let region = reach(&grant(UserAdministrator, "TX", "Valley", ""));
        let district = reach(&grant(UserAdministrator, "TX", "", "Mission"));
        let federal = reach(&grant(UserAdministrator, "", "", ""));
        for (to_give, by) in [
            (
                grant(DataAdministrator, "TX", "", ""),
                [true, false, false, false],
            ),
            (grant(UserAdministrator, "TX", "", ""), [true, false, false, true]),
            (
                grant(UserAdministrator, "TX", "Valley", ""),
                [true, true, false, false],
            ),
            (
                grant(SecondaryUser, "TX", "", "Valley ISD"),
                [true, true, false, false],
            ),
            (
                grant(SecondaryUser, "TX", "", "MISSION"),
                [true, false, true, false],
            ),
            (grant(SecondaryUser, "GA", "", "Mission"), [false; 4]),
            (grant(Arbiter, "", "", ""), [false, false, false, true]),
        ] {
            let found = [&texas, &region, &district, &federal].map(|reach| reach.covers(&to_give));
            assert_eq!(found, by, "{to_give:?}");
        }
        let none = Reach::of(None, &[&grant(Arbiter, "", "", "")], |_, _| {
            Ok::<_, ()>(Vec::new())
        });
        assert_eq!(none, Ok(None));
    }

    #[test]
    fn an_account_with_a_role_elsewhere_keeps_its_password() {
        let texas = reach(&grant(Role::UserAdministrator, "TX", "", ""));
        let own = grant(Role::SecondaryUser, "TX", "", "");
        let other = grant(Role::Arbiter, "", "", "");
        assert!(texas.owns(std::slice::from_ref(&own), None));
        assert!(!texas.owns(&[own.clone(), other.clone()], None));
        assert!(texas.sees(&[own, other.clone()], None) && !texas.sees(&[other], None));
        assert!(texas.owns(&[], Some("TX")) && !texas.owns(&[], None));
    }
}
