//! What comes out of made-up children.

mod consolidation;
mod contradictions;
mod counts;
mod eligibility;
mod frozen;
mod gone;
mod historical_view;
mod lists;
mod made_up;
mod missing;
mod order;
mod plan;
mod roster;
mod schooling;
mod snapshot;
mod statements;
mod sweep;
