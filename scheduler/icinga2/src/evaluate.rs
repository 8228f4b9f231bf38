//! Expressions to values.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use engine::nearest;

use crate::ast::{Assignment, Binary, Expr, ExprKind};
use crate::functions::{self, Patterns};
use crate::object::Object;
use crate::operators::{binary, bounded, shallow, spelled, unary};
use crate::problem::{Location, Problem};
use crate::value::{Dictionary, Value};

/// So many expressions are evaluated for a whole configuration: thousands of hosts times hundreds of
/// rules are some ten millions.
const MAX_STEPS: u64 = 200_000_000;

/// Names that are there without being defined, besides the constants of a machine.
const BUILT_IN: [&str; 15] = [
    "OK",
    "Warning",
    "Critical",
    "Unknown",
    "Up",
    "Down",
    "Problem",
    "Recovery",
    "Acknowledgement",
    "Custom",
    "DowntimeStart",
    "DowntimeEnd",
    "DowntimeRemoved",
    "FlappingStart",
    "FlappingEnd",
];

/// Why there is no value.
#[derive(Debug)]
pub(crate) struct Fault {
    pub at: Location,
    pub message: String,
    pub hint: Option<String>,
}

impl Fault {
    pub(crate) fn new(at: Location, message: impl Into<String>) -> Fault {
        Fault { at, message: message.into(), hint: None }
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Fault {
        Fault { hint: Some(hint.into()), ..self }
    }
}

/// Names that are known at a place.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'s> {
    pub this: This<'s>,
    /// `host`, `service` and the names of a `for`; the last one counts.
    pub locals: &'s [(Rc<str>, Value)],
}

/// Within what an expression stands.
#[derive(Clone, Copy)]
pub(crate) enum This<'s> {
    Nothing,
    /// Its attributes are names.
    Object(&'s Object),
    /// What stands before in it is known by name, and nothing of the object around it.
    Dictionary(&'s Dictionary),
}

impl Scope<'_> {
    pub(crate) const OUTSIDE: Scope<'static> = Scope { this: This::Nothing, locals: &[] };
}

/// Constants, and what is needed to evaluate expressions.
pub(crate) struct Evaluator<'p> {
    pub constants: HashMap<Rc<str>, Value>,
    /// Constants that cannot change.
    fixed: HashSet<Rc<str>>,
    pub problems: &'p mut Vec<Problem>,
    patterns: Patterns,
    steps: u64,
    said: HashSet<(Location, String)>,
}

impl<'p> Evaluator<'p> {
    pub(crate) fn new(node: &str, problems: &'p mut Vec<Problem>) -> Evaluator<'p> {
        let mut constants: HashMap<Rc<str>, Value> = HashMap::new();
        for name in BUILT_IN {
            constants.insert(name.into(), Value::text(name));
        }
        for (name, number) in [
            ("MatchAll", 0.0),
            ("MatchAny", 1.0),
            ("ServiceOK", 0.0),
            ("ServiceWarning", 1.0),
            ("ServiceCritical", 2.0),
            ("ServiceUnknown", 3.0),
            ("HostUp", 0.0),
            ("HostDown", 1.0),
        ] {
            constants.insert(name.into(), Value::Number(number));
        }
        let fixed = constants.keys().cloned().chain(functions::NAMES.map(Rc::from)).collect();
        for (name, text) in [
            ("NodeName", node),
            ("ZoneName", node),
            ("PluginDir", "/usr/lib/nagios/plugins"),
            ("ManubulonPluginDir", "/usr/lib/nagios/plugins"),
            ("PluginContribDir", "/usr/lib/nagios/plugins"),
            ("ConfigDir", "/etc/icinga2"),
            ("SysconfDir", "/etc"),
            ("ZonesDir", "/etc/icinga2/zones.d"),
            ("LocalStateDir", "/var"),
            ("DataDir", "/var/lib/icinga2"),
            ("LogDir", "/var/log/icinga2"),
            ("CacheDir", "/var/cache/icinga2"),
            ("SpoolDir", "/var/spool/icinga2"),
            ("InitRunDir", "/run/icinga2"),
            ("RunDir", "/run"),
        ] {
            constants.insert(name.into(), Value::text(text));
        }
        let (patterns, said) = (Patterns::default(), HashSet::new());
        Evaluator { constants, fixed, problems, patterns, steps: 0, said }
    }

    /// Sets a constant, or a part of it.
    pub(crate) fn constant(&mut self, assignment: &Assignment, is_fixed: bool) -> Result<(), Fault> {
        let Assignment { at, name, with, .. } = assignment;
        let fields = self.fields(&assignment.fields, Scope::OUTSIDE)?;
        let value = self.value(&assignment.value, Scope::OUTSIDE)?;
        if is_fixed {
            self.fixed.insert(name.clone());
        } else if fields.is_empty() && self.fixed.contains(name) {
            let fault = Fault::new(*at, format!("`{name}` is a constant already"));
            return Err(fault.hint("give one of them another name"));
        }
        let whole = self.constants.entry(name.clone()).or_default();
        set(whole, &fields, &|old| combined(*with, old, &value)).map_err(|message| Fault::new(*at, message))
    }

    /// Notes what is wrong, once for a place however many objects it concerns.
    pub(crate) fn say(&mut self, problem: Problem) {
        if self.said.insert((problem.at, problem.message.clone())) {
            self.problems.push(problem);
        }
    }

    pub(crate) fn fault(&mut self, fault: Fault, object: Option<String>) {
        let problem = Problem { object, hint: fault.hint, ..Problem::error(fault.at, fault.message) };
        self.say(problem);
    }

    /// Counts; an error when it was too much.
    pub(crate) fn step(&mut self, at: Location) -> Result<(), Fault> {
        self.steps += 1;
        if self.steps <= MAX_STEPS {
            return Ok(());
        }
        // one message, whoever comes too late
        let at = Location { line: 0, column: 0, ..at };
        Err(Fault::new(at, format!("rules take more than {MAX_STEPS} steps"))
            .hint("use fewer rules, or rules that look at fewer objects"))
    }

    /// The value of an expression.
    pub(crate) fn value(&mut self, expr: &Expr, scope: Scope<'_>) -> Result<Value, Fault> {
        self.step(expr.at)?;
        let at = expr.at;
        let fault = |message: String| Fault::new(at, message);
        match &expr.kind {
            ExprKind::Literal(value) => Ok(value.clone()),
            ExprKind::Variable(name) => self.variable(name, at, scope),
            ExprKind::Field(of, name) => {
                let of = self.value(of, scope)?;
                let name = self.value(name, scope)?;
                field(&of, &name).map_err(fault)
            }
            ExprKind::Call(callee, arguments) => self.call(at, callee, arguments, scope),
            ExprKind::Array(items) => {
                bounded(items.len()).map_err(fault)?;
                let items: Result<Vec<Value>, Fault> =
                    items.iter().map(|item| self.value(item, scope)).collect();
                shallow(Value::array(items?)).map_err(fault)
            }
            ExprKind::Dictionary(assignments) => self.dictionary(assignments, scope),
            ExprKind::Unary(operator, operand) => {
                unary(*operator, &self.value(operand, scope)?).map_err(fault)
            }
            ExprKind::Binary(operator, left, right) => {
                let left = self.value(left, scope)?;
                match operator {
                    Binary::Or if left.is_true() => Ok(left),
                    Binary::And if !left.is_true() => Ok(left),
                    Binary::Or | Binary::And => self.value(right, scope),
                    operator => binary(*operator, &left, &self.value(right, scope)?).map_err(fault),
                }
            }
            ExprKind::Ternary(parts) => {
                let [condition, yes, no] = &**parts;
                let chosen = if self.value(condition, scope)?.is_true() { yes } else { no };
                self.value(chosen, scope)
            }
        }
    }

    fn dictionary(&mut self, assignments: &[Assignment], scope: Scope<'_>) -> Result<Value, Fault> {
        let mut whole = Value::Dictionary(Rc::default());
        for assignment in assignments {
            let Value::Dictionary(so_far) = &whole else { break };
            let inner = Scope { this: This::Dictionary(so_far), ..scope };
            let fields = self.fields(&assignment.fields, inner)?;
            let value = self.value(&assignment.value, inner)?;
            let mut path = vec![assignment.name.clone()];
            path.extend(fields);
            set(&mut whole, &path, &|old| combined(assignment.with, old, &value))
                .map_err(|message| Fault::new(assignment.at, message))?;
        }
        Ok(whole)
    }

    /// The names of fields, `a` and `b` of `vars.a["b"]`.
    pub(crate) fn fields(&mut self, fields: &[Expr], scope: Scope<'_>) -> Result<Vec<Rc<str>>, Fault> {
        let mut names = Vec::new();
        for field in fields {
            match self.value(field, scope)? {
                Value::Text(text) => names.push(text),
                Value::Number(number) => names.push(spelled(&Value::Number(number)).into()),
                other => {
                    return Err(Fault::new(
                        field.at,
                        format!("a field has a name, {} is none", other.kind()),
                    ));
                }
            }
        }
        Ok(names)
    }

    fn variable(&mut self, name: &Rc<str>, at: Location, scope: Scope<'_>) -> Result<Value, Fault> {
        if let Some((_, value)) = scope.locals.iter().rev().find(|(known, _)| known == name) {
            return Ok(value.clone());
        }
        let own = match scope.this {
            This::Nothing => None,
            This::Dictionary(dictionary) => dictionary.get(name).cloned(),
            This::Object(object) => object.seen(name),
        };
        if let Some(value) = own {
            return Ok(value);
        }
        if let Some(value) = self.constants.get(name) {
            return Ok(value.clone());
        }
        let fault = Fault::new(at, format!("there is no constant and no variable `{name}` here"));
        let locals = scope.locals.iter().map(|(name, _)| &**name);
        Err(match nearest(name, self.constants.keys().map(|name| &**name).chain(locals)) {
            Some(known) => fault.hint(format!("nearest known: `{known}`; a string is written in quotes")),
            None if ["host", "service"].contains(&&**name) => {
                fault.hint("`host` and `service` are known in `apply` and `assign where`")
            }
            None => fault.hint("write `const NAME = value`, or the string in quotes"),
        })
    }

    fn call(
        &mut self,
        at: Location,
        callee: &Expr,
        arguments: &[Expr],
        scope: Scope<'_>,
    ) -> Result<Value, Fault> {
        let evaluated: Result<Vec<Value>, Fault> =
            arguments.iter().map(|argument| self.value(argument, scope)).collect();
        let evaluated = evaluated?;
        match &callee.kind {
            ExprKind::Variable(name) if functions::NAMES.contains(&&**name) => {
                functions::call(name, &evaluated, &mut self.patterns)
                    .map_err(|message| Fault::new(at, message))
            }
            ExprKind::Variable(name) => {
                let fault = Fault::new(callee.at, format!("hlidka has no function {name}()"));
                Err(match nearest(name, functions::NAMES) {
                    Some(known) => fault.hint(format!("nearest known: {known}()")),
                    None => fault.hint(format!("known: {}", functions::NAMES.join(", "))),
                })
            }
            ExprKind::Field(of, name) => {
                let of = self.value(of, scope)?;
                let name = self.value(name, scope)?.shown();
                functions::method(&of, &name, &evaluated).map_err(|message| Fault::new(at, message))
            }
            _ => Err(Fault::new(at, "only a function can be called")),
        }
    }
}

/// The value that `=` or `+=` gives.
pub(crate) fn combined(with: Option<Binary>, old: &Value, value: &Value) -> Result<Value, String> {
    match with {
        Some(operator) => shallow(binary(operator, old, value)?),
        None => Ok(value.clone()),
    }
}

/// Sets what a path names within a value; dictionaries on the way are made.
pub(crate) fn set(
    value: &mut Value,
    path: &[Rc<str>],
    change: &dyn Fn(&Value) -> Result<Value, String>,
) -> Result<(), String> {
    let Some((first, rest)) = path.split_first() else {
        *value = change(value)?;
        return Ok(());
    };
    if matches!(value, Value::Null) {
        *value = Value::Dictionary(Rc::default());
    }
    let Value::Dictionary(dictionary) = value else {
        return Err(format!("{} has no field `{first}`", value.kind()));
    };
    bounded(dictionary.len())?;
    let dictionary: &mut Dictionary = Rc::make_mut(dictionary);
    let mut inner = dictionary.take(first);
    let changed = set(&mut inner, rest, change);
    dictionary.insert(first.clone(), inner);
    changed?;
    shallow(value.clone()).map(|_| ())
}

/// `of.name` or `of[name]`
fn field(of: &Value, name: &Value) -> Result<Value, String> {
    match (of, name) {
        (Value::Null, _) => Ok(Value::Null),
        (Value::Dictionary(dictionary), name) => {
            Ok(dictionary.get(&spelled(name)).cloned().unwrap_or_default())
        }
        (Value::Array(array), name) => {
            let number = name.to_number().filter(|number| number.fract() == 0.0 && *number >= 0.0);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a float-to-int cast saturates"
            )]
            let found = number.and_then(|number| array.items().get(number as usize));
            let wrong = || format!("an array of {} has no item {}", array.items().len(), spelled(name));
            found.cloned().ok_or_else(wrong)
        }
        (Value::Object(object), name) => of_object(object, &spelled(name)),
        (of, name) => Err(format!("{} has no field `{}`", of.kind(), spelled(name))),
    }
}

fn of_object(object: &Object, name: &str) -> Result<Value, String> {
    if let Some(value) = object.seen(name) {
        return Ok(value);
    }
    let known = nearest(name, object.of.attributes().map(|attribute| attribute.name).chain(["name"]));
    let hint = known.map(|known| format!("; nearest known: `{known}`")).unwrap_or_default();
    Err(format!("a {} has no attribute `{name}` that a rule can see{hint}", object.of.name()))
}
