//! A text cut at its macros.

use super::{Lookup, MacroValue};

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'t, 'a> {
    /// Text as it stands; a macro that nobody knows is text too.
    Text(&'t str),
    /// `$$`
    Dollar,
    /// What a known macro stands for.
    Value(MacroValue<'a>),
}

/// Cuts a text at its macros. A macro is `$NAME$` or `$NAME:rest$`; any other `$` is text.
pub(crate) fn pieces<'t, 'a>(text: &'t str, value: Lookup<'_, 'a>) -> Vec<Piece<'t, 'a>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    // where the search goes on in `rest`, behind what is known to be text
    let mut from = 0;
    while let Some(found) = rest.get(from..).and_then(|tail| tail.find('$')) {
        let (before, tail) = rest.split_at(from + found);
        let name = macro_name(tail);
        let piece = match name {
            Some("") => Some(Piece::Dollar),
            Some(name) => value(name).map(Piece::Value),
            None => None,
        };
        // both `$` of a macro; of an unknown one too, so that its second does not start another
        let length = name.map_or(1, |name| name.len() + 2);
        let Some(piece) = piece else {
            from = before.len() + length;
            continue;
        };
        if !before.is_empty() {
            pieces.push(Piece::Text(before));
        }
        pieces.push(piece);
        rest = tail.get(length..).unwrap_or_default();
        from = 0;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    pieces
}

/// The name of the macro at the start of a text, empty for `$$`.
fn macro_name(text: &str) -> Option<&str> {
    let name = text.strip_prefix('$')?;
    let end = name.find('$')?;
    let name = &name[..end];
    let (word, _) = name.split_once(':').unwrap_or((name, ""));
    let is_name = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !word.starts_with(|c: char| c.is_ascii_digit())
        && word.is_empty() == name.is_empty();
    is_name.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn macros_are_found_and_all_else_is_text() {
        let cut = |text: &str| {
            let value = |name: &str| (name != "NO").then(|| MacroValue::Data(format!("<{name}>").into()));
            let show = |piece: Piece<'_, '_>| match piece {
                Piece::Text(text) => text.to_owned(),
                Piece::Dollar => "(dollar)".to_owned(),
                Piece::Value(MacroValue::Data(value)) => value.into_owned(),
                Piece::Value(_) => unreachable!("the test gives data only"),
            };
            pieces(text, &value).into_iter().map(show).collect::<Vec<_>>().join("|")
        };
        for (text, want) in [
            ("", ""),
            ("a $X$ b", "a |<X>| b"),
            ("$X$$Y$", "<X>|<Y>"),
            ("$$X$Y$", "(dollar)|X|<Y>"),
            ("a$NO$X$b", "a$NO$X$b"),
            ("$NO$ $X$", "$NO$ |<X>"),
            ("awk '{print $1}' $X$", "awk '{print $1}' |<X>"),
            ("$(date) $X$", "$(date) |<X>"),
            ("$STATE:web 1:Disk /$", "<STATE:web 1:Disk />"),
            ("$_HOSTA$", "<_HOSTA>"),
            ("$:x$", "$:x$"),
            ("$", "$"),
            ("5$", "5$"),
            ("$é$", "$é$"),
        ] {
            assert_eq!(cut(text), want, "{text:?}");
        }
    }
}
