//! Lists to a federation: names are resolved, and everything that is wrong is said at once.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::concern::Concern;
use crate::problem::{Place, Problem, Problems};

use super::keys::{Text, known, line};
use super::lists::{self, Lists};
use super::model::{
    Account, Federation, Institution, LargeAccount, National, Realm, Role, Server, Transport,
};
use super::rules::{RULES, SERVER_TEMPLATE};
use super::values::{Checker, Mention, Taken, shown};

/// Resolves the names of the lists. Relative names of files are relative to a folder.
pub(super) fn check(
    mut lists: Lists,
    folder: &Path,
    file: &Arc<str>,
    problems: &mut Problems,
) -> (Federation, Vec<Mention>) {
    let files = folder.join(lists.files.take().unwrap_or_default());
    let files: PathBuf = files.components().collect(); // without a `.` inside
    let mut checker = Checker { file, files: &files, mentions: Vec::new(), searches: 0, problems };
    checker.unknown_keys(&lists);
    checker.nothing(&lists);
    let mut federation = Federation {
        operator: checker.people(&lists.operator.contacts, &lists.operator.contact_groups),
        ..Federation::default()
    };
    checker.settings(&mut lists, &mut federation);
    let mut names = Taken::new("server");
    checker.national(&lists, &mut names, &mut federation);
    let mut institutions = checker.institutions(&lists, &mut federation);
    let mut realms = checker.accounts(&lists, &mut federation);
    checker.servers(&lists, &mut names, &mut institutions, &mut realms, &mut federation);
    checker.aliases(&lists, &realms, &mut federation);
    checker.big_packet(&lists, &realms, &mut federation);
    finish(&mut federation);
    checker.unused(&lists, &institutions, &federation);
    (federation, checker.mentions)
}

/// What follows from everything.
fn finish(federation: &mut Federation) {
    let is_observed = !federation.national.is_empty();
    for server in &mut federation.servers {
        server.is_observed = is_observed;
        server.large_account = federation.large_account.is_some();
    }
    // almost always the first account, or the second
    let foreign: Vec<Option<usize>> = federation
        .realms
        .iter()
        .map(|realm| {
            let stranger = |other: &usize| {
                let other = &federation.realms[*other];
                other.account.is_some() && !other.homes.iter().any(|server| realm.homes.contains(server))
            };
            (0..federation.realms.len()).find(stranger)
        })
        .collect();
    for (realm, foreign) in federation.realms.iter_mut().zip(foreign) {
        realm.foreign = foreign;
        realm.is_observed = is_observed;
        realm.is_titled = realm
            .institution
            .and_then(|number| federation.institutions.get(number))
            .is_some_and(|one| one.title.is_some());
    }
}

impl Checker<'_> {
    fn unknown_keys(&mut self, lists: &Lists) {
        let entries = [&lists.unknown, &lists.operator.unknown]
            .into_iter()
            .chain(lists.national.iter().map(|one| &one.value.unknown))
            .chain(lists.institutions.iter().map(|one| &one.value.unknown))
            .chain(lists.servers.iter().map(|one| &one.value.unknown))
            .chain(lists.accounts.iter().map(|one| &one.value.unknown))
            .chain(lists.big_packet.iter().map(|one| &one.value.unknown))
            .chain(lists.services.0.iter().map(|(_, settings)| &settings.unknown));
        for unknown in entries {
            unknown.report(self.file, self.problems);
        }
    }

    fn nothing(&mut self, lists: &Lists) {
        if lists.servers.is_empty() && lists.national.is_empty() && lists.unknown.is_empty() {
            let place = Place { file: self.file, line: 0 };
            let problem = Problem::warning(Concern::NoDefinitions, place, "there are no servers here");
            self.problems.push(problem.hint("list them under `servers:`; docs/federation.md has an example"));
        }
    }

    fn settings(&mut self, lists: &mut Lists, federation: &mut Federation) {
        let mut groups: Vec<&str> = RULES.iter().map(|rule| rule.group).collect();
        groups.dedup();
        for (name, settings) in std::mem::take(&mut lists.services.0) {
            if !groups.contains(&&*name.value) {
                let message = format!("no such service: `{}`", shown(&name.value));
                self.error(line(&name), message, known(&name.value, &groups));
            }
            for interval in settings.check_interval.iter().chain(&settings.retry_interval) {
                if !(interval.value > 0.0 && interval.value < 1e6) {
                    let hint = "minutes, as in definitions, more than 0";
                    self.error(line(interval), format!("`{}` is no interval", interval.value), hint);
                }
            }
            if let Some(attempts) =
                settings.max_check_attempts.as_ref().filter(|attempts| attempts.value == 0)
            {
                self.error(line(attempts), "max_check_attempts is 0", "it is 1 or more");
            }
            federation.services.insert(name.value, settings);
        }
        let usual: Vec<&str> = RULES.iter().map(|rule| rule.template).chain([SERVER_TEMPLATE]).collect();
        for (name, own) in &lists.templates.0 {
            if !usual.contains(&&*name.value) {
                let message = format!("no such template: `{}`", shown(&name.value));
                self.error(line(name), message, known(&name.value, &usual));
            }
            if self.text(own, "template") {
                federation.templates.insert(name.value.clone(), own.value.clone());
            }
        }
    }

    fn national(&mut self, lists: &Lists, names: &mut Taken, federation: &mut Federation) {
        for server in &lists.national {
            let hint = "write the name of the national server";
            let Some(name) = self.required(server.value.name.as_ref(), "name", server, hint) else {
                continue;
            };
            let address = self.address(server.value.address.as_ref(), &name);
            if self.name(&name, "a server") && self.is_new(&name, names) {
                federation.national.push(National { line: line(&name), name: name.value, address });
            }
        }
    }

    fn institutions(&mut self, lists: &Lists, federation: &mut Federation) -> HashMap<String, usize> {
        let mut names = Taken::new("institution");
        let mut numbers = HashMap::new();
        for one in &lists.institutions {
            let hint = "write the name by which servers refer to it";
            let Some(name) = self.required(one.value.name.as_ref(), "name", one, hint) else { continue };
            let people = self.people(&one.value.contacts, &one.value.contact_groups);
            let title = one.value.title.as_ref().filter(|title| self.text(title, "title"));
            let xml = one.value.xml.as_ref().filter(|url| self.url(url));
            if self.name(&name, "an institution") && self.is_new(&name, &mut names) {
                numbers.insert(name.value.clone(), federation.institutions.len());
                federation.institutions.push(Institution {
                    line: line(&name),
                    title: title.map(|title| title.value.clone()),
                    people,
                    xml: xml.map(|url| (url.value.clone(), line(url))),
                    servers: Vec::new(),
                    aliases: Vec::new(),
                });
            }
        }
        numbers
    }

    fn accounts(&mut self, lists: &Lists, federation: &mut Federation) -> HashMap<String, usize> {
        let mut names = Taken::new("the account of realm");
        let mut numbers = HashMap::new();
        for entry in &lists.accounts {
            let account = &entry.value;
            let hint = "write the realm that the account is of";
            let Some(realm) = self.required(account.realm.as_ref(), "realm", entry, hint) else { continue };
            let user = self.required(account.user.as_ref(), "user", &realm, "write user@REALM");
            let user = user.filter(|user| self.word(user, "user"));
            let hint = "write the name of a file with the password, which only the monitor reads";
            let password = self.required(account.password_file.as_ref(), "password_file", &realm, hint);
            let password_file = password.map(|file| self.path(&file, "password file")).unwrap_or_default();
            let ca_file = account.ca_file.as_ref().or(lists.ca_file.as_ref());
            let ca_file = ca_file.map(|file| self.path(file, "file of authorities"));
            let method = account.method.as_ref().and_then(|method| self.method(method)).unwrap_or_default();
            let trust = self.trust(ca_file, &account.names);
            if self.realm_name(&realm) && self.is_new(&realm, &mut names) {
                numbers.insert(realm.value.clone(), federation.realms.len());
                federation.realms.push(Realm {
                    line: line(&realm),
                    name: realm.value,
                    institution: None,
                    account: Some(Account {
                        user: user.map(|user| user.value).unwrap_or_default(),
                        password_file,
                        method,
                        trust,
                        cat_profile: account.cat_profile.as_ref().map(|number| number.value),
                    }),
                    homes: Vec::new(),
                    foreign: None,
                    is_observed: false,
                    is_titled: false,
                });
            }
        }
        numbers
    }

    fn servers(
        &mut self,
        lists: &Lists,
        names: &mut Taken,
        institutions: &mut HashMap<String, usize>,
        realms: &mut HashMap<String, usize>,
        federation: &mut Federation,
    ) {
        const ROLES: [(&str, Role); 3] = [("both", Role::Both), ("idp", Role::Idp), ("sp", Role::Sp)];
        const TRANSPORTS: [(&str, Transport); 3] =
            [("radsec", Transport::Radsec), ("ipsec", Transport::Ipsec), ("udp", Transport::Udp)];
        let listed = institutions.clone();
        for entry in &lists.servers {
            let server = &entry.value;
            let hint = "write the name of the RADIUS server";
            let Some(name) = self.required(server.name.as_ref(), "name", entry, hint) else { continue };
            let address = self.address(server.address.as_ref(), &name);
            let role = self.choice(server.role.as_ref(), "role", &ROLES).unwrap_or_default();
            let transport = self.choice(server.transport.as_ref(), "transport", &TRANSPORTS);
            let hint = "write the name of a file with the secret, here or once for all servers";
            let secret = server.secret_file.as_ref().or(lists.secret_file.as_ref());
            let secret = self.required(secret, "secret_file", &name, hint);
            let secret_file = secret.map(|file| self.path(&file, "secret file")).unwrap_or_default();
            if !self.name(&name, "a server") || !self.is_new(&name, names) {
                continue;
            }
            let institution = self.institution_of(server, &name, &listed, institutions, federation);
            let number = federation.servers.len();
            if let Some(institution) = federation.institutions.get_mut(institution) {
                institution.servers.push(number);
            }
            let mut own = Vec::new();
            for text in &server.realms {
                let Some(realm) = self.realm(text, role, realms, federation) else { continue };
                if own.contains(&realm) {
                    let message = format!("realm `{}` is there twice", text.value);
                    self.error(line(text), message, "name each realm of a server once");
                    continue;
                }
                own.push(realm);
                if self.is_of(realm, institution, text, federation) && role != Role::Sp {
                    federation.realms[realm].homes.push(number);
                }
            }
            if server.realms.is_empty() {
                let hint = "name the realms that are registered for it";
                self.error(line(&name), format!("server `{}` has no realms", name.value), hint);
            }
            federation.servers.push(Server {
                line: line(&name),
                name: name.value,
                address,
                institution,
                role,
                transport,
                secret_file,
                realms: own,
                is_observed: false,
                large_account: false,
            });
        }
    }

    /// The number of a server's institution; one that is named by a realm need not be listed.
    fn institution_of(
        &mut self,
        server: &lists::Server,
        name: &Text,
        listed: &HashMap<String, usize>,
        all: &mut HashMap<String, usize>,
        federation: &mut Federation,
    ) -> usize {
        if let Some(institution) = &server.institution {
            if let Some(number) = listed.get(&institution.value) {
                return *number;
            }
            let mut names: Vec<&str> = listed.keys().map(String::as_str).collect();
            names.sort_unstable();
            let message = format!("no such institution: `{}`", shown(&institution.value));
            let hint = if names.is_empty() {
                "list it under `institutions:`".to_owned()
            } else {
                known(&institution.value, &names)
            };
            self.error(line(institution), message, hint);
        }
        let own = server.realms.first().unwrap_or(name).value.clone();
        *all.entry(own).or_insert_with(|| {
            federation.institutions.push(Institution { line: line(name), ..Institution::default() });
            federation.institutions.len() - 1
        })
    }

    /// The number of a realm. Users of a server's own are tested by an account.
    fn realm(
        &mut self,
        realm: &Text,
        role: Role,
        realms: &mut HashMap<String, usize>,
        federation: &mut Federation,
    ) -> Option<usize> {
        if !self.realm_name(realm) {
            return None;
        }
        let found = realms.get(&realm.value).copied();
        let has_account = found
            .and_then(|number| federation.realms.get(number))
            .is_some_and(|realm| realm.account.is_some());
        if role != Role::Sp && !has_account {
            let message = format!("realm `{}` has no account", realm.value);
            let names: Vec<&str> = federation
                .realms
                .iter()
                .filter(|realm| realm.account.is_some())
                .map(|realm| realm.name.as_str())
                .collect();
            let hint = match self.near(&realm.value, names) {
                Some(near) => format!("{near}; or add one under `accounts:`"),
                None => "add one under `accounts:`, or write `role: sp` if there are no users of its own"
                    .to_owned(),
            };
            self.error(line(realm), message, hint);
        }
        Some(found.unwrap_or_else(|| {
            let number = federation.realms.len();
            realms.insert(realm.value.clone(), number);
            federation.realms.push(Realm {
                name: realm.value.clone(),
                line: line(realm),
                institution: None,
                account: None,
                homes: Vec::new(),
                foreign: None,
                is_observed: false,
                is_titled: false,
            });
            number
        }))
    }

    /// A realm is that of one institution.
    fn is_of(&mut self, realm: usize, institution: usize, text: &Text, federation: &mut Federation) -> bool {
        let Some(realm) = federation.realms.get_mut(realm) else { return false };
        let owner = *realm.institution.get_or_insert(institution);
        if owner != institution {
            let message = format!("realm `{}` is that of another institution", realm.name);
            self.error(line(text), message, "give all servers of a realm the same institution");
        }
        owner == institution
    }

    /// An alias is no realm, and that of one institution.
    fn aliases(&mut self, lists: &Lists, realms: &HashMap<String, usize>, federation: &mut Federation) {
        let servers: HashMap<&str, usize> =
            federation.servers.iter().map(|server| (server.name.as_str(), server.institution)).collect();
        let mut owners: BTreeMap<&str, (usize, u32)> = BTreeMap::new();
        let mut found = Vec::new();
        for server in &lists.servers {
            let Some(institution) =
                server.value.name.as_ref().and_then(|name| servers.get(name.value.as_str()))
            else {
                continue;
            };
            for alias in &server.value.aliases {
                if !self.realm_name(alias) {
                    continue;
                }
                if let Some(realm) =
                    realms.get(&alias.value).and_then(|number| federation.realms.get(*number))
                {
                    let message = format!("alias `{}` is a realm", alias.value);
                    let hint = format!(
                        "see {}:{}; an alias has neither an account nor `realms:`",
                        self.file, realm.line
                    );
                    self.error(line(alias), message, hint);
                    continue;
                }
                match owners.get(alias.value.as_str()) {
                    Some((owner, _)) if owner == institution => {}
                    Some((_, first)) => {
                        let message = format!("alias `{}` is that of another institution", alias.value);
                        self.error(line(alias), message, format!("see {}:{first}", self.file));
                    }
                    None => {
                        owners.insert(&alias.value, (*institution, line(alias)));
                        found.push((*institution, alias.value.clone()));
                    }
                }
            }
        }
        for (institution, alias) in found {
            if let Some(institution) = federation.institutions.get_mut(institution) {
                institution.aliases.push(alias);
            }
        }
    }

    fn big_packet(&mut self, lists: &Lists, realms: &HashMap<String, usize>, federation: &mut Federation) {
        let Some(big) = &lists.big_packet else { return };
        let hint = "write the realm whose home server gives the large answer";
        let Some(realm) = self.required(big.value.realm.as_ref(), "realm", big, hint) else { return };
        let number = realms.get(&realm.value).copied();
        let account =
            number.and_then(|number| federation.realms.get(number)).and_then(|realm| realm.account.clone());
        let (Some(number), Some(mut account)) = (number, account) else {
            let with_account = federation.realms.iter().filter(|realm| realm.account.is_some());
            let names: Vec<&str> = with_account.map(|realm| realm.name.as_str()).collect();
            let message = format!("realm `{}` has no account", shown(&realm.value));
            let add = "add one under `accounts:`".to_owned();
            let hint = if names.is_empty() { add } else { known(&realm.value, &names) };
            return self.error(line(&realm), message, hint);
        };
        if let Some(user) = big.value.user.as_ref().filter(|user| self.word(user, "user")) {
            account.user.clone_from(&user.value);
        }
        if let Some(file) = &big.value.password_file {
            account.password_file = self.path(file, "password file");
        }
        federation.large_account = Some(LargeAccount { line: line(&realm), realm: number, account });
    }

    /// What is listed and belongs to nothing.
    fn unused(&mut self, lists: &Lists, institutions: &HashMap<String, usize>, federation: &Federation) {
        for realm in
            federation.realms.iter().filter(|realm| realm.account.is_some() && realm.homes.is_empty())
        {
            let message = format!("realm `{}` has an account and no home server", realm.name);
            self.error(
                realm.line,
                message,
                "name the realm under `realms:` of a server, or take the account out",
            );
        }
        for one in &lists.institutions {
            let Some(name) = &one.value.name else { continue };
            let of = institutions.get(&name.value).and_then(|number| federation.institutions.get(*number));
            if of.is_some_and(|institution| institution.servers.is_empty()) {
                let place = Place { file: self.file, line: line(name) };
                let problem = Problem::warning(
                    Concern::IdleInstitution,
                    place,
                    format!("institution `{}` has no server", name.value),
                );
                self.problems.push(problem.hint("a server names it by `institution:`"));
            }
        }
    }
}
