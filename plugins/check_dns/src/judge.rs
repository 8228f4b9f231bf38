//! The verdict of `check_dns`, pure.

use check::{Perfdata, Report, State, Uom};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{RData, RecordType};

use crate::Args;
use crate::ask::Answer;
use crate::expected::expected;
use crate::measure::{Sample, values};
use crate::options::{Flag, Security};
use crate::reply::{code_name, excerpt, extended_error};
use crate::serials::{Nameserver, newest};
use crate::signatures::Signatures;

/// Most values that are shown.
const SHOWN: usize = 12;

pub(crate) fn judge(sample: &Sample, args: &Args) -> Report {
    let verdict = Verdict { sample, args, signatures: signatures(sample, args) };
    let mut problems = verdict.of_the_answer();
    if problems.is_empty() {
        problems.extend(verdict.of_the_values());
        problems.extend(verdict.of_the_flags());
        problems.extend(verdict.of_the_transports());
        problems.extend(verdict.of_dnssec());
    }
    problems.extend(verdict.of_the_serials());
    let thresholds = args.thresholds.thresholds();
    let state =
        problems.iter().fold(thresholds.state(sample.seconds), |worst, (state, _)| worst.worst(*state));
    let summary = if problems.is_empty() {
        verdict.good_news()
    } else {
        let told: Vec<&str> = problems.iter().map(|(_, what)| what.as_str()).collect();
        told.join("; ")
    };
    let report = verdict.metrics().into_iter().fold(Report::new(state, summary), Report::perf);
    verdict.details().into_iter().fold(report, |report, line| report.detail(1, line))
}

fn signatures(sample: &Sample, args: &Args) -> Signatures {
    if args.wants_signatures() {
        Signatures::of(sample.answers.iter().map(|(_, answer)| &answer.message), sample.now)
    } else {
        Signatures::default()
    }
}

struct Verdict<'a> {
    sample: &'a Sample,
    args: &'a Args,
    signatures: Signatures,
}

/// Something wrong, and how bad it is.
type Problem = (State, String);

fn critical(what: String) -> Problem {
    (State::Critical, what)
}

impl Verdict<'_> {
    /// Is there an answer at all, and is it one of the kind that is wanted?
    fn of_the_answer(&self) -> Vec<Problem> {
        let subject = excerpt(self.args.subject());
        let Some((_, last)) = self.sample.answers.last() else { return Vec::new() };
        let place = &last.place;
        let code = last.message.metadata.response_code;
        let problem = match code {
            ResponseCode::NXDomain if self.args.expect_nxdomain => return Vec::new(),
            ResponseCode::NoError if self.args.expect_nxdomain => {
                format!("Domain '{subject}' was found by the server {place}: {}", self.values())
            }
            ResponseCode::NoError => return self.missing(&subject),
            ResponseCode::NXDomain => format!("Domain '{subject}' was not found by the server {place}"),
            ResponseCode::Refused => {
                format!("Query was refused by the DNS server {place}: REFUSED{}", reason(last))
            }
            ResponseCode::ServFail if self.is_bogus() => {
                if self.args.wanted_security() == Some(Security::Bogus) {
                    return Vec::new();
                }
                format!(
                    "DNS failure of the server {place} for {subject}: SERVFAIL{}; with checking disabled it \
                     answers, so the signatures are bogus",
                    reason(last)
                )
            }
            other => {
                format!(
                    "DNS failure of the server {place} for {subject}: {}{}",
                    code_name(other),
                    reason(last)
                )
            }
        };
        vec![critical(problem)]
    }

    /// Types without records. Of A and AAAA, asked for by default, one is enough.
    fn missing(&self, subject: &str) -> Vec<Problem> {
        let empty = |(kind, answer): &&(RecordType, Answer)| values(&answer.message, *kind).is_empty();
        let missing: Vec<String> =
            self.sample.answers.iter().filter(empty).map(|(kind, _)| kind.to_string()).collect();
        let any_will_do = self.args.querytype.is_none();
        if missing.is_empty() || any_will_do && missing.len() < self.sample.answers.len() {
            return Vec::new();
        }
        let place =
            self.sample.answers.first().map(|(_, answer)| answer.place.to_string()).unwrap_or_default();
        vec![critical(format!(
            "{subject} has no {} record, says the server {place}",
            missing.join(" and no ")
        ))]
    }

    fn of_the_values(&self) -> Option<Problem> {
        let wanted = expected(&self.args.expected_address);
        if wanted.is_empty() {
            return None;
        }
        let found: Vec<&RData> = self
            .sample
            .answers
            .iter()
            .flat_map(|(kind, answer)| {
                answer.message.answers.iter().filter(|record| record.record_type() == *kind)
            })
            .map(|record| &record.data)
            .collect();
        let is_good = if self.args.all {
            wanted.iter().all(|wanted| found.iter().any(|data| wanted.admits(data)))
                && found.iter().all(|data| wanted.iter().any(|wanted| wanted.admits(data)))
        } else {
            found.iter().any(|data| wanted.iter().any(|wanted| wanted.admits(data)))
        };
        let words = self.args.expected_address.join("; ");
        (!is_good).then(|| critical(format!("expected '{}' but got '{}'", excerpt(&words), self.values())))
    }

    fn of_the_flags(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (_, answer) in &self.sample.answers {
            let header = &answer.message.metadata;
            if self.args.expect_authority && !header.authoritative {
                let subject = excerpt(self.args.subject());
                problems
                    .push(critical(format!("server {} is not authoritative for {subject}", answer.place)));
            }
            let has = |flag: &&Flag| flag.is_set(header);
            let required = self.args.require_flags.iter().flat_map(|flags| flags.iter());
            for flag in required.filter(|flag| !has(flag)) {
                problems.push(critical(format!("flag {} is missing ({})", flag.name(), Flag::shown(header))));
            }
            let forbidden = self.args.forbid_flags.iter().flat_map(|flags| flags.iter());
            for flag in forbidden.filter(has) {
                problems.push(critical(format!("flag {} is set ({})", flag.name(), Flag::shown(header))));
            }
        }
        problems.dedup();
        problems
    }

    fn of_the_transports(&self) -> Option<Problem> {
        self.sample.by_tcp.as_ref()?.problem.clone().map(critical)
    }

    fn of_dnssec(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let wanted = self.args.wanted_security();
        let found = self.sample.security.as_ref();
        if let Some(wanted) = wanted
            && found.is_none_or(|found| found.security != wanted)
        {
            let found = found.map_or("not to be found out".to_owned(), |found| {
                let by = if found.is_ours { "by our own validation" } else { "says the server" };
                let why = found.reason.as_ref().map(|why| format!(": {}", excerpt(why))).unwrap_or_default();
                format!("{} ({by}){why}", found.security.name())
            });
            problems.push(critical(format!("DNSSEC should be {}, and is {found}", wanted.name())));
        }
        if wanted == Some(Security::Bogus) {
            return problems;
        }
        let told = |what: &String| problems.iter().any(|(_, told)| told.contains(what));
        if let Some(problem) = self.signatures.problem().filter(|problem| !told(problem)) {
            problems.push(critical(problem));
        }
        if let Some(levels) = &self.args.rrsig_days {
            match self.signatures.first() {
                None => problems.push(critical("the answer has no signatures".to_owned())),
                Some((set, window)) if window.is_now() => {
                    let state = levels.0.state(window.days());
                    if state != State::Ok {
                        problems.push((
                            state,
                            format!("the signature of {set} ends in {:.1} days", window.days()),
                        ));
                    }
                }
                Some(_) => {}
            }
        }
        problems
    }

    fn of_the_serials(&self) -> Vec<Problem> {
        let Some(servers) = &self.sample.serials else { return Vec::new() };
        let failed = servers.iter().filter_map(|server| Some((&server.name, server.serial.as_ref().err()?)));
        let mut problems: Vec<Problem> =
            failed.map(|(name, why)| critical(format!("name server {name}: {}", excerpt(why)))).collect();
        if lag(servers).is_some_and(|lag| lag > self.args.serial_lag) {
            let told = servers.iter().filter_map(|server| Some((server.serial.as_ref().ok()?, &server.name)));
            let told: Vec<String> = told.map(|(serial, name)| format!("{serial} on {name}")).collect();
            problems.push(critical(format!("serial numbers differ: {}", told.join(", "))));
        }
        problems
    }

    fn good_news(&self) -> String {
        let subject = excerpt(self.args.subject());
        let found = if self.args.expect_nxdomain {
            "returns NXDOMAIN".to_owned()
        } else if self.is_bogus() {
            "is not resolved".to_owned()
        } else {
            format!("returns {}", self.values())
        };
        let mut parts = vec![format!("{:.3} seconds response time. {subject} {found}", self.sample.seconds)];
        if self.args.wanted_security().is_some()
            && let Some(found) = &self.sample.security
        {
            parts.push(format!("DNSSEC {}", found.security.name()));
        }
        if let Some((_, window)) = self.signatures.first().filter(|_| self.args.rrsig_days.is_some()) {
            parts.push(format!("signatures end in {:.1} days", window.days()));
        }
        if self.sample.answers.iter().any(|(_, answer)| answer.was_truncated) {
            parts.push("asked by TCP since the answer by UDP was truncated".to_owned());
        }
        if self.sample.by_tcp.is_some() {
            parts.push("the same by TCP".to_owned());
        }
        if let Some(servers) = &self.sample.serials
            && let (Some(lag), Some(serial)) = (lag(servers), newest_of(servers))
        {
            let older = if lag > 0 { format!(" or up to {lag} older") } else { String::new() };
            parts.push(format!("serial {serial}{older} on {} name servers", servers.len()));
        }
        parts.join(", ")
    }

    fn is_bogus(&self) -> bool {
        self.sample.security.as_ref().is_some_and(|found| found.security == Security::Bogus)
    }

    /// All values that were asked for, on one line.
    fn values(&self) -> String {
        let mut all: Vec<String> =
            self.sample.answers.iter().flat_map(|(kind, answer)| values(&answer.message, *kind)).collect();
        all.dedup();
        let more = all.len().saturating_sub(SHOWN);
        all.truncate(SHOWN);
        let text = all.iter().map(|value| excerpt(value)).collect::<Vec<String>>().join(",");
        if more > 0 { format!("{text} and {more} more") } else { text }
    }

    fn metrics(&self) -> Vec<Perfdata> {
        let thresholds = self.args.thresholds.thresholds();
        let mut metrics = vec![Perfdata::seconds("time", self.sample.seconds).limits(&thresholds)];
        if let Some(by_tcp) = &self.sample.by_tcp {
            metrics.push(Perfdata::seconds("time_tcp", by_tcp.seconds));
        }
        if let Some((_, window)) = self.signatures.first() {
            let levels = self.args.rrsig_days.as_ref().map(|levels| &levels.0);
            let (warning, critical) =
                levels.map_or((None, None), |l| (l.warning.as_ref(), l.critical.as_ref()));
            metrics.push(
                Perfdata::new("rrsig_days", window.days(), Uom::None)
                    .decimals(2)
                    .thresholds(warning, critical),
            );
        }
        if let Some(servers) = &self.sample.serials {
            let answering = servers.iter().filter(|server| server.serial.is_ok()).count();
            metrics.push(
                Perfdata::new("nameservers", answering as f64, Uom::None).min(0.0).max(servers.len() as f64),
            );
            if let Some(lag) = lag(servers) {
                metrics.push(Perfdata::new("serial_lag", f64::from(lag), Uom::None).min(0.0));
            }
        }
        metrics
    }

    /// With -v: every answer, as dig would show it.
    fn details(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (kind, answer) in &self.sample.answers {
            let header = &answer.message.metadata;
            lines.push(format!(
                "{kind} from {}: {}, flags {}, {} records",
                answer.place,
                code_name(header.response_code),
                Flag::shown(header),
                answer.message.answers.len()
            ));
            for record in answer.message.answers.iter().take(SHOWN) {
                lines.push(excerpt(&record.to_string()));
            }
        }
        for (set, window) in self.signatures.sets.iter().take(SHOWN) {
            lines.push(format!("signature of {set}: {:.1} days left", window.days()));
        }
        for server in self.sample.serials.iter().flatten() {
            match &server.serial {
                Ok(serial) => lines.push(format!("serial {serial} on {}", server.name)),
                Err(why) => lines.push(format!("no serial on {}: {}", server.name, excerpt(why))),
            }
        }
        lines
    }
}

/// The server's own reason for a failure.
fn reason(answer: &Answer) -> String {
    extended_error(&answer.message).map(|why| format!(" ({why})")).unwrap_or_default()
}

fn newest_of(servers: &[Nameserver]) -> Option<u32> {
    newest(servers.iter().filter_map(|server| server.serial.as_ref().ok().copied()))
}

/// How far the oldest serial number is behind the newest.
fn lag(servers: &[Nameserver]) -> Option<u32> {
    let newest = newest_of(servers)?;
    servers
        .iter()
        .filter_map(|server| server.serial.as_ref().ok())
        .map(|serial| newest.wrapping_sub(*serial))
        .max()
}
