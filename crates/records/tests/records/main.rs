//! What comes out of made-up children.

mod consolidation;
mod counts;
mod eligibility;
mod frozen;
mod historical_view;
mod made_up;
mod plan;
mod snapshot;
