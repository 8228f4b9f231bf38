//! From a line of F-TICKS to an authentication that counts.

use logs::fticks::Tick;

/// Longest pseudonym kept: a User-Name has 253 octets.
const MAX_PSEUDONYM: usize = 253;
/// Set in what stands for a device whose address is hashed.
const HASHED: u64 = 1 << 63;

/// Why an authentication does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dropped {
    /// It was refused.
    Rejected,
    /// Nobody: neither a pseudonym nor a device.
    Anonymous,
    /// A monitoring system, by its address.
    Monitoring,
    /// VISINST is none of eduroam (`1` and a realm).
    NoRealm,
}

/// An authentication that counts, in the words of the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted<'a> {
    /// The pseudonym; empty if the line has none: then the device stands for the user.
    pub pseudonym: &'a str,
    /// Realm of the user.
    pub realm: &'a str,
    /// Realm of who was visited.
    pub visited: &'a str,
    /// The device, if it is told.
    pub device: Option<u64>,
}

/// Does it count? eduroam's rules: only successes, of users who are somebody, not of monitoring systems.
pub fn read<'a>(tick: &Tick<'a>) -> Result<Counted<'a>, Dropped> {
    if !tick.is_accepted {
        return Err(Dropped::Rejected);
    }
    let visited = tick.visited.strip_prefix('1').filter(|realm| !realm.is_empty()).ok_or(Dropped::NoRealm)?;
    let device = tick.station.and_then(device);
    if device.is_some_and(is_monitoring) {
        return Err(Dropped::Monitoring);
    }
    let pseudonym = tick.pseudonym.unwrap_or_default();
    let is_nobody =
        |it: &str| it.starts_with('@') || it.starts_with("anonymous@") || it.len() > MAX_PSEUDONYM;
    if is_nobody(pseudonym) || (pseudonym.is_empty() && device.is_none()) {
        return Err(Dropped::Anonymous);
    }
    let realm = match pseudonym.rsplit_once('@') {
        Some((_, realm)) if !realm.is_empty() => realm,
        _ => tick.realm,
    };
    Ok(Counted { pseudonym, realm, visited, device })
}

/// A device by its address: twelve hexadecimal digits, whatever stands between them, are a number. Anything
/// else that is there is a pseudonym of the device (radsecproxy's hashes), of which a hash is as good.
pub fn device(station: &str) -> Option<u64> {
    let mut digits = 0;
    let mut number: u64 = 0;
    for c in station.chars().filter(|c| !":-. ".contains(*c)) {
        match c.to_digit(16) {
            Some(digit) if digits < 12 => number = number << 4 | u64::from(digit),
            _ => return Some(hashed(station)),
        }
        digits += 1;
    }
    match digits {
        0 => None,
        12 => Some(number),
        _ => Some(hashed(station)),
    }
}

fn hashed(station: &str) -> u64 {
    // FNV-1a: of no use for hiding, which is done by who wrote the line
    let step = |hash: u64, byte: u8| {
        (hash ^ u64::from(byte.to_ascii_lowercase())).wrapping_mul(0x0000_0100_0000_01b3)
    };
    station.bytes().fold(0xcbf2_9ce4_8422_2325, step) | HASHED
}

/// The pool of eduroam's monitoring, 70:6f:6c:69:… to 70:6f:6c:6f:…: `polish`, and others.
fn is_monitoring(device: u64) -> bool {
    device & HASHED == 0 && (0x706f_6c69..=0x706f_6c6f).contains(&(device >> 16))
}

#[cfg(test)]
mod tests {
    use logs::fticks;

    use super::*;

    fn of(rest: &str) -> Result<(String, String, String, Option<u64>), Dropped> {
        let line = format!("F-TICKS/eduroam/1.0#REALM=home.cz#VISCOUNTRY=CZ#{rest}");
        let tick = fticks::read(line.as_bytes()).unwrap();
        read(&tick).map(|it| (it.pseudonym.to_owned(), it.realm.to_owned(), it.visited.to_owned(), it.device))
    }

    #[test]
    fn devices_are_numbers_however_they_are_written() {
        for text in ["aabbccddeeff", "AA:BB:CC:DD:EE:FF", "aa-bb-cc-dd-ee-ff", "aabb.ccdd.eeff"] {
            assert_eq!(device(text), Some(0xaabb_ccdd_eeff), "{text}");
        }
        assert_eq!(device(""), None);
        assert_eq!(device("--"), None);
        let hash = device("aa-bb-cc-0123456789abcdef").unwrap();
        assert!(hash & HASHED != 0);
        assert_eq!(device("AA-BB-CC-0123456789ABCDEF"), Some(hash));
        assert_ne!(device("aa-bb-cc-0123456789abcdee"), Some(hash));
        assert!(device("aabbccddeeff;x").unwrap() & HASHED != 0);
    }

    #[test]
    fn only_somebody_who_was_let_in_counts() {
        let named = of("VISINST=1b.cz#CSI=aabbccddeeff#PN=u1@h.cz#RESULT=OK").unwrap();
        assert_eq!(
            named,
            ("u1@h.cz".to_owned(), "h.cz".to_owned(), "b.cz".to_owned(), Some(0xaabb_ccdd_eeff))
        );
        let hash = of("VISINST=1b.cz#CSI=#PN=0123abcd#RESULT=OK").unwrap();
        assert_eq!((hash.1.as_str(), hash.3), ("home.cz", None));
        assert_eq!(of("VISINST=1b.cz#CSI=aabbccddeeff#RESULT=OK#").unwrap().0, "");
        for (rest, why) in [
            ("VISINST=1b.cz#CSI=aabbccddeeff#PN=u#RESULT=FAIL", Dropped::Rejected),
            ("VISINST=visited#CSI=aabbccddeeff#PN=u#RESULT=OK", Dropped::NoRealm),
            ("VISINST=1#CSI=aabbccddeeff#PN=u#RESULT=OK", Dropped::NoRealm),
            ("VISINST=1b.cz#CSI=aabbccddeeff#PN=@h.cz#RESULT=OK", Dropped::Anonymous),
            ("VISINST=1b.cz#CSI=aabbccddeeff#PN=anonymous@h.cz#RESULT=OK", Dropped::Anonymous),
            ("VISINST=1b.cz#CSI=#RESULT=OK#", Dropped::Anonymous),
            ("VISINST=1b.cz#CSI=70-6f-6c-69-73-68#PN=u#RESULT=OK", Dropped::Monitoring),
            ("VISINST=1b.cz#CSI=706f6c6f0000#PN=u#RESULT=OK", Dropped::Monitoring),
        ] {
            assert_eq!(of(rest), Err(why), "{rest}");
        }
        assert!(of("VISINST=1b.cz#CSI=706f6c680000#PN=u#RESULT=OK").is_ok());
    }
}
