//! What there is to monitor: resolved objects, by small integer ids.
//!
//! Hosts and services share one id space, hosts first. What many objects have in common because
//! they come from one template ([`Settings`]) is stored once.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::budget::Budget;
use crate::cluster::Cluster;
use crate::condition::Condition;
use crate::dependency::{Dependency, DependencyRule, Lists, RuleId};
use crate::flapping::FlapThresholds;
use crate::period::Timeperiod;
use crate::switch::Switches;
use crate::time::Span;

/// A host or a service, by its place in [`Graph::objects`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId(pub u32);

/// A contact, by its place in [`Graph::contacts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContactId(pub u32);

/// A contact group, by its place in the configuration: the graph itself knows contacts only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContactGroupId(pub u32);

/// A command definition, by its place in [`Graph::commands`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CommandId(pub u32);

/// A time period, by its place in [`Graph::periods`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PeriodId(pub u32);

/// Settings, by their place in [`Graph::settings`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SettingsId(pub u32);

/// The name of an object that outlives a reload and a restart: host, or host and service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Identity {
    /// Host name.
    pub host: Arc<str>,
    /// Service description; none for the host itself.
    pub service: Option<Arc<str>>,
}

/// `host` or `host;service`, as users type it.
impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.service {
            Some(service) => write!(f, "{};{service}", self.host),
            None => f.write_str(&self.host),
        }
    }
}

/// Where a definition stands, for messages and for people who wonder where an object comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Origin {
    /// File, as it was named.
    pub file: Arc<str>,
    /// Line of the `define`.
    pub line: u32,
    /// Title of the Puppet resource that wrote it.
    pub puppet_title: Option<Arc<str>>,
}

/// Host or service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A host.
    Host(Box<Host>),
    /// A service of a host.
    Service {
        /// Its host.
        host: ObjectId,
    },
}

/// Where a host is. Kept apart: most objects are services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// It is reachable when one of them is UP; none for what is on the monitor's own network.
    pub parents: Box<[ObjectId]>,
    /// Where to reach it.
    pub address: Arc<str>,
}

impl Kind {
    /// A host behind its parents.
    pub fn host(parents: impl Into<Box<[ObjectId]>>, address: impl Into<Arc<str>>) -> Kind {
        Kind::Host(Box::new(Host { parents: parents.into(), address: address.into() }))
    }
}

/// A check command with its arguments, as in `check_disk!20%!10%`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CheckCommand {
    /// The command.
    pub command: CommandId,
    /// What stands behind each `!`, macros unexpanded.
    pub arguments: Box<[Arc<str>]>,
}

/// What finds out how an object is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    /// A plugin, or one of our own checks.
    Command(CheckCommand),
    /// The states of others.
    Cluster(Box<Cluster>),
    /// Nothing but results from elsewhere: a lack of them is UNKNOWN.
    Stale,
}

/// A host or service. What its definition says, which may make services of a thousand hosts, is stored once.
#[derive(Clone, Debug)]
pub struct Object {
    /// Host name or service description.
    pub name: Arc<str>,
    /// Host or service.
    pub kind: Kind,
    /// How it is checked and who is told.
    pub settings: SettingsId,
    /// All else; its fields are read as if they were the object's own.
    pub definition: Arc<Definition>,
}

impl Deref for Object {
    type Target = Definition;

    fn deref(&self) -> &Definition {
        &self.definition
    }
}

/// What all objects of one definition have in common, beside their [`Settings`].
#[derive(Clone, Debug, Default)]
pub struct Definition {
    /// What to run; none for an object without active checks of its own.
    pub check: Option<Check>,
    /// `alias` (hosts) or `display_name`, if it differs from the name.
    pub alias: Option<Arc<str>>,
    /// `notes_url`: the documentation named in mails.
    pub notes_url: Option<Arc<str>>,
    /// Custom variables: upper-case name without the underscore, value.
    pub variables: Box<[(Arc<str>, Arc<str>)]>,
    /// Where it is defined.
    pub origin: Origin,
}

/// A set of option letters, as in `notification_options w,c,r`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Letters(u32);

impl Letters {
    /// Every letter.
    pub const ALL: Letters = Letters(u32::MAX);
    /// No letter.
    pub const NONE: Letters = Letters(0);

    /// The set with one more letter (`a` to `z`; others change nothing).
    #[must_use]
    pub const fn with(self, letter: char) -> Letters {
        if letter.is_ascii_lowercase() { Letters(self.0 | 1 << (letter as u32 - 'a' as u32)) } else { self }
    }

    /// Is the letter in the set?
    pub const fn has(self, letter: char) -> bool {
        letter.is_ascii_lowercase() && self.0 & (1 << (letter as u32 - 'a' as u32)) != 0
    }
}

/// How a definition names those who are told, for people who read it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Named {
    /// One by one, without duplicates, in order of id.
    pub contacts: Box<[ContactId]>,
    /// By group, likewise.
    pub groups: Box<[ContactGroupId]>,
}

/// How an object is checked and who is told: shared by all objects for which it is the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Settings {
    /// Bad results in a row until a problem is hard; at least 1.
    pub max_check_attempts: u16,
    /// Time between checks in a hard state; zero for none.
    pub check_interval: Span,
    /// Time between checks in a soft state.
    pub retry_interval: Span,
    /// When to check; none for always.
    pub check_period: Option<PeriodId>,
    /// Does hlidka check it by itself?
    pub active_checks: bool,
    /// Are results from elsewhere taken?
    pub passive_checks: bool,
    /// Does every hard bad result notify?
    pub is_volatile: bool,
    /// Is anybody told at all?
    pub notifications: bool,
    /// Time between repeated problem mails; zero for one only.
    pub notification_interval: Span,
    /// Time from the hard change to the first mail.
    pub first_notification_delay: Span,
    /// When to tell; none for always.
    pub notification_period: Option<PeriodId>,
    /// What to tell: `d u r f s` for hosts, `w u c r f s` for services.
    pub notification_options: Letters,
    /// Whom to tell, groups resolved, without duplicates, in order of id.
    pub contacts: Box<[ContactId]>,
    /// The same as it was written.
    pub named: Named,
    /// A result older than this is stale, and the check command runs; none for no freshness check.
    pub freshness: Option<Span>,
    /// When it counts as flapping; none for no flap detection.
    pub flapping: Option<FlapThresholds>,
    /// Conditions that count for flapping: `o w c u` or `o d u`.
    pub flap_options: Letters,
    /// How often it may fail.
    pub failure_budget: Option<Budget>,
    /// Conditions in which a changed output is worth a line of history: `o w u c` or `o d u`.
    pub stalking: Letters,
    /// The condition before the first check; none for well.
    pub initial: Option<Condition>,
    /// Do event handlers run, its own and the global one?
    pub event_handler: bool,
    /// How much it matters: contacts may be told only of what is important enough.
    pub importance: i64,
}

impl Default for Settings {
    /// As of a service that says nothing: checked every 5 minutes, hard at once, nobody is told.
    fn default() -> Settings {
        Settings {
            max_check_attempts: 1,
            check_interval: Span::from_secs(300),
            retry_interval: Span::from_secs(60),
            check_period: None,
            active_checks: true,
            passive_checks: true,
            is_volatile: false,
            notifications: true,
            notification_interval: Span::from_secs(1800),
            first_notification_delay: Span::ZERO,
            notification_period: None,
            notification_options: Letters::ALL,
            contacts: Box::new([]),
            named: Named::default(),
            freshness: None,
            flapping: None,
            flap_options: Letters::ALL,
            failure_budget: None,
            stalking: Letters::NONE,
            initial: None,
            event_handler: true,
            importance: 0,
        }
    }
}

/// An escalation, by its place in [`Graph::escalations`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EscalationId(pub u32);

/// Who is told instead from the nth mail about one problem on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Escalation {
    /// From this mail on, counted from 1.
    pub first_notification: u32,
    /// Up to this mail; 0 for all further ones.
    pub last_notification: u32,
    /// Time between mails meanwhile; zero for no further one. None for the object's own.
    pub notification_interval: Option<Span>,
    /// When it holds; none for always.
    pub period: Option<PeriodId>,
    /// For which conditions: `w u c r` or `d u r`.
    pub options: Letters,
    /// Whom to tell, groups resolved, without duplicates, in order of id.
    pub contacts: Box<[ContactId]>,
    /// Where it is defined.
    pub origin: Origin,
}

/// What holds for all objects.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Does a soft condition of a master count, rather than its last hard one?
    pub soft_state_dependencies: bool,
    /// Does exit code 1 of a host check mean DOWN?
    pub aggressive_host_checking: bool,
    /// Are the services of a host that is not UP left alone?
    pub host_down_disables_service_checks: bool,
    /// A host's answer younger than this is not asked for again when a service of it fails.
    pub cached_host_check_horizon: Span,
    /// Runs for every host, before its own event handler.
    pub host_event_handler: Option<CheckCommand>,
    /// Runs for every service, before its own event handler.
    pub service_event_handler: Option<CheckCommand>,
    /// What is done at all, unless people switched it.
    pub switches: Switches,
}

impl Default for Rules {
    fn default() -> Rules {
        Rules {
            soft_state_dependencies: false,
            aggressive_host_checking: false,
            host_down_disables_service_checks: false,
            cached_host_check_horizon: Span::from_secs(15),
            host_event_handler: None,
            service_event_handler: None,
            switches: Switches::default(),
        }
    }
}

/// Somebody who is told.
#[derive(Clone, Debug)]
pub struct Contact {
    /// Name.
    pub name: Arc<str>,
    /// `alias`, the name for people.
    pub alias: Arc<str>,
    /// Mail address.
    pub email: Option<Arc<str>>,
    /// Pager.
    pub pager: Option<Arc<str>>,
    /// `address1` to `address6`.
    pub addresses: Box<[(u8, Arc<str>)]>,
    /// Switch, period, options and commands for hosts.
    pub host: ContactSide,
    /// The same for services.
    pub service: ContactSide,
    /// Custom variables.
    pub variables: Box<[(Arc<str>, Arc<str>)]>,
    /// Where it is defined.
    pub origin: Origin,
}

/// What a contact wants to hear of hosts, or of services.
#[derive(Clone, Debug, Default)]
pub struct ContactSide {
    /// Anything at all?
    pub enabled: bool,
    /// When; none for always.
    pub period: Option<PeriodId>,
    /// Which states: `d u r f s` or `w u c r f s`.
    pub options: Letters,
    /// Own notification commands; without any, hlidka's mail is sent.
    pub commands: Box<[CheckCommand]>,
}

/// A command definition.
#[derive(Clone, Debug)]
pub struct Command {
    /// Name.
    pub name: Arc<str>,
    /// Unexpanded line.
    pub line: Arc<str>,
    /// Where it is defined.
    pub origin: Origin,
}

/// A host or service group.
#[derive(Clone, Debug)]
pub struct Group {
    /// Name.
    pub name: Arc<str>,
    /// `alias`.
    pub alias: Arc<str>,
    /// Members in order of id.
    pub members: Box<[ObjectId]>,
    /// Where it is defined.
    pub origin: Origin,
}

/// A whole configuration, cross-checked: every id in it is valid.
#[derive(Clone, Debug)]
pub struct Graph {
    objects: Vec<Object>,
    host_count: usize,
    settings: Vec<Settings>,
    hosts_by_name: Vec<ObjectId>,
    services: Lists<ObjectId>,
    services_by_name: Lists<ObjectId>,
    children: Lists<ObjectId>,
    dependencies: Lists<Dependency>,
    dependents: Lists<ObjectId>,
    /// Do any dependencies hold at certain times only?
    timed_dependencies: bool,
    /// What dependencies have in common.
    pub dependency_rules: Vec<DependencyRule>,
    /// Escalations.
    pub escalations: Vec<Escalation>,
    escalations_of: BTreeMap<ObjectId, Box<[EscalationId]>>,
    event_handlers: BTreeMap<ObjectId, CheckCommand>,
    /// What holds for all objects.
    pub rules: Rules,
    /// Contacts.
    pub contacts: Vec<Contact>,
    /// `minimum_importance` of contacts that have one: of what is less important they are not told.
    pub minimum_importance: BTreeMap<ContactId, i64>,
    /// Commands.
    pub commands: Vec<Command>,
    /// Time periods.
    pub periods: Vec<Timeperiod>,
    /// Host groups.
    pub host_groups: Vec<Group>,
    /// Service groups.
    pub service_groups: Vec<Group>,
    /// The zone in which time periods are meant.
    pub timezone: TimeZone,
}

/// Collects a [`Graph`]: hosts first, then services; equal settings are stored once.
#[derive(Debug)]
pub struct GraphBuilder {
    graph: Graph,
    dependencies: Vec<(ObjectId, Dependency)>,
    known_rules: HashMap<DependencyRule, RuleId>,
    known_settings: HashMap<Settings, SettingsId>,
}

impl Default for GraphBuilder {
    fn default() -> GraphBuilder {
        GraphBuilder::new(TimeZone::UTC)
    }
}

impl GraphBuilder {
    /// An empty configuration in a time zone.
    pub fn new(timezone: TimeZone) -> GraphBuilder {
        let graph = Graph {
            objects: Vec::new(),
            host_count: 0,
            settings: Vec::new(),
            hosts_by_name: Vec::new(),
            services: Lists::default(),
            services_by_name: Lists::default(),
            children: Lists::default(),
            dependencies: Lists::default(),
            dependents: Lists::default(),
            timed_dependencies: false,
            dependency_rules: Vec::new(),
            escalations: Vec::new(),
            escalations_of: BTreeMap::new(),
            event_handlers: BTreeMap::new(),
            rules: Rules::default(),
            contacts: Vec::new(),
            minimum_importance: BTreeMap::new(),
            commands: Vec::new(),
            periods: Vec::new(),
            host_groups: Vec::new(),
            service_groups: Vec::new(),
            timezone,
        };
        GraphBuilder {
            graph,
            dependencies: Vec::new(),
            known_rules: HashMap::new(),
            known_settings: HashMap::new(),
        }
    }

    /// Contacts, commands, periods, groups, escalations and rules are put in directly.
    pub fn parts(&mut self) -> &mut Graph {
        &mut self.graph
    }

    /// The id of these settings, the same for equal ones.
    pub fn settings(&mut self, settings: Settings) -> SettingsId {
        let next = SettingsId(id(self.graph.settings.len()));
        *self.known_settings.entry(settings).or_insert_with_key(|settings| {
            self.graph.settings.push(settings.clone());
            next
        })
    }

    /// Adds a host or a service.
    ///
    /// # Panics
    /// If a host comes after a service: the reader knows all hosts first.
    pub fn object(&mut self, object: Object) -> ObjectId {
        let new = ObjectId(id(self.graph.objects.len()));
        let is_host = matches!(object.kind, Kind::Host(_));
        assert!(!is_host || self.graph.host_count == self.graph.objects.len(), "hosts come before services");
        self.graph.host_count += usize::from(is_host);
        self.graph.objects.push(object);
        new
    }

    /// Gives an object that is there another check.
    pub fn check(&mut self, object: ObjectId, check: Check) {
        Arc::make_mut(&mut self.graph.objects[object.0 as usize].definition).check = Some(check);
    }

    /// The id of this rule, the same for equal ones.
    pub fn dependency_rule(&mut self, rule: DependencyRule) -> RuleId {
        let next = RuleId(id(self.graph.dependency_rules.len()));
        *self.known_rules.entry(rule).or_insert_with_key(|rule| {
            self.graph.dependency_rules.push(rule.clone());
            next
        })
    }

    /// `dependent` depends on `master` by a rule. The reader refuses circles.
    pub fn dependency(&mut self, dependent: ObjectId, master: ObjectId, rule: RuleId) {
        self.dependencies.push((dependent, Dependency { master, rule }));
    }

    /// The escalations of an object, by their places in [`Graph::escalations`].
    pub fn escalate(&mut self, object: ObjectId, escalations: Box<[EscalationId]>) {
        self.graph.escalations_of.insert(object, escalations);
    }

    /// What runs when the state of an object changes.
    pub fn event_handler(&mut self, object: ObjectId, command: CheckCommand) {
        self.graph.event_handlers.insert(object, command);
    }

    /// The finished graph.
    ///
    /// # Panics
    /// If an identity comes twice: the reader resolves that.
    pub fn build(mut self) -> Graph {
        self.graph.objects.shrink_to_fit();
        let objects = &self.graph.objects;
        let (mut services, mut children) = (Vec::new(), Vec::new());
        for (object, n) in objects.iter().zip((0..).map(ObjectId)) {
            match &object.kind {
                Kind::Service { host } => services.push((*host, n)),
                Kind::Host(host) => children.extend(host.parents.iter().map(|parent| (*parent, n))),
            }
        }
        let name = |id: &ObjectId| &*objects[id.0 as usize].name;
        let mut by_name = services.clone();
        by_name.sort_unstable_by(|(a, s), (b, t)| a.cmp(b).then_with(|| name(s).cmp(name(t))));
        let twice =
            by_name.windows(2).any(|pair| pair[0].0 == pair[1].0 && name(&pair[0].1) == name(&pair[1].1));
        assert!(!twice, "a service comes twice");
        let count = self.graph.host_count;
        let mut hosts: Vec<ObjectId> = (0..id(count)).map(ObjectId).collect();
        hosts.sort_unstable_by_key(name);
        assert!(hosts.windows(2).all(|pair| name(&pair[0]) != name(&pair[1])), "a host comes twice");
        self.graph.hosts_by_name = hosts;
        self.graph.services_by_name = Lists::new(count, &mut by_name);
        self.graph.services = Lists::new(count, &mut services);
        self.graph.children = Lists::new(count, &mut children);
        let count = self.graph.objects.len();
        self.dependencies.sort_unstable();
        self.dependencies.dedup();
        let mut reverse: Vec<(ObjectId, ObjectId)> =
            self.dependencies.iter().map(|(dependent, dependency)| (dependency.master, *dependent)).collect();
        reverse.sort_unstable();
        reverse.dedup();
        self.graph.timed_dependencies = self.graph.dependency_rules.iter().any(|rule| rule.period.is_some());
        self.graph.dependencies = Lists::new(count, &mut self.dependencies);
        self.graph.dependents = Lists::new(count, &mut reverse);
        self.graph
    }
}

fn id(index: usize) -> u32 {
    u32::try_from(index).expect("fewer than four thousand million objects")
}

impl Graph {
    /// All objects, hosts first.
    pub fn objects(&self) -> &[Object] {
        &self.objects
    }

    /// Ids of all objects.
    pub fn ids(&self) -> impl Iterator<Item = ObjectId> + use<> {
        (0..id(self.objects.len())).map(ObjectId)
    }

    /// Ids of all hosts.
    pub fn hosts(&self) -> impl Iterator<Item = ObjectId> + use<> {
        (0..id(self.host_count)).map(ObjectId)
    }

    /// One object.
    pub fn object(&self, id: ObjectId) -> &Object {
        &self.objects[id.0 as usize]
    }

    /// How it is checked.
    pub fn settings(&self, id: ObjectId) -> &Settings {
        &self.settings[self.object(id).settings.0 as usize]
    }

    /// How much an object matters to people: a service as much as it says, a host as much as it and its
    /// services say together, for all of them fail with it.
    pub fn importance(&self, id: ObjectId) -> i64 {
        let services = if self.is_host(id) { self.services(id) } else { &[] };
        let services = services.iter().map(|id| self.settings(*id).importance);
        services.fold(self.settings(id).importance, i64::saturating_add)
    }

    /// Is it a host?
    pub fn is_host(&self, id: ObjectId) -> bool {
        (id.0 as usize) < self.host_count
    }

    /// The host of a service, the host itself otherwise.
    pub fn host_of(&self, id: ObjectId) -> ObjectId {
        match self.object(id).kind {
            Kind::Service { host } => host,
            Kind::Host(_) => id,
        }
    }

    /// Parents of a host; none for a service.
    pub fn parents(&self, id: ObjectId) -> &[ObjectId] {
        match &self.object(id).kind {
            Kind::Host(host) => &host.parents,
            Kind::Service { .. } => &[],
        }
    }

    /// Hosts that have this one as a parent.
    pub fn children(&self, host: ObjectId) -> &[ObjectId] {
        self.children.of(host)
    }

    /// Services of a host.
    pub fn services(&self, host: ObjectId) -> &[ObjectId] {
        self.services.of(host)
    }

    /// The name that outlives a reload.
    pub fn identity(&self, id: ObjectId) -> Identity {
        let object = self.object(id);
        match object.kind {
            Kind::Host(_) => Identity { host: object.name.clone(), service: None },
            Kind::Service { host } => {
                Identity { host: self.object(host).name.clone(), service: Some(object.name.clone()) }
            }
        }
    }

    /// The object of a name.
    pub fn find(&self, identity: &Identity) -> Option<ObjectId> {
        let named = |ids: &[ObjectId], name: &str| {
            let place = ids.binary_search_by(|id| (*self.object(*id).name).cmp(name)).ok()?;
            ids.get(place).copied()
        };
        let host = named(&self.hosts_by_name, &identity.host)?;
        match &identity.service {
            Some(service) => named(self.services_by_name.of(host), service),
            None => Some(host),
        }
    }

    /// What an object depends on.
    pub fn dependencies(&self, id: ObjectId) -> &[Dependency] {
        self.dependencies.of(id)
    }

    /// What depends on an object.
    pub fn dependents(&self, id: ObjectId) -> &[ObjectId] {
        self.dependents.of(id)
    }

    /// Do any dependencies hold at certain times only?
    pub(crate) fn has_timed_dependencies(&self) -> bool {
        self.timed_dependencies
    }

    /// One rule of dependencies.
    pub fn dependency_rule(&self, id: RuleId) -> &DependencyRule {
        &self.dependency_rules[id.0 as usize]
    }

    /// The escalations of an object.
    pub fn escalations(&self, id: ObjectId) -> impl Iterator<Item = &Escalation> {
        self.escalation_ids(id).iter().map(|id| &self.escalations[id.0 as usize])
    }

    /// The same by their places in [`Graph::escalations`].
    pub fn escalation_ids(&self, id: ObjectId) -> &[EscalationId] {
        self.escalations_of.get(&id).map_or(&[], |ids| ids)
    }

    /// What runs when the state of an object changes.
    pub fn event_handler(&self, id: ObjectId) -> Option<&CheckCommand> {
        self.event_handlers.get(&id)
    }

    /// One contact.
    pub fn contact(&self, id: ContactId) -> &Contact {
        &self.contacts[id.0 as usize]
    }

    /// The contact of a name.
    pub fn find_contact(&self, name: &str) -> Option<ContactId> {
        let place = self.contacts.iter().position(|contact| &*contact.name == name)?;
        u32::try_from(place).ok().map(ContactId)
    }

    /// One command.
    pub fn command(&self, id: CommandId) -> &Command {
        &self.commands[id.0 as usize]
    }

    /// One time period.
    pub fn period(&self, id: PeriodId) -> &Timeperiod {
        &self.periods[id.0 as usize]
    }
}
