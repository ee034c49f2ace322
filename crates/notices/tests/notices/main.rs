//! Moves of made-up children, noticed and sent by hand.

mod by_hand;
mod corrected;
mod deadlines;
mod departures;
mod detection;
mod documents;
mod family;
mod feed;
mod kept;
mod life;
mod made_up;
mod missed;
mod noticed;
mod referrals;
mod requested;
mod simulation;
mod told;
