//! Moves of made-up children, noticed and sent by hand.

mod by_hand;
mod corrected;
mod deadlines;
mod detection;
mod feed;
mod kept;
mod made_up;
mod missed;
mod noticed;
mod requested;
mod simulation;
