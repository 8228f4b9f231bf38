//! Operators on values.

use std::cmp::Ordering;
use std::rc::Rc;

use crate::ast::{Binary, Unary};
use crate::value::{Dictionary, MAX_DEPTH, Value};

/// A string may be so long, in bytes.
pub(crate) const MAX_TEXT: usize = 1024 * 1024;

/// An array or a dictionary may have so many items.
pub(crate) const MAX_ITEMS: usize = 100_000;

/// What an operator makes of two values; `&&` and `||` are not asked here.
pub(crate) fn binary(operator: Binary, left: &Value, right: &Value) -> Result<Value, String> {
    let wrong = || Err(format!("`{}` does not take {} and {}", sign(operator), left.kind(), right.kind()));
    Ok(match operator {
        Binary::Equal => Value::Bool(left.equals(right)),
        Binary::NotEqual => Value::Bool(!left.equals(right)),
        Binary::In | Binary::NotIn => {
            let found = match right {
                Value::Array(array) => array.items().iter().any(|item| item.equals(left)),
                Value::Null => false,
                _ => return Err(format!("`in` looks into an array, not into {}", right.kind())),
            };
            Value::Bool(found == (operator == Binary::In))
        }
        Binary::Less | Binary::Greater | Binary::LessEqual | Binary::GreaterEqual => {
            let Some(order) = compare(left, right) else { return wrong() };
            Value::Bool(match operator {
                Binary::Less => order.is_lt(),
                Binary::Greater => order.is_gt(),
                Binary::LessEqual => order.is_le(),
                _ => order.is_ge(),
            })
        }
        Binary::Add => match (left, right) {
            (Value::Null, Value::Null) => Value::Null,
            (Value::Text(_), Value::Text(_) | Value::Number(_) | Value::Null)
            | (Value::Number(_) | Value::Null, Value::Text(_)) => {
                let text = spelled(left) + &spelled(right);
                if text.len() > MAX_TEXT {
                    return Err(format!("a string is longer than {MAX_TEXT} bytes"));
                }
                Value::text(text)
            }
            (Value::Array(a), Value::Array(b)) => {
                bounded(a.items().len() + b.items().len())?;
                Value::array(a.items().iter().chain(b.items()).cloned().collect())
            }
            (Value::Dictionary(a), Value::Dictionary(b)) => {
                bounded(a.len() + b.len())?;
                let mut sum: Dictionary = (**a).clone();
                for (key, value) in b.iter() {
                    sum.insert(key.clone(), value.clone());
                }
                Value::Dictionary(Rc::new(sum))
            }
            (some @ (Value::Array(_) | Value::Dictionary(_)), Value::Null)
            | (Value::Null, some @ (Value::Array(_) | Value::Dictionary(_))) => some.clone(),
            _ => match numbers(left, right) {
                Some((a, b)) => Value::Number(a + b),
                None => return wrong(),
            },
        },
        Binary::Subtract => match (left, right) {
            (Value::Array(a), Value::Array(b)) => {
                let keep = |item: &&Value| !b.items().iter().any(|out| out.equals(item));
                Value::array(a.items().iter().filter(keep).cloned().collect())
            }
            (Value::Dictionary(a), Value::Dictionary(b)) => {
                let mut rest = Dictionary::default();
                for (key, value) in a.iter().filter(|(key, _)| b.get(key).is_none()) {
                    rest.insert(key.clone(), value.clone());
                }
                Value::Dictionary(Rc::new(rest))
            }
            (some @ (Value::Array(_) | Value::Dictionary(_)), Value::Null) => some.clone(),
            (Value::Null, Value::Array(_) | Value::Dictionary(_)) => Value::Null,
            _ => match numbers(left, right) {
                Some((a, b)) => Value::Number(a - b),
                None => return wrong(),
            },
        },
        _ => {
            let Some((a, b)) = numbers(left, right) else { return wrong() };
            Value::Number(arithmetic(operator, a, b)?)
        }
    })
}

fn arithmetic(operator: Binary, a: f64, b: f64) -> Result<f64, String> {
    #[expect(clippy::cast_possible_truncation, reason = "as in Icinga; a float-to-int cast saturates")]
    let (x, y) = (a as i64, b as i64);
    let whole = |value: i64| value as f64;
    let shift = || u32::try_from(y).unwrap_or(64);
    Ok(match operator {
        Binary::Multiply => a * b,
        Binary::Divide if b == 0.0 => return Err("a division by 0".to_owned()),
        Binary::Divide => a / b,
        Binary::Remainder if y == 0 => return Err("a division by 0".to_owned()),
        Binary::Remainder => whole(x.wrapping_rem(y)),
        Binary::BitOr => whole(x | y),
        Binary::BitXor => whole(x ^ y),
        Binary::BitAnd => whole(x & y),
        Binary::ShiftLeft => whole(x.checked_shl(shift()).unwrap_or(0)),
        Binary::ShiftRight => whole(x.checked_shr(shift()).unwrap_or(0)),
        _ => return Err("this operator means nothing here".to_owned()),
    })
}

fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
        (Value::Text(a), Value::Null) => Some((**a).cmp("")),
        (Value::Null, Value::Text(b)) => Some("".cmp(b)),
        _ => numbers(left, right).and_then(|(a, b)| a.partial_cmp(&b)),
    }
}

/// Two numbers; `null` beside a number is 0.
fn numbers(left: &Value, right: &Value) -> Option<(f64, f64)> {
    match (left, right) {
        (Value::Null, other) => Some((0.0, other.as_number()?)),
        (other, Value::Null) => Some((other.as_number()?, 0.0)),
        (a, b) => a.as_number().zip(b.as_number()),
    }
}

/// As Icinga puts a value into a string: a fraction has six digits.
pub(crate) fn spelled(value: &Value) -> String {
    match value {
        Value::Number(number) if number.fract() != 0.0 => format!("{number:.6}"),
        other => other.shown(),
    }
}

pub(crate) fn unary(operator: Unary, value: &Value) -> Result<Value, String> {
    let number = || value.as_number().or(matches!(value, Value::Null).then_some(0.0));
    let wrong = || format!("this sign stands before a number, not before {}", value.kind());
    Ok(match operator {
        Unary::Not => Value::Bool(!value.is_true()),
        Unary::Minus => Value::Number(-number().ok_or_else(wrong)?),
        Unary::Plus => Value::Number(number().ok_or_else(wrong)?),
        Unary::Complement => {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "as in Icinga; a float-to-int cast saturates"
            )]
            let bits = !(number().ok_or_else(wrong)? as i64);
            Value::Number(bits as f64)
        }
    })
}

/// Is an array or dictionary of so many items within the limit?
pub(crate) fn bounded(items: usize) -> Result<(), String> {
    if items > MAX_ITEMS {
        Err(format!("more than {MAX_ITEMS} items in one array or dictionary"))
    } else {
        Ok(())
    }
}

/// Is a value within the limit of depth?
pub(crate) fn shallow(value: Value) -> Result<Value, String> {
    if value.depth() > MAX_DEPTH {
        return Err(format!("arrays and dictionaries are more than {MAX_DEPTH} deep"));
    }
    Ok(value)
}

fn sign(operator: Binary) -> &'static str {
    match operator {
        Binary::Or => "||",
        Binary::And => "&&",
        Binary::In => "in",
        Binary::NotIn => "!in",
        Binary::Equal => "==",
        Binary::NotEqual => "!=",
        Binary::Less => "<",
        Binary::Greater => ">",
        Binary::LessEqual => "<=",
        Binary::GreaterEqual => ">=",
        Binary::BitOr => "|",
        Binary::BitXor => "^",
        Binary::BitAnd => "&",
        Binary::ShiftLeft => "<<",
        Binary::ShiftRight => ">>",
        Binary::Add => "+",
        Binary::Subtract => "-",
        Binary::Multiply => "*",
        Binary::Divide => "/",
        Binary::Remainder => "%",
    }
}
