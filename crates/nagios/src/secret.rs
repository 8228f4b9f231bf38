//! Names that give away a secret: of options and their values, of macros, of headers.

/// What is in the name of a secret, wherever it stands there.
const ANYWHERE: [&str; 10] = [
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "SECRET",
    "TOKEN",
    "COMMUNITY",
    "CREDENTIAL",
    "APIKEY",
    "API_KEY",
    "AUTHORIZATION",
];

/// What ends a word in the name of a secret: `_HOSTPW`, `--dbpass`.
const ENDS: [&str; 4] = ["PASS", "PWD", "PSK", "PW"];

/// Words that end so and mean something else.
const OTHER_WORDS: [&str; 2] = ["BYPASS", "COMPASS"];

/// What ends the name of something about a secret that is none itself.
const ABOUT: [&str; 6] = ["FILE", "PATH", "DIR", "ENV", "URL", "THROUGH"];

/// Short options whose value is a secret, by the programs that have them: checks of ours, and those of
/// others that everybody has.
const SHORT: [(&str, &str); 21] = [
    ("check_apt_repo", "a"),
    ("check_eap", "Spl"),
    ("check_eap_certificate", "S"),
    ("check_eap_resumption", "Spl"),
    ("check_http", "ab"),
    ("check_http_listing", "a"),
    ("check_ldap", "P"),
    ("check_ldaps", "P"),
    ("check_mssql", "p"),
    ("check_mysql", "p"),
    ("check_mysql_query", "p"),
    ("check_nt", "s"),
    ("check_pgsql", "p"),
    ("check_radius", "p"),
    ("check_sftp", "p"),
    ("check_smtp", "P"),
    ("check_snmp", "CAX"),
    ("eapol_test", "s"),
    ("rad_eap_test", "Spl"),
    ("snmpget", "cAX"),
    ("snmpwalk", "cAX"),
];

/// Is this the name of a secret, as in `--password`, `$_HOSTCOMMUNITY$` or `X-Auth-Token:`? A name that ends
/// in `FILE` or the like is that of something else.
pub fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_uppercase().replace('-', "_");
    if ABOUT.iter().any(|end| name.ends_with(end)) {
        return false;
    }
    let is_one = |word: &str| ENDS.iter().any(|end| word.ends_with(end)) && !OTHER_WORDS.contains(&word);
    ANYWHERE.iter().any(|word| name.contains(word)) || name.split('_').any(is_one)
}

/// Is this what a usage text calls a value that is a secret: `PASSWORD`, `USER:PASSWORD`?
/// `NAME[,USER[,PASSWORD]]` is not: it names a module, and may go without the password.
pub fn is_secret_value(name: &str) -> bool {
    let is_word = name.chars().all(|c| c.is_ascii_alphanumeric() || "_:".contains(c));
    is_word && name.rsplit(':').next().is_some_and(is_secret_name)
}

/// Letters of the short options of a program whose values are secrets.
pub fn secret_letters(program: &str) -> &'static str {
    SHORT.iter().find(|(name, _)| *name == program).map_or("", |(_, letters)| letters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_known_and_those_about_them_are_not_taken_for_one() {
        for name in [
            "PASSWORD",
            "db-password",
            "SnmpCommunity",
            "client-secret",
            "X-Auth-Token",
            "_HOSTPW",
            "_SERVICEDBPASS",
            "authpass",
            "passwd",
            "api-key",
            "PSK",
            "_TOKEN2",
            "Proxy-Authorization",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in [
            "password-file",
            "SECRET_FILE",
            "token-url",
            "KEY",
            "bypass",
            "compass",
            "pass-through",
            "passive",
            "",
            "é",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
        for (name, want) in [
            ("PASSWORD", true),
            ("PASSPHRASE", true),
            ("USER:PASSWORD", true),
            ("PASSWORD:USER", false),
            ("NAME[,USER[,PASSWORD]]", false),
            ("FILE", false),
        ] {
            assert_eq!(is_secret_value(name), want, "{name}");
        }
        assert_eq!((secret_letters("check_mysql"), secret_letters("check_load")), ("p", ""));
    }
}
