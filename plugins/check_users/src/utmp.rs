//! The records of utmp(5), read from bytes.

use crate::Logins;

/// Most bytes of the file: over 10,000 records.
pub(crate) const MAX_LEN: u64 = 4 * 1024 * 1024;

/// Bytes of a record in glibc. The fields behind the host are 32 bits wide on x86_64 and the
/// others that once ran 32-bit programs (384 bytes); aarch64 never did and has `long`s (400).
/// What is read here lies at the same places in both.
const RECORD: usize = if cfg!(target_arch = "aarch64") { 400 } else { 384 };

/// `ut_type` of a login.
const USER_PROCESS: i16 = 7;

/// The logins in a file; an incomplete record at its end, which is being written, is not counted.
pub(crate) fn logins(file: &[u8]) -> Logins {
    let mut logins = Logins::default();
    for record in file.chunks_exact(RECORD) {
        let kind = record.first_chunk::<2>().map(|bytes| i16::from_ne_bytes(*bytes));
        let terminal = text(record.get(8..40).unwrap_or_default());
        let user = text(record.get(44..76).unwrap_or_default());
        if kind == Some(USER_PROCESS) && !user.is_empty() {
            logins.add(user, terminal);
        }
    }
    logins
}

/// Up to the first zero byte; a text that fills its field has none.
fn text(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Written by `utmpdump --reverse` from `utmp.txt` on x86_64.
    const RECORDED: &[u8] = include_bytes!("../testdata/utmp");

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn reads_what_utmpdump_wrote() {
        let logins = logins(RECORDED);
        let expected = [("alice", "pts/0"), ("abcdefghijklmnopqrstuvwxyz012345", "tty1")];
        assert_eq!(logins.count, 2);
        assert_eq!(logins.shown, expected.map(|(user, line)| (user.to_owned(), line.to_owned())));
    }

    #[test]
    fn a_record_that_is_being_written_is_not_counted() {
        let mut record = vec![0; RECORD];
        record[..2].copy_from_slice(&USER_PROCESS.to_ne_bytes());
        record[44..47].copy_from_slice(b"bob");
        assert_eq!(logins(&record).count, 1);
        assert_eq!(logins(&record[..RECORD - 1]).count, 0);
        record[44] = 0;
        assert_eq!(logins(&record).count, 0);
    }

    proptest! {
        #[test]
        fn no_file_makes_it_panic(file in proptest::collection::vec(any::<u8>(), 0..1300)) {
            prop_assert!(logins(&file).count <= 3);
        }
    }
}
