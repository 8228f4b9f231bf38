//! The configuration language of Icinga 2: text to evaluated objects, without I/O.
//!
//! [`parse`] reads a file to a [`Script`], whose [`Part`]s the caller puts in order with the files that it
//! includes; [`evaluate`] makes objects of them, rules applied. [`argv`] is a command line as Icinga puts it
//! together from `command` and `arguments`. Nothing here knows Nagios' objects: `config` lowers what is
//! evaluated.
//!
//! Objects, templates, rules (`apply`, `assign where`), expressions and pure functions are read. Programs
//! (`if`, `for`, `function`, `{{ … }}`) are named and refused.

mod apply;
mod ast;
mod build;
mod command;
mod evaluate;
mod functions;
mod groups;
mod lexer;
mod object;
mod operators;
mod parser;
mod problem;
#[cfg(test)]
mod tests;
mod validate;
mod value;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use ast::Item;
pub use ast::{Include, Included};
pub use command::{Macro, Subject, Unresolved, argv, resolved};
pub use functions::is_like;
pub use object::{Object, Type};
pub use problem::{Location, Problem};
pub use value::{Array, Dictionary, Value};

/// The number of the file that stands for Icinga's own commands.
pub const BUILT_IN_FILE: u32 = u32::MAX;

/// Commands under the names of Icinga's template library, by hlidka's own checks.
const LIBRARY: &str = include_str!("library.conf");

/// A file, or a part of one, that was read.
#[derive(Debug)]
pub struct Script {
    items: Vec<Item>,
}

/// A part of a file.
#[derive(Debug)]
pub enum Part {
    /// Definitions.
    Script(Script),
    /// Something that is to be read at this place.
    Include(Include),
}

/// Reads the text of a file; `file` is the number by which it is known in places.
pub fn parse(file: u32, text: &str, problems: &mut Vec<Problem>) -> Script {
    Script { items: parser::parse(file, text, problems) }
}

impl Script {
    /// Its parts, in order.
    pub fn parts(self) -> Vec<Part> {
        let mut parts = Vec::new();
        let mut items = Vec::new();
        for item in self.items {
            if let Item::Include(include) = item {
                parts.push(Part::Script(Script { items: std::mem::take(&mut items) }));
                parts.push(Part::Include(include));
            } else {
                items.push(item);
            }
        }
        parts.push(Part::Script(Script { items }));
        parts
    }
}

/// Evaluates scripts in their order. `node` is the name of this machine: `NodeName`, unless a constant says
/// otherwise.
pub fn evaluate(scripts: &[Script], node: &str, problems: &mut Vec<Problem>) -> Evaluated {
    let library = parse(BUILT_IN_FILE, LIBRARY, problems);
    let items = library.items.iter().chain(scripts.iter().flat_map(|script| &script.items));
    build::build(items, node, problems)
}

/// All objects.
#[derive(Debug)]
pub struct Evaluated {
    objects: Vec<Rc<Object>>,
    by_type: BTreeMap<Type, Vec<usize>>,
    index: BTreeMap<Type, HashMap<Rc<str>, usize>>,
    passed_over: BTreeSet<String>,
    /// The name of this machine: `NodeName`.
    pub node: Rc<str>,
}

impl Evaluated {
    /// All objects of a type, in the order in which they were made.
    pub fn of(&self, of: Type) -> impl Iterator<Item = &Rc<Object>> {
        self.by_type.get(&of).into_iter().flatten().filter_map(|place| self.objects.get(*place))
    }

    /// The object of a name, which for services is `host!service`.
    pub fn find(&self, of: Type, name: &str) -> Option<&Rc<Object>> {
        self.objects.get(*self.index.get(&of)?.get(name)?)
    }

    fn new(node: &str) -> Evaluated {
        let (objects, by_type, index) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
        Evaluated { objects, by_type, index, passed_over: BTreeSet::new(), node: node.into() }
    }

    fn all(&self, of: Type) -> Vec<Rc<Object>> {
        self.of(of).cloned().collect()
    }

    fn insert(&mut self, key: Rc<str>, object: Object) {
        let place = self.objects.len();
        self.by_type.entry(object.of).or_default().push(place);
        self.index.entry(object.of).or_default().insert(key, place);
        self.objects.push(Rc::new(object));
    }

    /// Adds a group to the `groups` of some objects of a type, by their places among them.
    fn put_into(&mut self, of: Type, chosen: &[usize], group: &Rc<str>, at: Location) {
        let Some(places) = self.by_type.get(&of) else { return };
        for place in chosen.iter().filter_map(|chosen| places.get(*chosen)) {
            let Some(object) = self.objects.get_mut(*place) else { continue };
            let mut groups = object.array("groups").unwrap_or_default().items().to_vec();
            if !groups.iter().any(|known| matches!(known, Value::Text(known) if known == group)) {
                groups.push(Value::Text(group.clone()));
                let at = object.attributes.get("groups").map_or(at, |(_, at)| *at);
                Rc::make_mut(object).attributes.insert("groups", (Value::array(groups), at));
            }
        }
    }
}
