//! A federation as definitions: what the rules make of each server and realm.
//!
//! One definition is for one server, or for one realm on all servers that it concerns, so there are
//! as many as servers and realms together, however many pairs come of them.

use std::collections::BTreeMap;

use crate::source::Source;

use super::keys::line;
use super::model::{Account, Federation, Institution, People, Realm, Role};
use super::rules::{Need, On, RULES, Rule, SERVER_TEMPLATE, Told, Variables};
use super::text::{Body, Definitions};

/// All servers of institutions.
const SERVERS: &str = "radius-servers";
/// Those of them that have visitors.
const VISITED: &str = "visited-servers";
/// The service group of visitors' realms, on which they depend as one.
const VISITORS: &str = "VISITOR-REALM";

/// All definitions of a federation.
pub(super) fn write(federation: &Federation, file: &str) -> Source {
    let mut writer = Writer { of: federation, definitions: Definitions::default(), links: BTreeMap::new() };
    writer.groups();
    writer.hosts();
    for rule in RULES {
        if federation.is_enabled(rule.group) {
            writer.services(rule);
        }
    }
    writer.dependencies();
    writer.definitions.finish(file)
}

/// What others depend on. Numbers are those of servers and realms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Master {
    Ping(usize),
    Uplink(usize),
    AllHome(usize),
    Home(usize),
    Alive(usize),
    LargeAccount,
}

/// Where a service is, and whose.
enum Target<'f> {
    National(&'f str, u32),
    Server(usize),
    Institution(usize, u32),
    /// On all home servers.
    Home(usize),
    FirstHome(usize),
    Visited(usize),
}

/// Services that others depend on: descriptions on each of the hosts, and their group.
#[derive(Default)]
struct Masters {
    group: &'static str,
    hosts: Vec<String>,
    services: Vec<String>,
}

impl Masters {
    fn new(group: &'static str, hosts: Vec<String>, services: Vec<String>) -> Masters {
        Masters { group, hosts, services }
    }
}

struct Writer<'f> {
    of: &'f Federation,
    definitions: Definitions,
    /// Dependents of each master: descriptions, or for the large account hosts.
    links: BTreeMap<Master, Vec<String>>,
}

impl Writer<'_> {
    fn template<'a>(&'a self, usual: &'a str) -> &'a str {
        self.of.templates.get(usual).map_or(usual, String::as_str)
    }

    /// E32: host groups by registered realm, service groups by service.
    fn groups(&mut self) {
        let first = self.of.servers.first().map_or(0, |server| server.line);
        let mut all = self.definitions.define("hostgroup", first);
        all.put("hostgroup_name", SERVERS);
        all.put("alias", "RADIUS servers of all institutions");
        drop(all);
        let mut visited = self.definitions.define("hostgroup", first);
        visited.put("hostgroup_name", VISITED);
        visited.put("alias", "RADIUS servers that visitors use");
        drop(visited);
        for realm in &self.of.realms {
            self.definitions.define("hostgroup", realm.line).put("hostgroup_name", &group_of(realm));
        }
        let mut groups: Vec<&str> = RULES.iter().map(|rule| rule.group).collect();
        groups.dedup();
        for group in groups {
            self.definitions.define("servicegroup", first).put("servicegroup_name", group);
        }
    }

    fn hosts(&mut self) {
        let template = self.template(SERVER_TEMPLATE).to_owned();
        for national in &self.of.national {
            let mut host = self.definitions.define("host", national.line);
            host.put("use", &template);
            host.put("host_name", &national.name);
            host.put("address", &national.address);
            tell(&mut host, &[&self.of.operator]);
        }
        for server in &self.of.servers {
            let mut groups = vec![SERVERS.to_owned()];
            groups.extend(server.has_visitors().then(|| VISITED.to_owned()));
            groups.extend(server.realms.iter().map(|realm| group_of(&self.of.realms[*realm])));
            let mut host = self.definitions.define("host", server.line);
            host.put("use", &template);
            host.put("host_name", &server.name);
            host.put("address", &server.address);
            host.put_list("hostgroups", &groups);
            tell(&mut host, &self.of.told(Told::Both, Some(server.institution)));
            host.put("_SECRET_FILE", &server.secret_file);
        }
    }

    /// All services of a rule, and what they depend on.
    fn services(&mut self, rule: &Rule) {
        let targets = targets(self.of, rule.on);
        for target in &targets {
            self.service(rule, target);
        }
        for need in rule.needs {
            if matches!((need, rule.on), (Need::AllHome, On::Visited)) {
                self.visitors_need_home();
                continue;
            }
            for target in &targets {
                self.needs(*need, rule, target);
            }
        }
    }

    /// All visitors of a server at once.
    fn visitors_need_home(&mut self) {
        let servers = self.of.servers.iter().enumerate().filter(|(_, server)| server.has_visitors());
        for (number, _) in servers {
            self.link(Master::AllHome(number), format!("servicegroup={VISITORS}"));
        }
    }

    fn service(&mut self, rule: &Rule, target: &Target<'_>) {
        let of = self.of;
        let template = self.template(rule.template).to_owned();
        let mut service = self.definitions.define("service", of.line(target));
        service.put("use", &template);
        match target {
            Target::Visited(realm) => {
                service.put("hostgroup_name", VISITED);
                service.put_list("host_name", &of.not_at_home(*realm));
            }
            _ => service.put_list("host_name", &of.hosts(target)),
        }
        service.put("service_description", &of.description(rule, target));
        service.put("servicegroups", &format!("+{}", rule.group));
        tell(&mut service, &of.told(rule.told, of.institution(target)));
        for variables in rule.variables {
            of.put_variables(*variables, target, &mut service);
        }
        let Some(settings) = of.services.get(rule.group) else { return };
        if let Some(minutes) = &settings.check_interval {
            service.put_at("check_interval", &minutes.value.to_string(), line(minutes));
        }
        if let Some(minutes) = &settings.retry_interval {
            service.put_at("retry_interval", &minutes.value.to_string(), line(minutes));
        }
        if let Some(attempts) = &settings.max_check_attempts {
            service.put_at("max_check_attempts", &attempts.value.to_string(), line(attempts));
        }
        if let Some(notify) = &settings.notify {
            service.put_at("notifications_enabled", if notify.value { "1" } else { "0" }, line(notify));
        }
    }

    fn needs(&mut self, need: Need, rule: &Rule, target: &Target<'_>) {
        let of = self.of;
        let description = of.description(rule, target);
        let servers: &[usize] = match target {
            Target::Server(server) => std::slice::from_ref(server),
            Target::Home(realm) => &of.realms[*realm].homes,
            _ => &[],
        };
        match (need, target) {
            (Need::Home, Target::Home(realm)) => self.link(Master::Home(*realm), description),
            (Need::Alive, Target::Visited(realm)) => self.link(Master::Alive(*realm), description),
            _ => {
                for server in servers {
                    let (master, dependent) = match need {
                        Need::Uplink => (Master::Uplink(*server), &description),
                        Need::AllHome => (Master::AllHome(*server), &description),
                        Need::LargeAccount => (Master::LargeAccount, &of.servers[*server].name),
                        // the table has the others on homes and visitors only
                        Need::Ping | Need::Home | Need::Alive => (Master::Ping(*server), &description),
                    };
                    self.link(master, dependent.clone());
                }
            }
        }
    }

    fn link(&mut self, master: Master, dependent: String) {
        self.links.entry(master).or_default().push(dependent);
    }

    /// Everything that depends on anything, by what it depends on. What is switched off is no condition.
    fn dependencies(&mut self) {
        for (master, dependents) in std::mem::take(&mut self.links) {
            let of = self.of;
            let line = match master {
                Master::Ping(server) | Master::Uplink(server) | Master::AllHome(server) => {
                    of.servers[server].line
                }
                Master::Home(realm) | Master::Alive(realm) => of.realms[realm].line,
                Master::LargeAccount => of.large_account.as_ref().map_or(0, |account| account.line),
            };
            let Masters { group, hosts, services } = of.masters(master);
            if !of.is_enabled(group) || hosts.is_empty() {
                continue;
            }
            let mut dependency = self.definitions.define("servicedependency", line);
            dependency.put_list("host_name", &hosts);
            dependency.put_list("service_description", &services);
            match master {
                Master::Alive(realm) => {
                    dependency.put("dependent_hostgroup_name", VISITED);
                    dependency.put_list("dependent_host_name", &of.not_at_home(realm));
                    dependency.put_list("dependent_service_description", &dependents);
                }
                Master::LargeAccount => {
                    dependency.put_list("dependent_host_name", &dependents);
                    dependency.put("dependent_service_description", "BIG-PACKET");
                }
                _ => dependency.put_list("dependent_service_description", &dependents),
            }
            // a realm that is alive on one of its servers is WARNING
            let criteria = if group == "HOME-REALM-ALIVE" { "c" } else { "w,u,c" };
            dependency.put("execution_failure_criteria", criteria);
            dependency.put("notification_failure_criteria", criteria);
        }
    }
}

fn group_of(realm: &Realm) -> String {
    format!("realm-{}", realm.name)
}

fn tell(body: &mut Body<'_>, people: &[&People]) {
    let all = |of: fn(&People) -> &[String]| -> Vec<String> {
        people.iter().flat_map(|people| of(people)).cloned().collect()
    };
    body.put_list("contacts", &all(|people| &people.contacts));
    body.put_list("contact_groups", &all(|people| &people.groups));
}

/// Where the services of a rule are.
fn targets(of: &Federation, on: On) -> Vec<Target<'_>> {
    let realms = |on: &dyn Fn(&Realm) -> bool, target: fn(usize) -> Target<'static>| {
        let numbered = of.realms.iter().enumerate();
        numbered
            .filter(|(_, realm)| !realm.homes.is_empty() && on(realm))
            .map(|(number, _)| target(number))
            .collect()
    };
    let institutions = |on: &dyn Fn(&Institution) -> Option<u32>| {
        let with_servers = of.institutions.iter().enumerate().filter(|(_, one)| !one.servers.is_empty());
        with_servers.filter_map(|(number, one)| Some(Target::Institution(number, on(one)?))).collect()
    };
    match on {
        On::National => of.national.iter().map(|one| Target::National(&one.name, one.line)).collect(),
        On::Monitor => of.national.iter().take(1).map(|one| Target::National(&one.name, one.line)).collect(),
        On::Servers(is_one) => {
            let chosen = of.servers.iter().enumerate().filter(|(_, server)| is_one(server));
            chosen.map(|(number, _)| Target::Server(number)).collect()
        }
        On::Institution => institutions(&|one| Some(one.line)),
        On::Publisher => institutions(&|one| one.xml.as_ref().map(|(_, line)| *line)),
        On::Home(is_one) => realms(&is_one, Target::Home),
        On::FirstHome(is_one) => realms(&is_one, Target::FirstHome),
        On::Visited => realms(&|_| true, Target::Visited),
    }
}

impl Federation {
    fn is_enabled(&self, group: &str) -> bool {
        self.services.get(group).and_then(|settings| settings.enabled).unwrap_or(true)
    }

    /// The line that causes what is there.
    fn line(&self, target: &Target<'_>) -> u32 {
        match target {
            Target::National(_, line) | Target::Institution(_, line) => *line,
            Target::Server(server) => self.servers[*server].line,
            Target::Home(realm) | Target::FirstHome(realm) | Target::Visited(realm) => {
                self.realms[*realm].line
            }
        }
    }

    fn institution(&self, target: &Target<'_>) -> Option<usize> {
        match target {
            Target::National(..) => None,
            Target::Institution(institution, _) => Some(*institution),
            Target::Server(server) => Some(self.servers[*server].institution),
            Target::Home(realm) | Target::FirstHome(realm) | Target::Visited(realm) => {
                self.realms[*realm].institution
            }
        }
    }

    fn realm(&self, target: &Target<'_>) -> Option<&Realm> {
        let number = match target {
            Target::Home(realm) | Target::FirstHome(realm) | Target::Visited(realm) => *realm,
            // its first one
            Target::Institution(institution, _) => {
                let servers = &self.institutions[*institution].servers;
                servers.iter().find_map(|server| self.servers[*server].realms.first()).copied()?
            }
            Target::National(..) | Target::Server(_) => return None,
        };
        self.realms.get(number)
    }

    fn names(&self, servers: &[usize]) -> Vec<String> {
        servers.iter().map(|server| self.servers[*server].name.clone()).collect()
    }

    /// Hosts by name.
    fn hosts(&self, target: &Target<'_>) -> Vec<String> {
        match target {
            Target::National(name, _) => vec![(*name).to_owned()],
            Target::Server(server) => self.names(&[*server]),
            Target::Institution(institution, _) => {
                self.names(self.institutions[*institution].servers.get(..1).unwrap_or_default())
            }
            Target::Home(realm) | Target::Visited(realm) => self.names(&self.realms[*realm].homes),
            Target::FirstHome(realm) => self.names(self.realms[*realm].homes.get(..1).unwrap_or_default()),
        }
    }

    /// A list without the home servers of a realm.
    fn not_at_home(&self, realm: usize) -> Vec<String> {
        let homes = self.realms[realm].homes.iter().map(|server| &self.servers[*server]);
        homes.filter(|server| server.has_visitors()).map(|server| format!("!{}", server.name)).collect()
    }

    fn description(&self, rule: &Rule, target: &Target<'_>) -> String {
        let realm = self.realm(target).map_or("", |realm| &realm.name);
        rule.service.replace("{realm}", realm)
    }

    /// Who is told: the operator, too, where an institution names nobody.
    fn told(&self, told: Told, institution: Option<usize>) -> Vec<&People> {
        let own = institution.and_then(|number| self.institutions.get(number)).map(|one| &one.people);
        let own = own.filter(|people| !people.contacts.is_empty() || !people.groups.is_empty());
        match (told, own) {
            (Told::Institution, Some(own)) => vec![own],
            (Told::Both, Some(own)) => vec![own, &self.operator],
            _ => vec![&self.operator],
        }
    }

    /// The services that others depend on. Who has nothing nearer depends on PING: nothing talks to a
    /// server that does not answer.
    fn masters(&self, master: Master) -> Masters {
        let ping = |servers: &[usize]| Masters::new("PING", self.names(servers), vec!["PING".to_owned()]);
        let at_home = |hosts: Vec<String>, realms: &[&Realm]| {
            Masters::new("HOME-REALM", hosts, realms.iter().map(|realm| format!("@{}", realm.name)).collect())
        };
        let homes_are_watched = self.is_enabled("HOME-REALM");
        let alive = |realm: &Realm| {
            let first = realm.homes.get(..1).unwrap_or_default();
            let service = format!("HOME-REALM-ALIVE-{}", realm.name);
            Masters::new("HOME-REALM-ALIVE", self.names(first), vec![service])
        };
        match master {
            Master::Ping(server) => ping(&[server]),
            Master::Uplink(server) => {
                let way = match &self.servers[server] {
                    of if of.has_radsec() && self.is_enabled("RADSEC") => "RADSEC",
                    of if of.has_ipsec() && self.is_enabled("IPSEC") => "IPSEC",
                    _ => return ping(&[server]),
                };
                Masters::new(way, self.names(&[server]), vec![way.to_owned()])
            }
            Master::AllHome(server) => {
                let own = self.servers[server].realms.iter().map(|realm| &self.realms[*realm]);
                let homes: Vec<&Realm> = own.filter(|realm| realm.homes.contains(&server)).collect();
                if homes.is_empty() || !homes_are_watched {
                    return ping(&[server]);
                }
                at_home(self.names(&[server]), &homes)
            }
            Master::Home(realm) if !homes_are_watched => ping(&self.realms[realm].homes),
            Master::Home(realm) => {
                let realm = &self.realms[realm];
                at_home(self.names(&realm.homes), &[realm])
            }
            Master::Alive(realm) => match &self.realms[realm] {
                realm if realm.homes.len() == 1 => at_home(self.names(&realm.homes), &[realm]),
                realm => alive(realm),
            },
            Master::LargeAccount => {
                let realm = self.large_account.as_ref().map(|account| &self.realms[account.realm]);
                realm.map_or_else(Masters::default, alive)
            }
        }
    }

    fn put_variables(&self, variables: Variables, target: &Target<'_>, service: &mut Body<'_>) {
        let realm = self.realm(target);
        let account = realm.and_then(|realm| realm.account.as_ref());
        match variables {
            Variables::Directions => {
                let Target::Server(server) = target else { return };
                match self.servers[*server].role {
                    Role::Both => {}
                    Role::Idp => service.put("_RADSEC", "--idp-only"),
                    Role::Sp => service.put("_RADSEC", "--sp-only"),
                }
            }
            Variables::Realm => put_realm(realm, service),
            Variables::Account => {
                put_realm(realm, service);
                put_account(account, service);
            }
            Variables::LargeAccount => {
                if let Some(large) = &self.large_account {
                    put_realm(self.realms.get(large.realm), service);
                    put_account(Some(&large.account), service);
                }
            }
            Variables::Foreign => {
                let foreign = realm.and_then(|realm| self.realms.get(realm.foreign?)?.account.as_ref());
                if let Some(foreign) = foreign {
                    service.put("_FOREIGN_USER", &foreign.user);
                    service.put("_FOREIGN_PASSWORD_FILE", &foreign.password_file);
                }
            }
            Variables::HomeServices => {
                put_realm(realm, service);
                if let Some(realm) = realm {
                    let homes = self.names(&realm.homes);
                    let services: Vec<String> =
                        homes.iter().map(|name| format!("{name}:@{}", realm.name)).collect();
                    service.put_list("_HOME_SERVICES", &services);
                }
            }
            Variables::Document => {
                let Target::Institution(institution, _) = target else { return };
                let institution = &self.institutions[*institution];
                if let Some((url, _)) = &institution.xml {
                    service.put("_XML", url);
                }
                let mut names = Vec::new();
                for realm in institution.servers.iter().flat_map(|server| &self.servers[*server].realms) {
                    let name = &self.realms[*realm].name;
                    if !names.contains(name) {
                        names.push(name.clone());
                    }
                }
                names.extend_from_slice(&institution.aliases);
                service.put_list("_REALMS", &names);
            }
            Variables::Title => {
                let of = self.institution(target).and_then(|number| self.institutions.get(number));
                if let Some(title) = of.and_then(|institution| institution.title.as_ref()) {
                    service.put("_TITLE", title);
                }
            }
            Variables::Profile => {
                if let Some(profile) = account.and_then(|account| account.cat_profile) {
                    service.put("_CAT_PROFILE", &profile.to_string());
                }
            }
        }
    }
}

fn put_realm(realm: Option<&Realm>, service: &mut Body<'_>) {
    if let Some(realm) = realm {
        service.put("_REALM", &realm.name);
    }
}

fn put_account(account: Option<&Account>, service: &mut Body<'_>) {
    let Some(account) = account else { return };
    service.put("_USER", &account.user);
    service.put("_PASSWORD_FILE", &account.password_file);
    service.put("_METHOD", &account.method);
    service.put("_TRUST", &account.trust);
}
