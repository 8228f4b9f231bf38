//! Values of the language.
//!
//! Arrays and dictionaries are values here, copied when one of two owners changes his; in Icinga two
//! names may be one array, and change together.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::rc::Rc;

use crate::object::Object;

/// Arrays in arrays and dictionaries in dictionaries may be so deep.
pub(crate) const MAX_DEPTH: u16 = 60;

/// A value.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// `null`, and what was never set.
    #[default]
    Null,
    /// `true` and `false`.
    Bool(bool),
    /// A number, a duration in seconds.
    Number(f64),
    /// A string.
    Text(Rc<str>),
    /// An array.
    Array(Rc<Array>),
    /// A dictionary.
    Dictionary(Rc<Dictionary>),
    /// `host`, `service`, `user` in a rule.
    Object(Rc<Object>),
}

/// An array.
#[derive(Clone, Debug, Default)]
pub struct Array {
    items: Vec<Value>,
    depth: u16,
}

/// A dictionary, in the order of its keys.
#[derive(Clone, Debug, Default)]
pub struct Dictionary {
    entries: BTreeMap<Rc<str>, Value>,
    depth: u16,
}

impl Array {
    /// An array of these.
    pub(crate) fn new(items: Vec<Value>) -> Array {
        let depth = items.iter().map(Value::depth).max().unwrap_or(0) + 1;
        Array { items, depth }
    }

    /// What is in it.
    pub fn items(&self) -> &[Value] {
        &self.items
    }
}

impl Dictionary {
    /// What is under a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.entries.get(key)
    }

    /// Keys and values.
    pub fn iter(&self) -> impl Iterator<Item = (&Rc<str>, &Value)> {
        self.entries.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Is nothing in it?
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn insert(&mut self, key: Rc<str>, value: Value) {
        self.depth = self.depth.max(value.depth() + 1);
        self.entries.insert(key, value);
    }

    pub(crate) fn take(&mut self, key: &str) -> Value {
        self.entries.get_mut(key).map(std::mem::take).unwrap_or_default()
    }
}

impl Value {
    /// A string.
    pub(crate) fn text(text: impl Into<Rc<str>>) -> Value {
        Value::Text(text.into())
    }

    /// An array.
    pub(crate) fn array(items: Vec<Value>) -> Value {
        Value::Array(Rc::new(Array::new(items)))
    }

    pub(crate) fn depth(&self) -> u16 {
        match self {
            Value::Array(array) => array.depth,
            Value::Dictionary(dictionary) => dictionary.depth,
            _ => 0,
        }
    }

    /// Does it count as true? `null`, `""`, 0, `[]` and `{}` do not.
    pub fn is_true(&self) -> bool {
        match self {
            Value::Null => false,
            Value::Bool(value) => *value,
            Value::Number(number) => *number != 0.0,
            Value::Text(text) => !text.is_empty(),
            Value::Array(array) => !array.items.is_empty(),
            Value::Dictionary(dictionary) => !dictionary.entries.is_empty(),
            Value::Object(_) => true,
        }
    }

    /// Nothing: `null`, or the empty string, which Icinga takes for the same.
    pub fn is_empty(&self) -> bool {
        matches!(self, Value::Null) || matches!(self, Value::Text(text) if text.is_empty())
    }

    /// `==`
    pub(crate) fn equals(&self, other: &Value) -> bool {
        match (self, other) {
            _ if self.is_empty() || other.is_empty() => self.is_empty() && other.is_empty(),
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Text(a), Value::Text(b)) => a == b,
            (Value::Array(a), Value::Array(b)) => {
                a.items.len() == b.items.len() && a.items.iter().zip(&b.items).all(|(a, b)| a.equals(b))
            }
            (Value::Object(a), Value::Object(b)) => Rc::ptr_eq(a, b),
            _ => self
                .as_number()
                .zip(other.as_number())
                .is_some_and(|(a, b)| a.total_cmp(&b).is_eq() || a == b),
        }
    }

    /// A number, or `true` and `false` as 1 and 0.
    pub(crate) fn as_number(&self) -> Option<f64> {
        match self {
            Value::Number(number) => Some(*number),
            Value::Bool(value) => Some(f64::from(u8::from(*value))),
            _ => None,
        }
    }

    /// What a number becomes that is set to this: nothing is 0, a string is read.
    pub(crate) fn to_number(&self) -> Option<f64> {
        match self {
            Value::Text(text) if !text.is_empty() => {
                text.parse().ok().filter(|number: &f64| number.is_finite())
            }
            value if value.is_empty() => Some(0.0),
            value => value.as_number(),
        }
    }

    /// What kind of value it is, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::Text(_) => "a string",
            Value::Array(_) => "an array",
            Value::Dictionary(_) => "a dictionary",
            Value::Object(_) => "an object",
        }
    }

    /// As text: strings as they are, whole numbers without a fraction, arrays and dictionaries as JSON.
    pub fn shown(&self) -> String {
        match self {
            Value::Null => String::new(),
            Value::Text(text) => text.to_string(),
            other => {
                let mut text = String::new();
                other.json(&mut text);
                text
            }
        }
    }

    fn json(&self, out: &mut String) {
        match self {
            Value::Null => out.push_str("null"),
            Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Value::Number(number) => out.push_str(&(number + 0.0).to_string()), // -0 is 0
            Value::Text(text) => quote(text, out),
            Value::Object(object) => quote(&object.name, out),
            Value::Array(array) => {
                out.push('[');
                for (number, item) in array.items.iter().enumerate() {
                    if number > 0 {
                        out.push(',');
                    }
                    item.json(out);
                }
                out.push(']');
            }
            Value::Dictionary(dictionary) => {
                out.push('{');
                for (number, (key, value)) in dictionary.entries.iter().enumerate() {
                    if number > 0 {
                        out.push(',');
                    }
                    quote(key, out);
                    out.push(':');
                    value.json(out);
                }
                out.push('}');
            }
        }
    }
}

fn quote(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(c)); // a String takes everything
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equality_is_icingas() {
        let (one, yes) = (Value::Number(1.0), Value::Bool(true));
        for (a, b, want) in [
            (Value::Null, Value::text(""), true),
            (Value::Null, Value::Number(0.0), false),
            (Value::Null, Value::Bool(false), false),
            (Value::text("5"), Value::Number(5.0), false),
            (yes.clone(), one.clone(), true),
            (Value::array(vec![one.clone()]), Value::array(vec![one.clone()]), true),
            (Value::array(vec![]), Value::Null, false),
        ] {
            assert_eq!(a.equals(&b), want, "{a:?} == {b:?}");
            assert_eq!(b.equals(&a), want, "{b:?} == {a:?}");
        }
    }

    #[test]
    fn values_are_shown_as_people_write_them() {
        let mut dictionary = Dictionary::default();
        dictionary
            .insert("a \"b\"".into(), Value::array(vec![Value::Number(5.0), Value::Null, Value::Bool(true)]));
        let dictionary = Value::Dictionary(Rc::new(dictionary));
        assert_eq!(dictionary.shown(), r#"{"a \"b\"":[5,null,true]}"#);
        assert_eq!(
            [Value::Number(0.5).shown(), Value::text("x").shown(), Value::Null.shown()],
            ["0.5", "x", ""]
        );
        assert_eq!(dictionary.depth(), 2);
    }
}
