//! What is used and free of a file system, counted as `df` counts.

use rustix::fs::StatVfs;

/// Space in bytes, and inodes. For a group of file systems: the sums.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    /// All blocks, those reserved for root too.
    pub total: u64,
    /// Blocks that hold something.
    pub used: u64,
    /// What users can still write; less than `total - used` where blocks are reserved for root.
    pub available: u64,
    /// All inodes; 0 on file systems that make them as needed.
    pub inodes: u64,
    /// Inodes in use.
    pub inodes_used: u64,
}

impl Usage {
    /// From the kernel's numbers.
    pub(crate) fn of(stat: &StatVfs) -> Usage {
        let bytes = |blocks: u64| blocks.saturating_mul(stat.f_frsize);
        // some file systems count below zero when root has used what was reserved
        let available = if stat.f_bavail > i64::MAX.cast_unsigned() { 0 } else { stat.f_bavail };
        Usage {
            total: bytes(stat.f_blocks),
            used: bytes(stat.f_blocks.saturating_sub(stat.f_bfree)),
            available: bytes(available),
            inodes: stat.f_files,
            inodes_used: stat.f_files.saturating_sub(stat.f_ffree),
        }
    }

    /// Both together.
    pub(crate) fn plus(self, other: Usage) -> Usage {
        Usage {
            total: self.total.saturating_add(other.total),
            used: self.used.saturating_add(other.used),
            available: self.available.saturating_add(other.available),
            inodes: self.inodes.saturating_add(other.inodes),
            inodes_used: self.inodes_used.saturating_add(other.inodes_used),
        }
    }

    /// Whole percent in use of what users can have, rounded up as `df` does; none without any space.
    pub(crate) fn used_percent(&self) -> Option<u8> {
        percent(self.used, u128::from(self.used) + u128::from(self.available))
    }

    /// Whole percent of the inodes in use, rounded up; none where there is no fixed number of them.
    pub(crate) fn inodes_used_percent(&self) -> Option<u8> {
        percent(self.inodes_used, u128::from(self.inodes))
    }
}

fn percent(part: u64, whole: u128) -> Option<u8> {
    if whole == 0 {
        return None;
    }
    u8::try_from((u128::from(part) * 100).div_ceil(whole)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stat(blocks: u64, free: u64, available: u64) -> StatVfs {
        let zero = rustix::fs::statvfs("/").expect("the root directory has a file system");
        StatVfs {
            f_frsize: 4096,
            f_blocks: blocks,
            f_bfree: free,
            f_bavail: available,
            f_files: 200,
            f_ffree: 50,
            ..zero
        }
    }

    #[test]
    fn reserved_blocks_belong_to_nobody() {
        let usage = Usage::of(&stat(1000, 100, 50));
        assert_eq!((usage.total, usage.used, usage.available), (4_096_000, 3_686_400, 204_800));
        // 900 of 950, where 900 of 1000 would still be 90 %
        assert_eq!(usage.used_percent(), Some(95));
        assert_eq!(usage.inodes_used_percent(), Some(75));
    }

    #[test]
    fn percentages_are_rounded_up_as_df_does() {
        let used = |used, available| Usage { used, available, ..Usage::default() }.used_percent();
        for (got, want) in [
            (used(0, 10), Some(0)),
            (used(1, 999_999), Some(1)),
            (used(999_999, 1), Some(100)),
            (used(89, 11), Some(89)),
            (used(0, 0), None),
            (used(u64::MAX, u64::MAX), Some(50)),
        ] {
            assert_eq!(got, want);
        }
    }

    #[test]
    fn numbers_out_of_bounds_stay_in_bounds() {
        let below_zero = Usage::of(&stat(1000, 0, 5_u64.wrapping_neg()));
        assert_eq!((below_zero.available, below_zero.used_percent()), (0, Some(100)));
        let absurd = Usage::of(&stat(u64::MAX, 0, u64::MAX >> 1));
        assert_eq!((absurd.total, absurd.available), (u64::MAX, u64::MAX));
        assert_eq!(absurd.plus(absurd).used, u64::MAX);
    }
}
