//! The verdict of `check_bittorrent`, pure.

use check::{CheckError, Perfdata, Range, Report, State, Thresholds, Uom};

use crate::Args;
use crate::http_tracker::Counts;
use crate::measure::{Examined, Sample};
use crate::tracker::{Asked, Failure};
use crate::wire::Verdict;

/// Peers and trackers named on the first line.
const NAMED: usize = 3;

/// An error only if nothing but time was the trouble: that has a state of its own.
pub(crate) fn judge(sample: &Sample, args: &Args) -> Result<Report, CheckError> {
    let failed: Vec<(&Asked, &Failure)> =
        sample.trackers.iter().filter_map(|asked| Some((asked, asked.failure.as_ref()?))).collect();
    let all_failed = !sample.trackers.is_empty() && failed.len() == sample.trackers.len();
    let seeds = sample.peers.iter().filter(|peer| peer.outcome == Ok(Verdict::Seed)).count();
    let name = &sample.subject.name;
    let told: Vec<String> =
        failed.iter().map(|(asked, failure)| format!("tracker {}", line(asked, failure))).collect();
    if all_failed && sample.peers.is_empty() && failed.iter().all(|(_, failure)| failure.timed_out) {
        return Err(CheckError::timeout(format!("{name}: {}", listed(&told))));
    }
    let (mut problems, mut fine, mut notes) = (Vec::new(), Vec::new(), Vec::new());
    let counts = most(&sample.trackers);
    let thresholds = Thresholds::new(args.warning.clone(), Some(args.critical.clone()));
    if let Some(counts) = counts {
        let text = format!("{}, {}", count(counts.seeders, "seeder"), count(counts.leechers, "leecher"));
        say(thresholds.state(counts.seeders as f64), text, &mut problems, &mut fine);
    }
    let answered = sample.trackers.len() - failed.len();
    if counts.is_none() && answered > 0 {
        problems.push((State::Unknown, "no tracker tells how many seeders there are".to_owned()));
    }
    let least = args.min_trackers.map_or(sample.trackers.len(), |least| least as usize);
    if answered < least {
        let state = if answered == 0 { State::Critical } else { State::Warning };
        let few = format!("{answered} of {} answered, expected {least}", count_of_trackers(sample));
        problems.push((state, if told.is_empty() { few } else { listed(&told) }));
    } else if !told.is_empty() {
        notes.push(listed(&told));
    }
    for peer in sample.peers.iter().filter(|peer| peer.is_ours && peer.outcome != Ok(Verdict::Seed)) {
        problems.push((State::Critical, format!("peer {}", outcome(peer))));
    }
    let wanted = args.verify as usize;
    if !args.scrape_only {
        if seeds >= wanted {
            fine.push(format!("{} verified", count(seeds as u64, "full seed")));
        } else if !(sample.peers.is_empty() && all_failed) {
            problems.push((State::Critical, unverified(sample, seeds, wanted)));
        }
    }
    let state = problems.iter().fold(State::Ok, |worst, (state, _)| worst.worst(*state));
    problems.sort_by_key(|(state, _)| std::cmp::Reverse(state.severity()));
    let mut said: Vec<String> = problems.into_iter().map(|(_, text)| text).collect();
    said.append(&mut fine);
    let mut summary = format!("{name}: {}", said.join(", "));
    if !notes.is_empty() {
        summary = format!("{summary}; {}", notes.join("; "));
    }
    let report = metrics(Report::new(state, summary), sample, args, counts, failed.len(), seeds);
    Ok(details(report, sample))
}

fn count_of_trackers(sample: &Sample) -> String {
    count(sample.trackers.len() as u64, "tracker")
}

/// By the tracker that knows most seeders: trackers know of the same peers, so a sum would be too much.
fn most(trackers: &[Asked]) -> Option<Counts> {
    trackers.iter().filter_map(|asked| asked.counts).max_by_key(|counts| (counts.seeders, counts.leechers))
}

fn unverified(sample: &Sample, seeds: usize, wanted: usize) -> String {
    let others: Vec<&Examined> =
        sample.peers.iter().filter(|peer| !peer.is_ours && peer.outcome != Ok(Verdict::Seed)).collect();
    let what = match (seeds, wanted) {
        (0, 1) => "no full seed".to_owned(),
        _ => format!("{}, expected {wanted}", count(seeds as u64, "full seed")),
    };
    if others.is_empty() {
        let peers = if sample.peers.is_empty() { "no peers are known" } else { "no other peers are known" };
        return format!("{what}: {peers}");
    }
    let told: Vec<String> = others.iter().map(|peer| outcome(peer)).collect();
    let among = count(sample.peers.len() as u64, "peer");
    format!("{what} among {among} ({})", listed(&told))
}

fn outcome(peer: &Examined) -> String {
    let said = match &peer.outcome {
        Ok(Verdict::Seed) => "has everything".to_owned(),
        Ok(Verdict::Part { have, pieces }) => format!("has {have} of {pieces} pieces"),
        Ok(Verdict::Nothing) => "has nothing".to_owned(),
        Ok(Verdict::Unproven) => "does not tell how many pieces there are".to_owned(),
        Ok(Verdict::Silent) => "does not say what it has".to_owned(),
        // a failed connection names the peer already
        Err(why) if why.contains(&peer.name) => return why.clone(),
        Err(why) => why.clone(),
    };
    format!("{} {said}", peer.name)
}

fn line(asked: &Asked, failure: &Failure) -> String {
    format!("{}: {}", asked.name, failure.text)
}

fn metrics(
    report: Report,
    sample: &Sample,
    args: &Args,
    counts: Option<Counts>,
    failed: usize,
    seeds: usize,
) -> Report {
    let number = |label: &str, value: u64| Perfdata::new(label, value as f64, Uom::None).min(0.0);
    let mut report = report;
    if let Some(counts) = counts {
        let seeders = number("seeders", counts.seeders);
        report = report
            .perf(seeders.thresholds(args.warning.as_ref(), Some(&args.critical)))
            .perf(number("leechers", counts.leechers));
        let completed = sample.trackers.iter().filter_map(|asked| asked.counts?.completed).max();
        report = completed
            .into_iter()
            .fold(report, |report, completed| report.perf(number("completed", completed)));
    }
    if !sample.trackers.is_empty() {
        let all = sample.trackers.len();
        report = report.perf(number("trackers", (all - failed) as u64).max(all as f64));
    }
    if !args.scrape_only {
        let least = Range::at_least(f64::from(args.verify));
        report = report.perf(number("verified", seeds as u64).thresholds(None, Some(&least)));
    }
    report.perf(Perfdata::seconds("time", sample.seconds))
}

fn details(report: Report, sample: &Sample) -> Report {
    let subject = &sample.subject;
    let mut report = report.detail(1, format!("hash {}", subject.info_hash));
    if let Some(info) = &subject.info {
        let private = if info.is_private { ", private" } else { "" };
        report = report.detail(
            1,
            format!("{} in {}{private}", fetch::shown(info.length), count(u64::from(info.pieces), "piece")),
        );
    }
    for asked in &sample.trackers {
        let said = match (&asked.failure, asked.counts) {
            (Some(failure), _) => failure.text.clone(),
            (None, Some(counts)) => format!(
                "{}, {}, {} named",
                count(counts.seeders, "seeder"),
                count(counts.leechers, "leecher"),
                count(asked.peers.len() as u64, "peer")
            ),
            (None, None) => format!("no numbers, {} named", count(asked.peers.len() as u64, "peer")),
        };
        report = report.detail(1, format!("tracker {}: {said}", asked.name));
        report = asked
            .notes
            .iter()
            .fold(report, |report, note| report.detail(2, format!("tracker {}: {note}", asked.name)));
    }
    report = sample.unusable.iter().fold(report, |report, why| report.detail(1, why.clone()));
    sample.peers.iter().fold(report, |report, peer| report.detail(1, format!("peer {}", outcome(peer))))
}

fn say(state: State, text: String, problems: &mut Vec<(State, String)>, fine: &mut Vec<String>) {
    if state == State::Ok { fine.push(text) } else { problems.push((state, text)) }
}

/// The first few of many.
fn listed(all: &[String]) -> String {
    let mut text = all.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    if all.len() > NAMED {
        text = format!("{text}, and {} more", all.len() - NAMED);
    }
    text
}

fn count(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metainfo::{Info, InfoHash, Subject};
    use clap::{Args as _, FromArgMatches};

    fn judged(line: &[&str], trackers: Vec<Asked>, peers: Vec<Examined>) -> Result<Report, CheckError> {
        let command = Args::augment_args(clap::Command::new("x").no_binary_name(true));
        let line = ["-T", "x.torrent"].iter().chain(line);
        let args = Args::from_arg_matches(&command.try_get_matches_from(line).unwrap()).unwrap();
        let info = Info { name: "x".to_owned(), pieces: 20, length: 1, is_private: false };
        let subject = Subject {
            name: "x".to_owned(),
            info_hash: InfoHash([0; 20]),
            info: Some(info),
            trackers: Vec::new(),
            peers: Vec::new(),
        };
        judge(&Sample { seconds: 0.5, subject, trackers, peers, unusable: Vec::new() }, &args)
    }

    fn good(seeders: u64) -> Asked {
        let counts = Some(Counts { seeders, leechers: 1, completed: Some(9) });
        Asked { name: "http://t".to_owned(), counts, ..Asked::default() }
    }

    fn bad(timed_out: bool) -> Asked {
        let failure = Some(Failure { text: "it refuses: no".to_owned(), timed_out });
        Asked { name: "udp://u:1".to_owned(), failure, ..Asked::default() }
    }

    fn peer(outcome: Result<Verdict, &str>) -> Examined {
        Examined { name: "p:1".to_owned(), is_ours: false, outcome: outcome.map_err(str::to_owned) }
    }

    fn seed() -> Vec<Examined> {
        vec![peer(Ok(Verdict::Seed))]
    }

    fn said(report: Result<Report, CheckError>) -> (State, String) {
        let report = report.unwrap();
        (report.state, report.summary)
    }

    #[test]
    fn what_was_asked_for_is_judged_or_said_to_be_unknown() {
        let silent = Asked { name: "http://t".to_owned(), ..Asked::default() };
        let (state, text) = said(judged(&["-w", "100:", "-c", "50:"], vec![silent], seed()));
        assert_eq!(
            (state, text.contains("no tracker tells how many seeders")),
            (State::Unknown, true),
            "{text}"
        );
        let (state, text) = said(judged(&["--min-trackers", "3"], vec![good(5), good(5)], seed()));
        assert_eq!(
            (state, text.contains("2 of 2 trackers answered, expected 3")),
            (State::Warning, true),
            "{text}"
        );
        assert_eq!(said(judged(&["--min-trackers", "2"], vec![good(5), good(5)], seed())).0, State::Ok);
    }

    #[test]
    fn a_seeded_torrent_has_seeders_and_one_that_is_verified() {
        let report = judged(&["-w", "3:"], vec![good(3), good(2)], seed()).unwrap();
        assert_eq!(
            report.render("BITTORRENT", " - ", 0),
            "BITTORRENT OK - x: 3 seeders, 1 leecher, 1 full seed verified | seeders=3;3:;1:;0 leechers=1;;;0 completed=9;;;0 \
             trackers=2;;;0;2 verified=1;;1:;0 time=0.500000s;;;0.000000\n"
        );
        assert_eq!(said(judged(&["-w", "3:"], vec![good(2)], seed())).0, State::Warning);
        let none = said(judged(&[], vec![good(0)], Vec::new()));
        assert_eq!(
            none,
            (State::Critical, "x: 0 seeders, 1 leecher, no full seed: no peers are known".to_owned())
        );
        assert_eq!(said(judged(&["--scrape-only"], vec![good(1)], Vec::new())).0, State::Ok);
    }

    #[test]
    fn peers_that_are_no_seeds_are_told() {
        let peers = vec![
            peer(Ok(Verdict::Part { have: 3, pieces: 20 })),
            peer(Err("connect to p:1: refused")),
            peer(Err("hung up")),
        ];
        let (state, text) = said(judged(&[], vec![good(1)], peers));
        assert_eq!(
            (state, text.as_str()),
            (
                State::Critical,
                "x: no full seed among 3 peers (p:1 has 3 of 20 pieces, connect to p:1: refused, p:1 hung up), 1 seeder, 1 leecher"
            )
        );
        let (state, text) = said(judged(&["--verify", "2"], vec![good(2)], seed()));
        assert_eq!(
            (state, text.as_str()),
            (State::Critical, "x: 1 full seed, expected 2: no other peers are known, 2 seeders, 1 leecher")
        );
        let ours = Examined { is_ours: true, ..peer(Ok(Verdict::Nothing)) };
        let (state, text) = said(judged(&[], vec![good(1)], [vec![ours], seed()].concat()));
        assert_eq!(
            (state, text.as_str()),
            (State::Critical, "x: peer p:1 has nothing, 1 seeder, 1 leecher, 1 full seed verified")
        );
    }

    #[test]
    fn each_tracker_that_fails_is_named() {
        let (state, text) = said(judged(&[], vec![good(1), bad(false)], seed()));
        let want = "x: tracker udp://u:1: it refuses: no, 1 seeder, 1 leecher, 1 full seed verified";
        assert_eq!((state, text.as_str()), (State::Warning, want));
        let (state, text) = said(judged(&["--min-trackers", "1"], vec![good(1), bad(false)], seed()));
        assert!(
            state == State::Ok && text.ends_with("verified; tracker udp://u:1: it refuses: no"),
            "{text}"
        );
        let (state, text) = said(judged(&[], vec![bad(false), bad(true)], Vec::new()));
        assert!(state == State::Critical && !text.contains("seed"), "{text}");
        // nothing but time: the state of -t
        assert!(matches!(judged(&[], vec![bad(true)], Vec::new()), Err(CheckError::Timeout(_))));
        assert_eq!(said(judged(&[], vec![bad(true)], seed())).0, State::Critical);
    }
}
