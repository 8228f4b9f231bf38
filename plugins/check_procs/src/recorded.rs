//! `--input-file`: processes of a recording, for tests and for looking at what happened elsewhere.
//!
//! `ps axwwo 'stat uid pid ppid vsz rss pcpu etime comm args'`, as the peer runs and reads it. The
//! first line is the heading.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use check::CheckError;

use crate::filter::Filter;
use crate::judge::{Shown, Tally};
use crate::process::Process;
use crate::stat::short_name;

/// Longest recording read.
const MAX_LEN: u64 = 16 * 1024 * 1024;

/// Adds every process of a recording that passes to the tally.
pub(crate) fn scan(path: &Path, filter: &Filter, tally: &mut Tally) -> Result<(), CheckError> {
    let wrong = |what: String| CheckError::internal(format!("{}: {what}", path.display()));
    let mut text = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_LEN + 1).read_to_end(&mut text));
    read.map_err(|error| wrong(format!("cannot read it: {error}")))?;
    if text.len() as u64 > MAX_LEN {
        return Err(wrong(format!("it is longer than {MAX_LEN} bytes")));
    }
    let mut kernel = None;
    for (number, line) in text.split(|byte| *byte == b'\n').enumerate().skip(1) {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let (mut process, user, arguments) = parse(line).ok_or_else(|| {
            wrong(format!(
                "line {}: not as `ps axwwo 'stat uid pid ppid vsz rss pcpu etime comm args'` prints it",
                number + 1
            ))
        })?;
        if process.name == b"kthreadd" && process.parent == 0 {
            kernel = Some(process.pid);
        }
        process.is_kernel_thread = kernel.is_some_and(|pid| [process.pid, process.parent].contains(&pid));
        let meant = filter.passes(&process)
            && filter.user().is_none_or(|wanted| wanted == user)
            && filter.passes_arguments(arguments);
        if meant {
            tally.add(&process, Shown { user: Some(user), arguments });
        }
    }
    Ok(())
}

/// A process, its user and its command line.
fn parse(line: &[u8]) -> Option<(Process<'_>, u32, &[u8])> {
    let mut rest = line;
    let mut next = || {
        let start = rest.trim_ascii_start();
        let end = start.iter().position(u8::is_ascii_whitespace).unwrap_or(start.len());
        let (word, after) = start.split_at(end);
        rest = after;
        (!word.is_empty()).then_some(word)
    };
    let text = |word: &'_ [u8]| std::str::from_utf8(word).ok().map(str::to_owned);
    let letters = text(next()?)?;
    let user = text(next()?)?.parse().ok()?;
    let pid = text(next()?)?.parse().ok()?;
    let parent = text(next()?)?.parse().ok()?;
    let virtual_size = text(next()?)?.parse().ok()?;
    let resident = text(next()?)?.parse().ok()?;
    let percent: f64 = text(next()?)?.parse().ok()?;
    let age = elapsed(&text(next()?)?)?;
    let name = short_name(next()?);
    let process = Process {
        pid,
        parent,
        name,
        letters,
        is_kernel_thread: false,
        virtual_size,
        resident,
        percent: percent.is_finite().then_some(percent)?,
        age,
    };
    Some((process, user, rest.trim_ascii()))
}

/// Seconds of `[[DAYS-]HOURS:]MINUTES:SECONDS`.
fn elapsed(text: &str) -> Option<f64> {
    let (days, clock) = text.split_once('-').unwrap_or(("0", text));
    let mut parts = clock.rsplit(':');
    let mut part = || parts.next().unwrap_or("0").parse::<u32>().ok().map(f64::from);
    let (seconds, minutes, hours) = (part()?, part()?, part()?);
    let days = f64::from(days.parse::<u32>().ok()?);
    parts.next().is_none().then_some(days * 86_400.0 + hours * 3600.0 + minutes * 60.0 + seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_lines_of_ps() {
        let line = b"Ssl   33  812     1  20480  5120  1.5  1-02:03:04 /opt/x/httpd    /opt/x/httpd -D  FOO";
        let (process, user, arguments) = parse(line).expect("a line of ps");
        assert_eq!((user, process.pid, process.parent), (33, 812, 1));
        assert_eq!((process.name, &*process.letters), (&b"httpd"[..], "Ssl"));
        assert_eq!((process.virtual_size, process.resident, process.percent), (20480, 5120, 1.5));
        assert_eq!((process.age, arguments), (93_784.0, &b"/opt/x/httpd -D  FOO"[..]));
        assert_eq!(elapsed("01:02"), Some(62.0));
        for bad in ["", "x", "1:2:3:4", "1-", "-1:00"] {
            assert_eq!(elapsed(bad), None, "{bad}");
        }
        assert!(parse(b"Ssl 33 812 1 20480").is_none());
    }

    proptest! {
        #[test]
        fn no_line_makes_it_panic(line in proptest::collection::vec(any::<u8>(), 0..120)) {
            let _ = parse(&line);
        }
    }
}
