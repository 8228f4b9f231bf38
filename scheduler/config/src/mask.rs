//! Secrets in command lines: recognized by the names of options and macros, never shown.

/// What stands in the place of a secret.
pub(crate) const HIDDEN: &str = "***";

/// Short options whose value is a secret, by the programs that have them.
const SHORT: &[(&str, &str)] = &[
    ("check_eap", "Sp"),
    ("check_eap_certificate", "S"),
    ("check_eap_resumption", "Sp"),
    ("check_http", "ab"),
    ("check_ldap", "P"),
    ("check_ldaps", "P"),
    ("check_mssql", "p"),
    ("check_mysql", "p"),
    ("check_mysql_query", "p"),
    ("check_nt", "s"),
    ("check_pgsql", "p"),
    ("check_radius", "Sp"),
    ("check_smtp", "P"),
    ("check_snmp", "CAX"),
    ("eapol_test", "s"),
    ("rad_eap_test", "Sp"),
    ("snmpget", "cAX"),
    ("snmpwalk", "cAX"),
];

/// Parts of names of secrets.
const WORDS: &[&str] =
    &["PASS", "PWD", "SECRET", "TOKEN", "COMMUNITY", "CREDENTIAL", "APIKEY", "API_KEY", "PSK"];

/// Is this the name of a secret, as in `--password` or `$_HOSTCOMMUNITY$`? A name that ends in `FILE` or the
/// like is that of a path.
pub(crate) fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase().replace('-', "_");
    let is_path = ["FILE", "PATH", "DIR"].iter().any(|end| name.ends_with(end));
    !is_path && WORDS.iter().any(|word| name.contains(word))
}

/// Words of a command line with `***` in place of secrets.
pub(crate) fn masked<'w>(words: impl IntoIterator<Item = &'w str>) -> Vec<String> {
    let mut known = "";
    let mut next_is_one = false;
    let mut masked = Vec::new();
    for (number, word) in words.into_iter().enumerate() {
        if number == 0 {
            let program = word.rsplit('/').next().unwrap_or(word);
            known = SHORT.iter().find(|(name, _)| *name == program).map_or("", |(_, letters)| letters);
        }
        if std::mem::take(&mut next_is_one) {
            masked.push(if is_macro(word) { word.to_owned() } else { HIDDEN.to_owned() });
            continue;
        }
        masked.push(match option(word, known) {
            Shape::Plain => plain(word),
            Shape::Before => {
                next_is_one = true;
                word.to_owned()
            }
            Shape::Within(start) if is_macro(&word[start..]) => word.to_owned(),
            Shape::Within(start) => format!("{}{HIDDEN}", &word[..start]),
        });
    }
    masked
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

fn option(word: &str, short: &str) -> Shape {
    // `--password=x`, `PASSWORD=x`
    if let Some((name, _)) = word.split_once('=') {
        let bare = name.trim_start_matches('-');
        if is_word(bare) && is_secret(bare) {
            return Shape::Within(name.len() + 1);
        }
    }
    if let Some(name) = word.strip_prefix("--") {
        return if is_word(name) && is_secret(name) { Shape::Before } else { Shape::Plain };
    }
    let letter = word.strip_prefix('-').and_then(|rest| rest.chars().next());
    match letter {
        Some(letter) if short.contains(letter) && word.len() == 1 + letter.len_utf8() => Shape::Before,
        Some(letter) if short.contains(letter) => Shape::Within(1 + letter.len_utf8()),
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

/// A word without the account in an address, `https://user:password@host/`; one with blanks in it may be
/// a command line itself.
fn plain(word: &str) -> String {
    let inner = word.trim_matches(['\'', '"']);
    if inner.contains([' ', '\t']) && words(inner).len() > 1 {
        let start = word.find(inner).unwrap_or(0);
        return format!("{}{}{}", &word[..start], masked_text(inner), &word[start + inner.len()..]);
    }
    let Some(at) = word.find("://").map(|at| at + 3) else { return word.to_owned() };
    let authority = word[at..].split(['/', '?', '#']).next().unwrap_or_default();
    match authority.rfind('@') {
        Some(end) => format!("{}{HIDDEN}{}", &word[..at], &word[at + end..]),
        None => word.to_owned(),
    }
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
            ("x -u https://u:s3cret@h/a?b=c@d", "x -u https://***@h/a?b=c@d"),
            ("/bin/sh -c 'check_snmp -C s3cret -H h'", "/bin/sh -c 'check_snmp -C *** -H h'"),
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
    fn names_of_files_are_no_secrets() {
        for (name, want) in
            [("PASSWORD", true), ("password-file", false), ("SnmpCommunity", true), ("KEY", false)]
        {
            assert_eq!(is_secret(name), want, "{name}");
        }
    }
}
