//! Items of all files to objects, in the order in which they may see each other; definitions and templates.

use std::collections::HashMap;
use std::rc::Rc;

use engine::nearest;

use crate::ast::{Body, Definition, Expr, Item, Rule, Statement};
use crate::evaluate::{Evaluator, Fault, Scope, This, combined, set};
use crate::object::{OF_ICINGA, Object, PASSED_OVER, Type};
use crate::operators::spelled;
use crate::problem::{Location, Problem};
use crate::value::Value;
use crate::{BUILT_IN_FILE, Evaluated, validate};

/// Templates may import templates so deep.
const MAX_IMPORTS: usize = 60;

/// So many objects are made.
const MAX_OBJECTS: usize = 1_000_000;

/// Evaluates all items, in the order in which they stand.
pub(crate) fn build<'i>(
    items: impl Iterator<Item = &'i Item>,
    node: &str,
    problems: &mut Vec<Problem>,
) -> Evaluated {
    let evaluator = Evaluator::new(node, problems);
    let mut builder = Builder {
        evaluator,
        templates: HashMap::new(),
        defaults: Vec::new(),
        made: Evaluated::new(node),
        names: Names { host: "host".into(), service: "service".into(), user: "user".into() },
    };
    let mut definitions: Vec<(Type, Rc<str>, &Definition)> = Vec::new();
    let mut rules: Vec<(Type, Rc<str>, &Rule)> = Vec::new();
    for item in items {
        match item {
            Item::Constant { is_fixed, assignment } => {
                if let Err(fault) = builder.evaluator.constant(assignment, *is_fixed) {
                    builder.evaluator.fault(fault, None);
                }
            }
            Item::Object(definition) => {
                let Some(of) = builder.type_of(&definition.of, definition.at) else { continue };
                let Some(name) = builder.name(definition.name.as_ref(), definition.at, of) else { continue };
                builder.register(of, &name, definition);
                validate::rules(of, definition, &mut |problem| builder.evaluator.say(problem));
                if !definition.is_template {
                    definitions.push((of, name, definition));
                }
            }
            Item::Apply(rule) => {
                let Some(of) = builder.type_of(&rule.of, rule.at) else { continue };
                let name = match &rule.name {
                    None if rule.each.is_some() => Some("".into()),
                    name => builder.name(name.as_ref(), rule.at, of),
                };
                let Some(name) = name else { continue };
                rules.push((of, name, rule));
            }
            Item::Include(_) => {} // the caller put the items of the file in its place
        }
    }
    if let Some(Value::Text(name)) = builder.evaluator.constants.get("NodeName") {
        builder.made.node = name.clone();
    }
    // a service sees its host with all its groups
    let is_first =
        |of: Type| matches!(of, Type::Host | Type::HostGroup | Type::ServiceGroup | Type::UserGroup);
    for (of, name, definition) in definitions.iter().filter(|(of, ..)| is_first(*of)) {
        builder.define(*of, name, definition);
    }
    builder.put_into_groups(&definitions, Type::HostGroup, Type::Host);
    for (of, name, definition) in definitions.iter().filter(|(of, ..)| !is_first(*of)) {
        builder.define(*of, name, definition);
    }
    builder.apply(&rules, |of| of == Type::Service);
    builder.put_into_groups(&definitions, Type::ServiceGroup, Type::Service);
    builder.put_into_groups(&definitions, Type::UserGroup, Type::User);
    builder.apply(&rules, |of| of != Type::Service);
    builder.made
}

/// What is known while objects are made.
pub(crate) struct Builder<'p> {
    pub evaluator: Evaluator<'p>,
    templates: HashMap<(Type, Rc<str>), (Rc<Body>, Location)>,
    /// Templates that all objects of a type import.
    defaults: Vec<(Type, Rc<str>)>,
    pub made: Evaluated,
    pub names: Names,
}

/// The names of what a rule looks at.
pub(crate) struct Names {
    pub host: Rc<str>,
    pub service: Rc<str>,
    pub user: Rc<str>,
}

impl Builder<'_> {
    fn type_of(&mut self, name: &Rc<str>, at: Location) -> Option<Type> {
        if let Some(of) = Type::of(name) {
            return Some(of);
        }
        if OF_ICINGA.contains(&&**name) {
            return None;
        }
        if let Some((_, hint)) = PASSED_OVER.iter().find(|(known, _)| *known == &**name) {
            if self.made.passed_over.insert(name.to_string()) {
                let problem =
                    Problem::warning(at, format!("{name} objects are passed over, here and elsewhere"));
                self.evaluator.say(problem.hint(*hint));
            }
            return None;
        }
        let problem = Problem::error(at, format!("there is no type `{name}`"));
        self.evaluator.say(match nearest(name, Type::names()) {
            Some(known) => problem.hint(format!("nearest known: `{known}`")),
            None => problem.hint(format!("known: {}", Type::names().collect::<Vec<_>>().join(", "))),
        });
        None
    }

    fn name(&mut self, name: Option<&Expr>, at: Location, of: Type) -> Option<Rc<str>> {
        let Some(name) = name else {
            self.evaluator.say(
                Problem::error(at, format!("this {} has no name", of.name())).hint("write it in quotes"),
            );
            return None;
        };
        let value = self.evaluator.value(name, Scope::OUTSIDE);
        match value
            .map(|value| if let Value::Number(_) = value { Value::text(spelled(&value)) } else { value })
        {
            Ok(Value::Text(text)) if !text.is_empty() && !text.contains('!') => Some(text),
            Ok(other) => {
                let message = format!("`{}` is no name", other.shown());
                let hint = "a name is a string with something in it, and without `!`";
                self.evaluator.say(Problem::error(name.at, message).hint(hint));
                None
            }
            Err(fault) => {
                self.evaluator.fault(fault, None);
                None
            }
        }
    }

    /// Everything with a name of its own can be imported, objects too.
    fn register(&mut self, of: Type, name: &Rc<str>, definition: &Definition) {
        if !definition.is_template && matches!(of, Type::Service | Type::Notification | Type::Dependency) {
            return;
        }
        if definition.is_default {
            self.defaults.push((of, name.clone()));
        }
        let body = (definition.body.clone(), definition.at);
        let before = self.templates.insert((of, name.clone()), body);
        let twice = before.filter(|(_, at)| at.file != BUILT_IN_FILE && definition.is_template);
        if let Some((_, at)) = twice {
            let message =
                format!("the template {} `{name}` is defined already, at line {}", of.name(), at.line);
            self.evaluator.say(Problem::error(definition.at, message).hint("give one of them another name"));
        }
    }

    /// An object from its definition.
    fn define(&mut self, of: Type, name: &Rc<str>, definition: &Definition) {
        // somebody has a command of his own with this name
        let current = self.templates.get(&(of, name.clone())).map(|(_, at)| *at);
        if definition.at.file == BUILT_IN_FILE && current != Some(definition.at) {
            return;
        }
        let mut object = Object::new(of, name.clone(), definition.at);
        self.run_all(&definition.body, &mut object, &[]);
        self.add(object);
    }

    /// The default templates of its type, then the body.
    pub(crate) fn run_all(&mut self, body: &Rc<Body>, object: &mut Object, locals: &[(Rc<str>, Value)]) {
        let defaults = self.defaults.iter().filter(|(of, _)| *of == object.of);
        for name in defaults.map(|(_, name)| name.clone()).collect::<Vec<_>>() {
            if let Err(fault) = self.import(&name, object.at, object, locals, 0) {
                self.evaluator.fault(fault, Some(object.label()));
            }
        }
        self.run(body, object, locals, 0);
    }

    fn run(&mut self, body: &Body, object: &mut Object, locals: &[(Rc<str>, Value)], depth: usize) {
        for statement in &body.statements {
            if let Err(fault) = self.statement(statement, object, locals, depth) {
                self.evaluator.fault(fault, Some(object.label()));
            }
        }
    }

    fn statement(
        &mut self,
        statement: &Statement,
        object: &mut Object,
        locals: &[(Rc<str>, Value)],
        depth: usize,
    ) -> Result<(), Fault> {
        let scope = Scope { this: This::Object(object), locals };
        let assignment = match statement {
            Statement::Assign(assignment) => assignment,
            Statement::Import(name) => {
                self.evaluator.step(name.at)?;
                let value = self.evaluator.value(name, scope)?;
                let Value::Text(wanted) = &value else {
                    return Err(Fault::new(name.at, format!("`import` takes a name, not {}", value.kind())));
                };
                return self.import(wanted, name.at, object, locals, depth);
            }
        };
        let (at, of) = (assignment.at, object.of);
        let fault = |message: String| Fault::new(at, message);
        let Some(attribute) = of.attribute(&assignment.name) else {
            let fault = fault(format!("a {} has no attribute `{}`", of.name(), assignment.name));
            return Err(match nearest(&assignment.name, of.attributes().map(|attribute| attribute.name)) {
                Some(known) => {
                    fault.hint(format!("nearest known: `{known}`; what is your own goes into `vars.`"))
                }
                None => fault.hint("what is your own goes into `vars.`"),
            });
        };
        if locals.iter().any(|(name, _)| *name == assignment.name) {
            let fault = fault(format!("`{}` is a name of the `for` here", assignment.name));
            return Err(fault.hint("give that another name"));
        }
        let fields = self.evaluator.fields(&assignment.fields, scope)?;
        let value = self.evaluator.value(&assignment.value, scope)?;
        if let Value::Object(other) = &value {
            let fault = fault(format!("a {} is no value of an attribute", other.of.name()));
            return Err(fault.hint("write the attribute that is meant, for instance its `.name`"));
        }
        let mut whole = object.attributes.remove(attribute.name).map(|(value, _)| value).unwrap_or_default();
        if matches!(whole, Value::Null) && fields.is_empty() && assignment.with.is_some() {
            whole = object.get(attribute.name);
        }
        let mut done = set(&mut whole, &fields, &|old| combined(assignment.with, old, &value)).map_err(fault);
        if done.is_ok() {
            match attribute.form.fitted(whole.clone()) {
                Ok(value) => whole = value,
                Err(wanted) => {
                    let message = format!("`{}` is {}, and must be {wanted}", attribute.name, whole.kind());
                    done = Err(fault(message));
                }
            }
        }
        if done.is_ok() || !fields.is_empty() {
            object.attributes.insert(attribute.name, (whole, at));
        }
        done
    }

    fn import(
        &mut self,
        name: &Rc<str>,
        at: Location,
        object: &mut Object,
        locals: &[(Rc<str>, Value)],
        depth: usize,
    ) -> Result<(), Fault> {
        if depth >= MAX_IMPORTS {
            let fault = Fault::new(at, format!("templates import templates more than {MAX_IMPORTS} deep"));
            return Err(fault.hint("one of them imports itself"));
        }
        let of = object.of;
        let Some((body, _)) = self.templates.get(&(of, name.clone())) else {
            if is_of_icinga(of, name) {
                return Ok(());
            }
            let known = self.templates.keys().filter(|(other, _)| *other == of).map(|(_, name)| &**name);
            let fault = Fault::new(at, format!("there is no template {} `{name}`", of.name()));
            return Err(match nearest(name, known) {
                Some(known) => fault.hint(format!("nearest known: `{known}`")),
                None => fault.hint(format!("write `template {} \"{name}\" {{ … }}`", of.name())),
            });
        };
        let body = body.clone();
        object.templates.push(name.clone());
        self.run(&body, object, locals, depth + 1);
        Ok(())
    }

    /// Keeps an object that is finished, unless there is one of its name.
    pub(crate) fn add(&mut self, mut object: Object) {
        let key = full_name(&object);
        if let Some(before) = self.made.find(object.of, &key) {
            let message = format!("is defined already, at line {} of its file", before.at.line);
            let hint =
                "give one of them another name, or let its rule leave out this host with `ignore where`";
            self.evaluator.say(Problem::error(object.at, message).of(object.label()).hint(hint));
            return;
        }
        if self.made.objects.len() >= MAX_OBJECTS {
            let message = format!("more than {MAX_OBJECTS} objects");
            self.evaluator.say(Problem::error(Location { line: 0, column: 0, ..object.at }, message));
            return;
        }
        validate::object(&object, &mut |problem| self.evaluator.say(problem));
        if object.of == Type::Service {
            let host = object.text("host_name").and_then(|host| self.made.find(Type::Host, &host));
            object.host = host.cloned();
        }
        self.made.insert(key, object);
    }
}

/// `host!service`, `host!service!notification`
fn full_name(object: &Object) -> Rc<str> {
    let (host, service) = match object.of {
        Type::Dependency => ("child_host_name", "child_service_name"),
        _ => ("host_name", "service_name"),
    };
    let parts = [object.text(host), object.text(service), Some(object.name.clone())];
    let parts: Vec<Rc<str>> = parts.into_iter().flatten().collect();
    parts.join("!").into()
}

/// Templates that Icinga has itself, of which nothing is left to do.
fn is_of_icinga(of: Type, name: &str) -> bool {
    match of {
        Type::CheckCommand => ["plugin-check-command", "ipv4-or-ipv6"].contains(&name),
        Type::NotificationCommand => name == "plugin-notification-command",
        Type::EventCommand => name == "plugin-event-command",
        Type::TimePeriod => name == "legacy-timeperiod",
        _ => false,
    }
}
