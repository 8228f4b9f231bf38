//! Short options whose value is optional and must be attached: `-S` or `-S1.2`, as getopt has them.

use std::ffi::OsString;

/// Rewrites `-S1.2` to `--ssl=1.2` for the letters of a check's list; clap itself would take the
/// `1` for the next option of a group. Only what starts with a digit is a value.
pub(crate) fn expand(letters: &[(char, &str)], arguments: Vec<OsString>) -> Vec<OsString> {
    let mut options_end = false;
    let rewrite = |argument: OsString| {
        options_end |= argument == "--";
        let long = argument.to_str().filter(|_| !options_end).and_then(|text| long_form(letters, text));
        long.map_or(argument, OsString::from)
    };
    if letters.is_empty() { arguments } else { arguments.into_iter().map(rewrite).collect() }
}

fn long_form(letters: &[(char, &str)], text: &str) -> Option<String> {
    let short = text.strip_prefix('-')?;
    letters.iter().find_map(|(letter, long)| {
        let value = short.strip_prefix(*letter)?;
        value.starts_with(|c: char| c.is_ascii_digit()).then(|| format!("--{long}={value}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_attached_values_before_the_end_of_options_are_rewritten() {
        let given = ["-S1.2+", "-S", "-Sx", "-v", "1.2", "-S=1", "--", "-S1"].map(OsString::from).to_vec();
        let want = ["--ssl=1.2+", "-S", "-Sx", "-v", "1.2", "-S=1", "--", "-S1"].map(OsString::from).to_vec();
        assert_eq!(expand(&[('S', "ssl")], given.clone()), want);
        assert_eq!(expand(&[], given.clone()), given);
    }
}
