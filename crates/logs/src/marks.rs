//! How far logs have been read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::fingerprint;

/// How much of a file's beginning tells it from others.
pub(crate) const HEAD: usize = 1024;
/// How much of the last line read is compared, too.
pub(crate) const TAIL: usize = 256;
/// Most marks of one log: an hourly rotation of a month and more.
const MAX_OF_LOG: usize = 1000;
/// Most marks of all.
const MAX_MARKS: usize = 16_384;

/// How far each file of each log was read; to be kept between runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Marks(BTreeMap<String, Vec<Mark>>);

/// One file, known by its content, and how far it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mark {
    /// Bytes read, unpacked ones.
    pub offset: u64,
    /// Length and hash of the beginning.
    pub head: (usize, u64),
    /// Length and hash of the end of what was read.
    pub tail: (usize, u64),
    /// In the midst of a line that is too long.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub skipping: bool,
    /// When the file was last changed; seconds since 1970.
    pub changed: i64,
    /// Length of the packed file, if it was read to its end: it does not grow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packed: Option<u64>,
}

impl Mark {
    pub fn head_of(head: &[u8], offset: u64) -> (usize, u64) {
        let length = usize::try_from(offset).unwrap_or(usize::MAX).min(head.len()).min(HEAD);
        (length, fingerprint::of(&head[..length]))
    }
}

impl Marks {
    /// Those of one log.
    pub(crate) fn of(&self, log: &str) -> &[Mark] {
        self.0.get(log).map_or(&[], Vec::as_slice)
    }

    /// Sets those of one log.
    pub(crate) fn set(&mut self, log: String, mut marks: Vec<Mark>) {
        marks.sort_by_key(|mark| std::cmp::Reverse(mark.changed));
        marks.truncate(MAX_OF_LOG);
        self.0.insert(log, marks);
    }

    /// Forgets files that have changed since: they are read again from their beginning.
    pub fn forget_since(&mut self, time: i64) {
        for marks in self.0.values_mut() {
            marks.retain(|mark| mark.changed < time);
        }
    }

    /// Forgets files that have not changed since: they are not read again, see [`crate::open`].
    pub fn forget_before(&mut self, time: i64) {
        for marks in self.0.values_mut() {
            marks.retain(|mark| mark.changed >= time);
        }
        self.0.retain(|_, marks| !marks.is_empty());
        while self.0.values().map(Vec::len).sum::<usize>() > MAX_MARKS {
            let oldest = self.0.iter().min_by_key(|(_, marks)| marks.iter().map(|mark| mark.changed).max());
            let Some(log) = oldest.map(|(log, _)| log.clone()) else { return };
            self.0.remove(&log);
        }
    }
}
