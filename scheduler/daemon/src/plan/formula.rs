//! The federation's own arithmetic: what follows from four numbers, without any configuration.

use engine::nearest;

/// An even federation: every realm has one account, every server is tested with all of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Formula {
    /// Accounts, one for each realm.
    pub ta: u32,
    /// RADIUS servers.
    pub rs: u32,
    /// Tests of a server with one guest's account, an hour.
    pub ng: f64,
    /// Tests of a server with its own realm's account, an hour.
    pub nl: f64,
}

/// What may be given.
const KEYS: [&str; 4] = ["TA", "RS", "Ng", "Nl"];
/// Accounts or servers of the largest federation that is reckoned with.
const MOST: f64 = 1e9;

impl Formula {
    /// `TA=20,RS=30,Ng=1/6,Nl=12`; RS is 1.5 x TA unless it is given, Ng 2 and Nl 12.
    pub fn parse(text: &str) -> Result<Formula, String> {
        let mut given = [None; 4];
        for part in text.split(',') {
            let (key, value) = part
                .split_once('=')
                .ok_or_else(|| format!("`{part}` is no NAME=NUMBER: write TA=20,RS=30"))?;
            let key = key.trim();
            let place = KEYS.iter().position(|known| known.eq_ignore_ascii_case(key)).ok_or_else(|| {
                let hint = nearest(key, KEYS).map(|name| format!("; nearest known: `{name}`"));
                format!(
                    "no such number: `{key}`{}",
                    hint.unwrap_or_else(|| format!("; known: {}", KEYS.join(", ")))
                )
            })?;
            if given[place].replace(number(KEYS[place], value.trim())?).is_some() {
                return Err(format!("{} is given twice", KEYS[place]));
            }
        }
        let [ta, rs, ng, nl] = given;
        let ta = whole("TA", ta.ok_or("TA is missing: how many accounts?")?)?;
        let rs = rs.map_or(Ok(ta.saturating_add(ta / 2)), |rs| whole("RS", rs))?;
        Ok(Formula { ta, rs, ng: ng.unwrap_or(2.0), nl: nl.unwrap_or(12.0) })
    }

    /// Tests by a server and a realm.
    pub fn services(&self) -> u64 {
        u64::from(self.rs) * u64::from(self.ta)
    }

    /// Qm: logins an hour from the monitor to each server.
    pub fn direct(&self) -> f64 {
        self.ng * (f64::from(self.ta) - 1.0) + self.nl
    }

    /// Qt: logins an hour that each server handles.
    pub fn handled(&self) -> f64 {
        self.ng * (f64::from(self.ta) + f64::from(self.rs) - 2.0) + self.nl
    }

    /// Those of Qt that go to the server's own database of users.
    pub fn local(&self) -> f64 {
        self.nl + self.ng * (f64::from(self.rs) - 1.0)
    }

    /// Qnren: logins an hour through the national proxies.
    pub fn national(&self) -> f64 {
        f64::from(self.rs) * self.ng * (f64::from(self.ta) - 1.0)
    }

    /// Logins an hour that the monitor makes in all.
    pub fn made(&self) -> f64 {
        f64::from(self.rs) * self.direct()
    }
}

/// A number of zero or more: `12`, `0.1667` or `1/6`.
fn number(key: &str, text: &str) -> Result<f64, String> {
    let wrong = || format!("{key}=`{text}` is no number: write 12, 0.1667 or 1/6");
    let one = |text: &str| text.trim().parse::<f64>().map_err(|_| wrong());
    let value = match text.split_once('/') {
        Some((above, below)) => one(above)? / one(below)?,
        None => one(text)?,
    };
    // a zero has no sign
    if (0.0..=MOST).contains(&value) { Ok(value + 0.0) } else { Err(wrong()) }
}

fn whole(key: &str, value: f64) -> Result<u32, String> {
    if value < 1.0 || value.fract() != 0.0 {
        return Err(format!("{key}={value} counts something: write a whole number from 1 on"));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 1 to MOST")]
    Ok(value as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::number::{amount, rate};
    use proptest::prelude::*;

    /// Per hour and per second, as people read it.
    fn both(per_hour: f64) -> (String, String) {
        (amount(per_hour), rate(per_hour / 3600.0))
    }

    /// E36: every number of the federation's table, per hour and per second.
    #[test]
    fn e36_the_federation_s_table_is_reproduced() {
        for (given, rs, services, handled, national) in [
            ("TA=20", 30, 600, ("108", "0.03"), ("1,140", "0.32")),
            ("TA=50", 75, 3750, ("258", "0.07"), ("7,350", "2.04")),
            ("TA=500", 750, 375_000, ("2,508", "0.70"), ("748,500", "207.92")),
            ("TA=2000", 3000, 6_000_000, ("10,008", "2.78"), ("11,994,000", "3,331.67")),
        ] {
            let formula = Formula::parse(given).unwrap();
            assert_eq!((formula.rs, formula.services()), (rs, services), "{given}");
            assert_eq!(both(formula.handled()), (handled.0.to_owned(), handled.1.to_owned()), "{given}");
            assert_eq!(both(formula.national()), (national.0.to_owned(), national.1.to_owned()), "{given}");
        }
    }

    /// E35: the four formulas, by numbers worked out by hand.
    #[test]
    fn e35_queries_from_the_monitor_to_each_server_and_through_the_proxies() {
        let formula = Formula::parse("TA=20,RS=30,Ng=2,Nl=12").unwrap();
        assert_eq!(formula, Formula::parse("TA=20").unwrap(), "these are the defaults");
        assert_eq!(formula.direct(), 50.0, "2 x 19 + 12");
        assert_eq!(formula.handled(), 108.0, "2 x 48 + 12");
        assert_eq!(formula.local(), 70.0, "12 + 2 x 29");
        assert_eq!(formula.national(), 1140.0, "30 x 2 x 19");
        assert_eq!(formula.made(), 1500.0, "30 x 50");
        // what comes from the monitor, and what other servers forward
        assert_eq!(formula.handled(), formula.direct() + 2.0 * 29.0);
    }

    /// E36: today's interval of six hours.
    #[test]
    fn e36_fractions_are_allowed() {
        let formula = Formula::parse(" ta=20 , Ng=1/6").unwrap();
        assert_eq!((amount(formula.national()), amount(formula.handled())), ("95".into(), "20".into()));
        let near = Formula::parse("TA=20,Ng=0.1667").unwrap();
        assert!((near.national() - 95.0).abs() < 0.1 && near != formula);
        assert_eq!(Formula::parse("TA=7").unwrap().rs, 10, "half a server is none");
        assert_eq!(Formula::parse("TA=1").unwrap().rs, 1);
        let none = Formula::parse("TA=20,Ng=-0,Nl=0").unwrap();
        assert_eq!((both(none.national()), both(none.handled())), (both(0.0), both(0.0)), "{none:?}");
    }

    #[test]
    fn what_is_no_federation_is_refused_with_a_reason() {
        for (text, says) in [
            ("", "NAME=NUMBER"),
            ("RS=3", "TA is missing"),
            ("TA", "NAME=NUMBER"),
            ("TA=1.5", "whole number"),
            ("TA=0", "whole number"),
            ("TA=2,RS=0", "whole number"),
            ("TA=2,TA=3", "given twice"),
            ("TA=2,Nq=3", "nearest known: `Ng`"),
            ("TA=2,zebra=3", "known: TA, RS, Ng, Nl"),
            ("TA=2,Ng=-1", "1/6"),
            ("TA=2,Ng=1/0", "1/6"),
            ("TA=2,Ng=0/0", "1/6"),
            ("TA=2,Ng=nan", "1/6"),
            ("TA=2,Nl=inf", "1/6"),
            ("TA=1e300", "1/6"),
            ("TA=2,Ng=1/6/2", "1/6"),
        ] {
            let error = Formula::parse(text).unwrap_err();
            assert!(error.contains(says), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn no_numbers_make_it_panic(text in "((TA|RS|Ng|Nl|x)(=)(0|1|7|1e9|4294967296|1/3|-1|é|)(,|)){0,5}") {
            if let Ok(formula) = Formula::parse(&text) {
                let all = [formula.direct(), formula.handled(), formula.local(), formula.national(), formula.made()];
                prop_assert!(all.iter().all(|logins| logins.is_finite() && *logins >= 0.0), "{:?}", formula);
                prop_assert!(formula.local() <= formula.handled() + 1e-6);
            }
        }
    }
}
