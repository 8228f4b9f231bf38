//! The language: every command that is known, what it is about and what it does. Names and order of
//! arguments are those of Nagios and Naemon.

use super::error::{CommandError, shortened};
use crate::nearest::nearest;
use crate::switch::{ObjectSwitch, Switch};

/// One command.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word {
    pub name: &'static str,
    pub target: TargetKind,
    pub verb: Verb,
}

/// What a command is about; the first arguments say which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TargetKind {
    Host,
    Service,
    HostServices,
    HostAndChildren,
    HostGroupHosts,
    HostGroupServices,
    ServiceGroupHosts,
    ServiceGroupServices,
    OfHost,
    OfService,
    All,
}

/// What a command does; the further arguments say how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    HostResult,
    ServiceResult,
    Check,
    ForceCheck,
    Acknowledge,
    AcknowledgeExpire,
    Unacknowledge,
    Downtime,
    TriggeringDowntime,
    DeleteDowntime,
    DeleteByHost,
    DeleteByHostGroup,
    DeleteByStart,
    Comment,
    DeleteComment,
    DeleteComments,
    Custom,
    Delay,
    Log,
    Switch(ObjectSwitch, bool),
    SwitchAll(Switch, bool),
}

use ObjectSwitch::{ActiveChecks, EventHandler, FlapDetection, Notifications, PassiveChecks};
use TargetKind::{
    All, Host, HostAndChildren, HostGroupHosts, HostGroupServices, HostServices, OfHost, OfService, Service,
    ServiceGroupHosts, ServiceGroupServices,
};
use Verb::{
    Acknowledge, AcknowledgeExpire, Check, Comment, Custom, Delay, DeleteByHost, DeleteByHostGroup,
    DeleteByStart, DeleteComment, DeleteComments, DeleteDowntime, Downtime, ForceCheck, HostResult, Log,
    ServiceResult, TriggeringDowntime, Unacknowledge,
};

/// Everything but switches.
#[rustfmt::skip]
const WORDS: &[(&str, TargetKind, Verb)] = &[
    ("PROCESS_HOST_CHECK_RESULT",                       Host,                 HostResult),
    ("PROCESS_SERVICE_CHECK_RESULT",                    Service,              ServiceResult),
    ("SCHEDULE_HOST_CHECK",                             Host,                 Check),
    ("SCHEDULE_FORCED_HOST_CHECK",                      Host,                 ForceCheck),
    ("SCHEDULE_SVC_CHECK",                              Service,              Check),
    ("SCHEDULE_FORCED_SVC_CHECK",                       Service,              ForceCheck),
    ("SCHEDULE_HOST_SVC_CHECKS",                        HostServices,         Check),
    ("SCHEDULE_FORCED_HOST_SVC_CHECKS",                 HostServices,         ForceCheck),
    ("ACKNOWLEDGE_HOST_PROBLEM",                        Host,                 Acknowledge),
    ("ACKNOWLEDGE_SVC_PROBLEM",                         Service,              Acknowledge),
    ("ACKNOWLEDGE_HOST_PROBLEM_EXPIRE",                 Host,                 AcknowledgeExpire),
    ("ACKNOWLEDGE_SVC_PROBLEM_EXPIRE",                  Service,              AcknowledgeExpire),
    ("REMOVE_HOST_ACKNOWLEDGEMENT",                     Host,                 Unacknowledge),
    ("REMOVE_SVC_ACKNOWLEDGEMENT",                      Service,              Unacknowledge),
    ("SCHEDULE_HOST_DOWNTIME",                          Host,                 Downtime),
    ("SCHEDULE_SVC_DOWNTIME",                           Service,              Downtime),
    ("SCHEDULE_HOST_SVC_DOWNTIME",                      HostServices,         Downtime),
    ("SCHEDULE_AND_PROPAGATE_HOST_DOWNTIME",            HostAndChildren,      Downtime),
    ("SCHEDULE_AND_PROPAGATE_TRIGGERED_HOST_DOWNTIME",  HostAndChildren,      TriggeringDowntime),
    ("SCHEDULE_HOSTGROUP_HOST_DOWNTIME",                HostGroupHosts,       Downtime),
    ("SCHEDULE_HOSTGROUP_SVC_DOWNTIME",                 HostGroupServices,    Downtime),
    ("SCHEDULE_SERVICEGROUP_HOST_DOWNTIME",             ServiceGroupHosts,    Downtime),
    ("SCHEDULE_SERVICEGROUP_SVC_DOWNTIME",              ServiceGroupServices, Downtime),
    ("DEL_HOST_DOWNTIME",                               OfHost,               DeleteDowntime),
    ("DEL_SVC_DOWNTIME",                                OfService,            DeleteDowntime),
    ("DEL_DOWNTIME_BY_HOST_NAME",                       All,                  DeleteByHost),
    ("DEL_DOWNTIME_BY_HOSTGROUP_NAME",                  All,                  DeleteByHostGroup),
    ("DEL_DOWNTIME_BY_START_TIME_COMMENT",              All,                  DeleteByStart),
    ("ADD_HOST_COMMENT",                                Host,                 Comment),
    ("ADD_SVC_COMMENT",                                 Service,              Comment),
    ("DEL_HOST_COMMENT",                                OfHost,               DeleteComment),
    ("DEL_SVC_COMMENT",                                 OfService,            DeleteComment),
    ("DEL_ALL_HOST_COMMENTS",                           Host,                 DeleteComments),
    ("DEL_ALL_SVC_COMMENTS",                            Service,              DeleteComments),
    ("SEND_CUSTOM_HOST_NOTIFICATION",                   Host,                 Custom),
    ("SEND_CUSTOM_SVC_NOTIFICATION",                    Service,              Custom),
    ("DELAY_HOST_NOTIFICATION",                         Host,                 Delay),
    ("DELAY_SVC_NOTIFICATION",                          Service,              Delay),
    ("LOG",                                             All,                  Log),
];

/// What is switched on by the first name and off by the second.
#[rustfmt::skip]
const SWITCHES: &[(&str, &str, TargetKind, ObjectSwitch)] = &[
    ("ENABLE_HOST_CHECK",                         "DISABLE_HOST_CHECK",                         Host,                 ActiveChecks),
    ("ENABLE_SVC_CHECK",                          "DISABLE_SVC_CHECK",                          Service,              ActiveChecks),
    ("ENABLE_HOST_SVC_CHECKS",                    "DISABLE_HOST_SVC_CHECKS",                    HostServices,         ActiveChecks),
    ("ENABLE_HOSTGROUP_HOST_CHECKS",              "DISABLE_HOSTGROUP_HOST_CHECKS",              HostGroupHosts,       ActiveChecks),
    ("ENABLE_HOSTGROUP_SVC_CHECKS",               "DISABLE_HOSTGROUP_SVC_CHECKS",               HostGroupServices,    ActiveChecks),
    ("ENABLE_SERVICEGROUP_HOST_CHECKS",           "DISABLE_SERVICEGROUP_HOST_CHECKS",           ServiceGroupHosts,    ActiveChecks),
    ("ENABLE_SERVICEGROUP_SVC_CHECKS",            "DISABLE_SERVICEGROUP_SVC_CHECKS",            ServiceGroupServices, ActiveChecks),
    ("ENABLE_HOST_NOTIFICATIONS",                 "DISABLE_HOST_NOTIFICATIONS",                 Host,                 Notifications),
    ("ENABLE_SVC_NOTIFICATIONS",                  "DISABLE_SVC_NOTIFICATIONS",                  Service,              Notifications),
    ("ENABLE_HOST_SVC_NOTIFICATIONS",             "DISABLE_HOST_SVC_NOTIFICATIONS",             HostServices,         Notifications),
    ("ENABLE_HOSTGROUP_HOST_NOTIFICATIONS",       "DISABLE_HOSTGROUP_HOST_NOTIFICATIONS",       HostGroupHosts,       Notifications),
    ("ENABLE_HOSTGROUP_SVC_NOTIFICATIONS",        "DISABLE_HOSTGROUP_SVC_NOTIFICATIONS",        HostGroupServices,    Notifications),
    ("ENABLE_SERVICEGROUP_HOST_NOTIFICATIONS",    "DISABLE_SERVICEGROUP_HOST_NOTIFICATIONS",    ServiceGroupHosts,    Notifications),
    ("ENABLE_SERVICEGROUP_SVC_NOTIFICATIONS",     "DISABLE_SERVICEGROUP_SVC_NOTIFICATIONS",     ServiceGroupServices, Notifications),
    ("ENABLE_PASSIVE_HOST_CHECKS",                "DISABLE_PASSIVE_HOST_CHECKS",                Host,                 PassiveChecks),
    ("ENABLE_PASSIVE_SVC_CHECKS",                 "DISABLE_PASSIVE_SVC_CHECKS",                 Service,              PassiveChecks),
    ("ENABLE_HOSTGROUP_PASSIVE_HOST_CHECKS",      "DISABLE_HOSTGROUP_PASSIVE_HOST_CHECKS",      HostGroupHosts,       PassiveChecks),
    ("ENABLE_HOSTGROUP_PASSIVE_SVC_CHECKS",       "DISABLE_HOSTGROUP_PASSIVE_SVC_CHECKS",       HostGroupServices,    PassiveChecks),
    ("ENABLE_SERVICEGROUP_PASSIVE_HOST_CHECKS",   "DISABLE_SERVICEGROUP_PASSIVE_HOST_CHECKS",   ServiceGroupHosts,    PassiveChecks),
    ("ENABLE_SERVICEGROUP_PASSIVE_SVC_CHECKS",    "DISABLE_SERVICEGROUP_PASSIVE_SVC_CHECKS",    ServiceGroupServices, PassiveChecks),
    ("ENABLE_HOST_FLAP_DETECTION",                "DISABLE_HOST_FLAP_DETECTION",                Host,                 FlapDetection),
    ("ENABLE_SVC_FLAP_DETECTION",                 "DISABLE_SVC_FLAP_DETECTION",                 Service,              FlapDetection),
    ("ENABLE_HOST_EVENT_HANDLER",                 "DISABLE_HOST_EVENT_HANDLER",                 Host,                 EventHandler),
    ("ENABLE_SVC_EVENT_HANDLER",                  "DISABLE_SVC_EVENT_HANDLER",                  Service,              EventHandler),
];

/// The same for everything at once.
#[rustfmt::skip]
const SWITCHES_OF_ALL: &[(&str, &str, Switch)] = &[
    ("ENABLE_NOTIFICATIONS",                "DISABLE_NOTIFICATIONS",              Switch::Notifications),
    ("ENABLE_EVENT_HANDLERS",               "DISABLE_EVENT_HANDLERS",             Switch::EventHandlers),
    ("ENABLE_FLAP_DETECTION",               "DISABLE_FLAP_DETECTION",             Switch::FlapDetection),
    ("START_EXECUTING_HOST_CHECKS",         "STOP_EXECUTING_HOST_CHECKS",         Switch::HostChecks),
    ("START_EXECUTING_SVC_CHECKS",          "STOP_EXECUTING_SVC_CHECKS",          Switch::ServiceChecks),
    ("START_ACCEPTING_PASSIVE_HOST_CHECKS", "STOP_ACCEPTING_PASSIVE_HOST_CHECKS", Switch::PassiveHostChecks),
    ("START_ACCEPTING_PASSIVE_SVC_CHECKS",  "STOP_ACCEPTING_PASSIVE_SVC_CHECKS",  Switch::PassiveServiceChecks),
];

const RUN: &str = "what is run is chosen by the configuration alone";
const FILE: &str = "commands are not read from files that a command names; write them one by one";
const END: &str = "whoever may write commands may not end the daemon; use `systemctl` or `hlidka reload`";
const VARIABLE: &str = "variables end in command lines, which are chosen by the configuration alone";
const STATE: &str = "state is stored by itself, all the time";

/// Commands of Nagios that would let a pipe choose what is run, and others that make no sense here.
#[rustfmt::skip]
const REFUSED: &[(&str, &str)] = &[
    ("CHANGE_HOST_CHECK_COMMAND",        RUN),
    ("CHANGE_SVC_CHECK_COMMAND",         RUN),
    ("CHANGE_HOST_EVENT_HANDLER",        RUN),
    ("CHANGE_SVC_EVENT_HANDLER",         RUN),
    ("CHANGE_GLOBAL_HOST_EVENT_HANDLER", RUN),
    ("CHANGE_GLOBAL_SVC_EVENT_HANDLER",  RUN),
    ("CHANGE_CUSTOM_HOST_VAR",           VARIABLE),
    ("CHANGE_CUSTOM_SVC_VAR",            VARIABLE),
    ("CHANGE_CUSTOM_CONTACT_VAR",        VARIABLE),
    ("PROCESS_FILE",                     FILE),
    ("SHUTDOWN_PROCESS",                 END),
    ("RESTART_PROCESS",                  END),
    ("SHUTDOWN_PROGRAM",                 END),
    ("RESTART_PROGRAM",                  END),
    ("SAVE_STATE_INFORMATION",           STATE),
    ("READ_STATE_INFORMATION",           STATE),
];

/// The command of a name.
pub(super) fn find(name: &str) -> Result<Word, CommandError> {
    if let Some(word) = all().find(|word| word.name == name) {
        return Ok(word);
    }
    if let Some((name, reason)) = REFUSED.iter().find(|(refused, _)| *refused == name) {
        return Err(CommandError::Refused { name, reason });
    }
    let nearest = nearest(name, names()).map(str::to_owned);
    Err(CommandError::Unknown { name: shortened(name), nearest })
}

/// All names.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    all().map(|word| word.name)
}

fn all() -> impl Iterator<Item = Word> {
    let words = WORDS.iter().map(|(name, target, verb)| Word { name, target: *target, verb: *verb });
    let switches = SWITCHES.iter().flat_map(|(on, off, target, switch)| {
        let word = |name, on| Word { name, target: *target, verb: Verb::Switch(*switch, on) };
        [word(on, true), word(off, false)]
    });
    let of_all = SWITCHES_OF_ALL.iter().flat_map(|(on, off, switch)| {
        let word = |name, on| Word { name, target: All, verb: Verb::SwitchAll(*switch, on) };
        [word(on, true), word(off, false)]
    });
    words.chain(switches).chain(of_all)
}
