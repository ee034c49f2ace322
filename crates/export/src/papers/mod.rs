//! The papers that people print of a child: what stands on them, by whom they were printed, and the code by which
//! anybody who holds one can see whether it still says what the record says.

mod card;
mod code;
mod confirmation;
mod hand_off;
mod letter;
mod print;
mod record;
pub(crate) mod words;

use chrono::{DateTime, Utc};
use mde::StateCode;
use records::ConsolidatedRecord;
use sha2::{Digest as _, Sha256};
use store::Purpose;

pub use code::{CheckCode, CheckPage, NoPublicAddress};
pub use letter::letter;
pub use print::{Check, Order, PrintError, Printed, check, print};

use crate::pdf::{Language, Paper};

/// The kinds of paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The consolidated record.
    Record,
    /// A card for the family, in both languages: the record's number, what is held, who sees it, how to correct it.
    FamilyCard,
    /// That states have certified the child as a migratory child.
    MigrantConfirmation,
    /// That a child who left a school is enrolled elsewhere.
    TransferConfirmation,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 4] = [
        Self::Record,
        Self::FamilyCard,
        Self::MigrantConfirmation,
        Self::TransferConfirmation,
    ];

    /// Its name in addresses and in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::FamilyCard => "family-card",
            Self::MigrantConfirmation => "migrant-confirmation",
            Self::TransferConfirmation => "transfer-confirmation",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// What it is called in a language.
    #[must_use]
    pub fn title(self, language: Language) -> &'static str {
        match self {
            Self::Record => language.of(
                "Consolidated student record",
                "Registro consolidado del estudiante",
            ),
            Self::FamilyCard => language.of("Family card", "Tarjeta para la familia"),
            Self::MigrantConfirmation => language.of(
                "Confirmation of migrant status",
                "Confirmación de condición migrante",
            ),
            Self::TransferConfirmation => language.of("Confirmation of transfer", "Confirmación de traslado"),
        }
    }

    /// The kinds of data that it shows, as they are written into the disclosure.
    #[must_use]
    pub fn categories(self) -> &'static [&'static str] {
        match self {
            Self::Record => &["all", "printed"],
            Self::FamilyCard => &["identity", "printed"],
            Self::MigrantConfirmation => &["identity", "moves", "printed"],
            Self::TransferConfirmation => &["identity", "enrollments", "printed"],
        }
    }
}

/// By whom, when and why a paper is printed.
#[derive(Debug, Clone)]
pub struct Imprint {
    /// Who prints it.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Why.
    pub purpose: Purpose,
    /// The code by which it can be checked.
    pub code: CheckCode,
    /// The page that does so, where its address is known.
    pub check_page: Option<CheckPage>,
}

/// A paper without its imprint, and a digest of what it says of the child.
#[derive(Debug, Clone)]
pub struct Draft {
    kind: Kind,
    paper: Paper,
    digest: [u8; 32],
}

/// What a paper of this kind says of a child. `left` is the state from which the child has left, for
/// [`Kind::TransferConfirmation`].
#[must_use]
pub fn draft(record: &ConsolidatedRecord, kind: Kind, language: Language, left: Option<StateCode>) -> Draft {
    let title = kind.title(language);
    let subtitle = format!(
        "{title} · {} {}",
        language.of("Record no.", "Registro n.º"),
        record.person_id
    );
    let mut paper = Paper::new(language, record.summary.name.clone(), subtitle);
    match kind {
        Kind::Record => record::write(record, language, &mut paper),
        Kind::FamilyCard => card::write(record, language, &mut paper),
        Kind::MigrantConfirmation => confirmation::migrant(record, language, &mut paper),
        Kind::TransferConfirmation => confirmation::transfer(record, language, left, &mut paper),
    }
    // What follows is renewed every night and tells nothing of the child.
    let digest = Sha256::digest(format!("{paper:?}").as_bytes()).into();
    if kind != Kind::FamilyCard {
        record::sources(record, language, &mut paper);
    }
    if kind == Kind::Record {
        record::no_transcript(language, &mut paper);
    }
    Draft { kind, paper, digest }
}

impl Draft {
    /// SHA-256 of what the paper says of the child: the same as long as a paper printed anew would say the same.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// The paper with its imprint.
    #[must_use]
    pub fn signed(mut self, imprint: &Imprint) -> Paper {
        let language = self.paper.language;
        let Imprint {
            by,
            at,
            purpose,
            code,
            check_page,
        } = imprint;
        let when = words::instant(language, *at);
        let why = words::purpose(language, *purpose);
        let no_address = language.of(
            "the page /check of the exchange",
            "la página /check del intercambio",
        );
        let page = check_page.as_ref().map_or(no_address, CheckPage::address);
        let paper = &mut self.paper;
        paper.written(*at);
        paper.heading(language.of("About this print", "Sobre esta impresión"));
        let named = language.of(
            format!("Check code: {code}"),
            format!("Código de verificación: {code}"),
        );
        let says = language.of(
            format!("Printed by {by} on {when}. Purpose: {why}. Whoever holds this paper can see at {page} when it was printed and whether it still says what the record says; nothing about the child is shown there."),
            format!("Impreso por {by} el {when}. Motivo: {why}. Quien tenga este papel puede ver en {page} cuándo se imprimió y si todavía dice lo que dice el registro; allí no se muestra nada del estudiante."),
        );
        match check_page {
            Some(page) => paper.code(&page.with(code), [(named, true), (says, false)]),
            None => {
                paper.strong(named);
                paper.paragraph(says);
            }
        }
        paper.foot(format!("{} · {code}", self.kind.title(language)));
        self.paper
    }
}
