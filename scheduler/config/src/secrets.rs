//! Secrets in the arguments of a command, as far as their place gives them away.

/// Options whose value is a secret, in plugins of every kind.
const OPTIONS: [&str; 12] = [
    "api-key",
    "apikey",
    "auth-password",
    "authpass",
    "authpassword",
    "community",
    "pass",
    "passphrase",
    "passwd",
    "password",
    "secret",
    "token",
];

/// What gives away a secret among these words: the name of its option, or what it stands in. The
/// options of `checks of ours` are known better by the checks: of these only what stands in other values.
pub(crate) fn place(words: &[String], is_ours: bool) -> Option<String> {
    let in_value = words.iter().find_map(|word| {
        if has_account(word) {
            Some("a password in a URL".to_owned())
        } else if is_authorization(word) {
            Some("an Authorization header".to_owned())
        } else {
            None
        }
    });
    if in_value.is_some() || is_ours {
        return in_value;
    }
    words.iter().enumerate().find_map(|(place, word)| {
        let option = word.strip_prefix("--")?;
        let (name, value) = match option.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (option, words.get(place + 1).map(String::as_str).filter(|next| !next.starts_with('-'))),
        };
        let is_secret = OPTIONS.contains(&name) && value.is_some_and(|value| !value.is_empty());
        is_secret.then(|| format!("--{name}"))
    })
}

/// `https://user:password@host/`, also behind the name of an option.
fn has_account(word: &str) -> bool {
    let Some((_, rest)) = word.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let account = authority.rsplit_once('@').map(|(account, _)| account);
    account.and_then(|account| account.split_once(':')).is_some_and(|(_, password)| !password.is_empty())
}

/// `Authorization: Bearer x`, also behind the name of an option.
fn is_authorization(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    let Some((before, value)) = word.split_once("authorization:") else { return false };
    (before.is_empty() || before.ends_with(['=', '-'])) && !value.trim().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_where_they_stand() {
        for (line, ours, want) in [
            ("--password s3cret", false, Some("--password")),
            ("--password s3cret", true, None),
            ("--password=s3cret", false, Some("--password")),
            ("--password=", false, None),
            ("--password --verbose", false, None),
            ("--password-file /x", false, None),
            ("-u https://a:b@c.example/x", true, Some("a password in a URL")),
            ("--url=ftp://a:b@c.example", false, Some("a password in a URL")),
            ("-u https://a@c.example/x:y@z", false, None),
            ("-u https://c.example/?x=a:b@c", false, None),
            ("-k Authorization:Basic", true, Some("an Authorization header")),
            ("-k X-Authorization:", true, None),
            ("--community public", false, Some("--community")),
        ] {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            assert_eq!(place(&words, ours).as_deref(), want, "{line}");
        }
    }
}
