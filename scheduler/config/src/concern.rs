//! What warnings are about. docs/verify.md has a section on each, with its reason and remedy.

use std::fmt;

/// Declares the kinds with their words, and the list of all.
macro_rules! concerns {
    ($($(#[$doc:meta])* $name:ident = $slug:literal,)*) => {
        /// What a warning is about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Concern {
            $($(#[$doc])* $name,)*
        }

        impl Concern {
            /// Every kind.
            pub const ALL: &'static [Concern] = &[$(Concern::$name,)*];

            /// The word for it, in JSON and in docs/verify.md.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Concern::$name => $slug,)*
                }
            }
        }
    };
}

concerns! {
    /// A file has bytes that are no UTF-8.
    NotUtf8 = "not-utf8",
    /// There is nothing to read.
    NoDefinitions = "no-definitions",
    /// No services at all, or no contacts.
    Empty = "empty",
    /// A `#` behind a `{`.
    CommentBehindBrace = "comment-behind-brace",
    /// A directive without a value.
    EmptyValue = "empty-value",
    /// A number or a switch that Nagios reads, and people would not.
    LooseValue = "loose-value",
    /// A line of a main file without a `=`, or with an option that nobody knows.
    UnknownOption = "unknown-option",
    /// An option of a main file that changes nothing here.
    OptionWithoutEffect = "option-without-effect",
    /// Options of a main file that are about something hlidka does otherwise.
    IgnoredOptions = "ignored-options",
    /// A value of an option of a main file.
    OptionValue = "option-value",
    /// A directive that changes nothing here.
    NoEffect = "no-effect",
    /// Hours of a time period.
    Hours = "hours",
    /// A day that never comes.
    DayNeverComes = "day-never-comes",
    /// A time period with hours in it that never opens.
    PeriodNeverOpens = "period-never-opens",
    /// A quote that is never closed.
    UnclosedQuote = "unclosed-quote",
    /// A `$USERn$` that no resource file defines.
    UnknownUserMacro = "unknown-user-macro",
    /// A macro that is always empty.
    EmptyMacro = "empty-macro",
    /// One service of one host by two definitions.
    DefinedTwice = "defined-twice",
    /// A cluster without members.
    EmptySelector = "empty-selector",
    /// Flap thresholds in the wrong order.
    FlapThresholds = "flap-thresholds",
    /// Numbers of an escalation.
    EscalationCount = "escalation-count",
    /// An escalation that tells nobody, or of nothing.
    EscalationWithoutEffect = "escalation-without-effect",
    /// More attempts than anybody waits for.
    Attempts = "attempts",
    /// A retry interval of 0.
    RetryInterval = "retry-interval",
    /// Retries that last so long that nobody is told in time.
    LateProblem = "late-problem",
    /// A dependency that changes nothing.
    DependencyWithoutEffect = "dependency-without-effect",
    /// A freshness check that always says OK.
    VainFreshness = "vain-freshness",
    /// A proxy that a command does not hear of.
    PassesProxyBy = "passes-proxy-by",
    /// Nobody is told of an object.
    NoContacts = "no-contacts",
    /// A contact that does not say what it wants to hear.
    NoContactOptions = "no-contact-options",
    /// Recoveries, but no problems.
    RecoveriesOnly = "recoveries-only",
    /// Contacts who want to hear of nothing that is told.
    NobodyListens = "nobody-listens",
    /// A contact that cannot be reached.
    NoWayToTell = "no-way-to-tell",
    /// Arguments that a check of ours refuses.
    RefusedArguments = "refused-arguments",
    /// A range of a check of ours that alerts at no value.
    NeverAlerts = "never-alerts",
    /// A warning range of a check of ours that the critical one covers.
    HiddenWarning = "hidden-warning",
    /// A secret in the arguments of a check.
    SecretInArguments = "secret-in-arguments",
    /// Something of Icinga 2's language that is passed over, or is otherwise here.
    Icinga2 = "icinga2",
    /// `plan: servers:` of hlidka.yaml names no host group.
    PlanServers = "plan-servers",
    /// A file that a federation's lists name is not there.
    MissingFile = "missing-file",
    /// An institution of a federation's lists without a server.
    IdleInstitution = "idle-institution",
    /// There was nobody to ask about arguments.
    NotExamined = "not-examined",
}

impl fmt::Display for Concern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page without a section on a warning is no help to who gets it, and one on a warning that
    /// nobody gives is none either.
    #[test]
    fn every_kind_of_warning_has_its_section_in_the_page() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/verify.md");
        let page = std::fs::read_to_string(page).unwrap();
        let sections: Vec<&str> = page
            .lines()
            .filter_map(|line| line.strip_prefix("### `"))
            .map(|rest| rest.split('`').next().unwrap_or_default())
            .collect();
        let mut missing: Vec<&str> = Concern::ALL.iter().map(|concern| concern.as_str()).collect();
        let extra: Vec<&&str> = sections.iter().filter(|slug| !missing.contains(slug)).collect();
        assert_eq!(extra, Vec::<&&str>::new());
        missing.retain(|slug| !sections.contains(slug));
        assert_eq!(missing, Vec::<&str>::new());
        for section in page.split("### `").skip(1) {
            let slug = section.split('`').next().unwrap_or_default();
            assert!(section.contains("**Remedy:**"), "{slug} has no remedy");
            assert_eq!(sections.iter().filter(|known| **known == slug).count(), 1, "{slug}");
        }
    }
}
