//! How many children the lists of a place have, for the pages that show it beside every list.

use std::sync::Arc;
use std::time::{Duration, Instant};

use api::Db;
use chrono::NaiveDate;
use moka::Expiry;
use moka::future::Cache;
use store::roster::{self, Counts, Place, PlaceCount, Question};

use crate::failure::Failure;

/// The lists of a place with more children than this are counted at most once in [`MINUTE`]: it takes longer than the
/// rest of the page, and in so many a child more or less is not seen. Smaller ones are counted at every look.
const MANY: i64 = 2_000;

/// For how long the counts of many children hold.
const MINUTE: Duration = Duration::from_mins(1);

/// Places whose counts are held at once.
const PLACES: u64 = 1_000;

/// The counts of a place on a day.
#[derive(Debug)]
pub(crate) struct Tally {
    /// Of the place that is asked about.
    pub(crate) counts: Counts,
    /// Districts and schools of everywhere the user may look.
    pub(crate) places: Vec<PlaceCount>,
}

/// The place asked about, everywhere that the user may look, and the day.
type Key = (Place, Place, NaiveDate);

/// The counts of late. Who asks while they are being made waits for them, and nobody makes them a second time.
#[derive(Clone)]
pub(crate) struct Tallies(Cache<Key, Arc<Tally>>);

struct WhileMany;

impl Expiry<Key, Arc<Tally>> for WhileMany {
    fn expire_after_create(&self, _: &Key, tally: &Arc<Tally>, _: Instant) -> Option<Duration> {
        let everywhere: i64 = tally.places.iter().map(|place| place.children).sum();
        Some(if everywhere > MANY { MINUTE } else { Duration::ZERO })
    }
}

impl Tallies {
    pub(crate) fn new() -> Self {
        Self(
            Cache::builder()
                .max_capacity(PLACES)
                .expire_after(WhileMany)
                .build(),
        )
    }

    /// The counts of the question's place, and the places of everywhere the user may look.
    pub(crate) async fn of(
        &self,
        db: &Db,
        question: &Question,
        everywhere: &Place,
    ) -> Result<Arc<Tally>, Failure> {
        let key = (question.place.clone(), everywhere.clone(), question.day);
        let (asked, everywhere) = (question.clone(), everywhere.clone());
        let count = async move {
            let tally = db
                .run(move |c| {
                    let counts = roster::counts(c, &asked)?;
                    let everywhere = Question {
                        place: everywhere,
                        ..asked
                    };
                    let places = roster::places(c, &everywhere)?;
                    Ok::<_, store::Error>(Tally { counts, places })
                })
                .await?;
            Ok::<_, Failure>(Arc::new(tally))
        };
        let counted = self.0.try_get_with(key, count).await;
        // Each who waited is told the same; the log has it already.
        counted.map_err(|failure| match *failure {
            Failure::Unavailable => Failure::Unavailable,
            _ => Failure::Internal,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_long_lists_are_counted_less_often() {
        let place = Place {
            state: mde::StateCode::new("TX").unwrap(),
            districts: None,
            school: None,
        };
        let key = (place.clone(), place, NaiveDate::default());
        let holds = |children: i64| {
            let of = |children| PlaceCount {
                district: None,
                code: None,
                name: None,
                children,
            };
            let tally = Tally {
                counts: Counts::default(),
                places: vec![of(children - 1), of(1)],
            };
            WhileMany.expire_after_create(&key, &Arc::new(tally), Instant::now())
        };
        assert_eq!(holds(MANY), Some(Duration::ZERO), "the next look counts again");
        assert_eq!(holds(MANY + 1), Some(MINUTE));
    }
}
