//! Mappings whose unknown keys are collected rather than refused one by one, each with its line.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_saphyr::Spanned;

use engine::nearest;

use crate::problem::{Place, Problem, Problems};

/// A text and where it stands.
pub(super) type Text = Spanned<String>;

/// The line of a value.
pub(super) fn line<T>(of: &Spanned<T>) -> u32 {
    u32::try_from(of.referenced.line()).unwrap_or(0)
}

/// Keys of a mapping that it does not know, and those that it knows.
#[derive(Debug, Default)]
pub(super) struct Unknown {
    keys: Vec<Text>,
    known: &'static [&'static str],
}

impl Unknown {
    pub(super) fn add(&mut self, key: Text, known: &'static [&'static str]) {
        self.keys.push(key);
        self.known = known;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// An error for each.
    pub(super) fn report(&self, file: &std::sync::Arc<str>, problems: &mut Problems) {
        for key in &self.keys {
            let problem =
                Problem::error(Place { file, line: line(key) }, format!("no such key: `{}`", key.value));
            problems.push(problem.hint(known(&key.value, self.known)));
        }
    }
}

/// What may have been meant.
pub(super) fn known(text: &str, known: &[&str]) -> String {
    match nearest(text, known.iter().copied()) {
        Some(near) => format!("nearest known: `{near}`"),
        None => format!("known here: {}", known.join(", ")),
    }
}

/// Defines a mapping: all keys may be left out, unknown ones are in `unknown`.
macro_rules! mapping {
    ($(#[$about:meta])* $name:ident { $($(#[$says:meta])* $key:ident: $type:ty,)* }) => {
        $(#[$about])*
        #[derive(Debug, Default)]
        pub(super) struct $name {
            $($(#[$says])* pub $key: $type,)*
            /// Keys that are none of these.
            pub unknown: $crate::federation::keys::Unknown,
        }

        impl $name {
            const KEYS: &[&str] = &[$(stringify!($key)),*];
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<$name, D::Error> {
                struct Keys;
                impl<'de> serde::de::Visitor<'de> for Keys {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(f, "a mapping of {}", $name::KEYS.join(", "))
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut from: A) -> Result<$name, A::Error> {
                        let mut mapping = $name::default();
                        while let Some(key) = from.next_key::<$crate::federation::keys::Text>()? {
                            match key.value.as_str() {
                                $(stringify!($key) => mapping.$key = from.next_value()?,)*
                                _ => {
                                    from.next_value::<serde::de::IgnoredAny>()?;
                                    mapping.unknown.add(key, $name::KEYS);
                                }
                            }
                        }
                        Ok(mapping)
                    }
                }
                from.deserialize_map(Keys)
            }
        }
    };
}
pub(super) use mapping;

/// A mapping of names that people choose, in the order of the file.
#[derive(Debug)]
pub(super) struct Entries<T>(pub Vec<(Text, T)>);

impl<T> Default for Entries<T> {
    fn default() -> Entries<T> {
        Entries(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Entries<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Entries<T>, D::Error> {
        struct Names<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Names<T> {
            type Value = Entries<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping of names")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Entries<T>, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = from.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        from.deserialize_map(Names(PhantomData))
    }
}
