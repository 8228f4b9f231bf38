//! Items of all files to objects: constants, objects, and what rules make of them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use engine::nearest;

use crate::ast::{Body, Definition, Each, Item, Rule, Statement};
use crate::evaluate::{Evaluator, Fault, Scope, combined, set};
use crate::object::{Form, OF_ICINGA, Object, PASSED_OVER, Type};
use crate::problem::{Location, Problem};
use crate::value::Value;
use crate::{BUILT_IN_FILE, Evaluated};

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
        places: HashMap::new(),
        made: Evaluated::new(node),
    };
    let mut definitions: Vec<(Type, Rc<str>, &Definition)> = Vec::new();
    let mut rules: Vec<(Type, Rc<str>, &Rule)> = Vec::new();
    for item in items {
        match item {
            Item::Constant { name, value } => match builder.evaluator.value(value, Scope::OUTSIDE) {
                Ok(value) => {
                    builder.evaluator.constants.insert(name.clone(), value);
                }
                Err(fault) => builder.evaluator.fault(fault, None),
            },
            Item::Object(definition) => {
                let Some(of) = builder.type_of(&definition.of, definition.at) else { continue };
                let Some(name) = builder.name(definition.name.as_ref(), definition.at, of) else { continue };
                builder.register(of, &name, definition);
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

struct Builder<'p> {
    evaluator: Evaluator<'p>,
    templates: HashMap<(Type, Rc<str>), (Rc<Body>, Location)>,
    defaults: Vec<(Type, Rc<Body>)>,
    /// Where each object stands, by type and full name.
    places: HashMap<(Type, Rc<str>), Location>,
    made: Evaluated,
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

    fn name(&mut self, name: Option<&crate::ast::Expr>, at: Location, of: Type) -> Option<Rc<str>> {
        let Some(name) = name else {
            self.evaluator.say(
                Problem::error(at, format!("this {} has no name", of.name())).hint("write it in quotes"),
            );
            return None;
        };
        match self.evaluator.value(name, Scope::OUTSIDE) {
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

    /// Everything with a name can be imported, objects too.
    fn register(&mut self, of: Type, name: &Rc<str>, definition: &Definition) {
        if definition.is_default {
            self.defaults.push((of, definition.body.clone()));
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
        let is_built_in = definition.at.file == BUILT_IN_FILE;
        // somebody has a command of his own with this name
        let current = self.templates.get(&(of, name.clone())).map(|(_, at)| *at);
        if is_built_in && current != Some(definition.at) {
            return;
        }
        let mut object = Object {
            of,
            name: name.clone(),
            at: definition.at,
            is_built_in,
            host: None,
            attributes: BTreeMap::new(),
        };
        self.run_all(&definition.body, &mut object, &[]);
        self.add(object);
    }

    /// The default templates of its type, then the body.
    fn run_all(&mut self, body: &Rc<Body>, object: &mut Object, locals: &[(Rc<str>, Value)]) {
        let defaults: Vec<Rc<Body>> =
            self.defaults.iter().filter(|(of, _)| *of == object.of).map(|(_, body)| body.clone()).collect();
        for body in defaults.iter().chain([body]) {
            self.run(body, object, locals, 0);
        }
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
        let scope = Scope { this: Some(object), locals };
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
        let fields = self.evaluator.fields(&assignment.fields, scope)?;
        let value = self.evaluator.value(&assignment.value, scope)?;
        let mut whole = object.attributes.remove(attribute.name).map(|(value, _)| value).unwrap_or_default();
        if matches!(whole, Value::Null) && fields.is_empty() && assignment.with.is_some() {
            whole = object.get(attribute.name);
        }
        let done = set(&mut whole, &fields, &|old| combined(assignment.with, old, &value)).map_err(fault);
        let done = done.and_then(|()| {
            fits(attribute.form, &whole).map_err(|wanted| {
                Fault::new(at, format!("`{}` is {}, and must be {wanted}", attribute.name, whole.kind()))
            })
        });
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
        self.run(&body, object, locals, depth + 1);
        Ok(())
    }

    /// Keeps an object that is finished, unless there is one of its name.
    fn add(&mut self, mut object: Object) {
        let key = full_name(&object);
        if let Some(before) = self.places.get(&(object.of, key.clone())).copied() {
            let message = format!("is defined already, at line {} of its file", before.line);
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
        self.complain_of_what_is_missing(&object);
        if object.of == Type::Service {
            let host = object.text("host_name").and_then(|host| self.made.find(Type::Host, &host));
            object.host = host.cloned();
        }
        self.places.insert((object.of, key.clone()), object.at);
        self.made.insert(key, object);
    }

    fn complain_of_what_is_missing(&mut self, object: &Object) {
        let wanted: &[&str] = match object.of {
            Type::Host => &["check_command"],
            Type::Service => &["host_name", "check_command"],
            Type::CheckCommand | Type::NotificationCommand | Type::EventCommand => &["command"],
            Type::Notification => &["host_name", "command"],
            Type::Dependency => &["parent_host_name", "child_host_name"],
            _ => &[],
        };
        for name in wanted.iter().filter(|name| !object.has(name)) {
            let problem = Problem::error(object.at, format!("has no {name}")).of(object.label());
            self.evaluator.say(problem.hint(format!("write `{name} = …`, or import a template that has it")));
        }
    }

    /// Members by `assign where` of groups.
    fn put_into_groups(&mut self, definitions: &[(Type, Rc<str>, &Definition)], groups: Type, members: Type) {
        let local = local_name(members);
        for (_, name, definition) in definitions.iter().filter(|(of, ..)| *of == groups) {
            if definition.body.assign.is_empty() {
                continue;
            }
            let candidates = self.made.all(members);
            let mut chosen = Vec::new();
            for (place, candidate) in candidates.into_iter().enumerate() {
                let locals = locals(&candidate, local);
                if self.is_chosen(&definition.body, &locals, true) {
                    chosen.push(place);
                }
            }
            self.made.put_into(members, &chosen, name, definition.at);
        }
        self.put_into_outer_groups(groups, members);
    }

    /// Who is in a group is in the groups in which that is, and so on.
    fn put_into_outer_groups(&mut self, groups: Type, members: Type) {
        let outer: HashMap<Rc<str>, Vec<Rc<str>>> =
            self.made.of(groups).map(|group| (group.name.clone(), group.texts("groups"))).collect();
        if outer.values().all(Vec::is_empty) {
            return;
        }
        let mut more: BTreeMap<Rc<str>, Vec<usize>> = BTreeMap::new();
        for (place, member) in self.made.of(members).enumerate() {
            let mut open = member.texts("groups");
            let mut seen: BTreeSet<Rc<str>> = open.iter().cloned().collect();
            while let Some(group) = open.pop() {
                for group in
                    outer.get(&group).into_iter().flatten().filter(|group| seen.insert((*group).clone()))
                {
                    more.entry(group.clone()).or_default().push(place);
                    open.push(group.clone());
                }
            }
        }
        for (group, chosen) in more {
            let at = self.made.find(groups, &group).map(|group| group.at).unwrap_or_default();
            self.made.put_into(members, &chosen, &group, at);
        }
    }

    /// Does a rule apply to what these names stand for?
    fn is_chosen(&mut self, body: &Body, locals: &[(Rc<str>, Value)], must_be_assigned: bool) -> bool {
        let scope = Scope { this: None, locals };
        let mut holds = |conditions: &[crate::ast::Expr]| {
            conditions.iter().any(|condition| match self.evaluator.value(condition, scope) {
                Ok(value) => value.is_true(),
                Err(fault) => {
                    self.evaluator.fault(fault, None);
                    false
                }
            })
        };
        let assigned = holds(&body.assign) || (body.assign.is_empty() && !must_be_assigned);
        assigned && !holds(&body.ignore)
    }

    fn apply(&mut self, rules: &[(Type, Rc<str>, &Rule)], wanted: impl Fn(Type) -> bool) {
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
                let locals = locals(&candidate, local_name(to));
                if self.is_chosen(&rule.body, &locals, rule.each.is_none()) {
                    matched |= self.apply_to(*of, name, rule, &candidate, &locals);
                }
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
    fn apply_to(
        &mut self,
        of: Type,
        name: &Rc<str>,
        rule: &Rule,
        to: &Rc<Object>,
        locals: &[(Rc<str>, Value)],
    ) -> bool {
        let Some(each) = &rule.each else {
            self.make(of, name.clone(), rule, to, locals);
            return true;
        };
        let entries = match self.entries(each, locals) {
            Ok(entries) => entries,
            Err(fault) => {
                self.evaluator.fault(fault, None);
                return false;
            }
        };
        let some = !entries.is_empty();
        for (key, value) in entries {
            let mut locals = locals.to_vec();
            let suffix = if let (Some(key_name), Some(key)) = (&each.key, key) {
                locals.push((key_name.clone(), Value::Text(key.clone())));
                locals.push((each.value.clone(), value));
                key
            } else {
                let text: Rc<str> = value.shown().into();
                locals.push((each.value.clone(), value));
                text
            };
            let name: Rc<str> = if name.is_empty() { suffix } else { format!("{name}{suffix}").into() };
            if name.is_empty() || name.contains('!') {
                let problem = Problem::error(rule.at, format!("`{name}` is no name of a {}", of.name()));
                self.evaluator.say(problem.hint("a name has something in it, and no `!`"));
                continue;
            }
            self.make(of, name, rule, to, &locals);
        }
        some
    }

    fn entries(&mut self, each: &Each, locals: &[(Rc<str>, Value)]) -> Result<Vec<Entry>, Fault> {
        let container = self.evaluator.value(&each.container, Scope { this: None, locals })?;
        match (&container, &each.key) {
            (Value::Null, _) => Ok(Vec::new()),
            (Value::Array(array), None) => {
                Ok(array.items().iter().map(|item| (None, item.clone())).collect())
            }
            (Value::Dictionary(dictionary), Some(_)) => {
                Ok(dictionary.iter().map(|(key, value)| (Some(key.clone()), value.clone())).collect())
            }
            (Value::Array(_), Some(_)) => {
                Err(Fault::new(each.container.at, "an array has no keys").hint("write `for (value in …)`"))
            }
            (Value::Dictionary(_), None) => Err(Fault::new(each.container.at, "a dictionary has keys")
                .hint("write `for (key => value in …)`")),
            (other, _) => Err(Fault::new(
                each.container.at,
                format!("`for` takes an array or a dictionary, not {}", other.kind()),
            )),
        }
    }

    fn make(&mut self, of: Type, name: Rc<str>, rule: &Rule, to: &Rc<Object>, locals: &[(Rc<str>, Value)]) {
        let mut object =
            Object { of, name, at: rule.at, is_built_in: false, host: None, attributes: BTreeMap::new() };
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
}

/// What `for` goes through: a key, if it is a dictionary, and a value.
type Entry = (Option<Rc<str>>, Value);

/// What the names of a rule stand for.
fn locals(object: &Rc<Object>, name: &str) -> Vec<(Rc<str>, Value)> {
    let mut locals = vec![(name.into(), Value::Object(object.clone()))];
    if let Some(host) = &object.host {
        locals.push(("host".into(), Value::Object(host.clone())));
    }
    locals
}

fn local_name(of: Type) -> &'static str {
    match of {
        Type::Service => "service",
        Type::User => "user",
        _ => "host",
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

/// Does a value fit an attribute? If not, what would.
fn fits(form: Form, value: &Value) -> Result<(), &'static str> {
    match (form, value) {
        (Form::Any | Form::Flag(_), _)
        | (_, Value::Null)
        | (Form::Text, Value::Text(_) | Value::Number(_))
        | (Form::Number(_), Value::Number(_) | Value::Bool(_))
        | (Form::Array, Value::Array(_))
        | (Form::Dictionary, Value::Dictionary(_))
        | (Form::Command, Value::Text(_) | Value::Array(_)) => Ok(()),
        (Form::Number(_), Value::Text(text)) if text.parse::<f64>().is_ok_and(f64::is_finite) => Ok(()),
        (Form::Text, _) => Err("a string"),
        (Form::Number(_), _) => Err("a number, or a duration such as 5m"),
        (Form::Array, _) => Err("an array: [ \"…\", \"…\" ]"),
        (Form::Dictionary, _) => Err("a dictionary: { … }"),
        (Form::Command, _) => Err("an array of strings: [ \"/path\", \"…\" ]"),
    }
}
