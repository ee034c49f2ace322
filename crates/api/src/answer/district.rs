//! The lists of a district as files, for the exchange, the portal and the command line alike.

use actix_web::HttpResponse;
use export::lists::{self as papers, About};
use export::pdf::PdfError;
use records::qa::QaRow;
use spreadsheet::Form;

use super::{content_type, lists, reports};
use crate::problem::Problem;

/// A list of a district.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// The quality list: every enrollment with what is to be looked at. As PDF it is added up, with plots, and names
    /// nobody.
    Quality,
    /// Whom the district feeds free of charge.
    FreeMeals,
}

/// The form of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListForm {
    /// A table; the quality list as a workbook has a sheet for the counts and one for free meals.
    Table(Form),
    /// A tagged PDF.
    Pdf,
}

impl ListForm {
    /// The form with this extension of a file name, without the dot; upper or lower case.
    #[must_use]
    pub fn named(extension: &str) -> Option<Self> {
        if extension.eq_ignore_ascii_case("pdf") {
            return Some(Self::Pdf);
        }
        Form::named(extension).map(Self::Table)
    }
}

/// Why a list is not written.
#[derive(Debug, thiserror::Error)]
pub enum ListFileError {
    /// The table.
    #[error(transparent)]
    Table(#[from] spreadsheet::Error),
    /// The PDF.
    #[error(transparent)]
    Pdf(#[from] PdfError),
}

/// The bytes of a list's file.
pub fn written(list: List, rows: &[QaRow], about: &About, form: ListForm) -> Result<Vec<u8>, ListFileError> {
    Ok(match (list, form) {
        (List::Quality, ListForm::Pdf) => papers::quality(rows, about).pdf()?,
        (List::Quality, ListForm::Table(Form::Csv)) => lists::detail(rows).written(Form::Csv)?,
        (List::Quality, ListForm::Table(Form::Xlsx)) => lists::workbook(&[
            lists::detail(rows),
            lists::aggregate(rows),
            lists::free_meals(rows, about.today),
        ])?,
        (List::FreeMeals, ListForm::Pdf) => papers::free_meals(rows, about).pdf()?,
        (List::FreeMeals, ListForm::Table(form)) => lists::free_meals(rows, about.today).written(form)?,
    })
}

/// The answer with a list's file, named without its extension. It names children, and is kept nowhere on the way.
pub fn file(
    list: List,
    rows: &[QaRow],
    about: &About,
    form: ListForm,
    name: &str,
) -> Result<HttpResponse, Problem> {
    let bytes = written(list, rows, about, form).map_err(Problem::internal)?;
    Ok(match form {
        ListForm::Table(form) => reports::attachment(bytes, name, form.extension(), content_type(form)),
        ListForm::Pdf => reports::attachment(bytes, name, "pdf", "application/pdf"),
    })
}
