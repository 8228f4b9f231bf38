//! Names in URLs and in listings: escapes and patterns.

/// The bytes that `%C3%A9` and the like stand for, as text; what is no escape stays.
pub fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes().enumerate();
    while let Some((i, byte)) = rest.next() {
        let escaped = text.get(i + 1..i + 3).filter(|_| byte == b'%');
        match escaped.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(decoded) => {
                bytes.push(decoded);
                rest.nth(1);
            }
            None => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Does a pattern of `*` and `?` match a whole name?
///
/// Goes back to the last `*` only, so the work is at most the product of both lengths.
pub fn glob(pattern: &[char], name: &[char]) -> bool {
    let (mut g, mut n) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(g) {
            Some('*') => {
                back = Some((g, n));
                g += 1;
            }
            Some(c) if *c == '?' || *c == name[n] => {
                g += 1;
                n += 1;
            }
            _ => match back {
                Some((star, from)) => {
                    back = Some((star, from + 1));
                    g = star + 1;
                    n = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[g..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_patterns() {
        assert_eq!(percent_decoded("n%C3%A4me%20%26%zz%"), "n\u{e4}me &%zz%");
        let matches = |pattern: &str, name: &str| {
            glob(&pattern.chars().collect::<Vec<_>>(), &name.chars().collect::<Vec<_>>())
        };
        assert!(matches("a*b?", "axxbbc") && matches("*", "") && !matches("?", "") && !matches("a*b", "abc"));
    }
}
