//! What is checked in a federation: [`RULES`], one row for each kind of service.
//!
//! What a check does, and how often, is said by the template of that name; this table says where each
//! service is, who is told, what it needs, and which custom variables its command gets.

use super::model::{Realm, Server};

/// A kind of service.
#[derive(Debug)]
pub(super) struct Rule {
    /// Its description; `{realm}` is the realm.
    pub service: &'static str,
    /// The template, unless `templates:` names another.
    pub template: &'static str,
    /// The service group, and the name under which `services:` knows it.
    pub group: &'static str,
    /// Where it is.
    pub on: On,
    /// Who is told.
    pub told: Told,
    /// What must be well for it to be run.
    pub needs: &'static [Need],
    /// Custom variables that it has.
    pub variables: &'static [Variables],
}

/// On which hosts there is a service.
#[derive(Clone, Copy, Debug)]
pub(super) enum On {
    /// Every national server.
    National,
    /// The national server on which the monitor runs.
    Monitor,
    /// Every server of an institution of which this is true.
    Servers(fn(&Server) -> bool),
    /// The first server of every institution.
    Institution,
    /// The first server of every institution that publishes an institution.xml.
    Publisher,
    /// Every home server of every realm of which this is true.
    Home(fn(&Realm) -> bool),
    /// The first home server of every realm of which this is true.
    FirstHome(fn(&Realm) -> bool),
    /// Every server with visitors that is no home server of the realm.
    Visited,
}

/// Who is told.
#[derive(Clone, Copy, Debug)]
pub(super) enum Told {
    Institution,
    Operator,
    Both,
}

/// What must be well.
#[derive(Clone, Copy, Debug)]
pub(super) enum Need {
    /// The server answers PING.
    Ping,
    /// The realm is well on this server.
    Home,
    /// All home realms of this server are well; it answers PING, if it has none.
    AllHome,
    /// The visitor's realm is well at home: on its only server, or on one of several.
    Alive,
    /// The way to the national server, if it is watched; else the server answers PING.
    Uplink,
    /// The realm of the large account is alive.
    LargeAccount,
}

/// Custom variables.
#[derive(Clone, Copy, Debug)]
pub(super) enum Variables {
    /// `_RADSEC`: `--idp-only` or `--sp-only` for a server that is one of both.
    Directions,
    /// `_REALM`
    Realm,
    /// `_REALM`, `_USER`, `_PASSWORD_FILE`, and as options `_METHOD`, `_TRUST`: the realm's account.
    Account,
    /// The same of the account whose Access-Accept is large.
    LargeAccount,
    /// `_FOREIGN_USER`, `_FOREIGN_PASSWORD_FILE`: an account that is not at home here.
    Foreign,
    /// `_HOME_SERVICES`: the realm on all its home servers, as a selector of hlidka:cluster.
    HomeServices,
    /// `_XML`, `_REALMS`: where the institution's document is, and what must be in it.
    Document,
    /// `_TITLE`: the institution's name in CAT.
    Title,
    /// `_CAT_PROFILE`: the number of the realm's profile there.
    Profile,
}

/// Every kind of service, by the rows of the federation's list (E01-E20).
pub(super) const RULES: &[Rule] = &[
    // E01
    Rule {
        service: "PING",
        template: "ping",
        group: "PING",
        on: On::Servers(|_| true),
        told: Told::Both,
        needs: &[],
        variables: &[],
    },
    Rule {
        service: "PING",
        template: "ping",
        group: "PING",
        on: On::National,
        told: Told::Operator,
        needs: &[],
        variables: &[],
    },
    // E02, E03: on the national server, hence only if there is one
    Rule {
        service: "IPSEC",
        template: "ipsec",
        group: "IPSEC",
        on: On::Servers(Server::has_ipsec),
        told: Told::Both,
        needs: &[Need::Ping],
        variables: &[],
    },
    Rule {
        service: "RADSEC",
        template: "radsec",
        group: "RADSEC",
        on: On::Servers(Server::has_radsec),
        told: Told::Both,
        needs: &[Need::Ping],
        variables: &[Variables::Directions],
    },
    // E04
    Rule {
        service: "BIG-PACKET",
        template: "big-packet",
        group: "BIG-PACKET",
        on: On::Servers(Server::takes_large_packets),
        told: Told::Both,
        needs: &[Need::Uplink, Need::LargeAccount],
        variables: &[Variables::LargeAccount],
    },
    // E05
    Rule {
        service: "VCELKA-MAJA-{realm}",
        template: "vcelka-maja",
        group: "VCELKA-MAJA",
        on: On::Home(Realm::knows_a_foreigner),
        told: Told::Institution,
        needs: &[Need::Home],
        variables: &[Variables::Realm, Variables::Foreign],
    },
    // E06, E07
    Rule {
        service: "INSTITUTION-XML",
        template: "institution-xml",
        group: "INSTITUTION-XML",
        on: On::Publisher,
        told: Told::Institution,
        needs: &[],
        variables: &[Variables::Document],
    },
    Rule {
        service: "COVERAGE-INFO",
        template: "coverage-info",
        group: "COVERAGE-INFO",
        on: On::Institution,
        told: Told::Institution,
        needs: &[],
        variables: &[Variables::Realm],
    },
    // E08
    Rule {
        service: "@{realm}",
        template: "home",
        group: "HOME-REALM",
        on: On::Home(|_| true),
        told: Told::Both,
        needs: &[Need::Ping],
        variables: &[Variables::Account],
    },
    // E09
    Rule {
        service: "@{realm}",
        template: "visitor",
        group: "VISITOR-REALM",
        on: On::Visited,
        told: Told::Operator,
        needs: &[Need::AllHome, Need::Alive],
        variables: &[Variables::Account],
    },
    // E10, E11: what the national server's log tells of those whose visitors it sees
    Rule {
        service: "CALLING-STATION-ID",
        template: "calling-station-id",
        group: "CALLING-STATION-ID",
        on: On::Servers(Server::sends_requests),
        told: Told::Institution,
        needs: &[Need::Ping],
        variables: &[],
    },
    Rule {
        service: "OPERATOR-NAME",
        template: "operator-name",
        group: "OPERATOR-NAME",
        on: On::Servers(Server::sends_requests),
        told: Told::Institution,
        needs: &[Need::Ping],
        variables: &[],
    },
    // E12: the requests that the institution sends, and the answers of its home servers
    Rule {
        service: "CHARGEABLE-USER-IDENTITY",
        template: "chargeable-user-identity-requests",
        group: "CHARGEABLE-USER-IDENTITY",
        on: On::Servers(Server::sends_requests),
        told: Told::Institution,
        needs: &[Need::AllHome],
        variables: &[],
    },
    Rule {
        service: "CHARGEABLE-USER-IDENTITY-{realm}",
        template: "chargeable-user-identity",
        group: "CHARGEABLE-USER-IDENTITY",
        on: On::Home(|_| true),
        told: Told::Institution,
        needs: &[Need::Home],
        variables: &[Variables::Account],
    },
    // E13
    Rule {
        service: "FAKE-UID-{realm}",
        template: "fake-uid",
        group: "FAKE-UID",
        on: On::Home(|_| true),
        told: Told::Institution,
        needs: &[Need::Home],
        variables: &[Variables::Account],
    },
    // E14, E15: what F-TICKS tell, collected on the national server
    Rule {
        service: "COMPROMISED-USERS-{realm}",
        template: "compromised-users",
        group: "COMPROMISED-USERS",
        on: On::FirstHome(Realm::is_in_fticks),
        told: Told::Institution,
        needs: &[],
        variables: &[Variables::Realm],
    },
    Rule {
        service: "CONCURRENT-INST-{realm}",
        template: "concurrent-inst",
        group: "CONCURRENT-INST",
        on: On::FirstHome(Realm::is_in_fticks),
        told: Told::Institution,
        needs: &[],
        variables: &[Variables::Realm],
    },
    // E16
    Rule {
        service: "CVE-2017-9148-{realm}",
        template: "cve-2017-9148",
        group: "CVE-2017-9148",
        on: On::Home(|_| true),
        told: Told::Institution,
        needs: &[Need::Home],
        variables: &[Variables::Account],
    },
    // E17
    Rule {
        service: "HOME-REALM-ALIVE-{realm}",
        template: "home-realm-alive",
        group: "HOME-REALM-ALIVE",
        on: On::FirstHome(|_| true),
        told: Told::Institution,
        needs: &[],
        variables: &[Variables::HomeServices],
    },
    // E18
    Rule {
        service: "VISITORS",
        template: "visitors",
        group: "VISITORS",
        on: On::Servers(Server::has_visitors),
        told: Told::Both,
        needs: &[Need::AllHome],
        variables: &[],
    },
    // E19
    Rule {
        service: "CAT-{realm}",
        template: "cat",
        group: "CAT",
        on: On::FirstHome(Realm::has_title),
        told: Told::Institution,
        needs: &[],
        variables: &[Variables::Realm, Variables::Title],
    },
    // E20: devices know the certificate by CAT, or else by what the account says
    Rule {
        service: "EAP-CERTIFICATE-{realm}",
        template: "eap-certificate",
        group: "EAP-CERTIFICATE",
        on: On::Home(Realm::has_profile),
        told: Told::Institution,
        needs: &[Need::Ping],
        variables: &[Variables::Realm, Variables::Profile],
    },
    Rule {
        service: "EAP-CERTIFICATE-{realm}",
        template: "eap-certificate-without-cat",
        group: "EAP-CERTIFICATE",
        on: On::Home(|realm| !realm.has_profile()),
        told: Told::Institution,
        needs: &[Need::Ping],
        variables: &[Variables::Account],
    },
    // the collectors of E10-E12 and of E14, E15
    Rule {
        service: "REQUESTS",
        template: "requests",
        group: "COLLECTORS",
        on: On::Monitor,
        told: Told::Operator,
        needs: &[],
        variables: &[],
    },
    Rule {
        service: "F-TICKS",
        template: "f-ticks",
        group: "COLLECTORS",
        on: On::Monitor,
        told: Told::Operator,
        needs: &[],
        variables: &[],
    },
];

/// Templates of hosts.
pub(super) const SERVER_TEMPLATE: &str = "server";
