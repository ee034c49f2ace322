//! What comes out of made-up children.

mod consolidation;
mod counts;
mod eligibility;
mod historical_view;
mod made_up;
mod snapshot;
