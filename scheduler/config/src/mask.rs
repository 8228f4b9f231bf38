//! Secrets in command lines: recognized by where they stand, hidden and never shown. Which names are those
//! of secrets, [`nagios`] knows.

use std::ops::Range;

use nagios::{is_secret_name, secret_letters};

/// What stands in the place of a secret.
pub(crate) const HIDDEN: &str = "***";

/// A secret in a word of a command line.
#[derive(Debug)]
struct Secret {
    /// Where it stands in the word.
    place: Range<usize>,
    /// What gives it away; nothing for an account without a password, which is hidden all the same.
    what: Option<String>,
}

impl Secret {
    fn new(place: Range<usize>, what: impl Into<String>) -> Secret {
        Secret { place, what: Some(what.into()) }
    }
}

/// Words of a command line with `***` in place of secrets.
pub(crate) fn masked<'w>(words: impl IntoIterator<Item = &'w str>) -> Vec<String> {
    let hide = |(word, secrets): (&str, Vec<Secret>)| {
        let mut word = word.to_owned();
        for secret in secrets.into_iter().rev() {
            word.replace_range(secret.place, HIDDEN);
        }
        word
    };
    secrets(words).into_iter().map(hide).collect()
}

/// What gives away a secret among the words of a command line, program and all: the name of its option, or
/// what it stands in. The options of checks of ours are known better by the checks: of these only what
/// stands in other values.
pub(crate) fn given_away(words: &[String], is_ours: bool) -> Option<String> {
    let words = words.iter().map(String::as_str);
    if is_ours {
        return words.flat_map(in_value).find_map(|secret| secret.what);
    }
    secrets(words).into_iter().flat_map(|(_, secrets)| secrets).find_map(|secret| secret.what)
}

/// Each word with the secrets in it, in order.
fn secrets<'w>(words: impl IntoIterator<Item = &'w str>) -> Vec<(&'w str, Vec<Secret>)> {
    let mut letters = "";
    let mut before: Option<String> = None;
    let mut found = Vec::new();
    for (number, word) in words.into_iter().enumerate() {
        if number == 0 {
            letters = secret_letters(word.rsplit('/').next().unwrap_or(word));
        }
        // what looks like an option is one, and the value is missing
        let secrets = if let Some(option) = before.take().filter(|_| !word.starts_with("--")) {
            whole(word, 0, option).into_iter().collect()
        } else {
            match option(word, letters) {
                Shape::Plain => in_value(word),
                Shape::Before => {
                    before = Some(word.to_owned());
                    Vec::new()
                }
                Shape::Within(start) => {
                    whole(word, start, word[..start].trim_end_matches('=')).into_iter().collect()
                }
            }
        };
        found.push((word, secrets));
    }
    found
}

/// The rest of a word, unless it is empty or a macro: where the value of that comes from is no secret.
fn whole(word: &str, start: usize, what: impl Into<String>) -> Option<Secret> {
    let value = &word[start..];
    (!value.is_empty() && !is_macro(value)).then(|| Secret::new(start..word.len(), what))
}

/// A command line that is not expanded, with `***` in place of secrets; macros stay.
pub(crate) fn masked_text(line: &str) -> String {
    masked(words(line)).join(" ")
}

/// An argument of a check with `***` in place of secrets: it may be options of the program that the command
/// line runs.
pub(crate) fn masked_argument(line: &str, argument: &str) -> String {
    let program = words(line).first().copied().unwrap_or_default();
    masked(std::iter::once(program).chain(words(argument))).split_off(1).join(" ")
}

/// Numbers of arguments (`$ARG1$` is 1) that a command line has in the place of a secret.
pub(crate) fn arguments(line: &str) -> Vec<usize> {
    // what is hidden is what is gone once every argument is a text of its own
    let text = |number: usize| format!("\u{1}{number}\u{1}");
    let filled = (1..=MAX_ARGUMENT).fold(line.to_owned(), |line, number| {
        if line.contains("$ARG") { line.replace(&format!("$ARG{number}$"), &text(number)) } else { line }
    });
    let masked = masked_text(&filled);
    (1..=MAX_ARGUMENT)
        .filter(|number| filled.contains(&text(*number)) && !masked.contains(&text(*number)))
        .collect()
}

/// The last `$ARGn$`.
const MAX_ARGUMENT: usize = 32;

/// How a word has to do with a secret.
enum Shape {
    /// Not, or by an address in it.
    Plain,
    /// The next word is one.
    Before,
    /// One starts here.
    Within(usize),
}

fn option(word: &str, letters: &str) -> Shape {
    if !word.starts_with('-') {
        return Shape::Plain;
    }
    let is_one = |name: &str| is_word(name) && is_secret_name(name);
    if let Some((name, _)) = word.split_once('=').filter(|(name, _)| is_one(name.trim_start_matches('-'))) {
        return Shape::Within(name.len() + 1);
    }
    if let Some(name) = word.strip_prefix("--") {
        return if is_one(name) { Shape::Before } else { Shape::Plain };
    }
    match word[1..].chars().next() {
        Some(letter) if letters.contains(letter) && word.len() == 1 + letter.len_utf8() => Shape::Before,
        Some(letter) if letters.contains(letter) => Shape::Within(1 + letter.len_utf8()),
        _ => Shape::Plain,
    }
}

fn is_word(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
}

/// A macro alone, in quotes or not: where its value comes from is no secret.
fn is_macro(word: &str) -> bool {
    let bare = word.trim_matches(['\'', '"']);
    bare.len() > 2
        && bare
            .strip_prefix('$')
            .and_then(|rest| rest.strip_suffix('$'))
            .is_some_and(|name| !name.contains('$'))
}

/// Secrets in a word that is none as a whole: in a line of its own (of a shell, say), a header, an address,
/// or what is given a name (`PASSWORD=x`).
fn in_value(word: &str) -> Vec<Secret> {
    let (start, inner) = unquoted(word);
    let at = |offset: usize| {
        move |secret: Secret| Secret {
            place: secret.place.start + offset..secret.place.end + offset,
            ..secret
        }
    };
    // behind the name of an option
    let value = match inner.find('=').filter(|_| inner.starts_with("--")) {
        Some(equals) => equals + 1,
        None if inner.starts_with('-') => inner.char_indices().nth(2).map_or(0, |(at, _)| at),
        None => 0,
    };
    if let Some(secret) = header(inner).or_else(|| header(&inner[value..]).map(at(value))) {
        return vec![at(start)(secret)];
    }
    if inner.contains([' ', '\t']) {
        let all = words(inner);
        if all.len() > 1 {
            let found = secrets(all.iter().copied()).into_iter().flat_map(|(word, secrets)| {
                let place = word.as_ptr() as usize - inner.as_ptr() as usize;
                secrets.into_iter().map(at(start + place))
            });
            return found.collect();
        }
    }
    named(inner).into_iter().chain(account(inner)).chain(query(inner)).map(at(start)).collect()
}

/// What is between quotes around the whole of it, and where that starts.
fn unquoted(word: &str) -> (usize, &str) {
    let within = |quote: char| word.strip_prefix(quote)?.strip_suffix(quote);
    within('\'').or_else(|| within('"')).map_or((0, word), |inner| (1, inner))
}

/// `PASSWORD=x`
fn named(text: &str) -> Option<Secret> {
    let (name, _) = text.split_once('=')?;
    let is_one = !name.starts_with('-') && is_word(name) && is_secret_name(name);
    whole(text, name.len() + 1, name).filter(|_| is_one)
}

/// `Authorization: Bearer x`
fn header(text: &str) -> Option<Secret> {
    let (name, value) = text.split_once(':')?;
    let is_name = !name.starts_with('-') && is_word(name);
    let is_one = is_name && (is_secret_name(name) || name.eq_ignore_ascii_case("cookie"));
    let start = text.len() - value.trim_start().len();
    whole(text, start, format!("the header {name}")).filter(|_| is_one)
}

/// `https://user:password@host/`
fn account(text: &str) -> Option<Secret> {
    let start = text.find("://")? + 3;
    let authority = text[start..].split(['/', '?', '#']).next()?;
    let end = authority.rfind('@')?;
    let has_password = authority[..end].split_once(':').is_some_and(|(_, password)| !password.is_empty());
    let what = has_password.then(|| "a password in a URL".to_owned());
    Some(Secret { place: start..start + end, what })
}

/// `/path?token=x&more=y`
fn query(text: &str) -> Vec<Secret> {
    let Some(start) = text.find('?').map(|at| at + 1) else { return Vec::new() };
    let end = text[start..].find('#').map_or(text.len(), |at| start + at);
    let mut found = Vec::new();
    let mut at = start;
    for part in text[start..end].split('&') {
        if let Some(secret) = named(part) {
            let place = at + secret.place.start..at + secret.place.end;
            found.push(Secret { place, what: secret.what.map(|name| format!("{name} in a URL")) });
        }
        at += part.len() + 1;
    }
    found
}

/// A text at its blanks, as far as they are in no quotes; quotes stay.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let (mut start, mut quote, mut escaped) = (None, None, false);
    for (at, c) in text.char_indices() {
        if quote.is_none() && !escaped && (c == ' ' || c == '\t') {
            words.extend(start.take().map(|start| &text[start..at]));
            continue;
        }
        start.get_or_insert(at);
        match (quote, c) {
            _ if std::mem::take(&mut escaped) => {}
            (None | Some('"'), '\\') => escaped = true,
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            _ => {}
        }
    }
    words.extend(start.map(|start| &text[start..]));
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn secrets_are_hidden_and_nothing_else() {
        for (line, want) in [
            ("/x/check_tcp -H h -p 80", "/x/check_tcp -H h -p 80"),
            ("/x/check_mysql -u mon -p s3cret -P 3306", "/x/check_mysql -u mon -p *** -P 3306"),
            ("check_mysql -ps3cret", "check_mysql -p***"),
            ("check_eap -S $ARG1$ -p '$_HOSTPW$'", "check_eap -S $ARG1$ -p '$_HOSTPW$'"),
            ("x --password=s3cret --password-file=/x/y", "x --password=*** --password-file=/x/y"),
            ("x --api-token s3cret --expect 200", "x --api-token *** --expect 200"),
            ("x --password 's 3 c' y", "x --password *** y"),
            ("TOKEN=s3cret x", "TOKEN=*** x"),
            ("TOKEN='s 3 c' x", "TOKEN=*** x"),
            ("x -u https://u:s3cret@h/a?b=c@d", "x -u https://***@h/a?b=c@d"),
            ("/bin/sh -c 'check_snmp -C s3cret -H h'", "/bin/sh -c 'check_snmp -C *** -H h'"),
            ("x -k 'Authorization: Bearer s3cret' y", "x -k 'Authorization: ***' y"),
            ("x --header 'X-Auth-Token: $ARG1$'", "x --header 'X-Auth-Token: $ARG1$'"),
            ("x '/a?token=s3cret&b=c&apikey=s3cret#d'", "x '/a?token=***&b=c&apikey=***#d'"),
            ("check_sftp -p s3cret --bypass=3", "check_sftp -p *** --bypass=3"),
            ("", ""),
        ] {
            assert_eq!(masked_text(line), want, "{line}");
        }
    }

    #[test]
    fn arguments_in_the_place_of_a_secret_are_known() {
        assert_eq!(arguments("check_mysql -u $ARG1$ -p $ARG2$ --password=$ARG11$"), [2, 11]);
        assert_eq!(arguments("x -u http://mon:$ARG3$@$ARG1$/"), [3]);
        assert_eq!(arguments("check_tcp -p $ARG1$"), [0; 0]);
    }

    #[test]
    fn secrets_are_known_by_where_they_stand() {
        for (line, ours, want) in [
            ("x --password s3cret", false, Some("--password")),
            ("x --password s3cret", true, None),
            ("x --password=s3cret", false, Some("--password")),
            ("x --password=", false, None),
            ("x --password --verbose", false, None),
            ("x --password-file /x", false, None),
            ("x --db-password=s3cret", false, Some("--db-password")),
            ("x --client-secret s3cret", false, Some("--client-secret")),
            ("x --bypass=3 --compass north", false, None),
            ("/usr/lib/nagios/plugins/check_mysql -u mon -p s3cret", false, Some("-p")),
            ("/usr/lib/nagios/plugins/check_mysql -ps3cret", false, Some("-p")),
            ("/usr/lib/nagios/plugins/check_tcp -p 80", false, None),
            ("/usr/bin/env PASSWORD=s3cret x", false, Some("PASSWORD")),
            ("x -u https://a:b@c.example/x", true, Some("a password in a URL")),
            ("x --url=ftp://a:b@c.example", false, Some("a password in a URL")),
            ("x -u https://a@c.example/x:y@z", false, None),
            ("x -u https://c.example/?x=a:b@c", false, None),
            ("x -u /status?full=1&token=s3cret#top", true, Some("token in a URL")),
            ("x -k Authorization:Basic", true, Some("the header Authorization")),
            ("x -kX-Auth-Token:s3cret", true, Some("the header X-Auth-Token")),
            ("x --header=cookie:s3cret", true, Some("the header cookie")),
            ("x -k X-Authorization:", true, None),
            ("x -P password=s3cret&user=y", true, Some("password")),
            ("x --community public", false, Some("--community")),
        ] {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            assert_eq!(given_away(&words, ours).as_deref(), want, "{line}");
        }
        let script = ["/bin/sh", "-c", "/x/check_snmp -C s3cret | y"].map(str::to_owned);
        assert_eq!(given_away(&script, false).as_deref(), Some("-C"));
    }

    proptest! {
        /// Whatever stands there: nothing is lost but secrets, and what is warned of is hidden.
        #[test]
        fn what_is_given_away_is_hidden(line in "(check_mysql |x |-p|--password|=|://|@|:|\\?|&|token|Cookie|'|\"| |\\$A\\$|é|s3){0,12}") {
            let words: Vec<String> = words(&line).into_iter().map(str::to_owned).collect();
            let hidden = masked(words.iter().map(String::as_str));
            prop_assert_eq!(hidden.len(), words.len());
            if given_away(&words, false).is_some() || given_away(&words, true).is_some() {
                prop_assert!(hidden.iter().any(|word| word.contains(HIDDEN)), "{}", line);
            }
        }
    }
}
