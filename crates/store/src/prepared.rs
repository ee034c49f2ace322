//! Statements that are planned once for a connection.

use std::borrow::Cow;

use diesel::RunQueryDsl;
use diesel::expression::{AsExpression, TypedExpressionType};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::{Error, QueryResult};
use diesel::sql_types::{SqlType, Untyped};

/// A statement of one fixed text, read by the names of its columns. `sql_query` is planned anew at every call, which
/// takes longer than running most statements of a record; this is prepared at its first call on a connection and kept
/// there. Only for texts of which there are few: each different one is kept.
pub(crate) struct Prepared<'a> {
    sql: Cow<'a, str>,
    values: Vec<Box<dyn QueryFragment<Pg> + 'a>>,
}

/// The statement with this text, in which `$1` stands for the first value that is bound, as often as it is needed.
pub(crate) fn prepared<'a>(sql: impl Into<Cow<'a, str>>) -> Prepared<'a> {
    Prepared {
        sql: sql.into(),
        values: Vec::new(),
    }
}

impl<'a> Prepared<'a> {
    /// Binds the next value.
    pub(crate) fn bind<T, V>(mut self, value: V) -> Self
    where
        T: SqlType + TypedExpressionType,
        V: AsExpression<T>,
        V::Expression: QueryFragment<Pg> + 'a,
    {
        self.values.push(Box::new(value.as_expression()));
        self
    }
}

impl QueryFragment<Pg> for Prepared<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        // Diesel numbers parameters itself, in the order in which they come: one that is needed twice is bound twice.
        let mut pieces = self.sql.split('$');
        out.push_sql(pieces.next().unwrap_or_default());
        for piece in pieces {
            let text = piece.trim_start_matches(|c: char| c.is_ascii_digit());
            let number = &piece[..piece.len() - text.len()];
            let value = number
                .parse::<usize>()
                .ok()
                .and_then(|number| self.values.get(number.checked_sub(1)?));
            value
                .ok_or_else(|| Error::QueryBuilderError(format!("no value is bound to ${number}").into()))?
                .walk_ast(out.reborrow())?;
            out.push_sql(text);
        }
        Ok(())
    }
}

impl QueryId for Prepared<'_> {
    // Kept under its text.
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Prepared<'_> {
    type SqlType = Untyped;
}

impl<C> RunQueryDsl<C> for Prepared<'_> {}
