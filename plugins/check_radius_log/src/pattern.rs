//! Logs of one line for each request, read by a regular expression with named groups.

use std::str::FromStr;

use logs::Clock;
use regex::bytes::{CaptureLocations, Regex, RegexBuilder};

use crate::record::{Attribute, Record};

/// What a pattern may take of memory when compiled.
const MAX_COMPILED: usize = 4 * 1024 * 1024;

/// Of FreeRADIUS' linelog with `format = "%t src=%{…} on=%{…} csi=%{…} cui=%{…} user=… result=…"`: what the
/// client chose (`on` to `cui`) ends where the next key begins, and nothing is looked for behind `user=`.
const LINELOG: &str = r"^(?P<time>\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}) src=(?P<client>[0-9A-Fa-f.:]*) on=(?P<on>.*?) csi=(?P<csi>.*?) cui=(?P<cui>.*?) user=";

/// What a group stands for.
#[derive(Clone, Debug, Default)]
struct Groups {
    client: usize,
    time: Option<usize>,
    station: Option<usize>,
    operator: Option<usize>,
    cui: Option<usize>,
}

/// How the lines of a log look.
#[derive(Clone, Debug)]
pub struct LinePattern {
    regex: Regex,
    groups: Groups,
}

impl FromStr for LinePattern {
    type Err = String;

    fn from_str(text: &str) -> Result<LinePattern, String> {
        // bytes, since a log may hold anything
        let regex = RegexBuilder::new(text).unicode(false).size_limit(MAX_COMPILED).build();
        let regex = regex.map_err(|error| format!("no regular expression: {error}"))?;
        let mut groups = Groups::default();
        for (i, name) in regex.capture_names().enumerate() {
            match name {
                None => {}
                Some("client") => groups.client = i,
                Some("time") => groups.time = Some(i),
                Some("csi") => groups.station = Some(i),
                Some("on") => groups.operator = Some(i),
                Some("cui") => groups.cui = Some(i),
                Some(other) => {
                    return Err(format!("group `{other}`: the groups are client, time, csi, on and cui"));
                }
            }
        }
        if groups.client == 0 {
            return Err("a group (?P<client>…) is needed, for who sent the request".to_owned());
        }
        if groups.station.is_none() && groups.operator.is_none() && groups.cui.is_none() {
            return Err("one of the groups csi, on and cui is needed, for the attribute".to_owned());
        }
        Ok(LinePattern { regex, groups })
    }
}

impl LinePattern {
    /// The one of FreeRADIUS' linelog that the manual shows.
    pub fn linelog() -> LinePattern {
        LINELOG.parse().expect("our own pattern is one")
    }

    /// Room for the places of groups, to be used for many lines.
    pub fn places(&self) -> CaptureLocations {
        self.regex.capture_locations()
    }

    /// Reads a line; `missing` are words that stand for an attribute that is not there.
    pub fn read<'a>(
        &self,
        line: &'a [u8],
        places: &mut CaptureLocations,
        missing: &[String],
        clock: &mut Clock,
    ) -> Option<Record<'a>> {
        self.regex.captures_read(places, line)?;
        let group = |group: usize| {
            let (start, end) = places.get(group)?;
            line.get(start..end)
        };
        let attribute = |index: Option<usize>| match index {
            None => Attribute::Untold,
            Some(index) => group(index).map_or(Attribute::Missing, |value| attribute(value, missing)),
        };
        let time = match self.groups.time {
            Some(index) => clock.read(group(index)?)?.seconds,
            None => clock.read(line)?.seconds,
        };
        Some(Record {
            client: std::str::from_utf8(group(self.groups.client)?).ok()?,
            time: Some(time),
            station: attribute(self.groups.station),
            operator: attribute(self.groups.operator),
            cui: attribute(self.groups.cui),
        })
    }
}

/// A value as logged; quotes around it are not part of it.
pub(crate) fn attribute<'a>(value: &'a [u8], missing: &[String]) -> Attribute<'a> {
    let trimmed = value.trim_ascii();
    let bare = trimmed.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(trimmed);
    let bare = bare.trim_ascii();
    if bare.is_empty() || missing.iter().any(|word| word.as_bytes() == bare) {
        return Attribute::Missing;
    }
    // what is no UTF-8 is there, and no name of anything
    Attribute::Present(std::str::from_utf8(bare).unwrap_or("\u{fffd}"))
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    use super::*;

    fn clock() -> Clock {
        Clock::new(TimeZone::UTC, "2026-11-30T12:00:00Z".parse().unwrap())
    }

    fn words() -> Vec<String> {
        ["MISSING", "NONE"].map(str::to_owned).to_vec()
    }

    fn read<'a>(pattern: &LinePattern, line: &'a str) -> Option<Record<'a>> {
        pattern.read(line.as_bytes(), &mut pattern.places(), &words(), &mut clock())
    }

    #[test]
    fn linelog_as_freeradius_writes_it() {
        let pattern = LinePattern::linelog();
        let good = read(&pattern, "Mon Nov 30 02:03:05 2026 src=127.0.0.1 on=1cesnet.cz csi=70-6f-6c-69-73-68 cui=0x00 user=test@example-home.cz result=0").unwrap();
        let want = Record {
            client: "127.0.0.1",
            time: Some(1_796_004_185),
            station: Attribute::Present("70-6f-6c-69-73-68"),
            operator: Attribute::Present("1cesnet.cz"),
            cui: Attribute::Present("0x00"),
        };
        assert_eq!(good, want);
        let none = read(
            &pattern,
            "Mon Nov 30 02:03:05 2026 src=::1 on=MISSING csi=  cui=NONE user=x csi=y cui=z user=w result=0",
        )
        .unwrap();
        assert_eq!(
            (none.station, none.operator, none.cui),
            (Attribute::Missing, Attribute::Missing, Attribute::Missing)
        );
        let spaces =
            read(&pattern, "Mon Nov 30 02:03:05 2026 src=10.0.0.1 on=1a b csi=\"\" cui=x user= result=0")
                .unwrap();
        assert_eq!((spaces.operator, spaces.station), (Attribute::Present("1a b"), Attribute::Missing));
        for bad in
            ["", " result=\"y\" caf\u{e9} result=0", "Mon Nov 30 02:03:05 2026 src=x on= csi= cui= user="]
        {
            assert_eq!(read(&pattern, bad), None, "{bad}");
        }
    }

    #[test]
    fn own_patterns_have_named_groups() {
        let own: LinePattern = r"client (?P<client>\S+) (?:CSI=(?P<csi>\S*))?".parse().unwrap();
        let record = read(&own, "2026-11-30T02:03:05Z p radiusd: client nas1.example.org CSI=").unwrap();
        assert_eq!(
            (record.client, record.station, record.operator),
            ("nas1.example.org", Attribute::Missing, Attribute::Untold)
        );
        assert_eq!(
            read(&own, "2026-11-30T02:03:05Z p radiusd: client b ").unwrap().station,
            Attribute::Missing
        );
        for (bad, why) in [
            ("(", "no regular expression"),
            ("(?P<csi>x)", "client"),
            ("(?P<client>x)", "csi, on and cui"),
            ("(?P<client>x)(?P<user>y)", "group `user`"),
            (r"(?P<client>(x{1000}){1000})", "no regular expression"),
        ] {
            assert!(bad.parse::<LinePattern>().unwrap_err().contains(why), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(line: Vec<u8>) {
            let pattern = LinePattern::linelog();
            let start = b"Mon Nov 30 02:03:05 2026 src=127.0.0.1 on=1 csi=".to_vec();
            for text in [line.clone(), [start, line].concat()] {
                let _ = pattern.read(&text, &mut pattern.places(), &words(), &mut clock());
            }
        }
    }
}
