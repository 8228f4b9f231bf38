//! Texts that a stranger wrote.

/// Characters of such a text that are kept.
const LONGEST: usize = 200;

/// On one line, of a length that a message can hold.
pub(crate) fn plain(text: &str) -> String {
    text.trim().chars().take(LONGEST).map(|c| if c.is_control() || c == '|' { ' ' } else { c }).collect()
}

/// The same of bytes that may be no text.
pub(crate) fn plain_bytes(bytes: &[u8]) -> String {
    plain(&String::from_utf8_lossy(bytes.get(..4 * LONGEST).unwrap_or(bytes)))
}
