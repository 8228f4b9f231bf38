//! A threshold of each of the three load averages.

use std::str::FromStr;

use check::Range;

/// Minutes that the three averages cover.
pub(crate) const MINUTES: [u8; 3] = [1, 5, 15];

/// Loads for 1, 5 and 15 minutes, as ranges that alert above.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Triple(pub [Range; 3]);

impl Triple {
    /// The first average of which `self` allows more than `other`.
    pub(crate) fn first_above(&self, other: &Triple) -> Option<u8> {
        let above = |i: &usize| self.0[*i].end() > other.0[*i].end();
        (0..3).find(above).map(|i| MINUTES[i])
    }
}

impl FromStr for Triple {
    type Err = String;

    /// One to three numbers with commas between them.
    fn from_str(text: &str) -> Result<Triple, String> {
        let error = || format!("`{text}` is not a load or three of them: use 5 or 15,10,5");
        let mut loads = [0.0; 3];
        let mut last = 0.0;
        let mut parts = text.split(',');
        for load in &mut loads {
            if let Some(part) = parts.next() {
                last = part.trim().parse::<f64>().map_err(|_| error())?;
            }
            *load = last;
        }
        if parts.next().is_some() || !loads.iter().all(|load| (0.0..1e9).contains(load)) {
            return Err(error());
        }
        // three decimals, as the peer writes them into perfdata
        let range = |load: f64| format!("{load:.3}").parse().map_err(|_| error());
        Ok(Triple([range(loads[0])?, range(loads[1])?, range(loads[2])?]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn triple(text: &str) -> Triple {
        text.parse().unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn the_last_number_is_repeated() {
        assert_eq!(triple("5"), triple("5,5,5"));
        assert_eq!(triple("3,1"), triple("3,1,1"));
        assert_eq!(triple("3, 2, 1").0.map(|range| range.perfdata().to_owned()), ["3.000", "2.000", "1.000"]);
    }

    #[test]
    fn refuses_what_is_no_load() {
        for bad in ["", ",", "2,", "1,2,3,4", "x", "-1", "nan", "inf", "1e99", "1;2"] {
            assert!(bad.parse::<Triple>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn warning_should_not_allow_more_than_critical() {
        assert_eq!(triple("2,1,0.5").first_above(&triple("3,0.7,0.6")), Some(5));
        assert_eq!(triple("2").first_above(&triple("2")), None);
    }
}
