//! The threshold chart: how many pairs have which weight, and what to expect from each threshold.

use std::fmt::Write as _;

/// Pairs of one bit of weight.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bin {
    /// Its lower end in bits; the last holds all above.
    pub(super) from: i32,
    pub(super) pairs: u64,
    /// Right among the pairs from here on, as their probabilities say.
    pub(super) precision: f64,
    /// Of all right pairs with a weight, those from here on.
    pub(super) recall: f64,
}

impl Bin {
    pub(super) fn new(from: i32) -> Bin {
        Bin {
            from,
            pairs: 0,
            precision: 1.0,
            recall: 0.0,
        }
    }
}

/// All bins in order of weight.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Chart {
    pub(super) bins: Vec<Bin>,
    /// The threshold of the run.
    pub(super) cluster_at: f32,
}

const WIDTH: f64 = 900.0;
const HEIGHT: f64 = 320.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 50.0;
const TOP: f64 = 30.0;
const BOTTOM: f64 = 45.0;

impl Chart {
    fn step(&self) -> f64 {
        (WIDTH - LEFT - RIGHT) / self.bins.len().max(1) as f64
    }

    /// The place of a weight.
    fn x(&self, bits: f64) -> f64 {
        let first = self.bins.first().map_or(0, |bin| bin.from);
        (LEFT + (bits - f64::from(first)) * self.step()).clamp(LEFT, WIDTH - RIGHT)
    }

    /// Bars on a logarithmic scale, two lines from 0 to 1, and the threshold.
    pub(super) fn svg(&self) -> String {
        let most = self.bins.iter().map(|bin| bin.pairs).max().unwrap_or(0).max(9) as f64;
        let inner = HEIGHT - TOP - BOTTOM;
        let floor = HEIGHT - BOTTOM;
        let height = |pairs: u64| (pairs as f64 + 1.0).log10() / (most + 1.0).log10() * inner;
        let mut svg = format!(
            "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"Pairs by weight, with the precision and \
             recall to be expected at each threshold; the table below has the figures\">\n"
        );
        for bin in self.bins.iter().filter(|bin| bin.pairs > 0) {
            let tall = height(bin.pairs);
            let _ = writeln!(
                svg,
                "<rect class=\"bar\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{tall:.1}\"><title>{} pairs from \
                 {} bits</title></rect>",
                self.x(f64::from(bin.from)) + 1.0,
                floor - tall,
                self.step() - 2.0,
                bin.pairs,
                bin.from
            );
        }
        for (class, value) in [
            ("precision", (|bin: &Bin| bin.precision) as fn(&Bin) -> f64),
            ("recall", |bin| bin.recall),
        ] {
            let points: Vec<String> = self
                .bins
                .iter()
                .map(|bin| {
                    format!(
                        "{:.1},{:.1}",
                        self.x(f64::from(bin.from)),
                        floor - value(bin) * inner
                    )
                })
                .collect();
            let _ = writeln!(
                svg,
                "<polyline class=\"{class}\" points=\"{}\"/>",
                points.join(" ")
            );
        }
        let at = self.x(f64::from(self.cluster_at));
        let _ = writeln!(
            svg,
            "<line class=\"threshold\" x1=\"{at:.1}\" y1=\"{TOP}\" x2=\"{at:.1}\" y2=\"{floor}\"/>\
             <text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">threshold</text>",
            TOP - 8.0
        );
        for bin in self.bins.iter().filter(|bin| bin.from % 3 == 0) {
            let _ = writeln!(
                svg,
                "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                self.x(f64::from(bin.from)),
                floor + 16.0,
                bin.from
            );
        }
        let mut pairs = 1u64;
        while pairs as f64 <= most {
            let y = floor - height(pairs) + 4.0;
            let _ = writeln!(
                svg,
                "<text x=\"{}\" y=\"{y:.1}\" text-anchor=\"end\">{pairs}</text>",
                LEFT - 8.0
            );
            pairs *= 10;
        }
        for share in [0.0, 0.5, 1.0] {
            let y = floor - share * inner + 4.0;
            let _ = writeln!(
                svg,
                "<text x=\"{}\" y=\"{y:.1}\">{share}</text>",
                WIDTH - RIGHT + 8.0
            );
        }
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">weight in bits</text>\n</svg>",
            WIDTH / 2.0,
            HEIGHT - 8.0
        );
        svg
    }
}
