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
    let wrong = || format!("`{}` does not take {} and {}", sign(operator), left.kind(), right.kind());
    match operator {
        Binary::Equal => Ok(Value::Bool(left.equals(right))),
        Binary::NotEqual => Ok(Value::Bool(!left.equals(right))),
        Binary::In | Binary::NotIn => {
            let found = match right {
                Value::Array(array) => array.items().iter().any(|item| item.equals(left)),
                right if right.is_empty() => false,
                _ => return Err(format!("`in` looks into an array, not into {}", right.kind())),
            };
            Ok(Value::Bool(found == (operator == Binary::In)))
        }
        Binary::Less | Binary::Greater | Binary::LessEqual | Binary::GreaterEqual => {
            let order = compare(left, right).ok_or_else(wrong)?;
            Ok(Value::Bool(match operator {
                Binary::Less => order.is_lt(),
                Binary::Greater => order.is_gt(),
                Binary::LessEqual => order.is_le(),
                _ => order.is_ge(),
            }))
        }
        Binary::Add => add(left, right)?.ok_or_else(wrong),
        Binary::Subtract => match (left, right) {
            (Value::Array(a), Value::Array(b)) => {
                let keep = |item: &&Value| !b.items().iter().any(|out| out.equals(item));
                Ok(Value::array(a.items().iter().filter(keep).cloned().collect()))
            }
            (nothing, Value::Array(_)) if nothing.is_empty() => Ok(Value::array(Vec::new())),
            (array @ Value::Array(_), nothing) if nothing.is_empty() => Ok(array.clone()),
            (Value::Text(_), _) | (_, Value::Text(_)) => Err(wrong()),
            _ => numbers(left, right).map(|(a, b)| Value::Number(a - b)).ok_or_else(wrong),
        },
        _ => {
            let (a, b) = numbers(left, right).ok_or_else(wrong)?;
            arithmetic(operator, a, b).map(Value::Number)
        }
    }
}

/// `+`: sums, strings, arrays and dictionaries one behind the other; nothing beside one of these is none of it.
fn add(left: &Value, right: &Value) -> Result<Option<Value>, String> {
    let is_word = |value: &Value| matches!(value, Value::Text(_) | Value::Number(_) | Value::Null);
    Ok(match (left, right) {
        (Value::Text(_), other) | (other, Value::Text(_)) if is_word(other) => {
            let text = spelled(left) + &spelled(right);
            if text.len() > MAX_TEXT {
                return Err(format!("a string is longer than {MAX_TEXT} bytes"));
            }
            Some(Value::text(text))
        }
        (Value::Array(a), Value::Array(b)) => {
            bounded(a.items().len() + b.items().len())?;
            Some(Value::array(a.items().iter().chain(b.items()).cloned().collect()))
        }
        (Value::Dictionary(a), Value::Dictionary(b)) => {
            bounded(a.len() + b.len())?;
            let mut sum: Dictionary = (**a).clone();
            for (key, value) in b.iter() {
                sum.insert(key.clone(), value.clone());
            }
            Some(Value::Dictionary(Rc::new(sum)))
        }
        (some @ (Value::Array(_) | Value::Dictionary(_)), nothing)
        | (nothing, some @ (Value::Array(_) | Value::Dictionary(_)))
            if nothing.is_empty() =>
        {
            Some(some.clone())
        }
        _ => numbers(left, right).map(|(a, b)| Value::Number(a + b)),
    })
}

fn arithmetic(operator: Binary, a: f64, b: f64) -> Result<f64, String> {
    #[expect(clippy::cast_possible_truncation, reason = "as in Icinga; a float-to-int cast saturates")]
    let (x, y) = (a as i32, b as i32);
    Ok(match operator {
        Binary::Multiply => a * b,
        Binary::Divide if b == 0.0 => return Err("a division by 0".to_owned()),
        Binary::Divide => a / b,
        Binary::Remainder if y == 0 => return Err("a division by 0".to_owned()),
        Binary::Remainder => f64::from(x.wrapping_rem(y)),
        Binary::BitOr => f64::from(x | y),
        Binary::BitXor => f64::from(x ^ y),
        Binary::BitAnd => f64::from(x & y),
        Binary::ShiftLeft => f64::from(x.wrapping_shl(y.cast_unsigned())),
        Binary::ShiftRight => f64::from(x.wrapping_shr(y.cast_unsigned())),
        _ => return Err("this operator means nothing here".to_owned()),
    })
}

/// Which one comes first: of two numbers or strings.
pub(crate) fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
        _ => numbers(left, right).and_then(|(a, b)| a.partial_cmp(&b)),
    }
}

/// Two numbers; nothing beside a number is 0, and booleans are none.
fn numbers(left: &Value, right: &Value) -> Option<(f64, f64)> {
    let number = |value: &Value| match value {
        Value::Number(number) => Some(*number),
        nothing => nothing.is_empty().then_some(0.0),
    };
    if left.is_empty() && right.is_empty() { None } else { number(left).zip(number(right)) }
}

/// As Icinga puts a value into a string: a fraction has six digits.
pub(crate) fn spelled(value: &Value) -> String {
    match value {
        Value::Number(number) if number.fract() != 0.0 => format!("{number:.6}"),
        other => other.shown(),
    }
}

pub(crate) fn unary(operator: Unary, value: &Value) -> Result<Value, String> {
    let wrong = || format!("this sign stands before a number, not before {}", value.kind());
    let number = || match value {
        Value::Number(number) => Ok(*number),
        Value::Null => Ok(0.0),
        _ => Err(wrong()),
    };
    Ok(match operator {
        Unary::Not => Value::Bool(!value.is_true()),
        Unary::Minus => Value::Number(-number()?),
        Unary::Plus => Value::Number(number()?),
        Unary::Complement => {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "as in Icinga; a float-to-int cast saturates"
            )]
            let bits = !(value.to_number().ok_or_else(wrong)? as i32);
            Value::Number(f64::from(bits))
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
