//! What is judged of a process, wherever it was read.

use crate::stat::{Clock, Stat};

/// One process.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Process<'a> {
    pub pid: u32,
    pub parent: u32,
    /// Name without path, at most 15 bytes.
    pub name: &'a [u8],
    /// The `STAT` column of ps.
    pub letters: String,
    pub is_kernel_thread: bool,
    /// KiB.
    pub virtual_size: u64,
    /// KiB.
    pub resident: u64,
    /// Processor time over age.
    pub percent: f64,
    /// Whole seconds.
    pub age: f64,
}

impl<'a> Process<'a> {
    /// Of a line of `/proc/PID/stat`.
    pub fn of(stat: &Stat<'a>, clock: &Clock, locks_memory: bool) -> Process<'a> {
        Process {
            pid: stat.pid,
            parent: stat.parent,
            name: stat.name(),
            letters: stat.letters(locks_memory),
            is_kernel_thread: stat.is_kernel_thread(),
            virtual_size: stat.virtual_size / 1024,
            resident: clock.resident(stat),
            percent: clock.percent(stat),
            age: clock.age(stat).floor(),
        }
    }
}
