//! Moves of made-up children, noticed and sent by hand.

mod by_hand;
mod deadlines;
mod detection;
mod feed;
mod kept;
mod made_up;
mod noticed;
mod simulation;
