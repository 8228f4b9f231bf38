//! All I/O of `check_swap`: the sums from `/proc/meminfo`, the devices from `/proc/swaps`.

use std::fs::File;
use std::io::Read;

use check::CheckError;

/// Largest file read from /proc.
const MAX_LEN: u64 = 256 * 1024;

/// Swap space in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Space {
    pub total: u64,
    pub free: u64,
}

/// What was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sample {
    /// All swap space together.
    pub all: Space,
    /// Each device or file with its name, if asked for.
    pub each: Vec<(String, Space)>,
}

pub(crate) fn measure(each: bool) -> Result<Sample, CheckError> {
    const MEMINFO: &str = "/proc/meminfo";
    let all = parse_meminfo(&read(MEMINFO)?)
        .ok_or_else(|| CheckError::internal(format!("{MEMINFO} has no SwapTotal and SwapFree")))?;
    let each = if each { parse_swaps(&read("/proc/swaps")?) } else { Vec::new() };
    Ok(Sample { all, each })
}

fn read(path: &str) -> Result<String, CheckError> {
    let mut bytes = Vec::with_capacity(4096);
    File::open(path)
        .and_then(|file| file.take(MAX_LEN).read_to_end(&mut bytes))
        .map_err(|error| CheckError::internal(format!("cannot read {path}: {error}; is /proc mounted?")))?;
    // only names of swap files may be no UTF-8
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// `SwapTotal:        2097144 kB` and `SwapFree:`, in units of 1024 bytes.
fn parse_meminfo(text: &str) -> Option<Space> {
    let field = |name: &str| {
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        value.split_ascii_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
    };
    Some(Space { total: field("SwapTotal")?, free: field("SwapFree")? })
}

/// The table of proc(5): a heading, then name, type, size and used in units of 1024 bytes, priority.
/// Blanks in names are written as `\040`. What is no such line is passed over.
fn parse_swaps(text: &str) -> Vec<(String, Space)> {
    let line = |line: &str| {
        let mut fields = line.split_ascii_whitespace();
        let name = fields.next()?.replace("\\040", " ");
        let mut number = || fields.next()?.parse::<u64>().ok()?.checked_mul(1024);
        let (_kind, total, used) = (number(), number()?, number()?);
        Some((name, Space { total, free: total.saturating_sub(used) }))
    };
    text.lines().skip(1).filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As read from Linux 6.18, shortened, with the numbers of a machine that has swap.
    const MEMINFO: &str = "MemTotal:       24682416 kB\nSwapCached:            0 kB\nSwapTotal:       2097144 kB\nSwapFree:        1572600 kB\nZswap:                 0 kB\n";

    #[test]
    fn reads_the_sums() {
        assert_eq!(parse_meminfo(MEMINFO), Some(Space { total: 2_147_475_456, free: 1_610_342_400 }));
        for length in 0..MEMINFO.len() {
            parse_meminfo(&MEMINFO[..length]);
        }
        assert_eq!(parse_meminfo("SwapTotal: 99999999999999999999 kB\nSwapFree: 1 kB"), None);
        assert_eq!(parse_meminfo("SwapTotal: 18446744073709551615 kB\nSwapFree: 1 kB"), None);
    }

    #[test]
    fn reads_the_devices() {
        let text = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n\
            /dev/sda2                               partition\t1048572\t\t524544\t\t-2\n\
            /swap\\040file                            file\t\t1048572\t\t0\t\t-3\nbroken\n";
        let space = |free: u64| Space { total: 1_048_572 * 1024, free: free * 1024 };
        assert_eq!(
            parse_swaps(text),
            [("/dev/sda2".to_owned(), space(524_028)), ("/swap file".to_owned(), space(1_048_572))]
        );
        assert_eq!(parse_swaps(""), []);
    }
}
