//! Rows in PostgreSQL's binary COPY format, written from parts without a second list of columns.

use chrono::NaiveDate;
use mde::{Decimal, Part, RawCodes, Sink};
use uuid::Uuid;

/// Writes rows (`&Rows`) into a table with binary `COPY`; none is no statement.
macro_rules! copy_into {
    ($connection:expr, $table:ident, $rows:expr) => {{
        let rows: &$crate::copy::Rows = $rows;
        if !rows.is_empty() {
            diesel::copy_from($crate::schema::$table::table)
                .from_raw_data($crate::schema::$table::table, |copy| {
                    rows.write_to(copy)
                        .map_err(|error| diesel::result::Error::SerializationError(Box::new(error)))
                })
                .with_format(CopyFormat::Binary)
                .execute($connection)?;
        }
    }};
}

pub(crate) use copy_into;

/// Rows for one `COPY … FROM STDIN (FORMAT binary)`.
#[derive(Debug)]
pub struct Rows {
    bytes: Vec<u8>,
    count: usize,
}

impl Default for Rows {
    fn default() -> Self {
        let mut bytes = Vec::with_capacity(64 * 1024);
        // Signature, flags and length of the header extension (PostgreSQL manual, COPY, Binary Format).
        bytes.extend(b"PGCOPY\n\xff\r\n\0");
        bytes.extend([0; 8]);
        Self { bytes, count: 0 }
    }
}

/// Days from 0001-01-01 of the proleptic calendar to 2000-01-01, PostgreSQL's day zero.
const POSTGRES_EPOCH: i32 = 730_120;

impl Rows {
    /// Starts a row of `columns` values, which are to follow.
    pub fn row(&mut self, columns: usize) -> &mut Self {
        self.bytes.extend((columns as i16).to_be_bytes());
        self.count += 1;
        self
    }

    /// A row of a part: what `key` writes, the fields, the codes as sent. Of the `other_columns`, which are not the
    /// part's, those that `key` does not write follow.
    pub fn part<P: Part>(
        &mut self,
        other_columns: usize,
        part: &P,
        key: impl FnOnce(&mut Self),
    ) -> &mut Self {
        self.row(other_columns + P::FIELDS.len() + 1);
        key(self);
        part.emit(self);
        self.raw_codes(part.raw_codes());
        self
    }

    /// JSON, in a column of type `jsonb`.
    pub fn json(&mut self, value: &impl serde::Serialize) -> &mut Self {
        let mut json = vec![1]; // version of the binary form of jsonb
        json.extend(crate::json::text(value).expect("what is written here has text keys and finite numbers"));
        self.value(&json)
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Writes the whole stream with its trailer.
    pub fn write_to(&self, out: &mut dyn std::io::Write) -> std::io::Result<()> {
        out.write_all(&self.bytes)?;
        out.write_all(&(-1i16).to_be_bytes())
    }

    fn value(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes.extend((bytes.len() as i32).to_be_bytes());
        self.bytes.extend(bytes);
        self
    }

    /// A uuid.
    pub fn uuid(&mut self, value: Uuid) -> &mut Self {
        self.value(value.as_bytes())
    }

    /// A bigint.
    pub fn bigint(&mut self, value: i64) -> &mut Self {
        self.value(&value.to_be_bytes())
    }

    /// An integer.
    pub fn integer(&mut self, value: i32) -> &mut Self {
        self.value(&value.to_be_bytes())
    }

    /// Text.
    pub fn string(&mut self, value: &str) -> &mut Self {
        self.value(value.as_bytes())
    }

    /// Bytes.
    pub fn binary(&mut self, value: &[u8]) -> &mut Self {
        self.value(value)
    }

    /// A day.
    pub fn day(&mut self, value: NaiveDate) -> &mut Self {
        let days = chrono::Datelike::num_days_from_ce(&value) - POSTGRES_EPOCH;
        self.value(&days.to_be_bytes())
    }

    /// An instant, to the microsecond.
    pub fn instant(&mut self, value: chrono::DateTime<chrono::Utc>) -> &mut Self {
        const UNIX_TO_2000: i64 = 946_684_800_000_000;
        self.value(&(value.timestamp_micros() - UNIX_TO_2000).to_be_bytes())
    }

    /// No value.
    pub fn absent(&mut self) -> &mut Self {
        self.bytes.extend((-1i32).to_be_bytes());
        self
    }

    fn raw_codes(&mut self, raw: &RawCodes) {
        if raw.is_empty() {
            self.absent();
        } else {
            self.json(raw);
        }
    }
}

impl Sink for Rows {
    fn null(&mut self) {
        self.absent();
    }
    fn text(&mut self, value: &str) {
        self.string(value);
    }
    fn date(&mut self, value: NaiveDate) {
        self.day(value);
    }
    fn int(&mut self, value: i32) {
        self.integer(value);
    }
    fn flag(&mut self, value: bool) {
        self.value(&[u8::from(value)]);
    }

    /// PostgreSQL's numeric: groups of four decimal digits, aligned at the point.
    fn decimal(&mut self, value: Decimal) {
        let scale = value.scale();
        let mut padded = value.mantissa().unsigned_abs();
        let fraction_groups = scale.div_ceil(4);
        padded *= 10u128.pow(fraction_groups * 4 - scale);
        let mut groups: Vec<i16> = Vec::new();
        while padded > 0 {
            groups.push((padded % 10_000) as i16);
            padded /= 10_000;
        }
        let weight = groups.len() as i16 - fraction_groups as i16 - 1;
        groups.reverse();
        let mut bytes = Vec::with_capacity(8 + groups.len() * 2);
        bytes.extend((groups.len() as i16).to_be_bytes());
        bytes.extend((if groups.is_empty() { 0 } else { weight }).to_be_bytes());
        bytes.extend(
            (if value.is_sign_negative() && !value.is_zero() {
                0x4000i16
            } else {
                0
            })
            .to_be_bytes(),
        );
        bytes.extend((scale as i16).to_be_bytes());
        for group in groups {
            bytes.extend(group.to_be_bytes());
        }
        self.value(&bytes);
    }
}
