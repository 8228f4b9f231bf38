//! Cleartext signatures, as InRelease has one: taken apart strictly, so that what is read is exactly
//! what is signed. Pure.

const BEGIN: &[u8] = b"-----BEGIN PGP SIGNED MESSAGE-----";
const SIGNATURE: &[u8] = b"-----BEGIN PGP SIGNATURE-----";
const END: &[u8] = b"-----END PGP SIGNATURE-----";

/// A signed text and its signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The text, without dash escapes and trailing blanks; every line ends in a line feed.
    pub text: Vec<u8>,
    /// The same as it is hashed: lines parted by carriage return and line feed.
    pub hashed: Vec<u8>,
    /// The hashes that its headers announce: GnuPG computes no others. Any, if none is.
    pub hashes: Vec<String>,
    /// The armored signatures.
    pub signatures: Vec<u8>,
}

/// Most hashes that may be announced; there are not so many.
const MAX_HASHES: usize = 16;

impl Signed {
    /// Takes apart a file that is one cleartext signature and nothing else.
    pub fn split(file: &[u8]) -> Result<Signed, &'static str> {
        let mut lines = file.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
        if lines.next() != Some(BEGIN) {
            return Err("does not begin with a PGP signed message");
        }
        let mut announced = Vec::new();
        loop {
            let line = match lines.next() {
                Some([]) => break,
                Some(line) => line,
                None => return Err("ends in its PGP headers"),
            };
            let names = line.strip_prefix(b"Hash:").ok_or("has a PGP header that is not `Hash:`")?;
            let names = std::str::from_utf8(names).map_err(|_| "has a Hash header that is no text")?;
            announced.extend(names.split(',').take(MAX_HASHES + 1).map(|name| name.trim().to_owned()));
            if announced.len() > MAX_HASHES {
                return Err("announces more hashes than there are");
            }
        }
        let mut text = Vec::with_capacity(file.len());
        let mut hashed = Vec::with_capacity(file.len());
        let mut is_first = true;
        loop {
            let line = match lines.next() {
                Some(SIGNATURE) => break,
                Some(line) => line,
                None => return Err("is cut off: no PGP signature follows the text"),
            };
            let line = match line.strip_prefix(b"- ") {
                Some(escaped) => escaped,
                // `- ` before an empty rest has lost its blank
                None if line == b"-" => b"",
                None if line.starts_with(b"-") => return Err("has a line with a dash that is not escaped"),
                None => line,
            };
            if !is_first {
                hashed.extend_from_slice(b"\r\n");
            }
            is_first = false;
            hashed.extend_from_slice(line);
            text.extend_from_slice(line);
            text.push(b'\n');
        }
        let mut signatures = SIGNATURE.to_vec();
        loop {
            let Some(line) = lines.next() else { return Err("is cut off in its PGP signature") };
            signatures.push(b'\n');
            signatures.extend_from_slice(line);
            if line == END {
                break;
            }
        }
        signatures.push(b'\n');
        if lines.any(|line| !line.is_empty()) {
            return Err("has more behind its PGP signature");
        }
        Ok(Signed { text, hashed, hashes: announced, signatures })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nA: b  \n- -c\n\nD\n\
        -----BEGIN PGP SIGNATURE-----\n\nabc=\n-----END PGP SIGNATURE-----\n";

    #[test]
    fn gives_the_text_as_it_is_read_and_as_it_is_hashed() {
        let signed = Signed::split(GOOD.as_bytes()).unwrap();
        assert_eq!(signed.hashes, ["SHA512"]);
        assert_eq!(String::from_utf8(signed.text).unwrap(), "A: b\n-c\n\nD\n");
        assert_eq!(String::from_utf8(signed.hashed).unwrap(), "A: b\r\n-c\r\n\r\nD");
        assert_eq!(
            String::from_utf8(signed.signatures).unwrap(),
            "-----BEGIN PGP SIGNATURE-----\n\nabc=\n-----END PGP SIGNATURE-----\n"
        );
        // as a mail program would have it
        let crlf = GOOD.replace('\n', "\r\n");
        assert_eq!(Signed::split(crlf.as_bytes()).unwrap(), Signed::split(GOOD.as_bytes()).unwrap());
    }

    #[test]
    fn refuses_what_is_not_signed_before_between_and_behind() {
        for (from, to, why) in [
            ("-----BEGIN PGP SIGNED", "x\n-----BEGIN PGP SIGNED", "does not begin"),
            ("Hash: SHA512\n\n", "Hash: SHA512\nA: x\n\n", "header"),
            ("- -c", "-c", "not escaped"),
            ("- -c", "-----BEGIN PGP SIGNED MESSAGE-----", "not escaped"),
            ("-----END PGP SIGNATURE-----\n", "-----END PGP SIGNATURE-----\nA: x\n", "more behind"),
            ("-----END PGP SIGNATURE-----\n", "", "cut off in"),
            ("-----BEGIN PGP SIGNATURE-----\n\nabc=\n-----END PGP SIGNATURE-----\n", "", "cut off"),
        ] {
            let text = GOOD.replacen(from, to, 1);
            let error = Signed::split(text.as_bytes()).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
        for bad in
            ["", "Suite: x\n", "-----BEGIN PGP SIGNED MESSAGE-----", "-----BEGIN PGP SIGNED MESSAGE-----\n\n"]
        {
            assert!(Signed::split(bad.as_bytes()).is_err(), "{bad:?}");
        }
    }
}
