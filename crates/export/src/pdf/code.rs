//! A QR code (ISO/IEC 18004), beside what is written about it.

use qrcode::{Color, EcLevel, QrCode};

/// A code that a telephone's camera reads, with the paragraphs beside it.
#[derive(Debug, Clone)]
pub(crate) struct Code {
    /// What the camera reads.
    pub(crate) address: String,
    /// Modules of an edge.
    pub(crate) modules: usize,
    /// Row by row, which modules are dark.
    dark: Vec<bool>,
    /// The paragraphs, and which are not to be overlooked.
    pub(crate) paragraphs: Vec<(String, bool)>,
}

impl Code {
    /// A code of an address, so that a seventh of it may be unreadable; `None` if the address is too long for a code
    /// that could be printed beside a text (60 modules, some 150 bytes).
    pub(crate) fn of(address: &str, paragraphs: Vec<(String, bool)>) -> Option<Self> {
        let code = QrCode::with_error_correction_level(address, EcLevel::M).ok()?;
        let modules = code.width();
        let colors = code.into_colors();
        (modules <= 60).then(|| Self {
            address: address.to_owned(),
            modules,
            dark: colors.into_iter().map(|color| color == Color::Dark).collect(),
            paragraphs,
        })
    }

    /// The dark modules, those side by side together: row, first module, module after the last.
    pub(crate) fn runs(&self) -> Vec<[usize; 3]> {
        let mut runs = Vec::new();
        for (row, modules) in self.dark.chunks(self.modules).enumerate() {
            let mut from = 0;
            for run in modules.chunk_by(|one, next| one == next) {
                if run[0] {
                    runs.push([row, from, from + run.len()]);
                }
                from += run.len();
            }
        }
        runs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_runs_are_the_dark_modules() {
        let code = Code::of("https://hub.example/check?code=7K3M2QXA9TRW", Vec::new()).unwrap();
        let mut again = vec![false; code.modules * code.modules];
        for [row, from, to] in code.runs() {
            again[row * code.modules + from..row * code.modules + to].fill(true);
        }
        assert_eq!(again, code.dark);
        assert_eq!(code.runs()[0], [0, 0, 7], "a finder pattern is in the corner");
        assert!(Code::of(&"x".repeat(400), Vec::new()).is_none());
    }
}
