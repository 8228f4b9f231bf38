//! What the sources agree on; pure.

/// The median of heights, and who is near it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Consensus {
    pub median: u64,
    /// For each height, in their order.
    pub agrees: Vec<bool>,
}

impl Consensus {
    /// None without heights. Of two heights in the middle it is the mean, rounded down.
    pub(crate) fn of(heights: &[u64], tolerance: u64) -> Option<Consensus> {
        let mut sorted = heights.to_vec();
        sorted.sort_unstable();
        let upper = *sorted.get(sorted.len() / 2)?;
        let lower = *sorted.get((sorted.len() - 1) / 2)?;
        let median = lower.midpoint(upper);
        let agrees = heights.iter().map(|height| height.abs_diff(median) <= tolerance).collect();
        Some(Consensus { median, agrees })
    }

    pub(crate) fn agreeing(&self) -> usize {
        self.agrees.iter().filter(|agrees| **agrees).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_liar_changes_nothing() {
        for (heights, median, agreeing) in [
            (&[100][..], 100, 1),
            (&[100, 102], 101, 2),
            (&[101, 102], 101, 2),
            (&[100, 5, 101], 100, 2),
            (&[100, 999_999, 101], 101, 2),
            (&[0, 100], 50, 0),
            (&[0, 0, 100, 100], 50, 0),
        ] {
            let found = Consensus::of(heights, 2).unwrap();
            assert_eq!((found.median, found.agreeing()), (median, agreeing), "{heights:?}");
        }
        assert_eq!(Consensus::of(&[], 2), None);
        assert_eq!(Consensus::of(&[u64::MAX, u64::MAX], 0).unwrap().median, u64::MAX);
    }
}
