//! What a state is told of a batch, for the exchange and the portal alike: findings as tables, causes, times, and what
//! is different from the night before.

pub mod night;
pub mod tables;

use diesel::PgConnection;
use mde::Causes;
use store::batches;

/// Findings read at once.
pub(crate) const CHUNK: i64 = 1_000;

/// Findings that are shown of each cause.
const SHOWN: usize = 3;

/// The findings of a batch by cause, in bounded memory.
pub fn causes(connection: &mut PgConnection, batch_id: i64) -> store::Result<Causes> {
    let mut causes = Causes::keeping(SHOWN);
    let mut after = -1;
    loop {
        let found = batches::findings(connection, batch_id, None, after, CHUNK)?;
        let last = found.last().map(|(ordinal, _)| *ordinal);
        for (_, finding) in found {
            causes.add(finding);
        }
        match last {
            Some(last) => after = last,
            None => return Ok(causes),
        }
    }
}
