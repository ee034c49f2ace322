//! Pairs and clusters out, as CSV: put together in parallel, written in order.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use anyhow::{Context as _, Result};
use linking::Model;
use linking::bulk::LinkedPair;
use rayon::prelude::*;

use super::Refusal;
use super::load::Ids;

/// Lines that one task puts together.
const AT_ONCE: usize = 1 << 14;

/// Tasks of which the text is held at once.
const HELD: usize = 32;

/// Refuses a file that cannot be written, before the work begins.
pub(super) fn check(path: &Path, inputs: &[std::path::PathBuf]) -> Result<(), Refusal> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
        return Err(Refusal::usage(format!("there is no folder {}", folder.display())));
    }
    let same = |input: &std::path::PathBuf| match (input.canonicalize(), path.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    };
    if inputs.iter().any(same) {
        return Err(Refusal::usage(format!(
            "{} is read; write to another file",
            path.display()
        )));
    }
    Ok(())
}

fn write_lines<T: Sync>(
    path: &Path,
    header: &str,
    items: &[T],
    line: impl Fn(usize, &T, &mut Vec<u8>) + Sync,
) -> Result<()> {
    let failed = || format!("{} cannot be written", path.display());
    let mut file = File::create(path).with_context(failed)?;
    file.write_all(header.as_bytes()).with_context(failed)?;
    for (held, items) in items.chunks(AT_ONCE * HELD).enumerate() {
        let texts: Vec<Vec<u8>> = items
            .par_chunks(AT_ONCE)
            .enumerate()
            .map(|(task, items)| {
                let first = (held * HELD + task) * AT_ONCE;
                let mut text = Vec::with_capacity(items.len() * 32);
                for (at, item) in items.iter().enumerate() {
                    line(first + at, item, &mut text);
                    text.push(b'\n');
                }
                text
            })
            .collect();
        for text in texts {
            file.write_all(&text).with_context(failed)?;
        }
    }
    Ok(())
}

/// `id_l,id_r,weight,probability`: weight in bits, and the probability that the model gives it.
pub(super) fn write_pairs(path: &Path, ids: &Ids, pairs: &[LinkedPair], model: &Model) -> Result<()> {
    write_lines(path, "id_l,id_r,weight,probability\n", pairs, |_, pair, out| {
        cell(ids, pair.a as usize, out);
        out.push(b',');
        cell(ids, pair.b as usize, out);
        out.push(b',');
        decimal(f64::from(pair.weight), 4, out);
        out.push(b',');
        decimal(model.probability(pair.weight), 6, out);
    })
}

/// `id,cluster`: clusters are numbered from 1 by their first records.
pub(super) fn write_clusters(path: &Path, ids: &Ids, clusters: &[u32]) -> Result<()> {
    write_lines(path, "id,cluster\n", clusters, |number, cluster, out| {
        cell(ids, number, out);
        out.push(b',');
        whole(u64::from(*cluster) + 1, out);
    })
}

/// An id as a cell, in quotation marks where it needs them.
fn cell(ids: &Ids, number: usize, out: &mut Vec<u8>) {
    let start = out.len();
    ids.write(number, out);
    let id = &out[start..];
    let plain = |b: &u8| !matches!(b, b'"' | b',' | b'\n' | b'\r');
    let blank = id.is_empty() || id.first() == Some(&b' ') || id.last() == Some(&b' ');
    if id.iter().all(plain) && !blank {
        return;
    }
    let id = out.split_off(start);
    out.push(b'"');
    for byte in id {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

fn whole(mut number: u64, out: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// A number with so many digits behind the point: many times faster than the formatter, which is what counts for tens
/// of millions of them.
fn decimal(value: f64, digits: u32, out: &mut Vec<u8>) {
    let unit = 10u64.pow(digits);
    let scaled = (value.abs() * unit as f64).round() as u64;
    if value < 0.0 && scaled > 0 {
        out.push(b'-');
    }
    whole(scaled / unit, out);
    out.push(b'.');
    let start = out.len();
    // The one before the digits keeps their zeros.
    whole(unit + scaled % unit, out);
    out.remove(start);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_the_formatter_does() {
        for value in [
            0.0,
            1.0,
            -1.0,
            0.05,
            -0.00001,
            123.456_789,
            -29.999_97,
            0.999_999_7,
            7.5,
        ] {
            let mut out = Vec::new();
            decimal(value, 4, &mut out);
            let expected = format!("{value:.4}").replace("-0.0000", "0.0000");
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
        let mut out = Vec::new();
        whole(u64::MAX, &mut out);
        assert_eq!(out, u64::MAX.to_string().as_bytes());
    }
}
