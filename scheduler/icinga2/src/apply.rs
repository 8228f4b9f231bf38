//! Rules: what `apply` makes of hosts and services.

use std::rc::Rc;

use crate::ast::{Body, Each, Expr, Rule};
use crate::build::Builder;
use crate::evaluate::{Fault, Scope, This};
use crate::object::{Object, Type};
use crate::operators::spelled;
use crate::problem::{Location, Problem};
use crate::value::Value;

/// What `for` goes through: what an entry adds to the name, and its names with their values.
type Entry = (Rc<str>, Vec<(Rc<str>, Value)>);

impl Builder<'_> {
    pub(crate) fn apply(&mut self, rules: &[(Type, Rc<str>, &Rule)], wanted: impl Fn(Type) -> bool) {
        for (of, name, rule) in rules.iter().filter(|(of, ..)| wanted(*of)) {
            let Some(to) = self.target(*of, rule) else { continue };
            if rule.each.is_none() && rule.body.assign.is_empty() {
                let message = format!("apply {} `{name}` has no `assign where`", of.name());
                let hint = "write `assign where true` if it is for all";
                self.evaluator.say(Problem::error(rule.at, message).hint(hint));
                continue;
            }
            let mut matched = false;
            for candidate in self.made.all(to) {
                matched |= self.apply_to(*of, name, rule, &candidate);
            }
            if !matched {
                let message = format!("apply {} `{name}` matches nothing", of.name());
                self.evaluator.say(
                    Problem::warning(rule.at, message).hint("correct its `assign where`, or take it out"),
                );
            }
        }
    }

    fn target(&mut self, of: Type, rule: &Rule) -> Option<Type> {
        let to = rule.to.as_ref();
        let wrong = |at: Location, message: String, hint: &str| Problem::error(at, message).hint(hint);
        let problem = match (of, to.map(|(at, name)| (*at, &**name))) {
            (Type::Service, None | Some((_, "Host")))
            | (Type::Notification | Type::Dependency, Some((_, "Host"))) => {
                return Some(Type::Host);
            }
            (Type::Notification | Type::Dependency, Some((_, "Service"))) => return Some(Type::Service),
            (Type::Service | Type::Notification | Type::Dependency, Some((at, name))) => wrong(
                at,
                format!("{} cannot be applied to `{name}`", of.name()),
                "write `to Host` or `to Service`",
            ),
            (Type::Notification | Type::Dependency, None) => wrong(
                rule.at,
                format!("apply {} does not say to what", of.name()),
                "write `to Host` or `to Service` before the `{`",
            ),
            _ => wrong(
                rule.at,
                format!("{} cannot be applied", of.name()),
                "write `object` instead of `apply`",
            ),
        };
        self.evaluator.say(problem);
        None
    }

    /// What a rule makes of one host or service: true if that is anything.
    fn apply_to(&mut self, of: Type, name: &Rc<str>, rule: &Rule, to: &Rc<Object>) -> bool {
        let mut locals = self.locals(to);
        let Some(each) = &rule.each else {
            let is_chosen = self.is_chosen(&rule.body, &locals);
            if is_chosen {
                self.make(of, name.clone(), rule, to, &locals);
            }
            return is_chosen;
        };
        let entries = self.entries(each, &locals).unwrap_or_else(|fault| {
            self.evaluator.fault(fault, None);
            Vec::new()
        });
        let outer = locals.len();
        let mut matched = false;
        for (suffix, names) in entries {
            locals.truncate(outer);
            locals.extend(names);
            if !self.is_chosen(&rule.body, &locals) {
                continue;
            }
            matched = true;
            let name: Rc<str> = if name.is_empty() { suffix } else { format!("{name}{suffix}").into() };
            if name.is_empty() || name.contains('!') {
                let problem = Problem::error(rule.at, format!("`{name}` is no name of a {}", of.name()));
                self.evaluator.say(problem.hint("a name has something in it, and no `!`"));
                continue;
            }
            self.make(of, name, rule, to, &locals);
        }
        matched
    }

    fn entries(&mut self, each: &Each, locals: &[(Rc<str>, Value)]) -> Result<Vec<Entry>, Fault> {
        let scope = Scope { this: This::Nothing, locals };
        let at = each.container.at;
        match (self.evaluator.value(&each.container, scope)?, &each.key) {
            (Value::Null, _) => Ok(Vec::new()),
            (Value::Array(array), None) => {
                let entry = |item: &Value| match item {
                    Value::Array(_) | Value::Dictionary(_) | Value::Object(_) => Err(Fault::new(
                        at,
                        format!("`for` makes a name of every item, and {} is none", item.kind()),
                    )
                    .hint("use a dictionary, and `for (name => value in …)`")),
                    item => Ok((spelled(item).into(), vec![(each.value.clone(), item.clone())])),
                };
                array.items().iter().map(entry).collect()
            }
            (Value::Dictionary(dictionary), Some(name)) => {
                let entry = |(key, value): (&Rc<str>, &Value)| {
                    let names =
                        vec![(name.clone(), Value::Text(key.clone())), (each.value.clone(), value.clone())];
                    (key.clone(), names)
                };
                Ok(dictionary.iter().map(entry).collect())
            }
            (Value::Array(_), Some(_)) => {
                Err(Fault::new(at, "an array has no keys").hint("write `for (value in …)`"))
            }
            (Value::Dictionary(_), None) => {
                Err(Fault::new(at, "a dictionary has keys").hint("write `for (key => value in …)`"))
            }
            (other, _) => {
                // Icinga goes through nothing, too, and does not say so
                let message = format!("`for` takes an array or a dictionary, not {}", other.kind());
                let problem = Problem::warning(at, message);
                self.evaluator.say(problem.hint("correct what it goes through"));
                Ok(Vec::new())
            }
        }
    }

    /// Does a rule apply to what these names stand for?
    pub(crate) fn is_chosen(&mut self, body: &Body, locals: &[(Rc<str>, Value)]) -> bool {
        // a `for` needs no `assign where`
        (body.assign.is_empty() || self.any_holds(&body.assign, locals))
            && !self.any_holds(&body.ignore, locals)
    }

    fn any_holds(&mut self, conditions: &[Expr], locals: &[(Rc<str>, Value)]) -> bool {
        let scope = Scope { this: This::Nothing, locals };
        conditions.iter().any(|condition| match self.evaluator.value(condition, scope) {
            Ok(value) => value.is_true(),
            Err(fault) => {
                self.evaluator.fault(fault, None);
                false
            }
        })
    }

    fn make(&mut self, of: Type, name: Rc<str>, rule: &Rule, to: &Rc<Object>, locals: &[(Rc<str>, Value)]) {
        let mut object = Object::new(of, name, rule.at);
        let (host, service) = match to.of {
            Type::Service => (to.text("host_name").unwrap_or_default(), Some(to.name.clone())),
            _ => (to.name.clone(), None),
        };
        let mut put = |name: &'static str, value: &Rc<str>| {
            object.attributes.insert(name, (Value::Text(value.clone()), rule.at));
        };
        if of == Type::Dependency {
            put("parent_host_name", &host);
            put("child_host_name", &host);
            if let Some(service) = &service {
                put("child_service_name", service);
            }
        } else {
            put("host_name", &host);
            if let Some(service) = &service {
                put("service_name", service);
            }
        }
        self.run_all(&rule.body, &mut object, locals);
        self.add(object);
    }

    /// What the names of a rule stand for.
    pub(crate) fn locals(&self, object: &Rc<Object>) -> Vec<(Rc<str>, Value)> {
        let name = match object.of {
            Type::Service => &self.names.service,
            Type::User => &self.names.user,
            _ => &self.names.host,
        };
        let mut locals = Vec::with_capacity(4);
        locals.push((name.clone(), Value::Object(object.clone())));
        if let Some(host) = &object.host {
            locals.push((self.names.host.clone(), Value::Object(host.clone())));
        }
        locals
    }
}
