//! Patterns with `*` and `?`, as shells and SSH's own files have them.

/// Does a pattern of `*` (any text, none as well) and `?` (one character) match the whole text?
///
/// Goes back to the last `*` only, so the work is at most the product of both lengths.
pub fn glob(pattern: &str, text: &str) -> bool {
    let (mut pattern, mut text) = (pattern.chars(), text.chars());
    // behind the last star, and the first character that the star has not taken yet
    let mut back = None;
    loop {
        let here = text.clone();
        match (pattern.next(), text.next()) {
            (None, None) => return true,
            (Some('*'), _) => {
                back = Some((pattern.clone(), here.clone()));
                text = here;
            }
            (Some(wanted), Some(found)) if wanted == '?' || wanted == found => {}
            _ => {
                let Some((behind, from)) = &mut back else { return false };
                if from.next().is_none() {
                    return false;
                }
                (pattern, text) = (behind.clone(), from.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks() {
        for (pattern, text) in [
            ("", ""),
            ("*", ""),
            ("a*", "a"),
            ("*-cbc", "aes128-cbc"),
            ("a*b*c", "aXbXbc"),
            ("a*b?", "axxbbc"),
            ("**b*a*", "bbbbbba"),
            ("?b", "éb"),
        ] {
            assert!(glob(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in
            [("", "a"), ("a", ""), ("?", ""), ("*-cbc", "aes128-cbc-x"), ("a*b", "abc"), ("a*b", "ac")]
        {
            assert!(!glob(pattern, text), "{pattern} {text}");
        }
        assert!(!glob(&"*a".repeat(50), &"a".repeat(49)));
        assert!(!glob(&format!("{}b", "a*".repeat(1000)), &"a".repeat(5000)));
    }
}
