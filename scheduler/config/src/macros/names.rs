//! Names of Nagios' standard macros, of those that may have no value in their place.

/// Macros of hosts and of services, without `HOST` or `SERVICE` in front.
pub(super) const OF_BOTH: &[&str] = &[
    "STATE",
    "STATEID",
    "STATETYPE",
    "ATTEMPT",
    "OUTPUT",
    "PERFDATA",
    "LATENCY",
    "EXECUTIONTIME",
    "DURATION",
    "DURATIONSEC",
    "DOWNTIME",
    "PERCENTCHANGE",
    "GROUPNAME",
    "GROUPNAMES",
    "GROUPALIAS",
    "GROUPMEMBERS",
    "GROUPNOTES",
    "GROUPNOTESURL",
    "GROUPACTIONURL",
    "ACKAUTHOR",
    "ACKAUTHORNAME",
    "ACKAUTHORALIAS",
    "ACKCOMMENT",
    "CHECKCOMMAND",
    "CHECKTYPE",
    "CHECKSOURCE",
    "DISPLAYNAME",
    "ACTIONURL",
    "NOTESURL",
    "NOTES",
    "INFOURL",
    "NOTIFICATIONNUMBER",
    "NOTIFICATIONID",
    "NOTIFICATIONENABLED",
    "NOTIFICATIONPERIOD",
    "EVENTID",
    "PROBLEMID",
    "IMPORTANCE",
];

/// All others.
pub(super) const OTHERS: &[&str] = &[
    "HOSTNAME",
    "HOSTALIAS",
    "HOSTADDRESS",
    "SERVICEDESC",
    "SERVICEISVOLATILE",
    "LASTHOSTCHECK",
    "LASTSERVICECHECK",
    "LASTHOSTSTATECHANGE",
    "LASTSERVICESTATECHANGE",
    "LASTHOSTSTATE",
    "LASTHOSTSTATEID",
    "LASTSERVICESTATE",
    "LASTSERVICESTATEID",
    "LASTHOSTUP",
    "LASTHOSTDOWN",
    "LASTHOSTUNREACHABLE",
    "LASTSERVICEOK",
    "LASTSERVICEWARNING",
    "LASTSERVICEUNKNOWN",
    "LASTSERVICECRITICAL",
    "LASTHOSTEVENTID",
    "LASTSERVICEEVENTID",
    "LASTHOSTPROBLEMID",
    "LASTSERVICEPROBLEMID",
    "LONGHOSTOUTPUT",
    "LONGSERVICEOUTPUT",
    "MAXHOSTATTEMPTS",
    "MAXSERVICEATTEMPTS",
    "HOSTGROUPMEMBERADDRESSES",
    "HOSTANDSERVICESIMPORTANCE",
    "TOTALHOSTSERVICES",
    "CONTACTNAME",
    "CONTACTALIAS",
    "CONTACTEMAIL",
    "CONTACTPAGER",
    "CONTACTADDRESS1",
    "CONTACTADDRESS2",
    "CONTACTADDRESS3",
    "CONTACTADDRESS4",
    "CONTACTADDRESS5",
    "CONTACTADDRESS6",
    "CONTACTGROUPNAME",
    "CONTACTGROUPALIAS",
    "CONTACTGROUPMEMBERS",
    "CONTACTGROUPNAMES",
    "NOTIFICATIONTYPE",
    "NOTIFICATIONNUMBER",
    "NOTIFICATIONISESCALATED",
    "NOTIFICATIONRECIPIENTS",
    "NOTIFICATIONAUTHOR",
    "NOTIFICATIONAUTHORNAME",
    "NOTIFICATIONAUTHORALIAS",
    "NOTIFICATIONCOMMENT",
    "ADMINEMAIL",
    "ADMINPAGER",
    "EVENTSTARTTIME",
    "PROCESSSTARTTIME",
    "ISVALIDTIME",
    "NEXTVALIDTIME",
];

/// Those that have no value anywhere: hlidka numbers no events and no notifications, has none of Nagios' web
/// pages, and does not remember who sent a result.
pub(crate) const WITHOUT_VALUE: &[&str] = &[
    "HOSTCHECKTYPE",
    "SERVICECHECKTYPE",
    "HOSTCHECKSOURCE",
    "SERVICECHECKSOURCE",
    "HOSTINFOURL",
    "SERVICEINFOURL",
    "HOSTNOTIFICATIONID",
    "SERVICENOTIFICATIONID",
    "HOSTEVENTID",
    "SERVICEEVENTID",
    "LASTHOSTEVENTID",
    "LASTSERVICEEVENTID",
    "LASTHOSTPROBLEMID",
    "LASTSERVICEPROBLEMID",
];

/// Without `HOST` or `SERVICE` in them, and what stands before and behind that.
const PASSING: &[(&str, &[&str])] = &[
    (
        "",
        &[
            "STATE",
            "STATEID",
            "STATETYPE",
            "ATTEMPT",
            "OUTPUT",
            "PERFDATA",
            "LATENCY",
            "EXECUTIONTIME",
            "DURATION",
            "DURATIONSEC",
            "DOWNTIME",
            "PERCENTCHANGE",
            "ACKAUTHOR",
            "ACKAUTHORNAME",
            "ACKAUTHORALIAS",
            "ACKCOMMENT",
            "NOTIFICATIONNUMBER",
            "PROBLEMID",
        ],
    ),
    (
        "LAST",
        &[
            "STATE",
            "STATEID",
            "STATECHANGE",
            "CHECK",
            "OK",
            "WARNING",
            "CRITICAL",
            "UNKNOWN",
            "UP",
            "DOWN",
            "UNREACHABLE",
        ],
    ),
    ("LONG", &["OUTPUT"]),
];

/// Does its value depend on the moment: a time, or how something is?
pub(super) fn is_passing(name: &str) -> bool {
    let bare = name.split(':').next().unwrap_or(name);
    let times = ["LONGDATETIME", "SHORTDATETIME", "DATE", "TIME", "TIMET", "PROCESSSTARTTIME"];
    let valid = ["EVENTSTARTTIME", "ISVALIDTIME", "NEXTVALIDTIME"];
    let of_state = |kind: &str| {
        bare.split_once(kind).is_some_and(|(before, behind)| {
            PASSING.iter().any(|(b, all)| *b == before && all.contains(&behind))
        })
    };
    times.contains(&bare)
        || valid.contains(&bare)
        || (bare.starts_with("TOTAL") && bare != "TOTALHOSTSERVICES")
        || of_state("HOST")
        || of_state("SERVICE")
}
