//! Numbers of things in words.

use std::fmt::Display;

/// `1 host`, `2 hosts`.
pub fn counted<N: Copy + Display + PartialEq + From<u8>>(number: N, what: &str) -> String {
    let s = if number == N::from(1) { "" } else { "s" };
    format!("{number} {what}{s}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_singular_and_none_is_not() {
        assert_eq!([0_u64, 1, 2].map(|n| counted(n, "host")), ["0 hosts", "1 host", "2 hosts"]);
    }
}
