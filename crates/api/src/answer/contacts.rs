//! Contacts as a sheet: the columns in which they are taken in again, and when each was last verified.

use records::contacts::Typed;
use spreadsheet::{Cell, Column, Table};
use store::contacts::Contact;

const CONTACTS: [Column; 13] = [
    Column::new("district", 22),
    Column::new("facility_code", 14),
    Column::new("role", 12),
    Column::new("name", 26),
    Column::new("phone", 16),
    Column::new("email", 28),
    Column::new("languages", 20),
    Column::new("cover_name", 26),
    Column::new("cover_phone", 16),
    Column::new("cover_email", 28),
    Column::new("cover_from", 12),
    Column::new("cover_until", 12),
    Column::new("verified", 12),
];

/// A row per contact.
#[must_use]
pub fn table(contacts: &[Contact]) -> Table {
    Table::new("Contacts", &CONTACTS).with(contacts.iter().map(|contact| {
        let typed = Typed::of(contact);
        let values = typed.values().map(|text| Cell::from(text.to_owned()));
        let verified = contact.verified_at.date_naive().to_string();
        values.into_iter().chain([verified.into()]).collect()
    }))
}
