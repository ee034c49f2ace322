//! Moves of made-up children, noticed and sent by hand.

mod by_hand;
mod detection;
mod made_up;
mod noticed;
