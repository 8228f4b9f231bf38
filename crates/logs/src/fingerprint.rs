//! FNV-1a, 64 bits: a hash that is the same in every release, for telling log files apart. Whoever could
//! forge it can write the log itself.

const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// The hash of some bytes.
pub(crate) fn of(bytes: &[u8]) -> u64 {
    bytes.iter().fold(BASIS, |hash, byte| step(hash, *byte))
}

/// The hashes of the first byte, the first two, and so on.
pub(crate) fn of_prefixes(bytes: &[u8]) -> impl Iterator<Item = u64> + '_ {
    bytes.iter().scan(BASIS, |hash, byte| {
        *hash = step(*hash, *byte);
        Some(*hash)
    })
}

fn step(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(PRIME)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_fnv_1a() {
        assert_eq!(of(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(of(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(of(b"foobar"), 0x8594_4171_f739_67e8);
        assert_eq!(of_prefixes(b"foobar").last(), Some(of(b"foobar")));
    }
}
