//! The report as one page of HTML: nothing is loaded from elsewhere, nothing runs.

use std::fmt::Write as _;

use linking::postings::KindReport;

use super::chart::Chart;

/// What the page shows.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) files: Vec<File>,
    pub(super) records: usize,
    pub(super) compared: u64,
    pub(super) pairs: usize,
    pub(super) persons: usize,
    pub(super) model: String,
    pub(super) cluster_at: f32,
    pub(super) held: bool,
    pub(super) alarms: Vec<String>,
    /// Figures of the training by name; empty if nothing was learned.
    pub(super) training: Vec<(String, String)>,
    /// How many other records of each kind a record has to expect.
    pub(super) classes: Vec<(String, f64)>,
    pub(super) levels: Vec<Level>,
    pub(super) keys: Vec<(String, KindReport)>,
    pub(super) chart: Chart,
    pub(super) samples: Vec<Sample>,
}

/// A file and its mapping.
#[derive(Debug)]
pub(super) struct File {
    pub(super) name: String,
    pub(super) rows: u64,
    /// Column, element and note.
    pub(super) columns: Vec<[String; 3]>,
    pub(super) remarks: Vec<String>,
}

/// A level of a field and how often it occurs among pairs of each kind.
#[derive(Debug)]
pub(super) struct Level {
    /// Whether it is its field's first.
    pub(super) first: bool,
    pub(super) words: String,
    pub(super) same: f32,
    pub(super) stranger: f32,
    /// None where relatives are not told apart.
    pub(super) sibling: Option<f32>,
}

/// A pair and its picture.
#[derive(Debug)]
pub(super) struct Sample {
    pub(super) weight: f32,
    pub(super) probability: f64,
    pub(super) together: bool,
    pub(super) summary: String,
    /// SVG.
    pub(super) picture: String,
    pub(super) values: Option<[Values; 2]>,
}

/// A record as it stands in its file.
#[derive(Debug)]
pub(super) struct Values {
    pub(super) id: String,
    pub(super) cells: Vec<(String, String)>,
}

const STYLE: &str = "\
body{font:16px/1.5 system-ui,sans-serif;color:#1b1b1b;background:#fff;max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem}h2{font-size:1.25rem;margin-top:2.5rem}h3{font-size:1rem;margin-top:2rem}
table{border-collapse:collapse;margin:1rem 0;font-size:.875rem}
th,td{text-align:left;padding:.2rem .75rem .2rem 0;border-bottom:1px solid #dfe1e2;vertical-align:top}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
tr.first td{border-top:2px solid #71767a}
.alarm{border-left:.5rem solid #b50909;background:#fdeeee;padding:.5rem 1rem}
.private{border-left:.5rem solid #e5a000;background:#fff5df;padding:.5rem 1rem}
svg{max-width:100%;height:auto;display:block}svg text{font:12px system-ui,sans-serif}
.bar{fill:#a9aeb1}.precision,.recall{fill:none;stroke-width:2.5}.precision{stroke:#005ea2}
.recall{stroke:#c05600;stroke-dasharray:7 4}.threshold{stroke:#1b1b1b;stroke-dasharray:2 3}
.key b{padding-right:.3rem}@media print{body{max-width:none}}";

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

/// A row of a table; figures stand to the right.
fn row(out: &mut String, class: &str, words: &[&str], figures: &[String]) {
    let _ = write!(out, "<tr{class}>");
    for word in words {
        let _ = write!(out, "<td>{}</td>", escape(word));
    }
    for figure in figures {
        let _ = write!(out, "<td class=\"n\">{}</td>", escape(figure));
    }
    out.push_str("</tr>\n");
}

/// A share with as many digits as it needs.
fn share(rate: f32) -> String {
    if rate >= 0.001 {
        format!("{rate:.4}")
    } else {
        format!("{rate:.1e}")
    }
}

impl Page {
    /// The whole page.
    pub(super) fn html(&self) -> String {
        let mut out = format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
             content=\"width=device-width\">\n<title>Linking of {}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n",
            escape(
                &self
                    .files
                    .iter()
                    .map(|file| file.name.as_str())
                    .collect::<Vec<_>>()
                    .join(" and ")
            )
        );
        self.summary(&mut out);
        self.columns(&mut out);
        self.thresholds(&mut out);
        self.weights(&mut out);
        self.training(&mut out);
        self.blocking(&mut out);
        self.pictures(&mut out);
        out.push_str("</body>\n</html>\n");
        out
    }

    fn summary(&self, out: &mut String) {
        let _ = writeln!(
            out,
            "<h1>Who is who</h1>\n<p>{} records; {} pairs compared, of which {} have odds above 1/8; {} persons when \
             people are put together from {} bits on. Weights: {}.</p>",
            self.records,
            self.compared,
            self.pairs,
            self.persons,
            self.cluster_at,
            escape(&self.model)
        );
        for alarm in &self.alarms {
            let _ = writeln!(
                out,
                "<p class=\"alarm\"><strong>Alarm.</strong> {}</p>",
                escape(alarm)
            );
        }
        if self.held {
            out.push_str(
                "<p class=\"alarm\">The weights learned look wrong, so nobody was put together. The pairs were \
                 written.</p>\n",
            );
        }
        if self.samples.iter().any(|sample| sample.values.is_some()) {
            out.push_str(
                "<p class=\"private\">This page shows personal data. Keep it as you keep the files.</p>\n",
            );
        }
    }

    fn columns(&self, out: &mut String) {
        out.push_str("<h2>Columns</h2>\n");
        for file in &self.files {
            let _ = writeln!(
                out,
                "<h3>{}, {} rows</h3>\n<table><thead><tr><th>Column</th><th>is</th><th>because</th></tr></thead><tbody>",
                escape(&file.name),
                file.rows
            );
            for [column, element, note] in &file.columns {
                row(out, "", &[column, element, note], &[]);
            }
            out.push_str("</tbody></table>\n");
            for remark in &file.remarks {
                let _ = writeln!(out, "<p>{}</p>", escape(remark));
            }
        }
    }

    fn thresholds(&self, out: &mut String) {
        out.push_str(
            "<h2>Thresholds</h2>\n<p>Grey: pairs by weight (the scale is logarithmic). <b style=\"color:#005ea2\">Blue \
             line</b>: of the pairs from a weight on, the share that is right. <b style=\"color:#c05600\">Broken orange \
             line</b>: of the right pairs, the share that is from a weight on. Both are what the probabilities lead one \
             to expect, not what somebody has checked; pairs that were never compared are not in them.</p>\n",
        );
        out.push_str(&self.chart.svg());
        out.push_str(
            "<details><summary>The figures</summary><table><thead><tr><th class=\"n\">Bits</th><th \
             class=\"n\">Pairs</th><th class=\"n\">Precision from here</th><th class=\"n\">Recall from \
             here</th></tr></thead><tbody>\n",
        );
        for bin in &self.chart.bins {
            let _ = writeln!(
                out,
                "<tr><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{:.4}</td><td \
                 class=\"n\">{:.4}</td></tr>",
                bin.from, bin.pairs, bin.precision, bin.recall
            );
        }
        out.push_str("</tbody></table></details>\n");
    }

    fn weights(&self, out: &mut String) {
        let relatives = self.levels.iter().any(|level| level.sibling.is_some());
        out.push_str(
            "<h2>Weights</h2>\n<p>How often each level occurs between two records of one person (m) and of two \
             strangers (u), and the bits that it adds: log2 of m over u. Names and places weigh more where they are \
             rare, and less where they are common.</p>\n<table><thead><tr><th>Level</th><th class=\"n\">m</th><th \
             class=\"n\">u</th><th class=\"n\">Bits</th>",
        );
        if relatives {
            out.push_str("<th class=\"n\">Siblings</th><th class=\"n\">Bits against siblings</th>");
        }
        out.push_str("</tr></thead><tbody>\n");
        for level in &self.levels {
            let bits = |other: f32| format!("{:+.1}", (level.same / other).log2());
            let mut cells = vec![share(level.same), share(level.stranger), bits(level.stranger)];
            if let (true, Some(sibling)) = (relatives, level.sibling) {
                cells.extend([share(sibling), bits(sibling)]);
            }
            let class = if level.first { " class=\"first\"" } else { "" };
            row(out, class, &[&level.words], &cells);
        }
        out.push_str(
            "</tbody></table>\n<h3>Kinds of pairs</h3>\n<p>How many other records of each kind a record has to \
             expect.</p>\n<table><tbody>\n",
        );
        for (name, size) in &self.classes {
            row(out, "", &[name], &[format!("{size:.3}")]);
        }
        out.push_str("</tbody></table>\n");
    }

    fn training(&self, out: &mut String) {
        if self.training.is_empty() {
            return;
        }
        out.push_str("<h2>Training</h2>\n<table><tbody>\n");
        for (name, value) in &self.training {
            row(out, "", &[name], std::slice::from_ref(value));
        }
        out.push_str("</tbody></table>\n");
    }

    fn blocking(&self, out: &mut String) {
        out.push_str(
            "<h2>Blocking</h2>\n<p>Two records are compared if they share a key. A key that too many records share is \
             narrowed; one that is too full even then brings no pairs.</p>\n<table><thead><tr><th>Key</th><th \
             class=\"n\">Keys</th><th class=\"n\">Records</th><th class=\"n\">Longest</th><th \
             class=\"n\">Narrowed</th><th class=\"n\">Too full</th></tr></thead><tbody>\n",
        );
        for (name, key) in &self.keys {
            let figures = [key.keys, key.records, key.longest, key.refined, key.skipped];
            row(out, "", &[name], &figures.map(|figure| figure.to_string()));
        }
        out.push_str("</tbody></table>\n");
    }

    fn pictures(&self, out: &mut String) {
        out.push_str("<h2>Sample pairs</h2>\n");
        if self.samples.is_empty() {
            out.push_str("<p>No pair has odds above 1/8.</p>\n");
        }
        for sample in &self.samples {
            let _ = writeln!(
                out,
                "<h3>{:.1} bits, probability {:.4}, {}</h3>\n<p>{}</p>",
                sample.weight,
                sample.probability,
                if sample.together {
                    "put together"
                } else {
                    "kept apart"
                },
                escape(&sample.summary)
            );
            if let Some([one, other]) = &sample.values {
                // Each with its own names: two files have other columns.
                for record in [one, other] {
                    out.push_str("<table><thead><tr><th>id</th>");
                    for (name, _) in &record.cells {
                        let _ = write!(out, "<th>{}</th>", escape(name));
                    }
                    out.push_str("</tr></thead><tbody>\n");
                    let cells = record.cells.iter().map(|(_, cell)| cell.as_str());
                    let words: Vec<&str> = std::iter::once(record.id.as_str()).chain(cells).collect();
                    row(out, "", &words, &[]);
                    out.push_str("</tbody></table>\n");
                }
            }
            out.push_str(&sample.picture);
            out.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::chart::Bin;
    use super::*;

    fn page() -> Page {
        let level = |first, words: &str, same, stranger, sibling| Level {
            first,
            words: words.to_owned(),
            same,
            stranger,
            sibling,
        };
        let bin = |from, pairs, precision, recall| Bin {
            from,
            pairs,
            precision,
            recall,
        };
        Page {
            files: vec![File {
                name: "a & b.csv".to_owned(),
                rows: 3,
                columns: vec![[
                    "<name>".to_owned(),
                    "last_name_1".to_owned(),
                    "as told".to_owned(),
                ]],
                remarks: vec!["1 row is odd".to_owned()],
            }],
            records: 3,
            compared: 2,
            pairs: 1,
            persons: 2,
            model: "fixed-1".to_owned(),
            cluster_at: 0.0,
            held: true,
            alarms: vec!["too few <pairs>".to_owned()],
            training: vec![("rounds".to_owned(), "12".to_owned())],
            classes: vec![
                ("the same person".to_owned(), 1.0),
                ("strangers".to_owned(), 999.0),
            ],
            levels: vec![
                level(true, "sex equal", 0.98, 0.5, Some(0.5)),
                level(false, "sex differs", 0.02, 0.000_5, Some(0.5)),
            ],
            keys: vec![(
                "given name and birth date".to_owned(),
                KindReport {
                    keys: 2,
                    records: 3,
                    longest: 2,
                    ..KindReport::default()
                },
            )],
            chart: Chart {
                bins: vec![bin(-1, 0, 0.9, 1.0), bin(0, 12, 0.95, 0.8), bin(1, 3, 1.0, 0.4)],
                cluster_at: 0.0,
            },
            samples: vec![Sample {
                weight: 12.34,
                probability: 0.999_8,
                together: false,
                summary: "all agrees".to_owned(),
                picture: "<svg></svg>".to_owned(),
                values: Some(["one", "other"].map(|id| Values {
                    id: id.to_owned(),
                    cells: vec![("<name>".to_owned(), "O'Neil & <Co>".to_owned())],
                })),
            }],
        }
    }

    #[test]
    fn the_page_is_as_it_was() {
        insta::assert_snapshot!(page().html());
    }

    #[test]
    fn the_page_stands_alone_and_runs_nothing() {
        let mut page = page();
        for word in ["http", "<script", "src=", "@import", "url("] {
            assert!(!page.html().contains(word), "{word}");
        }
        page.samples.clear();
        let html = page.html();
        assert!(!html.contains("personal data") && html.contains("No pair has odds"));
    }
}
