//! Filter rules, by which the server reads only the directories that patterns lead through.
//!
//! They save the server its work, no more: what comes is matched again here.

use std::collections::BTreeSet;

use listing::{Part, Pattern};

/// Each `**` doubles the rules of a pattern, since it may stand for nothing.
const MAX_ANY: usize = 4;

/// A pattern that rules can be made of.
pub(crate) fn pattern(text: &str) -> Result<Pattern, String> {
    let pattern: Pattern = text.parse()?;
    if pattern.parts().iter().filter(|part| **part == Part::Any).count() > MAX_ANY {
        return Err(format!("`{text}` has more than {MAX_ANY} times `**`"));
    }
    if text.chars().any(char::is_control) {
        return Err("control characters cannot be sent to an rsync daemon".to_owned());
    }
    Ok(pattern)
}

/// The rules for these patterns, in the order in which the server looks at them.
pub(crate) fn rules(patterns: &[Pattern], depth: u8) -> Vec<String> {
    let too_deep = "/*".repeat(usize::from(depth) + 2);
    let mut wanted = BTreeSet::new();
    for pattern in patterns {
        for parts in forms(pattern.parts()) {
            let mut path = String::new();
            for (i, part) in parts.iter().enumerate() {
                path.push('/');
                path.push_str(part);
                let is_last = i + 1 == parts.len();
                let slash = if is_last && !pattern.asks_for_directories() { "" } else { "/" };
                wanted.insert(format!("+ {}{slash}", escaped(&path)));
            }
        }
    }
    let mut rules = vec![format!("- {too_deep}")];
    rules.extend(wanted);
    rules.push("- *".to_owned());
    rules
}

/// The pattern with each `**` as it is, and without it.
fn forms(parts: &[Part]) -> Vec<Vec<String>> {
    let mut forms = vec![Vec::new()];
    for part in parts {
        match part {
            Part::Name(name) => {
                let glob = glob(name);
                for form in &mut forms {
                    form.push(glob.clone());
                }
            }
            Part::Any => {
                let without = forms.clone();
                for form in &mut forms {
                    form.push("**".to_owned());
                }
                forms.extend(without);
            }
        }
    }
    forms
}

/// At least as wide: a `?` of rsync is one byte, of ours one character, and two stars of rsync would
/// cross slashes.
fn glob(name: &str) -> String {
    let mut glob = String::with_capacity(name.len());
    for c in name.chars() {
        match if c == '?' { '*' } else { c } {
            '*' if glob.ends_with('*') => {}
            c => glob.push(c),
        }
    }
    glob
}

/// What means something else to rsync. It takes a backslash for itself where there is no wildcard.
fn escaped(path: &str) -> String {
    if !path.contains(['*', '[']) {
        return path.to_owned();
    }
    path.replace('\\', "\\\\").replace('[', "\\[")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules_of(pattern: &str) -> Vec<String> {
        let all = rules(&[super::pattern(pattern).unwrap()], 1);
        assert_eq!((all[0].as_str(), all[all.len() - 1].as_str()), ("- /*/*/*", "- *"));
        all[1..all.len() - 1].to_vec()
    }

    #[test]
    fn lead_to_what_is_asked_for() {
        assert_eq!(rules_of("*"), ["+ /*"]);
        assert_eq!(rules_of("a/*/"), ["+ /a/", "+ /a/*/"]);
        assert_eq!(rules_of("**/*.iso"), ["+ /**/", "+ /**/*.iso", "+ /*.iso"]);
        assert_eq!(rules_of("a/**/b"), ["+ /a/", "+ /a/**/", "+ /a/**/b", "+ /a/b"]);
        assert_eq!(rules_of("a[1]/?*\\"), ["+ /a\\[1]/", "+ /a\\[1]/*\\\\"]);
        assert_eq!(rules_of("a\\b"), ["+ /a\\b"]);
        assert!(super::pattern("**/a/**/a/**/a/**/a/**/a").is_err());
        assert!(super::pattern("a\nb").is_err());
    }
}
