//! Objects that left the configuration: their states are kept for some days, in case they come back.

use std::collections::HashMap;
use std::sync::Arc;

use engine::{Engine, Graph, Identity, Saved, Span, Timestamp};

/// A state is kept so long after the last check.
const KEEP: Span = Span::from_secs(7 * 86_400);

/// States of objects that left, by name.
#[derive(Debug, Default)]
pub(crate) struct Away {
    states: HashMap<Identity, Arc<Saved>>,
}

impl Away {
    /// Remembers the objects of the engine that a new configuration has no more; gives their names.
    pub fn leave(&mut self, engine: &Engine, new: &Graph) -> Vec<Identity> {
        let old = engine.graph();
        let mut gone = Vec::new();
        for id in old.ids() {
            let identity = old.identity(id);
            if new.find(&identity).is_none() {
                self.states.insert(identity.clone(), engine.snapshot(id));
                gone.push(identity);
            }
        }
        gone
    }

    /// What is remembered of objects that a new configuration has again.
    pub fn come_back(&mut self, new: &Graph) -> Vec<(Identity, Arc<Saved>)> {
        self.states.extract_if(|identity, _| new.find(identity).is_some()).collect()
    }

    /// Lets go of states that are too old; gives their names.
    pub fn forget(&mut self, now: Timestamp) -> Vec<Identity> {
        let old = |state: &Saved| state.last_check.unwrap_or(state.since) + KEEP < now;
        self.states.extract_if(|_, state| old(state)).map(|(identity, _)| identity).collect()
    }

    /// The state of one.
    pub fn state(&self, identity: &Identity) -> Option<&Arc<Saved>> {
        self.states.get(identity)
    }
}

impl FromIterator<(Identity, Arc<Saved>)> for Away {
    fn from_iter<I: IntoIterator<Item = (Identity, Arc<Saved>)>>(states: I) -> Away {
        Away { states: states.into_iter().collect() }
    }
}
