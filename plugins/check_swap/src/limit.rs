//! How much must be free.

use std::str::FromStr;

/// Bytes, or percent of the total.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Limit {
    Bytes(u64),
    Percent(f64),
}

impl Limit {
    /// The number of free bytes at which it alerts, of a total in bytes.
    pub(crate) fn bytes(self, total: u64) -> f64 {
        match self {
            Limit::Bytes(bytes) => bytes as f64,
            Limit::Percent(percent) => (percent * total as f64 / 100.0).floor(),
        }
    }

    /// Does it alert? So many or fewer alert, as in the peer: at 100 % even unused swap does.
    pub(crate) fn alerts(self, free: u64, total: u64) -> bool {
        match self {
            Limit::Bytes(bytes) => free <= bytes,
            Limit::Percent(percent) => free as f64 * 100.0 <= percent * total as f64,
        }
    }

    /// Is it certainly the lesser one? Bytes and percent cannot be compared.
    pub(crate) fn is_less_than(self, other: Limit) -> bool {
        match (self, other) {
            (Limit::Bytes(a), Limit::Bytes(b)) => a < b,
            (Limit::Percent(a), Limit::Percent(b)) => a < b,
            _ => false,
        }
    }
}

impl FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Limit, String> {
        let limit = match text.strip_suffix('%') {
            Some(percent) => percent.parse().ok().filter(|p| (0.0..=100.0).contains(p)).map(Limit::Percent),
            None => text.parse().ok().map(Limit::Bytes),
        };
        limit.ok_or_else(|| {
            format!("`{text}` is neither a number of bytes (104857600) nor a percentage up to 100 (20%)")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_percent() {
        assert_eq!("100".parse(), Ok(Limit::Bytes(100)));
        assert_eq!("10.5%".parse(), Ok(Limit::Percent(10.5)));
        for bad in ["", "%", "x", "-5", "-5%", "101%", "nan%", "10%x", "1e3", "500k", "99999999999999999999"]
        {
            assert!(bad.parse::<Limit>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn so_many_or_fewer_alert() {
        assert!(Limit::Bytes(10).alerts(10, 100) && !Limit::Bytes(10).alerts(11, 100));
        assert!(Limit::Percent(10.0).alerts(10, 100) && !Limit::Percent(10.0).alerts(11, 100));
        assert!(Limit::Percent(100.0).alerts(100, 100));
        assert_eq!(Limit::Percent(33.3).bytes(1000), 333.0);
    }

    #[test]
    fn only_like_is_compared_with_like() {
        assert!(Limit::Percent(5.0).is_less_than(Limit::Percent(10.0)));
        assert!(!Limit::Percent(10.0).is_less_than(Limit::Percent(10.0)));
        assert!(!Limit::Percent(50.0).is_less_than(Limit::Bytes(1_000_000)));
    }
}
