//! Realms and addresses of pages, in the form in which they are compared.

use fetch::Url;

/// A realm as it is compared: in lower case, without a dot at its end, in ASCII (`příklad.cz` and
/// `xn--pklad-zsa96e.cz` are one).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Realm(String);

impl Realm {
    /// Whatever stands in a document; nothing but space is no realm.
    pub fn new(text: &str) -> Option<Realm> {
        let text = without_end(text.trim_start());
        if text.is_empty() {
            return None;
        }
        let lower = || text.to_lowercase();
        let is_name = !text.contains(|c: char| c.is_whitespace() || "/\\?#@:%[]".contains(c));
        if text.is_ascii() || !is_name {
            return Some(Realm(lower()));
        }
        let ascii = Url::parse(&format!("http://{text}/")).ok();
        let ascii = ascii.as_ref().and_then(Url::host_str).map(|host| without_end(host).to_owned());
        Some(Realm(ascii.filter(|host| !host.is_empty()).unwrap_or_else(lower)))
    }
}

impl std::fmt::Display for Realm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Without the root's dot, and space.
fn without_end(text: &str) -> &str {
    text.trim_end_matches(|c: char| c == '.' || c.is_whitespace())
}

/// A page as it is compared: host and path, whatever the scheme; a slash at the end does not matter.
/// What is no URL is compared as it stands.
pub(crate) fn page(text: &str) -> String {
    let text = text.trim();
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => {
            let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
            format!("{}{}{query}", fetch::place(&url), url.path().trim_end_matches('/'))
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn realms_are_compared_as_domains_are() {
        let realm = |text: &str| Realm::new(text).unwrap();
        assert_eq!(realm(" Example.CZ. "), realm("example.cz"));
        assert_eq!(realm("PŘÍKLAD.cz"), realm("příklad.cz"));
        assert_eq!(realm("příklad.cz"), realm("xn--pklad-zsa96e.cz"));
        assert_ne!(realm("a.example.cz"), realm("example.cz"));
        assert_eq!(Realm::new(" . "), None);
        assert_eq!(Realm::new(""), None);
        for odd in ["a .", "é.。", "１.２", "é/x", "İ.cz", "é:80"] {
            assert_eq!(realm(&realm(odd).to_string()), realm(odd), "{odd}");
        }
    }

    #[test]
    fn pages_are_compared_without_scheme_and_last_slash() {
        assert_eq!(page("https://www.Example.cz/Info/"), page("http://www.example.cz/Info"));
        assert_ne!(page("https://www.example.cz/info"), page("http://www.example.cz/Info"));
        assert_ne!(page("https://www.example.cz/?a=1"), page("http://www.example.cz/?a=2"));
        assert_eq!(page(" eduroam "), "eduroam");
    }
}
