//! FreeRADIUS' detail files: a line with the time, a line for each attribute, an empty line.

use std::path::Path;

use logs::Clock;

use crate::pattern::attribute;
use crate::record::{Attribute, Record};

/// Most lines of a record; FreeRADIUS takes 200 attributes of a packet unless told otherwise.
const MAX_LINES: usize = 1000;

/// What a line did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The first line of a record.
    Begins,
    /// One of its others.
    Goes,
    /// The record is complete: [`Detail::record`].
    Ends,
    /// A line outside a record, or one too many.
    Garbage,
}

/// Reads a detail file line by line.
#[derive(Clone, Debug, Default)]
pub struct Detail {
    is_inside: bool,
    lines: usize,
    time: Option<i64>,
    client: String,
    is_request: bool,
    station: Option<String>,
    operator: Option<String>,
    cui: Option<String>,
}

impl Detail {
    /// Takes the next line.
    pub fn push(&mut self, line: &[u8], missing: &[String], clock: &mut Clock) -> Step {
        if line.is_empty() {
            return if std::mem::take(&mut self.is_inside) { Step::Ends } else { Step::Goes };
        }
        let Some(pair) = line.strip_prefix(b"\t") else {
            let Some(stamp) = clock.read(line) else { return self.broken() };
            // one that begins before the last has ended: that one was cut off
            *self =
                Detail { is_inside: true, time: Some(stamp.seconds), is_request: true, ..Detail::default() };
            return Step::Begins;
        };
        self.lines += 1;
        if !self.is_inside || self.lines > MAX_LINES {
            return self.broken();
        }
        let text = String::from_utf8_lossy(pair);
        let Some((name, value)) = text.split_once(" = ") else { return self.broken() };
        let kept = || match attribute(value.as_bytes(), missing) {
            Attribute::Present(value) => Some(unescaped(value)),
            Attribute::Missing | Attribute::Untold => None,
        };
        match name {
            "Packet-Type" => self.is_request = value == "Access-Request",
            "Packet-Src-IP-Address" | "Packet-Src-IPv6-Address" => value.clone_into(&mut self.client),
            "Client-IP-Address" if self.client.is_empty() => value.clone_into(&mut self.client),
            "Timestamp" => self.time = value.parse().ok().or(self.time),
            "Calling-Station-Id" => self.station = kept().or(self.station.take()),
            "Operator-Name" => self.operator = kept().or(self.operator.take()),
            "Chargeable-User-Identity" => self.cui = kept().or(self.cui.take()),
            _ => {}
        }
        Step::Goes
    }

    /// The record that has ended; `None` if it is no Access-Request. The client is in the record, or,
    /// where FreeRADIUS does not write it (`log_packet_header = no`), the directory of the file, as in its
    /// default configuration.
    pub fn record<'a>(&'a self, file: &'a Path) -> Option<Record<'a>> {
        fn of(value: Option<&String>) -> Attribute<'_> {
            value.map_or(Attribute::Missing, |value| Attribute::Present(value))
        }
        let directory = || {
            let name = file.parent()?.file_name()?.to_str()?;
            name.parse::<std::net::IpAddr>().ok().map(|_| name)
        };
        let client = if self.client.is_empty() { directory().unwrap_or_default() } else { &self.client };
        self.is_request.then(|| Record {
            client,
            time: self.time,
            station: of(self.station.as_ref()),
            operator: of(self.operator.as_ref()),
            cui: of(self.cui.as_ref()),
        })
    }

    /// Is a record begun and not complete?
    pub fn is_inside(&self) -> bool {
        self.is_inside
    }

    fn broken(&mut self) -> Step {
        self.is_inside = false;
        Step::Garbage
    }
}

/// `\"` and `\\` as FreeRADIUS writes them; other escapes stay, and show that there was something odd.
fn unescaped(value: &str) -> String {
    value.replace("\\\"", "\"").replace("\\\\", "\\")
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    use super::*;

    fn clock() -> Clock {
        Clock::new(TimeZone::UTC, "2026-11-30T12:00:00Z".parse().unwrap())
    }

    /// Client, station and operator of each record, and the lines that were garbage.
    fn read(text: &str, file: &str) -> (Vec<String>, usize) {
        let (mut detail, mut clock) = (Detail::default(), clock());
        let (mut records, mut garbage) = (Vec::new(), 0);
        for line in text.split('\n') {
            match detail.push(line.as_bytes(), &[], &mut clock) {
                Step::Ends => {
                    let record = detail.record(Path::new(file));
                    records.extend(
                        record.map(|it| {
                            format!("{} {:?} {:?} {:?}", it.client, it.station, it.operator, it.time)
                        }),
                    );
                }
                Step::Garbage => garbage += 1,
                Step::Begins | Step::Goes => {}
            }
        }
        (records, garbage)
    }

    #[test]
    fn records_are_read_with_and_without_a_header() {
        let text = "Mon Nov 30 02:03:05 2026\n\tPacket-Type = Access-Request\n\tPacket-Src-IP-Address = 127.0.0.1\n\
            \tUser-Name = \"evil\\nCalling-Station-Id = x\"\n\tCalling-Station-Id = \"70-6f\"\n\tOperator-Name = \"1a\\\"b\"\n\
            \tTimestamp = 1796004186\n\n\
            Mon Nov 30 02:03:05 2026\n\tPacket-Type = Accounting-Request\n\tCalling-Station-Id = \"1\"\n\n\
            Mon Nov 30 02:03:05 2026\n\tUser-Name = \"x\"\n\tCalling-Station-Id = \"\"\n\n";
        let (records, garbage) = read(text, "/var/log/freeradius/radacct/10.0.0.9/auth-detail-20261130");
        assert_eq!(
            records,
            [
                "127.0.0.1 Present(\"70-6f\") Present(\"1a\\\"b\") Some(1796004186)",
                "10.0.0.9 Missing Missing Some(1796004185)",
            ]
        );
        assert_eq!(garbage, 0);
        let (records, _) = read("Mon Nov 30 02:03:05 2026\n\tUser-Name = \"x\"\n\n", "/var/log/detail");
        assert_eq!(records, [" Missing Missing Some(1796004185)"]);
    }

    #[test]
    fn what_is_cut_off_or_foreign_is_no_record() {
        let cut = "\tUser-Name = \"x\"\n\nrubbish\nMon Nov 30 02:03:05 2026\n\tCalling-Station-Id = \"1\"\n\
            Mon Nov 30 02:03:06 2026\n\tOperator-Name = \"1b\"\n\n";
        let (records, garbage) = read(cut, "/d/10.0.0.9/detail");
        assert_eq!(records, ["10.0.0.9 Missing Present(\"1b\") Some(1796004186)"]);
        assert_eq!(garbage, 2);
        let endless = format!("Mon Nov 30 02:03:05 2026\n{}\n\n", "\tClass = 0x00\n".repeat(1001));
        assert_eq!(read(&endless, "/d/10.0.0.9/detail").0.len(), 0);
    }

    proptest! {
        #[test]
        fn any_lines_are_read_without_a_panic(lines: Vec<Vec<u8>>) {
            let (mut detail, mut clock) = (Detail::default(), clock());
            detail.push(b"Mon Nov 30 02:03:05 2026", &[], &mut clock);
            for line in lines {
                detail.push(&line, &[], &mut clock);
                detail.push(&[b"\t", &line[..]].concat(), &[], &mut clock);
                let _ = detail.record(Path::new("/"));
            }
        }
    }
}
