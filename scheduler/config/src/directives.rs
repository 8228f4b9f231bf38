//! The vocabulary: every type of object, every directive of it, and what kind of value it has.

/// Type of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Type {
    Host,
    HostGroup,
    Service,
    ServiceGroup,
    Contact,
    ContactGroup,
    Timeperiod,
    Command,
    ServiceDependency,
    HostDependency,
    /// Of a service on a host, or of a host on a service: Icinga 2 has it, and Nagios no words for it.
    MixedDependency,
    ServiceEscalation,
    HostEscalation,
    HostExtInfo,
    ServiceExtInfo,
}

/// What a directive says, whatever its spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    // of every type
    Template,
    Use,
    Register,
    // names and texts
    Name,
    Alias,
    DisplayName,
    Address,
    Notes,
    NotesUrl,
    ActionUrl,
    IconImage,
    IconImageAlt,
    // relations
    HostName,
    HostGroupName,
    ServiceDescription,
    Parents,
    Groups,
    Members,
    GroupMembers,
    Contacts,
    ContactGroups,
    Exclude,
    // dependencies and escalations
    ServiceGroupName,
    /// `service_description` where it is a list.
    Descriptions,
    DependentHostName,
    DependentHostGroupName,
    DependentServiceGroupName,
    DependentDescriptions,
    ExecutionCriteria,
    NotificationCriteria,
    InheritsParent,
    DependencyPeriod,
    RedundancyGroup,
    FirstNotification,
    LastNotification,
    EscalationPeriod,
    EscalationOptions,
    // checks
    CheckCommand,
    CheckPeriod,
    CheckInterval,
    RetryInterval,
    MaxCheckAttempts,
    ActiveChecks,
    PassiveChecks,
    IsVolatile,
    CheckFreshness,
    EventHandler,
    CheckTimeout,
    EventHandlerPeriod,
    Proxy,
    Importance,
    EventHandlerEnabled,
    FreshnessThreshold,
    LowFlap,
    HighFlap,
    FlapDetection,
    FlapOptions,
    FailureBudget,
    Stalking,
    InitialState,
    // kept to be printed
    Obsess,
    ProcessPerfData,
    RetainStatus,
    RetainNonstatus,
    ParallelizeCheck,
    CanSubmitCommands,
    VrmlImage,
    StatusmapImage,
    Coords2d,
    Coords3d,
    // notifications
    Notifications,
    NotificationInterval,
    FirstNotificationDelay,
    NotificationPeriod,
    NotificationOptions,
    // contacts
    Email,
    Pager,
    Address1,
    Address2,
    Address3,
    Address4,
    Address5,
    Address6,
    HostNotifications,
    ServiceNotifications,
    HostNotificationPeriod,
    ServiceNotificationPeriod,
    HostNotificationOptions,
    ServiceNotificationOptions,
    HostNotificationCommands,
    ServiceNotificationCommands,
    MinimumImportance,
    // commands and time periods
    CommandLine,
    Sunday,
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    /// Any other day of a time period; name and value are in the value.
    Date,
    /// `_NAME value`, both in the value.
    Variable,
    /// Known and of no consequence here.
    Ignored,
}

/// How many keys there are.
pub(crate) const KEYS: usize = Key::Ignored as usize + 1;

impl Key {
    /// Does `null` mean "none" here, and stop inheritance? Nagios takes it as a text elsewhere.
    pub(crate) const fn takes_null(self) -> bool {
        self.is_list()
            || matches!(
                self,
                Key::DisplayName
                    | Key::Notes
                    | Key::NotesUrl
                    | Key::ActionUrl
                    | Key::IconImage
                    | Key::IconImageAlt
                    | Key::CheckCommand
                    | Key::CheckPeriod
                    | Key::EventHandler
                    | Key::Proxy
                    | Key::NotificationPeriod
                    | Key::Email
                    | Key::Pager
                    | Key::Address1
                    | Key::Address2
                    | Key::Address3
                    | Key::Address4
                    | Key::Address5
                    | Key::Address6
                    | Key::HostNotificationPeriod
                    | Key::ServiceNotificationPeriod
                    | Key::DependencyPeriod
                    | Key::RedundancyGroup
                    | Key::EscalationPeriod
                    | Key::FailureBudget
                    | Key::VrmlImage
                    | Key::StatusmapImage
                    | Key::Coords2d
                    | Key::Coords3d
            )
    }

    /// Is it a list, to which a leading `+` adds?
    pub(crate) const fn is_list(self) -> bool {
        matches!(
            self,
            Key::HostName
                | Key::HostGroupName
                | Key::Parents
                | Key::Groups
                | Key::Members
                | Key::GroupMembers
                | Key::Contacts
                | Key::ContactGroups
                | Key::Exclude
                | Key::HostNotificationCommands
                | Key::ServiceNotificationCommands
                | Key::ServiceGroupName
                | Key::Descriptions
                | Key::DependentHostName
                | Key::DependentHostGroupName
                | Key::DependentServiceGroupName
                | Key::DependentDescriptions
        )
    }

    /// Does it belong to one definition only?
    pub(crate) const fn is_own(self) -> bool {
        matches!(self, Key::Name | Key::Template | Key::Use | Key::Register | Key::Variable | Key::Date)
    }
}

/// What kind of value a directive has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// The object's own name: only once, never inherited.
    Name,
    /// Text as it stands.
    Verbatim,
    /// Text; `null` is none and stops inheritance.
    Text,
    /// Names with commas between; `null` as for text, a leading `+` adds to what is inherited.
    List,
    /// Number, fractions allowed.
    Number,
    /// 0 or 1.
    Flag,
    /// Hours of a weekday.
    Hours,
    /// Option letters of which these are known.
    Letters(&'static str),
}

/// A directive of a type.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub name: &'static str,
    pub key: Key,
    pub form: Form,
}

impl Type {
    /// The type of a name in `define NAME {`.
    pub(crate) fn of(name: &str) -> Option<Type> {
        TYPES.iter().find(|(known, ..)| *known == name).map(|(_, found, _)| *found)
    }

    /// As it is written.
    pub(crate) fn name(self) -> &'static str {
        self.table().map_or("", |(name, ..)| name)
    }

    /// The directive of a name.
    pub(crate) fn directive(self, name: &str) -> Option<&'static Entry> {
        self.entries().find(|entry| entry.name == name)
    }

    /// How this type spells a key.
    pub(crate) fn spelling(self, key: Key) -> &'static str {
        self.entries().find(|entry| entry.key == key).map_or("", |entry| entry.name)
    }

    /// All names of directives, for "nearest known".
    pub(crate) fn directive_names(self) -> impl Iterator<Item = &'static str> {
        self.entries().map(|entry| entry.name)
    }

    /// May it have custom variables?
    pub(crate) const fn has_variables(self) -> bool {
        matches!(self, Type::Host | Type::Service | Type::Contact)
    }

    /// Must this have a value? Nagios 4.4.6 refuses a line without one here, mostly because it then
    /// looks for something without a name; elsewhere such a line is none, 0 or `n`. Of hlidka's own
    /// directives nobody has lines that stand empty.
    pub(crate) const fn needs_value(self, key: Key) -> bool {
        match key {
            Key::Members => !matches!(self, Type::ContactGroup),
            Key::Parents => matches!(self, Type::Service),
            Key::Alias | Key::Exclude => matches!(self, Type::Timeperiod),
            key => matches!(
                key,
                Key::Name
                    | Key::Use
                    | Key::ServiceDescription
                    | Key::Groups
                    | Key::GroupMembers
                    | Key::Contacts
                    | Key::ContactGroups
                    | Key::CheckCommand
                    | Key::CommandLine
                    | Key::EventHandler
                    | Key::CheckPeriod
                    | Key::NotificationPeriod
                    | Key::HostNotificationPeriod
                    | Key::ServiceNotificationPeriod
                    | Key::EscalationPeriod
                    | Key::DependencyPeriod
                    | Key::HostNotificationCommands
                    | Key::ServiceNotificationCommands
                    | Key::MaxCheckAttempts
                    | Key::InitialState
                    | Key::Coords2d
                    | Key::Coords3d
                    | Key::Sunday
                    | Key::Monday
                    | Key::Tuesday
                    | Key::Wednesday
                    | Key::Thursday
                    | Key::Friday
                    | Key::Saturday
                    | Key::Proxy
                    | Key::FailureBudget
                    | Key::RedundancyGroup
            ),
        }
    }

    fn table(self) -> Option<&'static Table> {
        TYPES.iter().chain([&MIXED]).find(|(_, of, _)| *of == self)
    }

    fn entries(self) -> impl Iterator<Item = &'static Entry> {
        let tables = self.table().map_or(&[][..], |(.., tables)| tables);
        COMMON.iter().chain(tables.iter().copied().flatten())
    }
}

/// All names of types, for "nearest known".
pub(crate) fn type_names() -> impl Iterator<Item = &'static str> {
    TYPES.iter().map(|(name, ..)| *name)
}

const fn e(name: &'static str, key: Key, form: Form) -> Entry {
    Entry { name, key, form }
}

/// Known, and without effect on what is checked and who is told.
const fn ignored(name: &'static str) -> Entry {
    e(name, Key::Ignored, Form::Verbatim)
}

/// A type: its name, and its directives.
type Table = (&'static str, Type, &'static [&'static [Entry]]);

/// No file of definitions has these.
const MIXED: Table =
    ("dependency", Type::MixedDependency, &[OF_HOSTS, OF_SERVICES, DEPENDENCY, SERVICE_DEPENDENCY]);

/// The directives of each type, besides the common ones. Of those that mean the same the usual name
/// comes first.
const TYPES: &[Table] = &[
    ("host", Type::Host, &[HOST, CHECKED, PAGE, ICON, MAP]),
    ("service", Type::Service, &[OF_HOSTS, SERVICE, CHECKED, PAGE, ICON]),
    ("hostgroup", Type::HostGroup, &[HOST_GROUP, PAGE]),
    ("servicegroup", Type::ServiceGroup, &[SERVICE_GROUP, PAGE]),
    ("contact", Type::Contact, &[CONTACT]),
    ("contactgroup", Type::ContactGroup, &[CONTACT_GROUP]),
    ("timeperiod", Type::Timeperiod, &[TIMEPERIOD]),
    ("command", Type::Command, &[COMMAND]),
    ("servicedependency", Type::ServiceDependency, &[OF_HOSTS, OF_SERVICES, DEPENDENCY, SERVICE_DEPENDENCY]),
    ("hostdependency", Type::HostDependency, &[OF_HOSTS, DEPENDENCY, HOST_DEPENDENCY]),
    ("serviceescalation", Type::ServiceEscalation, &[OF_HOSTS, OF_SERVICES, ESCALATION, SERVICE_ESCALATION]),
    ("hostescalation", Type::HostEscalation, &[OF_HOSTS, ESCALATION, HOST_ESCALATION]),
    ("hostextinfo", Type::HostExtInfo, &[EXT_INFO, PAGE, ICON, MAP]),
    ("serviceextinfo", Type::ServiceExtInfo, &[EXT_INFO, SERVICE_EXT_INFO, PAGE, ICON]),
];

use Form::{Flag, Hours, Letters, List, Name, Number, Text, Verbatim};

const COMMON: &[Entry] =
    &[e("use", Key::Use, List), e("name", Key::Template, Verbatim), e("register", Key::Register, Flag)];

const HOST: &[Entry] = &[
    e("host_name", Key::Name, Name),
    e("alias", Key::Alias, Verbatim),
    e("address", Key::Address, Verbatim),
    e("hostgroups", Key::Groups, List),
    e("host_groups", Key::Groups, List),
    e("notification_options", Key::NotificationOptions, Letters("durfs")),
    e("initial_state", Key::InitialState, Letters("odu")),
    e("flap_detection_options", Key::FlapOptions, Letters("odu")),
    e("stalking_options", Key::Stalking, Letters("oduN")),
    e("obsess_over_host", Key::Obsess, Flag),
];

const SERVICE: &[Entry] = &[
    e("service_description", Key::ServiceDescription, Verbatim),
    e("description", Key::ServiceDescription, Verbatim),
    e("hosts", Key::HostName, List),
    e("servicegroups", Key::Groups, List),
    e("service_groups", Key::Groups, List),
    e("is_volatile", Key::IsVolatile, Flag),
    e("notification_options", Key::NotificationOptions, Letters("wucrfs")),
    e("initial_state", Key::InitialState, Letters("owuc")),
    e("flap_detection_options", Key::FlapOptions, Letters("owuc")),
    e("stalking_options", Key::Stalking, Letters("owucN")),
    e("obsess_over_service", Key::Obsess, Flag),
    e("parallelize_check", Key::ParallelizeCheck, Flag),
];

/// What hosts and services have in common.
const CHECKED: &[Entry] = &[
    e("check_command", Key::CheckCommand, Text),
    e("max_check_attempts", Key::MaxCheckAttempts, Number),
    e("check_interval", Key::CheckInterval, Number),
    e("normal_check_interval", Key::CheckInterval, Number),
    e("retry_interval", Key::RetryInterval, Number),
    e("retry_check_interval", Key::RetryInterval, Number),
    e("check_period", Key::CheckPeriod, Text),
    e("contacts", Key::Contacts, List),
    e("contact_groups", Key::ContactGroups, List),
    e("notification_interval", Key::NotificationInterval, Number),
    e("notification_period", Key::NotificationPeriod, Text),
    e("notifications_enabled", Key::Notifications, Flag),
    e("first_notification_delay", Key::FirstNotificationDelay, Number),
    e("parents", Key::Parents, List),
    e("display_name", Key::DisplayName, Text),
    e("active_checks_enabled", Key::ActiveChecks, Flag),
    e("passive_checks_enabled", Key::PassiveChecks, Flag),
    e("importance", Key::Importance, Number),
    e("hourly_value", Key::Importance, Number),
    e("event_handler", Key::EventHandler, Text),
    e("event_handler_enabled", Key::EventHandlerEnabled, Flag),
    e("event_handler_period", Key::EventHandlerPeriod, Verbatim),
    e("check_freshness", Key::CheckFreshness, Flag),
    e("freshness_threshold", Key::FreshnessThreshold, Number),
    e("check_timeout", Key::CheckTimeout, Number),
    e("failure_budget", Key::FailureBudget, Text),
    e("proxy", Key::Proxy, Text),
    e("obsess", Key::Obsess, Flag),
    e("low_flap_threshold", Key::LowFlap, Number),
    e("high_flap_threshold", Key::HighFlap, Number),
    e("flap_detection_enabled", Key::FlapDetection, Flag),
    e("process_perf_data", Key::ProcessPerfData, Flag),
    e("retain_status_information", Key::RetainStatus, Flag),
    e("retain_nonstatus_information", Key::RetainNonstatus, Flag),
    ignored("failure_prediction_enabled"),
    ignored("failure_prediction_options"),
];

const PAGE: &[Entry] = &[
    e("notes", Key::Notes, Text),
    e("notes_url", Key::NotesUrl, Text),
    e("action_url", Key::ActionUrl, Text),
];

const ICON: &[Entry] = &[e("icon_image", Key::IconImage, Text), e("icon_image_alt", Key::IconImageAlt, Text)];

const MAP: &[Entry] = &[
    e("vrml_image", Key::VrmlImage, Text),
    e("statusmap_image", Key::StatusmapImage, Text),
    e("gd2_image", Key::StatusmapImage, Text),
    e("2d_coords", Key::Coords2d, Text),
    e("3d_coords", Key::Coords3d, Text),
];

const HOST_GROUP: &[Entry] = &[
    e("hostgroup_name", Key::Name, Name),
    e("alias", Key::Alias, Verbatim),
    e("members", Key::Members, List),
    e("hostgroup_members", Key::GroupMembers, List),
];

const SERVICE_GROUP: &[Entry] = &[
    e("servicegroup_name", Key::Name, Name),
    e("alias", Key::Alias, Verbatim),
    e("members", Key::Members, List),
    e("servicegroup_members", Key::GroupMembers, List),
];

const CONTACT: &[Entry] = &[
    e("contact_name", Key::Name, Name),
    e("alias", Key::Alias, Verbatim),
    e("email", Key::Email, Text),
    e("pager", Key::Pager, Text),
    e("address1", Key::Address1, Text),
    e("address2", Key::Address2, Text),
    e("address3", Key::Address3, Text),
    e("address4", Key::Address4, Text),
    e("address5", Key::Address5, Text),
    e("address6", Key::Address6, Text),
    e("contactgroups", Key::Groups, List),
    e("contact_groups", Key::Groups, List),
    e("host_notifications_enabled", Key::HostNotifications, Flag),
    e("service_notifications_enabled", Key::ServiceNotifications, Flag),
    e("host_notification_period", Key::HostNotificationPeriod, Text),
    e("service_notification_period", Key::ServiceNotificationPeriod, Text),
    e("host_notification_options", Key::HostNotificationOptions, Letters("durfs")),
    e("service_notification_options", Key::ServiceNotificationOptions, Letters("wucrfs")),
    e("host_notification_commands", Key::HostNotificationCommands, List),
    e("service_notification_commands", Key::ServiceNotificationCommands, List),
    e("minimum_importance", Key::MinimumImportance, Number),
    e("minimum_value", Key::MinimumImportance, Number),
    e("can_submit_commands", Key::CanSubmitCommands, Flag),
    e("retain_status_information", Key::RetainStatus, Flag),
    e("retain_nonstatus_information", Key::RetainNonstatus, Flag),
];

const CONTACT_GROUP: &[Entry] = &[
    e("contactgroup_name", Key::Name, Name),
    e("alias", Key::Alias, Verbatim),
    e("members", Key::Members, List),
    e("contactgroup_members", Key::GroupMembers, List),
];

const TIMEPERIOD: &[Entry] = &[
    e("timeperiod_name", Key::Name, Name),
    e("alias", Key::Alias, Verbatim),
    e("exclude", Key::Exclude, List),
    e("sunday", Key::Sunday, Hours),
    e("monday", Key::Monday, Hours),
    e("tuesday", Key::Tuesday, Hours),
    e("wednesday", Key::Wednesday, Hours),
    e("thursday", Key::Thursday, Hours),
    e("friday", Key::Friday, Hours),
    e("saturday", Key::Saturday, Hours),
];

const COMMAND: &[Entry] =
    &[e("command_name", Key::Name, Name), e("command_line", Key::CommandLine, Verbatim)];

/// Which hosts a definition is about.
const OF_HOSTS: &[Entry] = &[
    e("host_name", Key::HostName, List),
    e("host", Key::HostName, List),
    e("hostgroup_name", Key::HostGroupName, List),
    e("hostgroup", Key::HostGroupName, List),
    e("hostgroups", Key::HostGroupName, List),
];

/// Which of their services, or which service groups.
const OF_SERVICES: &[Entry] = &[
    e("service_description", Key::Descriptions, List),
    e("description", Key::Descriptions, List),
    e("servicegroup_name", Key::ServiceGroupName, List),
    e("servicegroup", Key::ServiceGroupName, List),
    e("servicegroups", Key::ServiceGroupName, List),
];

const DEPENDENCY: &[Entry] = &[
    e("master_host", Key::HostName, List),
    e("master_host_name", Key::HostName, List),
    e("dependent_host_name", Key::DependentHostName, List),
    e("dependent_host", Key::DependentHostName, List),
    e("dependent_hostgroup_name", Key::DependentHostGroupName, List),
    e("dependent_hostgroup", Key::DependentHostGroupName, List),
    e("dependent_hostgroups", Key::DependentHostGroupName, List),
    e("inherits_parent", Key::InheritsParent, Flag),
    e("dependency_period", Key::DependencyPeriod, Text),
    e("redundancy_group", Key::RedundancyGroup, Text),
];

const SERVICE_DEPENDENCY: &[Entry] = &[
    e("master_description", Key::Descriptions, List),
    e("master_service_description", Key::Descriptions, List),
    e("dependent_service_description", Key::DependentDescriptions, List),
    e("dependent_description", Key::DependentDescriptions, List),
    e("dependent_servicegroup_name", Key::DependentServiceGroupName, List),
    e("dependent_servicegroup", Key::DependentServiceGroupName, List),
    e("dependent_servicegroups", Key::DependentServiceGroupName, List),
    e("execution_failure_criteria", Key::ExecutionCriteria, Letters("owucp")),
    e("execution_failure_options", Key::ExecutionCriteria, Letters("owucp")),
    e("notification_failure_criteria", Key::NotificationCriteria, Letters("owucp")),
    e("notification_failure_options", Key::NotificationCriteria, Letters("owucp")),
];

const HOST_DEPENDENCY: &[Entry] = &[
    e("execution_failure_criteria", Key::ExecutionCriteria, Letters("odup")),
    e("execution_failure_options", Key::ExecutionCriteria, Letters("odup")),
    e("notification_failure_criteria", Key::NotificationCriteria, Letters("odup")),
    e("notification_failure_options", Key::NotificationCriteria, Letters("odup")),
];

const ESCALATION: &[Entry] = &[
    e("contacts", Key::Contacts, List),
    e("contact_groups", Key::ContactGroups, List),
    e("first_notification", Key::FirstNotification, Number),
    e("last_notification", Key::LastNotification, Number),
    e("notification_interval", Key::NotificationInterval, Number),
    e("escalation_period", Key::EscalationPeriod, Text),
];

const SERVICE_ESCALATION: &[Entry] = &[e("escalation_options", Key::EscalationOptions, Letters("wucr"))];

const HOST_ESCALATION: &[Entry] = &[e("escalation_options", Key::EscalationOptions, Letters("dur"))];

const EXT_INFO: &[Entry] = &[
    e("host_name", Key::HostName, List),
    e("hostgroup", Key::HostGroupName, List),
    e("hostgroup_name", Key::HostGroupName, List),
];

const SERVICE_EXT_INFO: &[Entry] = &[e("service_description", Key::ServiceDescription, Verbatim)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn synonyms_mean_the_same() {
        for (of, name, synonym) in [
            (Type::Host, "check_interval", "normal_check_interval"),
            (Type::Service, "retry_interval", "retry_check_interval"),
            (Type::Service, "service_description", "description"),
            (Type::Host, "importance", "hourly_value"),
            (Type::Contact, "minimum_importance", "minimum_value"),
        ] {
            assert_eq!(of.directive(name).unwrap().key, of.directive(synonym).unwrap().key);
        }
        assert!(Type::Service.directive("parallelize_check").is_some(), "obsolete");
        assert!(Type::Command.directive("host_name").is_none());
        assert_eq!(Type::of("hostextinfo"), Some(Type::HostExtInfo));
        assert_eq!(Type::of("HOST"), None);
    }

    #[test]
    fn keys_and_tables_agree_on_null_and_plus() {
        for (name, _, tables) in TYPES {
            for entry in tables.iter().copied().flatten().filter(|entry| entry.key != Key::Ignored) {
                let (null, list) = (entry.key.takes_null(), entry.key.is_list());
                assert_eq!(matches!(entry.form, Text | List), null, "{} of {name}", entry.name);
                assert_eq!(entry.form == List, list, "{} of {name}", entry.name);
            }
        }
    }

    #[test]
    fn no_type_has_a_directive_twice() {
        for (name, of, _) in TYPES {
            let mut names: Vec<&str> = of.directive_names().collect();
            let count = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), count, "{name}");
            assert_eq!(Type::of(of.name()), Some(*of));
        }
    }

    /// T15: all properties of Puppet's nagios types, but those that are Shinken's.
    #[test]
    fn t15_everything_puppet_can_write_is_known() {
        for (of, names) in [
            (
                Type::Host,
                "host_name alias display_name address parents hostgroups check_command initial_state \
              max_check_attempts check_interval retry_interval active_checks_enabled passive_checks_enabled \
              check_period obsess_over_host check_freshness freshness_threshold event_handler \
              event_handler_enabled low_flap_threshold high_flap_threshold flap_detection_enabled \
              flap_detection_options failure_prediction_enabled process_perf_data retain_status_information \
              retain_nonstatus_information contacts contact_groups notification_interval \
              first_notification_delay notification_period notification_options notifications_enabled \
              stalking_options notes notes_url action_url icon_image icon_image_alt vrml_image statusmap_image \
              use register",
            ),
            (
                Type::Service,
                "host_name hostgroup_name service_description display_name servicegroups \
              is_volatile check_command initial_state max_check_attempts check_interval retry_interval \
              normal_check_interval retry_check_interval parallelize_check obsess_over_service check_freshness \
              use register",
            ),
            (
                Type::Contact,
                "contact_name alias contactgroups host_notifications_enabled \
              service_notifications_enabled host_notification_period service_notification_period \
              service_notification_options host_notification_options host_notification_commands \
              service_notification_commands email pager address1 address2 address3 address4 address5 address6 \
              can_submit_commands retain_status_information retain_nonstatus_information use register",
            ),
        ] {
            for name in names.split_whitespace() {
                assert!(of.directive(name).is_some(), "{name} of {of:?}");
            }
        }
    }
}
