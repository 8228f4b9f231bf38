//! How one file of a repository is asked for, and where it is.

use std::fmt::Write as _;

use check::CheckError;
use fetch::{Answer, Content, Fetcher, Request, next_request};

use crate::Args;
use crate::inspect::{Expected, Finding, Inspection};
use crate::packages::Sampler;

/// Redirects followed for one file.
const MAX_REDIRECTS: u32 = 5;

/// Sends a request and follows redirects, but never from TLS to none.
pub(crate) async fn open<'f>(
    fetcher: &'f Fetcher<'_>,
    mut request: Request,
) -> Result<(Answer, Content<'f>), CheckError> {
    for _ in 0..=MAX_REDIRECTS {
        let (answer, content) = fetcher.open(&request).await?;
        match next_request(&request, &answer)? {
            None => return Ok((answer, content)),
            Some(next) if request.url.scheme() == "https" && next.url.scheme() == "http" => {
                return Err(CheckError::target(format!(
                    "{} redirects to {}, without TLS: apt does not follow",
                    request.url,
                    fetch::clipped(next.url.as_str())
                )));
            }
            Some(next) => request = next,
        }
    }
    Err(CheckError::target(format!(
        "{} redirects more than {MAX_REDIRECTS} times",
        fetch::clipped(request.url.as_str())
    )))
}

/// Reads an answer through an inspection, and no more of it than shows that it is too long.
pub(crate) async fn inspected(
    mut content: Content<'_>,
    expected: Expected,
    sampler: &mut Option<Sampler>,
) -> Result<(Finding, u64), CheckError> {
    let size = expected.packed.size;
    let mut inspection = Inspection::begin(expected, sampler.take().unwrap_or_else(|| Sampler::new(0, 0)));
    let mut read = 0_u64;
    while let Some(piece) = content.next().await? {
        read = read.saturating_add(piece.len() as u64);
        inspection.piece(piece).await;
        if read > size {
            break;
        }
    }
    let broken = || CheckError::internal("reading an index broke down, please report it");
    let (finding, back) = inspection.finish().await.ok_or_else(broken)?;
    *sampler = Some(back);
    Ok((finding, read))
}

/// Where a suite is, below the repository; ends in `/` unless it is the repository itself.
pub(crate) fn directory(suite: &str) -> String {
    if Args::is_flat(suite) {
        let parts = suite.split('/').filter(|part| !part.is_empty() && *part != ".");
        parts.flat_map(|part| [part, "/"]).collect()
    } else {
        format!("dists/{suite}/")
    }
}

pub(crate) fn escaped(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~+:@,=!$&'()*".contains(&byte) {
            text.push(char::from(byte));
        } else {
            write!(text, "%{byte:02X}").expect("writing to a string cannot fail");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flat_suite_is_a_directory() {
        for (suite, want) in
            [("stable", "dists/stable/"), ("./", ""), ("/", ""), ("x/./y/", "x/y/"), ("a/b", "dists/a/b/")]
        {
            assert_eq!(directory(suite), want, "{suite}");
        }
    }

    #[test]
    fn names_in_the_pool_stay_what_they_are() {
        assert_eq!(escaped("pool/g++_1%3a2~rc+é ?#.deb"), "pool/g++_1%253a2~rc+%C3%A9%20%3F%23.deb");
    }
}
