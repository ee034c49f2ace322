//! Pictures of numbers, drawn here as SVG: bars, and a map of the states as tiles. Each stands beside a table that says
//! the same.

use askama::Template;
use askama::filters::HtmlSafe;

/// Height of a bar with the space around it.
const ROW: usize = 30;
/// The longest bar.
const LONGEST: usize = 560;

/// A bar with its label; nothing where the number is not told.
#[derive(Debug, Clone)]
pub(crate) struct Bar {
    pub(crate) label: String,
    pub(crate) number: Option<u64>,
    /// The number as it is written.
    pub(crate) text: String,
}

struct Set<'a> {
    bar: &'a Bar,
    y: usize,
    width: usize,
}

/// Bars of one measure, one below the other.
#[derive(Debug, Clone, Template)]
#[template(path = "bars.html")]
pub(crate) struct Bars {
    /// Names the picture in the page.
    pub(crate) id: &'static str,
    pub(crate) title: String,
    /// One below the other.
    pub(crate) rows: Vec<Bar>,
}

impl HtmlSafe for Bars {}

impl Bars {
    fn height(&self) -> usize {
        self.rows.len() * ROW + 6
    }

    fn set(&self) -> Vec<Set<'_>> {
        let most = self
            .rows
            .iter()
            .filter_map(|bar| bar.number)
            .max()
            .unwrap_or(0)
            .max(1);
        let width = |number: u64| usize::try_from(number * LONGEST as u64 / most).unwrap_or(LONGEST);
        let rows = self.rows.iter().enumerate();
        rows.map(|(row, bar)| Set {
            bar,
            y: row * ROW + 3,
            width: bar.number.map_or(0, width),
        })
        .collect()
    }

    /// All of it in words.
    fn words(&self) -> String {
        let bars: Vec<String> = self
            .rows
            .iter()
            .map(|bar| format!("{}: {}", bar.label, bar.text))
            .collect();
        bars.join("; ")
    }
}

/// Where each state is on the map: column and row. Neighbours stay neighbours as far as squares can.
const TILES: &[(&str, usize, usize)] = &[
    ("AK", 0, 0),
    ("ME", 11, 0),
    ("VT", 10, 1),
    ("NH", 11, 1),
    ("WA", 1, 2),
    ("ID", 2, 2),
    ("MT", 3, 2),
    ("ND", 4, 2),
    ("MN", 5, 2),
    ("IL", 6, 2),
    ("WI", 7, 2),
    ("MI", 8, 2),
    ("NY", 9, 2),
    ("RI", 10, 2),
    ("MA", 11, 2),
    ("OR", 1, 3),
    ("NV", 2, 3),
    ("WY", 3, 3),
    ("SD", 4, 3),
    ("IA", 5, 3),
    ("IN", 6, 3),
    ("OH", 7, 3),
    ("PA", 8, 3),
    ("NJ", 9, 3),
    ("CT", 10, 3),
    ("CA", 1, 4),
    ("UT", 2, 4),
    ("CO", 3, 4),
    ("NE", 4, 4),
    ("MO", 5, 4),
    ("KY", 6, 4),
    ("WV", 7, 4),
    ("VA", 8, 4),
    ("MD", 9, 4),
    ("DE", 10, 4),
    ("AZ", 2, 5),
    ("NM", 3, 5),
    ("KS", 4, 5),
    ("AR", 5, 5),
    ("TN", 6, 5),
    ("NC", 7, 5),
    ("SC", 8, 5),
    ("DC", 9, 5),
    ("OK", 4, 6),
    ("LA", 5, 6),
    ("MS", 6, 6),
    ("AL", 7, 6),
    ("GA", 8, 6),
    ("HI", 0, 7),
    ("TX", 4, 7),
    ("FL", 9, 7),
    ("PR", 11, 7),
];

/// Edge of a tile with the space around it.
const TILE: usize = 64;

/// Fills from none to most, each with the ink that has a contrast of 4.5:1 on it or more.
const SHADES: [(&str, &str); 5] = [
    ("#f0f0f0", "#1b1b1b"),
    ("#d9e8f6", "#1b1b1b"),
    ("#73b3e7", "#1b1b1b"),
    ("#2378c3", "#ffffff"),
    ("#162e51", "#ffffff"),
];

/// Which of the shades a number has beside the largest: none, and then by quarters of its order of magnitude.
pub(crate) fn shade(number: u64, largest: u64) -> usize {
    if number == 0 || largest == 0 {
        return 0;
    }
    let of = |n: u64| (n as f64 + 1.0).ln();
    let quarter = (of(number) / of(largest) * 4.0).ceil();
    (quarter as usize).clamp(1, 4)
}

struct Tile {
    code: &'static str,
    x: usize,
    y: usize,
    fill: &'static str,
    ink: &'static str,
    text: String,
    title: String,
}

/// A map of the states as tiles, each with a number.
#[derive(Debug, Clone, Template)]
#[template(path = "tile_map.html")]
pub(crate) struct TileMap {
    pub(crate) id: &'static str,
    pub(crate) title: String,
    /// State, number, and the number as it is written.
    pub(crate) numbers: Vec<(mde::StateCode, u64, String)>,
}

impl HtmlSafe for TileMap {}

impl TileMap {
    fn tiles(&self) -> Vec<Tile> {
        let largest = self
            .numbers
            .iter()
            .map(|(_, number, _)| *number)
            .max()
            .unwrap_or(0);
        let tile = |(code, column, row): &(&'static str, usize, usize)| {
            let found = self.numbers.iter().find(|(state, ..)| state.as_str() == *code);
            let number = found.map_or(0, |(_, number, _)| *number);
            let (fill, ink) = SHADES[shade(number, largest)];
            let text = found.map_or_else(String::new, |(.., text)| text.clone());
            let name = crate::words::state_name(code);
            Tile {
                code,
                x: column * TILE + 2,
                y: row * TILE + 2,
                fill,
                ink,
                title: if text.is_empty() {
                    format!("{name}: none")
                } else {
                    format!("{name}: {text}")
                },
                text,
            }
        };
        TILES.iter().map(tile).collect()
    }

    /// What stands on no tile, such as the outlying areas.
    fn beside(&self) -> Vec<String> {
        let on_map = |state: mde::StateCode| TILES.iter().any(|(code, ..)| *code == state.as_str());
        let beside = self.numbers.iter().filter(|(state, ..)| !on_map(*state));
        beside
            .map(|(state, _, text)| format!("{}: {text}", state.name()))
            .collect()
    }

    fn words(&self) -> String {
        let words: Vec<String> = self
            .numbers
            .iter()
            .map(|(state, _, text)| format!("{}: {text}", state.name()))
            .collect();
        if words.is_empty() {
            "none".to_owned()
        } else {
            words.join("; ")
        }
    }
}

/// A cell of a matrix: what is written, and its shade from 0 to 4.
#[derive(Debug, Clone)]
pub(crate) struct Heat {
    pub(crate) text: String,
    pub(crate) shade: usize,
}

/// A table of places by places.
#[derive(Debug, Clone, Template)]
#[template(path = "matrix.html")]
pub(crate) struct Matrix {
    pub(crate) caption: String,
    pub(crate) columns: Vec<&'static str>,
    pub(crate) rows: Vec<(&'static str, Vec<Heat>)>,
}

impl HtmlSafe for Matrix {}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_states_share_a_tile_and_all_fifty_have_one() {
        let places: BTreeSet<_> = TILES.iter().map(|(_, x, y)| (x, y)).collect();
        let codes: BTreeSet<_> = TILES.iter().map(|(code, ..)| code).collect();
        assert_eq!((places.len(), codes.len()), (TILES.len(), TILES.len()));
        assert_eq!(
            TILES.len(),
            52,
            "50 states, the District of Columbia and Puerto Rico"
        );
        for (code, ..) in TILES {
            assert!(mde::StateCode::new(code).is_ok(), "{code}");
        }
    }

    #[test]
    fn shades_grow_with_the_number() {
        assert_eq!((shade(0, 9), shade(9, 9), shade(1, 1)), (0, 4, 4));
        let shades: Vec<usize> = [1, 10, 100, 1_000, 10_000].map(|n| shade(n, 10_000)).to_vec();
        assert!(shades.windows(2).all(|pair| pair[0] <= pair[1]), "{shades:?}");
        assert_eq!(shade(1, 10_000), 1);
    }

    #[test]
    fn a_number_that_is_not_told_has_no_bar() {
        let bar = |number: Option<u64>| Bar {
            label: "2025-26".into(),
            number,
            text: "x".into(),
        };
        let bars = Bars {
            id: "b",
            title: "t".into(),
            rows: vec![bar(None), bar(Some(50)), bar(Some(100))],
        };
        let widths: Vec<usize> = bars.set().iter().map(|set| set.width).collect();
        assert_eq!(widths, [0, LONGEST / 2, LONGEST]);
    }
}
