//! Texts that many objects have in common, each kept once: of millions of objects most say the same.

use std::collections::HashSet;
use std::sync::Arc;

use crate::said::Said;

/// So many texts are known at once; the others are kept as they come.
const MAX_TEXTS: usize = 1 << 16;

/// The texts.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    known: HashSet<Arc<str>>,
}

impl Texts {
    /// What a check said, with the text that is kept of all that are equal to its own.
    pub fn of(&mut self, mut said: Said) -> Said {
        said.text = self.one(said.text);
        said
    }

    fn one(&mut self, text: Arc<str>) -> Arc<str> {
        if text.is_empty() {
            return Arc::default();
        }
        if let Some(known) = self.known.get(&text) {
            return known.clone();
        }
        if self.known.len() >= MAX_TEXTS {
            // what only one object says, or none any more, makes room; if nothing does, all begins anew
            self.known.retain(|text| Arc::strong_count(text) > 2);
            if self.known.len() > MAX_TEXTS / 2 {
                self.known.clear();
            }
        }
        self.known.insert(text.clone());
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_are_one_and_there_is_an_end_to_them() {
        let mut texts = Texts::default();
        let ok = texts.one("OK".into());
        let second = texts.one("OK".into());
        assert!(Arc::ptr_eq(&ok, &second));
        for n in 0..3 * MAX_TEXTS {
            assert_eq!(*texts.one(n.to_string().into()), *n.to_string());
            assert!(texts.known.len() <= MAX_TEXTS);
        }
        let third = texts.one("OK".into());
        assert!(Arc::ptr_eq(&ok, &third), "what many say is not forgotten");
    }
}
