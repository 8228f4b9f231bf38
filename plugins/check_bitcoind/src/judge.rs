//! The verdict of `check_bitcoind`, pure.

use check::{Perfdata, Range, Report, State, Thresholds, Uom, span};

use crate::consensus::Consensus;
use crate::facts::{ChainFacts, NetworkFacts};
use crate::node::Node;
use crate::{Args, Sample};

/// Blocks may be dated up to two hours ahead of the network's time; more is a wrong clock here.
const AHEAD_OF_TIME: i64 = 7200;

/// Sources named on the first line.
const NAMED: usize = 4;

pub(crate) fn judge(sample: &Sample, args: &Args) -> Report {
    let (chain, network) = match &sample.node {
        Node::Starting(words) => {
            return Report::new(State::Warning, format!("the node is starting: {words}"))
                .perf(Perfdata::seconds("time", sample.seconds));
        }
        Node::Running { chain, network } => (chain, network.as_ref()),
    };
    let mut found = Findings::default();
    look_at_chain(chain, args, &mut found);
    look_at_sources(sample, chain, args, &mut found);
    look_at_age(sample.now, chain, args, &mut found);
    if let Some(network) = network {
        look_at_network(network, args, &mut found);
    }
    let warnings = chain.warnings.iter().chain(network.iter().flat_map(|network| &network.warnings));
    let mut told: Vec<&String> = Vec::new();
    for warning in warnings {
        // the same warnings stand in both answers
        if !told.contains(&warning)
            && !args.ignore_warnings.iter().any(|text| warning.contains(text.as_str()))
        {
            told.push(warning);
            found.problem(State::Warning, format!("the node warns: {warning}"));
        }
    }
    found.perfdata.push(Perfdata::seconds("time", sample.seconds));
    let mut report = found.report();
    report = report.detail(1, format!("node: height {}, headers {}", chain.height, chain.headers));
    if let Some(network) = network {
        let outbound =
            network.outbound.map(|count| format!(", {count} of them outbound")).unwrap_or_default();
        report = report.detail(1, format!("node: {}, {} peers{outbound}", network.version, network.peers));
    }
    for (source, height) in args.sources.iter().zip(&sample.heights) {
        let said = match height {
            Ok(height) => format!("{}: {height}", source.name),
            Err(why) => why.clone(),
        };
        report = report.detail(1, said);
    }
    report
}

/// What goes into the line: problems first, then what is fine, then what the sources are to blame for.
#[derive(Default)]
struct Findings {
    problems: Vec<(State, String)>,
    fine: Vec<String>,
    notes: Vec<String>,
    perfdata: Vec<Perfdata>,
}

impl Findings {
    fn problem(&mut self, state: State, text: String) {
        self.problems.push((state, text));
    }

    /// `text` is a problem in a bad state, else part of a good line.
    fn say(&mut self, state: State, text: String) {
        if state == State::Ok { self.fine.push(text) } else { self.problem(state, text) }
    }

    fn report(mut self) -> Report {
        let state = self.problems.iter().fold(State::Ok, |worst, (state, _)| worst.worst(*state));
        // stable: the worst first, else as they were found
        self.problems.sort_by_key(|(state, _)| std::cmp::Reverse(state.severity()));
        let mut said: Vec<String> = self.problems.into_iter().map(|(_, text)| text).collect();
        said.append(&mut self.fine);
        let mut line = said.join(", ");
        if !self.notes.is_empty() {
            line = format!("{line}; {}", self.notes.join("; "));
        }
        let report = Report::new(state, line);
        self.perfdata.into_iter().fold(report, Report::perf)
    }
}

fn look_at_chain(chain: &ChainFacts, args: &Args, found: &mut Findings) {
    if chain.chain != args.chain {
        let text = format!("the node is on chain {}, expected {}", chain.chain, args.chain);
        found.problem(State::Critical, text);
    }
    if let Some(done) = chain.downloading {
        let percent = (done * 1000.0).floor() / 10.0;
        found.problem(State::Warning, format!("initial block download, {percent:.1} % done"));
    }
    found.fine.push(format!("height {}", chain.height));
    found.perfdata.push(Perfdata::new("height", chain.height as f64, Uom::None).min(0.0));
}

/// The lag, and who cannot be relied on.
fn look_at_sources(sample: &Sample, chain: &ChainFacts, args: &Args, found: &mut Findings) {
    let answered: Vec<u64> =
        sample.heights.iter().filter_map(|height| height.as_ref().ok().copied()).collect();
    let consensus = Consensus::of(&answered, u64::from(args.tolerance));
    let agreeing = consensus.as_ref().map_or(0, Consensus::agreeing);
    let (least, all) = (args.min_sources(), args.sources.len());
    if let Some(consensus) = consensus.as_ref().filter(|_| agreeing >= least) {
        look_at_lag(chain.height, consensus.median, agreeing, args, found);
    } else {
        let text =
            format!("{agreeing} of {all} sources agree, at least {least} must, so the lag is not known");
        found.problem(State::Unknown, text);
    }
    let least = Range::at_least(least as f64);
    found.perfdata.push(
        Perfdata::new("sources", agreeing as f64, Uom::None)
            .thresholds(None, Some(&least))
            .min(0.0)
            .max(all as f64),
    );
    let mut agrees = consensus.iter().flat_map(|consensus| consensus.agrees.iter().copied());
    let mut bad = Vec::new();
    for (source, height) in args.sources.iter().zip(&sample.heights) {
        match height {
            Err(why) => bad.push(why.clone()),
            Ok(height) if !agrees.next().unwrap_or_default() => {
                bad.push(format!("{} disagrees: {height}", source.name));
            }
            Ok(_) => {}
        }
    }
    if args.strict && !bad.is_empty() {
        let text = if bad.len() == 1 {
            "a source is not to be relied on"
        } else {
            "sources are not to be relied on"
        };
        found.problem(State::Warning, text.to_owned());
    }
    let more = bad.len().saturating_sub(NAMED);
    bad.truncate(NAMED);
    found.notes.append(&mut bad);
    if more > 0 {
        found.notes.push(format!("{more} more sources fail or disagree"));
    }
}

fn look_at_lag(height: u64, median: u64, agreeing: usize, args: &Args, found: &mut Findings) {
    let behind = median.saturating_sub(height);
    let ahead = height.saturating_sub(median);
    let of =
        format!("the median {median} of {agreeing} {}", if agreeing == 1 { "source" } else { "sources" });
    let thresholds = Thresholds::new(Some(args.warning.clone()), Some(args.critical.clone()));
    let state = thresholds.state(behind as f64);
    let text = match (behind, ahead) {
        (0, 0) => format!("level with {of}"),
        (0, ahead) => format!("{} ahead of {of}", blocks(ahead)),
        (behind, _) => format!("{} behind {of}", blocks(behind)),
    };
    let too_far = ahead > u64::from(args.max_ahead);
    let state = if too_far { state.worst(State::Warning) } else { state };
    let limit = if too_far { format!(" (--max-ahead is {})", args.max_ahead) } else { String::new() };
    found.say(state, format!("{text}{limit}"));
    let lag = median as f64 - height as f64;
    // ahead is below 0: a warning from --max-ahead on, and never critical (`~:6` is printed as `6`)
    let warning = with_start(&args.warning, &format!("-{}", args.max_ahead));
    let critical = with_start(&args.critical, "~");
    let lag = Perfdata::new("lag", lag, Uom::None).thresholds(Some(&warning), Some(&critical));
    found.perfdata.push(lag);
    found.perfdata.push(Perfdata::new("median", median as f64, Uom::None).min(0.0));
}

/// A range of blocks behind that begins at 0, with another start; any other range as it is.
fn with_start(range: &Range, start: &str) -> Range {
    if range.is_inside() || range.start() != 0.0 || !range.end().is_finite() {
        return range.clone();
    }
    format!("{start}:{}", range.end()).parse().unwrap_or_else(|_| range.clone())
}

fn look_at_age(now: i64, chain: &ChainFacts, args: &Args, found: &mut Findings) {
    let Some(time) = chain.tip_time else {
        found.problem(State::Unknown, "the node does not tell the time of its newest block".to_owned());
        return;
    };
    let age = now.saturating_sub(time);
    if age < -AHEAD_OF_TIME {
        let text = format!(
            "the newest block is {} in the future: is this machine's clock right?",
            span(-age as f64)
        );
        found.problem(State::Warning, text);
        return;
    }
    let age = age.max(0);
    let limits = [args.tip_age_warning, args.tip_age_critical].map(Range::up_to);
    let [warning, critical] = &limits;
    let state = Thresholds::new(Some(warning.clone()), Some(critical.clone())).state(age as f64);
    found.say(state, format!("newest block {} old", span(age as f64)));
    let metric = Perfdata::new("tip_age", age as f64, Uom::Seconds);
    found.perfdata.push(metric.thresholds(Some(warning), Some(critical)).min(0.0));
}

fn look_at_network(network: &NetworkFacts, args: &Args, found: &mut Findings) {
    let (warning, critical) = (&args.peers_warning, &args.peers_critical);
    if !network.active {
        found.problem(State::Critical, "its network is switched off (setnetworkactive)".to_owned());
    }
    let state = Thresholds::new(Some(warning.clone()), Some(critical.clone())).state(network.peers as f64);
    let text = if network.peers == 1 { "1 peer".to_owned() } else { format!("{} peers", network.peers) };
    found.say(state, text);
    let metric = Perfdata::new("peers", network.peers as f64, Uom::None);
    found.perfdata.push(metric.thresholds(Some(warning), Some(critical)).min(0.0));
}

fn blocks(count: u64) -> String {
    if count == 1 { "1 block".to_owned() } else { format!("{count} blocks") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Args as _, FromArgMatches};

    const NOW: i64 = 1_795_000_000;

    fn node(height: u64) -> Node {
        let chain = ChainFacts {
            height,
            headers: height,
            chain: "main".to_owned(),
            tip_time: Some(NOW - 300),
            ..ChainFacts::default()
        };
        let network = NetworkFacts { peers: 10, active: true, ..NetworkFacts::default() };
        Node::Running { chain, network: Some(network) }
    }

    fn judged(line: &[&str], node: Node, heights: &[Option<u64>]) -> Report {
        let command = Args::augment_args(clap::Command::new("x").no_binary_name(true));
        let sources =
            (0..heights.len()).flat_map(|i| ["-s".to_owned(), format!("s{i}=http://s{i}.example/")]);
        let line = line.iter().map(ToString::to_string).chain(sources);
        let args = Args::from_arg_matches(&command.try_get_matches_from(line).unwrap()).unwrap();
        let heights =
            heights.iter().enumerate().map(|(i, height)| height.ok_or_else(|| format!("s{i}: down")));
        judge(&Sample { seconds: 0.5, now: NOW, node, heights: heights.collect() }, &args)
    }

    fn said(report: &Report) -> (State, &str) {
        (report.state, &report.summary)
    }

    #[test]
    fn a_good_node_is_level_with_the_median() {
        let report = judged(&[], node(870_000), &[Some(870_000), Some(870_001), None]);
        assert_eq!(
            report.render("BITCOIND", " - ", 0),
            "BITCOIND OK - height 870000, level with the median 870000 of 2 sources, newest block 5 minutes old, \
             10 peers; s2: down | height=870000;;;0 lag=0;-6:3;6 median=870000;;;0 sources=2;;2:;0;3 \
             tip_age=300s;7200;21600;0 peers=10;4:;1:;0 time=0.500000s;;;0.000000\n"
        );
    }

    #[test]
    fn lag_has_limits_in_both_directions() {
        let three = |height| [Some(height); 3];
        let state = |own, theirs, line: &[&str]| judged(line, node(own), &three(theirs)).state;
        assert_eq!(state(100, 103, &[]), State::Ok);
        assert_eq!(state(100, 104, &[]), State::Warning);
        assert_eq!(state(100, 107, &[]), State::Critical);
        assert_eq!(state(100, 104, &["-w", "~:5"]), State::Ok);
        assert_eq!(state(106, 100, &[]), State::Ok);
        assert_eq!(state(107, 100, &[]), State::Warning);
        let ahead = judged(&[], node(107), &three(100));
        assert_eq!(
            said(&ahead).1,
            "7 blocks ahead of the median 100 of 3 sources (--max-ahead is 6), height 107, newest block 5 minutes old, 10 peers"
        );
        assert!(ahead.render("", "", 0).contains(" lag=-7;-6:3;6 "));
        assert!(judged(&[], node(99), &three(100)).summary.contains("1 block behind"));
    }

    #[test]
    fn sources_are_named_and_must_be_enough() {
        let liar = judged(&[], node(100), &[Some(100), Some(100), Some(5)]);
        assert!(liar.summary.ends_with("; s2 disagrees: 5") && liar.state == State::Ok, "{}", liar.summary);
        assert_eq!(judged(&["--strict"], node(100), &[Some(100), Some(100), Some(5)]).state, State::Warning);
        assert_eq!(judged(&["--strict"], node(100), &[Some(100); 3]).state, State::Ok);
        let few = judged(&[], node(100), &[Some(100), None, None]);
        assert_eq!(
            said(&few),
            (
                State::Unknown,
                "1 of 3 sources agree, at least 2 must, so the lag is not known, height 100, newest block 5 minutes old, \
                 10 peers; s1: down; s2: down"
            )
        );
        assert_eq!(judged(&["--min-sources", "1"], node(100), &[Some(100), None, None]).state, State::Ok);
        assert_eq!(judged(&[], node(100), &[Some(100), Some(500)]).state, State::Unknown);
        let many = judged(&[], node(100), &[None; 9]);
        assert!(many.summary.ends_with("s3: down; 5 more sources fail or disagree"), "{}", many.summary);
        // a node in trouble is not excused by bad sources
        let Node::Running { chain, .. } = node(100) else { panic!() };
        let lonely = NetworkFacts { peers: 0, active: true, ..NetworkFacts::default() };
        let lonely = Node::Running { chain, network: Some(lonely) };
        assert_eq!(judged(&[], lonely, &[None; 3]).state, State::Critical);
    }

    #[test]
    fn the_node_itself_has_limits() {
        let with = |change: &dyn Fn(&mut ChainFacts, &mut NetworkFacts), line: &[&str]| {
            let Node::Running { mut chain, network: Some(mut network) } = node(100) else { panic!() };
            change(&mut chain, &mut network);
            judged(line, Node::Running { chain, network: Some(network) }, &[Some(100)])
        };
        let age = |age: i64| with(&|chain, _| chain.tip_time = Some(NOW - age), &[]);
        assert_eq!(age(7200).state, State::Ok);
        assert_eq!(age(7201).state, State::Warning);
        assert!(
            age(86_400).summary.starts_with("newest block 24.0 hours old")
                && age(86_400).state == State::Critical
        );
        assert_eq!(age(-7200).state, State::Ok);
        assert!(age(-9000).summary.starts_with("the newest block is 2.5 hours in the future"));
        assert_eq!(with(&|chain, _| chain.tip_time = None, &[]).state, State::Unknown);
        assert_eq!(with(&|_, network| network.peers = 3, &[]).state, State::Warning);
        assert_eq!(with(&|_, network| network.peers = 0, &[]).state, State::Critical);
        assert_eq!(with(&|_, network| network.active = false, &[]).state, State::Critical);
        let other = with(&|chain, _| chain.chain = "test".to_owned(), &[]);
        assert!(other.summary.starts_with("the node is on chain test, expected main"), "{}", other.summary);
        let loading = with(&|chain, _| chain.downloading = Some(0.5439), &[]);
        assert_eq!(loading.state, State::Warning);
        assert!(loading.summary.starts_with("initial block download, 54.3 % done"), "{}", loading.summary);
        let warn = |chain: &mut ChainFacts, network: &mut NetworkFacts| {
            chain.warnings = vec!["pre-release".to_owned()];
            network.warnings = vec!["pre-release".to_owned(), "unknown rules".to_owned()];
        };
        let warned = with(&warn, &[]);
        assert!(
            warned.summary.starts_with("the node warns: pre-release, the node warns: unknown rules, height"),
            "{}",
            warned.summary
        );
        let ignoring = ["--ignore-warnings", "release", "--ignore-warnings", "unknown"];
        assert_eq!(with(&warn, &ignoring).state, State::Ok);
        let starting = judged(&[], Node::Starting("Loading block index…".to_owned()), &[None]);
        assert_eq!(said(&starting), (State::Warning, "the node is starting: Loading block index…"));
    }
}
