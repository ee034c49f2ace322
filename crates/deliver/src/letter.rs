//! What a letter says: pure.

use std::collections::BTreeSet;

use mde::StateCode;
use store::mail::Letter;

/// Something of which there can be one or several, and the page where they are.
struct Thing {
    /// How the kinds of its events begin.
    kinds: &'static str,
    one: &'static str,
    several: &'static str,
    page: &'static str,
}

/// What events are about; the first that fits.
const THINGS: [Thing; 8] = [
    Thing {
        kinds: "move_notice.",
        one: "move notice",
        several: "move notices",
        page: "/notices",
    },
    Thing {
        kinds: "deadline.overdue",
        one: "overdue deadline",
        several: "overdue deadlines",
        page: "/deadlines",
    },
    Thing {
        kinds: "deadline.",
        one: "deadline due soon",
        several: "deadlines due soon",
        page: "/deadlines",
    },
    Thing {
        kinds: "data_request.",
        one: "data request",
        several: "data requests",
        page: "/data-requests",
    },
    Thing {
        kinds: "correction.",
        one: "correction request",
        several: "correction requests",
        page: "/corrections",
    },
    Thing {
        kinds: "referral.overdue",
        one: "overdue referral",
        several: "overdue referrals",
        page: "/referrals",
    },
    Thing {
        kinds: "referral.due_soon",
        one: "referral due soon",
        several: "referrals due soon",
        page: "/referrals",
    },
    Thing {
        kinds: "referral.",
        one: "new referral",
        several: "new referrals",
        page: "/referrals",
    },
];

/// Subject and text of a letter: how many of what, each counted once, and where they are read. `portal` is the hub's
/// address for people.
pub(crate) fn words(letter: &Letter, portal: &str) -> (String, String) {
    let code = &letter.state;
    let state = StateCode::new(code).map_or_else(|_| code.clone(), |code| code.name().to_owned());
    let mut links: [BTreeSet<&str>; THINGS.len()] = Default::default();
    for told in &letter.events {
        if let Some(at) = THINGS.iter().position(|thing| told.kind.starts_with(thing.kinds)) {
            links[at].insert(&told.link);
        }
    }
    let counted: Vec<(String, String)> = THINGS
        .iter()
        .zip(&links)
        .filter(|(_, links)| !links.is_empty())
        .map(|(thing, links)| {
            let name = if links.len() == 1 {
                thing.one
            } else {
                thing.several
            };
            (
                format!("{} {name}", links.len()),
                format!("{portal}{}", thing.page),
            )
        })
        .collect();
    let subject = match counted.as_slice() {
        [] => "News".to_owned(),
        [(one, _)] => one.clone(),
        [(first, _), (second, _)] => format!("{first} and {second}"),
        [(first, _), more @ ..] => format!("{first} and {} more", more.len()),
    };
    let subject = format!("{subject} for {state}");
    let lines: Vec<String> = counted
        .iter()
        .map(|(what, page)| format!("  {what}: {page}\r\n"))
        .collect();
    let lines = lines.concat();
    let body = format!(
        "There is something new for {state}:\r\n\r\n{lines}\r\nSign in to read it. This mail names no child, so that it can be \
         read anywhere.\r\nHow often you get one is chosen here: {portal}/notices/mail\r\n"
    );
    (subject, body)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use store::mail::Told;
    use uuid::Uuid;

    use super::*;

    fn letter(events: &[(&str, &str)]) -> Letter {
        let told = |(kind, link): &(&str, &str)| Told {
            webhook_id: Uuid::nil(),
            kind: (*kind).to_owned(),
            link: (*link).to_owned(),
            attempts: 1,
            queued_at: DateTime::UNIX_EPOCH,
        };
        Letter {
            address: "rita@tx.example".into(),
            account_id: 1,
            state: "TX".into(),
            mailed_before: None,
            events: events.iter().map(told).collect(),
        }
    }

    #[test]
    fn what_is_told_twice_is_counted_once_and_nothing_is_numbered() {
        let (subject, body) = words(
            &letter(&[
                ("move_notice.created", "/v1/move-notices/417"),
                ("move_notice.withdrawn", "/v1/move-notices/417"),
                ("move_notice.created", "/v1/move-notices/418"),
            ]),
            "https://hub.example",
        );
        assert_eq!(subject, "2 move notices for Texas");
        assert!(
            body.contains("  2 move notices: https://hub.example/notices\r\n"),
            "{body}"
        );
        assert!(!body.contains("417") && !body.contains("/v1/"), "{body}");
    }

    #[test]
    fn several_things_stand_below_each_other_with_their_pages() {
        let events = [
            ("correction.created", "/v1/corrections/1"),
            ("deadline.overdue", "/v1/deadlines/2"),
            ("deadline.due_soon", "/v1/deadlines/3"),
            ("referral.created", "/v1/referrals/4"),
            ("referral.overdue", "/v1/referrals/5"),
        ];
        let (subject, body) = words(&letter(&events), "https://hub.example");
        assert_eq!(subject, "1 overdue deadline and 4 more for Texas");
        let at = |text: &str| body.find(text).unwrap_or_else(|| panic!("{text}: {body}"));
        assert!(at("1 overdue deadline: https://hub.example/deadlines") < at("1 deadline due soon"));
        assert!(at("1 deadline due soon") < at("1 correction request: https://hub.example/corrections"));
        assert!(at("1 overdue referral: https://hub.example/referrals") < at("1 new referral: "));
        let two = words(&letter(&events[..2]), "https://hub.example").0;
        assert_eq!(two, "1 overdue deadline and 1 correction request for Texas");
    }
}
