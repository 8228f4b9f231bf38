//! Bytes to text, by what the document says of itself.

use std::borrow::Cow;

use encoding_rs::{Encoding, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE};

use crate::XmlError;

/// Where a declaration's encoding must be: nothing but a version may come before it.
const DECLARATION: usize = 200;

/// The text of a document: by its byte order mark, else by its declaration (`<?xml … encoding="…"?>`),
/// else UTF-8. What a web server says of it does not count: files are published with whatever the server
/// is set to. For a text without a declaration, JSON for example, it is UTF-8 unless marked.
pub fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, XmlError> {
    let (encoding, declared, rest) = match Encoding::for_bom(bytes) {
        Some((encoding, length)) => (encoding, true, bytes.get(length..).unwrap_or_default()),
        None => match bytes {
            // `<` of 16 bits, not marked
            [b'<', 0, ..] => (UTF_16LE, true, bytes),
            [0, b'<', ..] => (UTF_16BE, true, bytes),
            _ => {
                let (encoding, declared) = by_declaration(bytes)?;
                (encoding, declared, bytes)
            }
        },
    };
    encoding
        .decode_without_bom_handling_and_without_replacement(rest)
        .ok_or(XmlError::Encoding { encoding: encoding.name(), declared })
}

fn by_declaration(bytes: &[u8]) -> Result<(&'static Encoding, bool), XmlError> {
    let Some(label) = declared(bytes) else { return Ok((UTF_8, false)) };
    let known = Encoding::for_label(label).filter(|encoding| *encoding != REPLACEMENT);
    match known {
        // it was read as ASCII so far, so that it is not
        Some(encoding) if encoding == UTF_16LE || encoding == UTF_16BE => {
            Err(XmlError::Encoding { encoding: encoding.name(), declared: true })
        }
        Some(encoding) => Ok((encoding, true)),
        None => {
            let shown = String::from_utf8_lossy(label).chars().filter(|c| !c.is_control()).take(40).collect();
            Err(XmlError::UnknownEncoding(shown))
        }
    }
}

/// The value of `encoding` in a declaration.
fn declared(bytes: &[u8]) -> Option<&[u8]> {
    let head = bytes.get(..DECLARATION.min(bytes.len()))?.strip_prefix(b"<?xml")?;
    let head = head.get(..find(head, b"?>")?)?;
    let after = head.get(find(head, b"encoding")? + b"encoding".len()..)?.trim_ascii_start();
    let value = after.strip_prefix(b"=")?.trim_ascii_start();
    let (quote, value) = value.split_first()?;
    let end = value.iter().position(|byte| byte == quote)?;
    value.get(..end).filter(|_| matches!(quote, b'"' | b'\''))
}

fn find(text: &[u8], word: &[u8]) -> Option<usize> {
    text.windows(word.len()).position(|window| window == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_says_how_it_is_written() {
        let utf16 = |text: &str, mark: bool| -> Vec<u8> {
            let mark = if mark { "\u{feff}" } else { "" };
            format!("{mark}{text}").encode_utf16().flat_map(u16::to_be_bytes).collect()
        };
        for (bytes, want) in [
            ("<a>č</a>".as_bytes().to_vec(), "<a>č</a>"),
            ("\u{feff}<a>č</a>".as_bytes().to_vec(), "<a>č</a>"),
            (utf16("<a>č</a>", true), "<a>č</a>"),
            (utf16("<a>č</a>", false), "<a>č</a>"),
            (b"<?xml version='1.0' encoding = 'windows-1250' ?><a>\xe8</a>".to_vec(), "č"),
            (b"<?xml version=\"1.0\" encoding=\"ISO-8859-2\"?><a>\xe8</a>".to_vec(), "č"),
            (b"<?xml version=\"1.0\"?><!-- encoding=\"x\" --><a/>".to_vec(), "<a/>"),
            (b"{}".to_vec(), "{}"),
        ] {
            let text = decode(&bytes).unwrap();
            assert!(text.contains(want), "{text}");
        }
    }

    #[test]
    fn what_is_not_as_it_says_is_told() {
        for (bytes, want) in [
            (&b"<a>\xe8</a>"[..], "its bytes are not UTF-8, and it declares no other encoding"),
            (
                b"<?xml version=\"1.0\" encoding=\"UTF-8\"?><a>\xe8</a>",
                "its bytes are not UTF-8, though it says so",
            ),
            (
                b"<?xml version=\"1.0\" encoding=\"UTF-16\"?><a/>",
                "its bytes are not UTF-16LE, though it says so",
            ),
            (
                b"<?xml version=\"1.0\" encoding=\"ebcdic\"?><a/>",
                "its encoding `ebcdic` is not known: publish it as UTF-8",
            ),
            (
                b"<?xml encoding='iso-2022-kr'?><a/>",
                "its encoding `iso-2022-kr` is not known: publish it as UTF-8",
            ),
        ] {
            assert_eq!(decode(bytes).unwrap_err().to_string(), want);
        }
        assert_eq!(decode(b"").unwrap(), "");
    }
}
