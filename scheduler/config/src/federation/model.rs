//! The lists with all names resolved: [`Federation`].

use std::collections::BTreeMap;

use super::lists::Settings;

/// A federation whose lists are sound.
#[derive(Debug, Default)]
pub(super) struct Federation {
    pub national: Vec<National>,
    pub institutions: Vec<Institution>,
    pub servers: Vec<Server>,
    /// Realms with accounts in the order of the accounts, then those of servers for visitors only.
    pub realms: Vec<Realm>,
    pub operator: People,
    pub large_account: Option<LargeAccount>,
    /// By the group of a rule.
    pub services: BTreeMap<String, Settings>,
    /// By the usual name.
    pub templates: BTreeMap<String, String>,
}

/// Who is told.
#[derive(Clone, Debug, Default)]
pub(super) struct People {
    pub contacts: Vec<String>,
    pub groups: Vec<String>,
}

#[derive(Debug)]
pub(super) struct National {
    pub name: String,
    pub address: String,
    pub line: u32,
}

#[derive(Debug, Default)]
pub(super) struct Institution {
    pub line: u32,
    pub title: Option<String>,
    pub people: People,
    /// Where its institution.xml is, and the line that says so.
    pub xml: Option<(String, u32)>,
    /// Numbers of its servers, in order.
    pub servers: Vec<usize>,
    pub aliases: Vec<String>,
}

/// How a server is connected to the national servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transport {
    Radsec,
    Ipsec,
    Udp,
}

/// Whom a server serves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Role {
    #[default]
    Both,
    /// Home users only.
    Idp,
    /// Visitors only.
    Sp,
}

#[derive(Debug)]
pub(super) struct Server {
    pub name: String,
    pub address: String,
    pub line: u32,
    pub institution: usize,
    pub role: Role,
    pub transport: Option<Transport>,
    pub secret_file: String,
    /// Numbers of all its registered realms.
    pub realms: Vec<usize>,
    /// There is a national server, whose side of the connection is seen.
    pub is_observed: bool,
    /// There is an account whose Access-Accept is large.
    pub large_account: bool,
}

impl Server {
    /// Does it serve users of its own?
    pub(super) fn is_home(&self) -> bool {
        self.role != Role::Sp
    }

    pub(super) fn has_visitors(&self) -> bool {
        self.role != Role::Idp
    }

    pub(super) fn has_radsec(&self) -> bool {
        self.is_observed && self.transport == Some(Transport::Radsec)
    }

    pub(super) fn has_ipsec(&self) -> bool {
        self.is_observed && self.transport == Some(Transport::Ipsec)
    }

    /// Are requests of its visitors in the national server's log?
    pub(super) fn sends_requests(&self) -> bool {
        self.is_observed && self.transport.is_some() && self.has_visitors()
    }

    pub(super) fn takes_large_packets(&self) -> bool {
        self.large_account && self.is_home()
    }
}

#[derive(Debug)]
pub(super) struct Realm {
    pub name: String,
    /// Line of its account; of the first server for one that has none.
    pub line: u32,
    /// None for one that no server names, which is an error.
    pub institution: Option<usize>,
    pub account: Option<Account>,
    /// Numbers of its home servers.
    pub homes: Vec<usize>,
    /// Another realm that none of its servers serves.
    pub foreign: Option<usize>,
    /// F-TICKS are collected.
    pub is_observed: bool,
    /// Its institution has a name for people.
    pub is_titled: bool,
}

impl Realm {
    pub(super) fn knows_a_foreigner(&self) -> bool {
        self.foreign.is_some()
    }

    pub(super) fn is_in_fticks(&self) -> bool {
        self.is_observed
    }

    pub(super) fn has_title(&self) -> bool {
        self.is_titled
    }

    pub(super) fn has_profile(&self) -> bool {
        self.account.as_ref().is_some_and(|account| account.cat_profile.is_some())
    }
}

/// How to log in.
#[derive(Clone, Debug, Default)]
pub(super) struct Account {
    pub user: String,
    pub password_file: String,
    /// As options of check_eap: `-e TTLS -2 PAP`.
    pub method: String,
    /// As options of check_eap: `-a FILE -d NAMES`.
    pub trust: String,
    pub cat_profile: Option<u64>,
}

/// The account whose Access-Accept is large.
#[derive(Debug)]
pub(super) struct LargeAccount {
    pub line: u32,
    pub realm: usize,
    pub account: Account,
}
