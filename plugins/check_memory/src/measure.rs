//! All I/O of `check_memory`: `/proc/meminfo`, and `/proc/vmstat` if asked for.

use std::fs::File;
use std::io::Read;

use check::CheckError;

/// Largest file read from /proc; they are of some kilobytes.
const MAX_LEN: u64 = 256 * 1024;

const MEMINFO: &str = "/proc/meminfo";

/// What was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sample {
    pub memory: Memory,
    pub paging: Option<Paging>,
}

/// Memory in KiB, by the names of `/proc/meminfo`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Memory {
    pub total: u64,
    pub free: u64,
    pub available: u64,
    pub buffers: u64,
    /// Page cache and reclaimable slab, as free(1) counts.
    pub cached: u64,
    pub shared: u64,
    pub active: u64,
    pub inactive: u64,
    pub anonymous: u64,
    pub committed: u64,
    pub dirty: u64,
}

impl Memory {
    /// What programs and the kernel hold: total - free - buffers - cached.
    pub(crate) fn used(&self) -> u64 {
        [self.free, self.buffers, self.cached]
            .iter()
            .fold(self.total, |left, part| left.saturating_sub(*part))
    }
}

/// Counters since boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Paging {
    /// KiB read from disk.
    pub read: u64,
    /// KiB written to disk.
    pub written: u64,
    /// Faults that had to wait for a disk.
    pub major_faults: u64,
}

pub(crate) fn measure(with_paging: bool) -> Result<Sample, CheckError> {
    let memory = parse_meminfo(&read(MEMINFO)?)
        .map_err(|field| CheckError::internal(format!("{MEMINFO} has no {field}")))?;
    let paging = if with_paging { Some(parse_vmstat(&read("/proc/vmstat")?)?) } else { None };
    Ok(Sample { memory, paging })
}

fn read(path: &str) -> Result<String, CheckError> {
    let mut text = String::with_capacity(4096);
    File::open(path)
        .and_then(|file| file.take(MAX_LEN).read_to_string(&mut text))
        .map_err(|error| CheckError::internal(format!("cannot read {path}: {error}; is /proc mounted?")))?;
    Ok(text)
}

/// Lines `MemTotal:       24682416 kB`, where kB means 1024 bytes. The error is the name of a
/// missing field; those that some kernels lack are 0.
fn parse_meminfo(text: &str) -> Result<Memory, &'static str> {
    let (mut total, mut free, mut available, mut cached, mut reclaimable) = (None, None, None, None, None);
    let mut memory = Memory::default();
    for line in text.lines() {
        let Some((name, value)) = line.split_once(':') else { continue };
        let Some(value) = value.split_ascii_whitespace().next().and_then(|word| word.parse::<u64>().ok())
        else {
            continue;
        };
        match name {
            "MemTotal" => total = Some(value),
            "MemFree" => free = Some(value),
            "MemAvailable" => available = Some(value),
            "Cached" => cached = Some(value),
            "SReclaimable" => reclaimable = Some(value),
            "Buffers" => memory.buffers = value,
            "Shmem" => memory.shared = value,
            "Active" => memory.active = value,
            "Inactive" => memory.inactive = value,
            "AnonPages" => memory.anonymous = value,
            "Committed_AS" => memory.committed = value,
            "Dirty" => memory.dirty = value,
            _ => {}
        }
    }
    memory.total = total.filter(|total| *total > 0).ok_or("MemTotal")?;
    memory.free = free.ok_or("MemFree")?;
    memory.cached = cached.ok_or("Cached")?.saturating_add(reclaimable.unwrap_or(0));
    memory.available = available.ok_or("MemAvailable (Linux before 3.14)")?;
    Ok(memory)
}

/// Lines `pgpgin 123`; the first two count units of 1024 bytes.
fn parse_vmstat(text: &str) -> Result<Paging, CheckError> {
    let field = |name: &str| {
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value
            .and_then(|value| value.trim().parse::<u64>().ok())
            .ok_or_else(|| CheckError::internal(format!("/proc/vmstat has no {name}")))
    };
    Ok(Paging { read: field("pgpgin")?, written: field("pgpgout")?, major_faults: field("pgmajfault")? })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Recorded on a virtual machine, Linux 6.18.
    pub(crate) const MEMINFO: &str = include_str!("../testdata/meminfo");

    #[test]
    fn reads_a_recorded_file() {
        let memory = parse_meminfo(MEMINFO).expect("all fields");
        let want = Memory {
            total: 24_682_416,
            free: 24_378_204,
            available: 24_348_576,
            buffers: 8292,
            cached: 113_228 + 79_136,
            shared: 12_776,
            active: 21_536,
            inactive: 98_056,
            anonymous: 22_000,
            committed: 71_600,
            dirty: 1216,
        };
        assert_eq!(memory, want);
        assert_eq!(memory.used(), 103_556);
    }

    #[test]
    fn says_what_is_missing_and_never_panics() {
        assert_eq!(parse_meminfo("MemTotal: 5 kB\nMemFree: x"), Err("MemFree"));
        assert_eq!(parse_meminfo("MemTotal: 0 kB\nMemFree: 1 kB"), Err("MemTotal"));
        let old = MEMINFO.replace("MemAvailable", "Other");
        assert_eq!(parse_meminfo(&old), Err("MemAvailable (Linux before 3.14)"));
        for length in 0..MEMINFO.len() {
            let _ = parse_meminfo(&MEMINFO[..length]);
        }
        let absurd = Memory { total: 1, free: u64::MAX, ..Memory::default() };
        assert_eq!(absurd.used(), 0);
    }

    #[test]
    fn reads_counters() {
        let text = "nr_dirty 5\npgpgin 1024\npgpgout 2048\npgpgoutrun 7\npgmajfault 9\n";
        assert_eq!(parse_vmstat(text), Ok(Paging { read: 1024, written: 2048, major_faults: 9 }));
        assert!(
            parse_vmstat("pgpgin 1\npgpgoutrun 1\n")
                .is_err_and(|error| error.to_string().contains("pgpgout"))
        );
    }
}
