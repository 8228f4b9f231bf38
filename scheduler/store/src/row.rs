//! From rows to the engine's types and back.

use std::fmt::Display;
use std::sync::Arc;

use engine::{Identity, Timestamp};
use rusqlite::Row;
use rusqlite::types::{ToSql, ToSqlOutput};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Warnings kept; the rest is counted.
const MAX_WARNINGS: usize = 20;

/// What was read, and what could not be.
#[derive(Debug)]
pub struct Rows<T> {
    /// Rows, in the order promised.
    pub rows: Vec<T>,
    /// Rows that were skipped since they make no sense to this version: at most 20 lines, then
    /// how many more.
    pub warnings: Vec<String>,
}

/// Collects warnings up to a limit.
#[derive(Debug, Default)]
pub(crate) struct Warnings {
    lines: Vec<String>,
    more: usize,
}

impl Warnings {
    pub(crate) fn skipped(&mut self, what: impl Display, error: &serde_json::Error) {
        if self.lines.len() < MAX_WARNINGS {
            self.lines.push(format!("skipped {what}: {error}"));
        } else {
            self.more += 1;
        }
    }

    pub(crate) fn into_lines(mut self) -> Vec<String> {
        if self.more > 0 {
            self.lines.push(format!("skipped {} more", self.more));
        }
        self.lines
    }
}

/// A value as JSON, made when its row is written: of millions of rows one text exists at a time.
pub(crate) struct Json<'a, T>(pub &'a T);

impl<T: Serialize> ToSql for Json<'_, T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let text = serde_json::to_string(self.0);
        text.map(ToSqlOutput::from).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
    }
}

/// The value of a JSON text, or a warning.
pub(crate) fn decode<T: DeserializeOwned>(
    json: &[u8],
    what: impl Display,
    warnings: &mut Warnings,
) -> Option<T> {
    serde_json::from_slice(json).map_err(|error| warnings.skipped(what, &error)).ok()
}

/// The column of a service: empty for the host.
pub(crate) fn service_column(identity: &Identity) -> &str {
    identity.service.as_deref().unwrap_or_default()
}

/// The identity of two columns.
fn identity(host: &str, service: &str) -> Identity {
    Identity { host: Arc::from(host), service: (!service.is_empty()).then(|| Arc::from(service)) }
}

/// The identity of the columns of host and, behind it, service. Damaged text is read as well as it
/// can be: one bad row must not hide the others.
pub(crate) fn identity_at(row: &Row<'_>, column: usize) -> rusqlite::Result<Identity> {
    let host = String::from_utf8_lossy(bytes(row, column)?);
    Ok(identity(&host, &String::from_utf8_lossy(bytes(row, column + 1)?)))
}

/// A text column, borrowed.
pub(crate) fn bytes<'a>(row: &'a Row<'_>, column: usize) -> rusqlite::Result<&'a [u8]> {
    Ok(row.get_ref(column)?.as_bytes()?)
}

/// A column of microseconds.
pub(crate) fn moment(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}
