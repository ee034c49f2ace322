//! Tests of the readers through their public functions. One binary, since each costs a link.

mod examples;
mod generated;
mod hostile;
mod kept;
mod layouts;
mod made_up;
mod mutations;
mod native;
mod profiles;
mod same_children;
#[path = "../../fuzz/targets.rs"]
mod targets;
mod trees;
