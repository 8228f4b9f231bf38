//! Changes as they are found, equal ones put together.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{By, Cause, Change, Count, Entry, Example, Kind};

/// One change of one object.
#[derive(Clone, Debug)]
pub(super) struct Delta {
    pub change: Change,
    pub cause: Option<Cause>,
    pub example: Option<Example>,
}

impl Delta {
    /// A value that is another.
    pub fn changed(
        attribute: impl Into<Cow<'static, str>>,
        old: impl Into<Option<String>>,
        new: impl Into<Option<String>>,
    ) -> Delta {
        let (old, new) = (old.into(), new.into());
        Delta::of(Change::Changed { attribute: attribute.into(), old, new })
    }

    /// Something of a list that is gone.
    pub fn lost(attribute: impl Into<Cow<'static, str>>, item: impl Into<String>) -> Delta {
        Delta::of(Change::Lost { attribute: attribute.into(), item: item.into() })
    }

    /// Something of a list that is new.
    pub fn gained(attribute: impl Into<Cow<'static, str>>, item: impl Into<String>) -> Delta {
        Delta::of(Change::Gained { attribute: attribute.into(), item: item.into() })
    }

    pub fn of(change: Change) -> Delta {
        Delta { change, cause: None, example: None }
    }

    /// With what makes it.
    pub fn by(self, cause: impl Into<Option<Cause>>) -> Delta {
        Delta { cause: cause.into(), ..self }
    }
}

impl Entry {
    /// An entry of one object.
    pub(super) fn new(of: Kind, change: Change, name: &str, cause: impl Into<Option<Cause>>) -> Entry {
        Entry {
            of,
            change,
            objects: vec![name.to_owned()],
            with: Vec::new(),
            renamed: None,
            cause: cause.into(),
            example: None,
        }
    }
}

/// What makes changes equal: a shared cause is the same for all, that of each by itself may differ.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Same {
    of: Kind,
    change: Change,
    shared: Option<Cause>,
}

/// All that was found so far.
#[derive(Debug, Default)]
pub(super) struct Found {
    places: HashMap<Same, usize>,
    entries: Vec<Entry>,
    /// Objects that changed.
    changed: BTreeMap<Kind, BTreeSet<String>>,
}

impl Found {
    /// Something that came or went by itself.
    pub fn entry(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    /// Something changed of this object.
    pub fn changed(&mut self, of: Kind, name: &str) {
        let changed = self.changed.entry(of).or_default();
        if !changed.contains(name) {
            changed.insert(name.to_owned());
        }
    }

    /// A change of an object.
    pub fn add(&mut self, of: Kind, name: &str, delta: Delta) {
        self.add_as(of, name, name, delta);
    }

    /// A change of an object that is shown by another name than the object's.
    pub fn add_as(&mut self, of: Kind, name: &str, shown: &str, delta: Delta) {
        self.changed(of, name);
        let Delta { change, cause, example } = delta;
        let shared = cause.clone().filter(|cause| cause.by != By::Itself);
        let next = self.entries.len();
        let place = *self.places.entry(Same { of, change: change.clone(), shared }).or_insert(next);
        match self.entries.get_mut(place) {
            None => self.entries.push(Entry { example, ..Entry::new(of, change, shown, cause) }),
            Some(entry) => {
                entry.objects.push(shown.to_owned());
                // equal changes in several places have no one cause
                if entry.cause != cause {
                    entry.cause = None;
                }
                if entry.example.is_none() {
                    entry.example = example;
                }
            }
        }
    }

    /// All entries in order, and how many objects they are about.
    pub fn finish(mut self) -> (Vec<Entry>, Vec<Count>) {
        for entry in &mut self.entries {
            entry.objects.sort_unstable();
            entry.objects.dedup();
            entry.with.sort_unstable();
        }
        self.entries.sort_by(|a, b| {
            let by_rank = (a.of, a.change.rank()).cmp(&(b.of, b.change.rank()));
            // many objects first, but names in order
            let size = |entry: &Entry| if entry.change.is_whole() { 0 } else { entry.objects.len() };
            let by_size = || size(b).cmp(&size(a));
            by_rank.then_with(by_size).then_with(|| (&a.change, &a.objects).cmp(&(&b.change, &b.objects)))
        });
        let mut counts: BTreeMap<Kind, Count> = BTreeMap::new();
        let none = |of| Count { of, removed: 0, added: 0, changed: 0 };
        for entry in &self.entries {
            let count = counts.entry(entry.of).or_insert_with(|| none(entry.of));
            match entry.change {
                Change::Removed => count.removed += entry.objects.len(),
                Change::Added => count.added += entry.objects.len(),
                _ => {}
            }
            // a host goes and comes with its services
            if let (Kind::Host, true) = (entry.of, entry.change.is_whole()) {
                let services = counts.entry(Kind::Service).or_insert_with(|| none(Kind::Service));
                match entry.change {
                    Change::Removed => services.removed += entry.with.len(),
                    _ => services.added += entry.with.len(),
                }
            }
        }
        for (of, names) in &self.changed {
            counts.entry(*of).or_insert_with(|| none(*of)).changed = names.len();
        }
        let counts = counts.into_values().filter(|count| count.removed + count.added + count.changed > 0);
        (self.entries, counts.collect())
    }
}

impl Change {
    /// Did whole objects come or go?
    pub const fn is_whole(&self) -> bool {
        matches!(self, Change::Added | Change::Removed)
    }

    /// What is looked at first: what is gone, what is new, who hears nothing any more, the rest.
    fn rank(&self) -> u8 {
        match self {
            Change::Removed => 0,
            Change::Added => 1,
            Change::Changed { attribute, .. } if attribute == "told" => 2,
            _ => 3,
        }
    }
}
