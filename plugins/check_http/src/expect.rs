//! What the options expect: statuses, redirects, sizes.

use std::str::FromStr;

use check::State;

/// `-e`: a list, one of which must be the status or stand in the status line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expect {
    text: String,
}

impl Expect {
    /// As it was written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Is one of the list met? Three digits are a status, and never found in the words behind it:
    /// a server cannot pass for closed by saying `200 403`.
    pub(crate) fn is_met(&self, status: u16, status_line: &str) -> bool {
        self.text.split(',').map(str::trim).filter(|one| !one.is_empty()).any(|one| {
            let is_status = one.len() == 3 && one.bytes().all(|b| b.is_ascii_digit());
            if is_status { one.parse() == Ok(status) } else { status_line.contains(one) }
        })
    }
}

impl FromStr for Expect {
    type Err = String;

    fn from_str(text: &str) -> Result<Expect, String> {
        if text.split(',').all(|one| one.trim().is_empty()) {
            return Err("expect what? Give a status, or several: 401,403".to_owned());
        }
        Ok(Expect { text: text.to_owned() })
    }
}

/// `-f`: what a redirect means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnRedirect {
    /// It is the answer, and of this state.
    Is(State),
    /// Go where it leads.
    Follow,
    /// Go there, by the same address.
    Sticky,
    /// By the same address and port.
    StickyPort,
}

impl FromStr for OnRedirect {
    type Err = String;

    fn from_str(text: &str) -> Result<OnRedirect, String> {
        match text {
            "ok" => Ok(OnRedirect::Is(State::Ok)),
            "warning" => Ok(OnRedirect::Is(State::Warning)),
            "critical" => Ok(OnRedirect::Is(State::Critical)),
            "unknown" => Ok(OnRedirect::Is(State::Unknown)),
            // `curl` is check_curl's word for leaving it to libcurl
            "follow" | "curl" => Ok(OnRedirect::Follow),
            "sticky" => Ok(OnRedirect::Sticky),
            "stickyport" => Ok(OnRedirect::StickyPort),
            _ => Err(format!("`{text}`: use ok, warning, critical, follow, sticky or stickyport")),
        }
    }
}

/// `-m MIN[:MAX]`, bytes of the answer with its headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PageSize {
    pub min: u64,
    pub max: Option<u64>,
}

impl FromStr for PageSize {
    type Err = String;

    fn from_str(text: &str) -> Result<PageSize, String> {
        let number = |text: &str| text.parse::<u64>().map_err(|_| format!("`{text}` is no number of bytes"));
        let size = match text.split_once(':') {
            Some((min, max)) => {
                let min = if min.is_empty() { 0 } else { number(min)? };
                PageSize { min, max: if max.is_empty() { None } else { Some(number(max)?) } }
            }
            None => PageSize { min: number(text)?, max: None },
        };
        match size.max {
            Some(max) if max < size.min => Err(format!("{max} is less than {}", size.min)),
            _ => Ok(size),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_met_by_the_status_only() {
        let expect = |text: &str| text.parse::<Expect>().unwrap();
        assert!(expect("401,403").is_met(403, "HTTP/1.1 403 Forbidden"));
        assert!(!expect("401,403").is_met(200, "HTTP/1.1 200 403 Forbidden"));
        assert!(expect("HTTP/1.1 200").is_met(200, "HTTP/1.1 200 OK"));
        assert!(expect("x, OK ,").is_met(200, "HTTP/1.1 200 OK"));
        for bad in ["", ",", " , "] {
            assert!(bad.parse::<Expect>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn sizes_have_an_order() {
        assert_eq!("5".parse(), Ok(PageSize { min: 5, max: None }));
        assert_eq!("5:10".parse(), Ok(PageSize { min: 5, max: Some(10) }));
        assert_eq!(":10".parse(), Ok(PageSize { min: 0, max: Some(10) }));
        for bad in ["", "10:5", "-1", "a", "1:b"] {
            assert!(bad.parse::<PageSize>().is_err(), "{bad}");
        }
        assert_eq!("sticky".parse(), Ok(OnRedirect::Sticky));
        assert!("maybe".parse::<OnRedirect>().is_err());
    }
}
