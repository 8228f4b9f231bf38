//! NTP packets of client and server (RFC 5905, section 7.3), pure: 48 bytes, what follows is ignored.

use std::time::Duration;

/// Bytes of a packet without extensions.
pub const LENGTH: usize = 48;
/// Seconds from 1900, where NTP begins, to 1970.
const EPOCH: u64 = 2_208_988_800;
/// Root distance from which on a server's time is worth nothing (MAXDISP).
const MAX_DISTANCE: f64 = 16.0;

/// A moment as NTP counts: seconds and their binary fractions since 1900, which wrap every 136 years.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// Of Unix time.
    pub fn of(since_1970: Duration) -> Timestamp {
        let seconds = since_1970.as_secs().wrapping_add(EPOCH);
        let fraction = (u64::from(since_1970.subsec_nanos()) << 32) / 1_000_000_000;
        Timestamp(seconds.wrapping_shl(32) | fraction)
    }

    /// Seconds from another moment to this one, negative if it was before; right over the end of an
    /// era as long as the two are not more than 68 years apart.
    pub fn since(self, other: Timestamp) -> f64 {
        self.0.wrapping_sub(other.0).cast_signed() as f64 / FRACTIONS
    }
}

/// Fractions of a second.
const FRACTIONS: f64 = 4_294_967_296.0;

/// A question. Its transmit timestamp is a random number, not the time: whoever answers has to know
/// it, and learns nothing about this machine's clock.
pub fn request(cookie: u64) -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    // no leap second known, version 4, client
    bytes[0] = (4 << 3) | 3;
    bytes[LENGTH - 8..].copy_from_slice(&cookie.to_be_bytes());
    bytes
}

/// What a server says about the leap second at the end of this month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leap {
    /// There is none.
    None,
    /// The last minute has 61 seconds.
    Insert,
    /// The last minute has 59 seconds.
    Delete,
}

/// A server's time.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Of the leap second.
    pub leap: Leap,
    /// Steps from a reference clock, 1 to 15.
    pub stratum: u8,
    /// Round trip time from the server to the reference clock, in seconds.
    pub root_delay: f64,
    /// How wrong the server may be about it, in seconds.
    pub root_dispersion: f64,
    /// Whom the server follows: an address, a hash, or four letters at stratum 1.
    pub reference: [u8; 4],
    /// When the question came in.
    pub receive: Timestamp,
    /// When the answer went out.
    pub transmit: Timestamp,
}

/// What came back.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// The time.
    Time(Answer),
    /// The server wants to be left alone: DENY, RSTR or RATE ("kiss of death").
    Kiss(String),
    /// The server does not know the time; why, as far as it says.
    Unsynchronised(String),
}

/// Reads what came as the answer to one of the questions that `is_ours` knows by their cookie, which
/// is given back. What it is otherwise is told in a few words; anybody may have sent it.
pub fn read(bytes: &[u8], is_ours: impl Fn(u64) -> bool) -> Result<(u64, Reply), String> {
    let Some(head) = bytes.first_chunk::<LENGTH>() else {
        return Err(format!("{} bytes, too short for NTP", bytes.len()));
    };
    let (mode, version, alarm) = (head[0] & 7, (head[0] >> 3) & 7, head[0] >> 6);
    if mode != 4 || !(1..=4).contains(&version) {
        return Err(format!("a packet of mode {mode} and version {version}, no server's answer"));
    }
    let cookie = word(head, 24);
    if !is_ours(cookie) {
        return Err("an answer to a question that was not asked (wrong origin timestamp)".to_owned());
    }
    let reference = [head[12], head[13], head[14], head[15]];
    let stratum = head[1];
    let letters = letters(reference);
    if stratum == 0
        && let Some(code) = letters.as_deref().filter(|code| ["DENY", "RSTR", "RATE"].contains(code))
    {
        return Ok((cookie, Reply::Kiss(code.to_owned())));
    }
    let said = letters.filter(|_| stratum == 0).map(|code| format!(" ({code})")).unwrap_or_default();
    let unknown = |why: String| Ok((cookie, Reply::Unsynchronised(why)));
    let leap = match alarm {
        0 => Leap::None,
        1 => Leap::Insert,
        2 => Leap::Delete,
        _ => return unknown(format!("its leap indicator says so, stratum {stratum}{said}")),
    };
    if !(1..=15).contains(&stratum) {
        return unknown(format!("stratum {stratum}{said}"));
    }
    let answer = Answer {
        leap,
        stratum,
        root_delay: short(head, 4),
        root_dispersion: short(head, 8),
        reference,
        receive: Timestamp(word(head, 32)),
        transmit: Timestamp(word(head, 40)),
    };
    if answer.receive.0 == 0 || answer.transmit.0 == 0 || answer.transmit.since(answer.receive) < 0.0 {
        return Err("an answer whose timestamps make no sense".to_owned());
    }
    if answer.root_distance() >= MAX_DISTANCE {
        return unknown(format!("root distance {:.1} seconds", answer.root_distance()));
    }
    Ok((cookie, Reply::Time(answer)))
}

impl Answer {
    /// How far the server may be from the true time, in seconds.
    pub fn root_distance(&self) -> f64 {
        self.root_delay / 2.0 + self.root_dispersion
    }
}

/// Four letters, or fewer with zeros behind them.
fn letters(reference: [u8; 4]) -> Option<String> {
    let text: String =
        reference.iter().take_while(|byte| **byte != 0).map(|byte| char::from(*byte)).collect();
    (!text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric())).then_some(text)
}

/// 64 bits at a place that is inside.
fn word(head: &[u8; LENGTH], at: usize) -> u64 {
    head.iter().skip(at).take(8).fold(0, |word, byte| word << 8 | u64::from(*byte))
}

/// 16 bits of seconds and 16 of fractions.
fn short(head: &[u8; LENGTH], at: usize) -> f64 {
    (word(head, at) >> 32) as f64 / 65_536.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server's answer to cookie 7.
    fn answer() -> [u8; LENGTH] {
        let mut bytes = request(0);
        bytes[0] = (4 << 3) | 4;
        bytes[1] = 2;
        bytes[4..8].copy_from_slice(&0x0000_8000_u32.to_be_bytes());
        bytes[8..12].copy_from_slice(&0x0000_4000_u32.to_be_bytes());
        bytes[12..16].copy_from_slice(&[192, 0, 2, 1]);
        bytes[24..32].copy_from_slice(&7_u64.to_be_bytes());
        bytes[32..40].copy_from_slice(&(5_u64 << 32).to_be_bytes());
        bytes[40..48].copy_from_slice(&((5_u64 << 32) + (1 << 31)).to_be_bytes());
        bytes
    }

    fn with(change: impl Fn(&mut [u8; LENGTH])) -> Result<Reply, String> {
        let mut bytes = answer();
        change(&mut bytes);
        read(&bytes, |cookie| cookie == 7).map(|(_, reply)| reply)
    }

    #[test]
    fn an_answer_is_read() {
        let Ok(Reply::Time(read)) = with(|_| {}) else { panic!("it is one") };
        assert_eq!(
            (read.stratum, read.leap, read.root_delay, read.root_dispersion),
            (2, Leap::None, 0.5, 0.25)
        );
        assert_eq!((read.root_distance(), read.transmit.since(read.receive)), (0.5, 0.5));
        assert_eq!(request(7)[40..], 7_u64.to_be_bytes());
    }

    #[test]
    fn what_is_no_answer_of_a_synchronised_server_is_named() {
        let junk = |change: fn(&mut [u8; LENGTH])| with(change).unwrap_err();
        assert!(junk(|bytes| bytes[31] = 8).contains("wrong origin timestamp"));
        assert!(junk(|bytes| bytes[0] = (4 << 3) | 3).contains("mode 3"));
        assert!(junk(|bytes| bytes[0] = 4).contains("version 0"));
        assert!(junk(|bytes| bytes[40..].fill(0)).contains("make no sense"));
        assert!(junk(|bytes| bytes[35] = 9).contains("make no sense"));
        assert!(read(&[0; 47], |_| true).unwrap_err().contains("47 bytes"));
        let kiss = |code: &[u8; 4]| {
            with(|bytes| {
                bytes[1] = 0;
                bytes[12..16].copy_from_slice(code);
            })
        };
        assert_eq!(kiss(b"RATE"), Ok(Reply::Kiss("RATE".to_owned())));
        assert_eq!(kiss(b"INIT"), Ok(Reply::Unsynchronised("stratum 0 (INIT)".to_owned())));
        assert_eq!(kiss(&[0; 4]), Ok(Reply::Unsynchronised("stratum 0".to_owned())));
        assert_eq!(with(|bytes| bytes[1] = 16), Ok(Reply::Unsynchronised("stratum 16".to_owned())));
        let alarm = with(|bytes| bytes[0] |= 0xc0);
        assert_eq!(alarm, Ok(Reply::Unsynchronised("its leap indicator says so, stratum 2".to_owned())));
        let far = with(|bytes| bytes[9] = 16);
        assert_eq!(far, Ok(Reply::Unsynchronised("root distance 16.5 seconds".to_owned())));
    }

    #[test]
    fn time_goes_on_over_the_end_of_an_era() {
        let before = Timestamp::of(Duration::from_secs(2_085_978_495));
        let after = Timestamp::of(Duration::new(2_085_978_496, 500_000_000));
        assert!(after.0 < before.0);
        assert_eq!((after.since(before), before.since(after)), (1.5, -1.5));
    }
}
