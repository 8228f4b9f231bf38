//! F-TICKS: one authentication in one line, as national proxies report it.
//!
//! `F-TICKS/eduroam/1.0#REALM=…#VISCOUNTRY=…#VISINST=…#CSI=…#PN=…#RESULT=OK#`. radsecproxy leaves out PN,
//! and has a `#` at the end. What is unknown is passed over; what is there twice makes the line worthless:
//! realm and pseudonym are chosen by whoever logs in, and one with a `#` in it would write other fields.

/// Most fields of a line.
const MAX_FIELDS: usize = 32;
/// What radsecproxy writes for every address if it is told to (`FTicksMAC Static`).
const UNDISCLOSED: &str = "undisclosed";

/// Fields that must be there, as bits of those seen.
const VISINST: u8 = 0b10;
const RESULT: u8 = 0b1_0000;

/// One authentication.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tick<'a> {
    /// The user's realm, empty if it is not told.
    pub realm: &'a str,
    /// Who was visited: for eduroam `1` and a realm (RFC 5580), or the name of a client of the proxy.
    pub visited: &'a str,
    /// Calling-Station-Id; `None` if the line does not tell, empty if the request had none.
    pub station: Option<&'a str>,
    /// Pseudonym of the user, if it is told.
    pub pseudonym: Option<&'a str>,
    /// Was it an Access-Accept?
    pub is_accepted: bool,
    /// Seconds since 1970, if the line itself tells (TS).
    pub time: Option<i64>,
}

/// Why a line is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoTick {
    /// A line of something else.
    #[error("no F-TICKS")]
    Other,
    /// One that cannot be believed.
    #[error("{0}")]
    Bad(&'static str),
}

/// Reads a line; before the F-TICKS there may stand what syslog adds.
pub fn read(line: &[u8]) -> Result<Tick<'_>, NoTick> {
    let start = find(line, b"F-TICKS/").ok_or(NoTick::Other)?;
    let text = std::str::from_utf8(&line[start..]).map_err(|_| NoTick::Bad("it is no UTF-8"))?;
    let mut fields = text.split('#');
    let version = fields.next().unwrap_or_default();
    if version.split('/').count() != 3 || version.len() > 100 {
        return Err(NoTick::Bad("F-TICKS without a version"));
    }
    let mut tick = Tick::default();
    let mut seen: u8 = 0;
    for (i, field) in fields.enumerate() {
        if i >= MAX_FIELDS {
            return Err(NoTick::Bad("too many fields"));
        }
        let Some((key, value)) = field.split_once('=') else {
            // the end of radsecproxy's lines; anything else is not of this form
            if field.trim_end().is_empty() {
                continue;
            }
            return Err(NoTick::Bad("a field without a value"));
        };
        let bit = match key {
            "REALM" => 1,
            "VISINST" => VISINST,
            "CSI" => 4,
            "PN" => 8,
            "RESULT" => RESULT,
            "TS" => 32,
            _ => continue,
        };
        if seen & bit != 0 {
            return Err(NoTick::Bad("a field is there twice"));
        }
        seen |= bit;
        match key {
            "REALM" => tick.realm = value,
            "VISINST" => tick.visited = value,
            "CSI" => tick.station = (value != UNDISCLOSED).then_some(value),
            "PN" => tick.pseudonym = (!value.is_empty()).then_some(value),
            "RESULT" => tick.is_accepted = value.trim_end() == "OK",
            _ => tick.time = value.parse().ok(),
        }
    }
    if seen & VISINST == 0 || seen & RESULT == 0 {
        return Err(NoTick::Bad("VISINST or RESULT is missing"));
    }
    Ok(tick)
}

fn find(line: &[u8], what: &[u8]) -> Option<usize> {
    // a syslog prefix is short, and what a user chose stands behind the first fields
    let line = &line[..line.len().min(300)];
    line.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn both_forms_are_read() {
        let seven: &[u8] = b"2026-11-30T02:03:05+01:00 p fticks: F-TICKS/eduroam/1.0#REALM=a.cz#VISCOUNTRY=CZ#VISINST=1b.cz#CSI=70:6f:6c:00:00:01#PN=u@a.cz#RESULT=OK";
        let want = Tick {
            realm: "a.cz",
            visited: "1b.cz",
            station: Some("70:6f:6c:00:00:01"),
            pseudonym: Some("u@a.cz"),
            is_accepted: true,
            time: None,
        };
        assert_eq!(read(seven), Ok(want));
        let radsecproxy: &[u8] = b"Mon Nov 30 02:03:05 2026: F-TICKS/eduroam/1.0#REALM=example-home.cz#VISCOUNTRY=CZ#VISINST=visited#CSI=#RESULT=FAIL#";
        let tick = read(radsecproxy).unwrap();
        assert_eq!((tick.visited, tick.station, tick.pseudonym), ("visited", Some(""), None));
        assert!(!tick.is_accepted);
        let more =
            read(b"F-TICKS/eduroam/1.0#TS=1796004185#X=y#REALM=a#VISINST=1b#CSI=undisclosed#RESULT=OK#\r")
                .unwrap();
        assert_eq!((more.time, more.station, more.is_accepted), (Some(1_796_004_185), None, true));
    }

    #[test]
    fn what_a_user_writes_into_a_line_makes_it_worthless() {
        for (line, why) in [
            (
                "F-TICKS/eduroam/1.0#REALM=x#VISINST=1evil#RESULT=OK#VISCOUNTRY=CZ#VISINST=1b#RESULT=FAIL#",
                "twice",
            ),
            ("F-TICKS/eduroam/1.0#REALM=a#VISINST=1b#PN=u#RESULT=OK#RESULT=FAIL", "twice"),
            ("F-TICKS/eduroam/1.0#REALM=a#b#VISINST=1b#RESULT=OK", "without a value"),
            ("F-TICKS/eduroam/1.0#REALM=a#VISINST=1b", "missing"),
            ("F-TICKS/eduroam#REALM=a#VISINST=1b#RESULT=OK", "version"),
        ] {
            assert!(read(line.as_bytes()).unwrap_err().to_string().contains(why), "{line}");
        }
        assert_eq!(read(b"Access-Accept for user x"), Err(NoTick::Other));
        assert!(matches!(read(b"F-TICKS/eduroam/1.0#REALM=\xff#VISINST=1b#RESULT=OK"), Err(NoTick::Bad(_))));
        let many = format!("F-TICKS/eduroam/1.0{}", "#a=b".repeat(40));
        assert_eq!(read(many.as_bytes()), Err(NoTick::Bad("too many fields")));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(start in 0_usize..60, line: Vec<u8>) {
            let mut text = b"F-TICKS/eduroam/1.0#REALM=a#VISINST=1b#CSI=7#PN=u#RESULT=OK#".to_vec();
            text.truncate(start);
            text.extend(&line);
            let _ = read(&text);
            let _ = read(&line);
        }
    }
}
