//! `federation.yaml` as it is written: [`Lists`].

use std::path::PathBuf;

use serde_saphyr::Spanned;

use crate::options::explained;
use crate::problem::{Place, Problems};

use super::keys::{Entries, Text, mapping};

mapping! {
    /// The whole file.
    Lists {
        /// Folder of the files that are named here; the folder of this file unless it is given.
        files: Option<PathBuf>,
        /// The national operator: told of what concerns everybody.
        operator: People,
        /// National servers; the monitor runs on the first.
        national: Vec<Spanned<National>>,
        /// Who runs servers.
        institutions: Vec<Spanned<Institution>>,
        /// RADIUS servers of institutions.
        servers: Vec<Spanned<Server>>,
        /// Test accounts, one for each realm.
        accounts: Vec<Spanned<Account>>,
        /// File with the secret of servers that have none of their own.
        secret_file: Option<Text>,
        /// File with the authorities that sign EAP certificates, of accounts that have none of their own.
        ca_file: Option<Text>,
        /// The account whose Access-Accept is large.
        big_packet: Option<Spanned<BigPacket>>,
        /// What is particular about a service everywhere.
        services: Entries<Settings>,
        /// Own templates instead of the usual ones.
        templates: Entries<Text>,
    }
}

mapping! {
    /// Who is told.
    People {
        contacts: Vec<Text>,
        contact_groups: Vec<Text>,
    }
}

mapping! {
    /// A national server.
    National {
        name: Option<Text>,
        address: Option<Text>,
    }
}

mapping! {
    /// An institution.
    Institution {
        /// By which servers refer to it.
        name: Option<Text>,
        /// Its name for people, as eduroam CAT has it.
        title: Option<Text>,
        contacts: Vec<Text>,
        contact_groups: Vec<Text>,
        /// Where its institution.xml is.
        xml: Option<Text>,
    }
}

mapping! {
    /// A RADIUS server.
    Server {
        name: Option<Text>,
        address: Option<Text>,
        /// Whose it is; named as its first realm unless it is given.
        institution: Option<Text>,
        /// Registered realms, which it serves unless it is for visitors only.
        realms: Vec<Text>,
        /// Further names of these realms.
        aliases: Vec<Text>,
        /// How it is connected to the national servers: radsec, ipsec or udp; not at all unless it is given.
        transport: Option<Text>,
        /// both, idp (home users only) or sp (visitors only).
        role: Option<Text>,
        secret_file: Option<Text>,
    }
}

mapping! {
    /// The test account of a realm.
    Account {
        realm: Option<Text>,
        user: Option<Text>,
        password_file: Option<Text>,
        /// PEAP or TTLS, with what is inside behind a `/`.
        method: Option<Text>,
        ca_file: Option<Text>,
        /// Names of which a server's EAP certificate must have one.
        names: Vec<Text>,
        /// Number of the realm's profile in eduroam CAT.
        cat_profile: Option<Spanned<u64>>,
    }
}

mapping! {
    /// The account whose Access-Accept is large.
    BigPacket {
        /// Its realm; what is not given is that of the realm's account.
        realm: Option<Text>,
        user: Option<Text>,
        password_file: Option<Text>,
    }
}

mapping! {
    /// What is particular about a service.
    Settings {
        enabled: Option<bool>,
        check_interval: Option<Spanned<f64>>,
        retry_interval: Option<Spanned<f64>>,
        max_check_attempts: Option<Spanned<u16>>,
        notify: Option<Spanned<bool>>,
    }
}

/// So many values are read at most: ten times the largest plan.
const MAX_NODES: usize = 2_000_000;

/// Is it a key of the whole file?
pub(crate) fn is_key(name: &str) -> bool {
    Lists::KEYS.contains(&name)
}

impl Lists {
    /// Reads the text of a file. What is no YAML, or of another kind than it must be, is one error.
    pub(super) fn parse(text: &str, file: &std::sync::Arc<str>, problems: &mut Problems) -> Option<Lists> {
        let mut rules = serde_saphyr::Options::default();
        rules.strict_booleans = true;
        if let Some(budget) = &mut rules.budget {
            budget.max_nodes = MAX_NODES;
            budget.max_events = 2 * MAX_NODES;
            // `<<: *usual` in every entry is no attack
            budget.enforce_alias_anchor_ratio = false;
        }
        match serde_saphyr::from_str_with_options::<Option<Lists>>(text, rules) {
            Ok(lists) => Some(lists.unwrap_or_default()),
            Err(error) => {
                let line = error.location().map_or(0, |location| location.line());
                problems.push(explained(&error, Place { file, line: u32::try_from(line).unwrap_or(0) }));
                None
            }
        }
    }
}

/// Every key of every mapping.
#[cfg(test)]
pub(super) fn keys() -> impl Iterator<Item = &'static &'static str> {
    let all = [
        Lists::KEYS,
        People::KEYS,
        National::KEYS,
        Institution::KEYS,
        Server::KEYS,
        Account::KEYS,
        BigPacket::KEYS,
        Settings::KEYS,
    ];
    all.into_iter().flatten()
}
