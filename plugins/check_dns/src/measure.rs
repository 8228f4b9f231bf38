//! All I/O of `check_dns`, in order: the questions; what else is asked about the answers.

use std::time::{SystemTime, UNIX_EPOCH};

use check::{CheckError, Ctx};
use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::{Name, RecordType};

use crate::Args;
use crate::ask::{Answer, Asker, Manner, Transport};
use crate::expected::shown;
use crate::options::Security;
use crate::reply;
use crate::serials::{self, Nameserver};
use crate::validate::{Anchors, Proven};

/// What was seen.
pub(crate) struct Sample {
    /// The questions' types with their answers; after one that fails no other is asked.
    pub answers: Vec<(RecordType, Answer)>,
    /// All questions together.
    pub seconds: f64,
    /// What DNSSEC says of the answers, if anybody was asked.
    pub security: Option<Proven>,
    /// The same by TCP, if that was asked for.
    pub by_tcp: Option<ByTcp>,
    /// Every name server of the zone, if that was asked for.
    pub serials: Option<Vec<Nameserver>>,
    /// Unix time.
    pub now: i64,
}

/// The answers by TCP.
pub(crate) struct ByTcp {
    pub seconds: f64,
    /// Why they will not do.
    pub problem: Option<String>,
}

pub(crate) async fn measure(args: &Args, ctx: &Ctx) -> Result<Sample, CheckError> {
    let name = args.name()?;
    let anchors = args.trust_anchor.as_deref().map(Anchors::read).transpose()?;
    if let Some(anchors) = &anchors {
        anchors.above(&name)?;
    }
    let servers = args.servers()?;
    let asker = Asker::new(args, servers.first(), ctx).await?;
    let mut answers = Vec::new();
    for kind in &*args.types() {
        let answer = asker.ask(&name, *kind).await?;
        let failed = answer.message.metadata.response_code != ResponseCode::NoError;
        answers.push((*kind, answer));
        if failed {
            break;
        }
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let now = i64::try_from(now).unwrap_or(i64::MAX);
    let code = answers.last().map(|(_, answer)| answer.message.metadata.response_code);
    let can_be_proven = matches!(code, Some(ResponseCode::NoError | ResponseCode::NXDomain));
    let security = match &anchors {
        Some(anchors) if can_be_proven => Some(anchors.prove(&asker, &name, &answers, now).await),
        Some(_) => None,
        None => word_of_the_server(&asker, &name, &answers).await,
    };
    let serials = if args.serials && code == Some(ResponseCode::NoError) {
        Some(serials::of(&asker, &name, &servers, args, ctx).await?)
    } else {
        None
    };
    Ok(Sample {
        seconds: answers.iter().map(|(_, answer)| answer.seconds).sum(),
        by_tcp: if args.both_transports { Some(by_tcp(&asker, &name, &answers).await) } else { None },
        serials,
        security,
        answers,
        now,
    })
}

/// A validating resolver sets AD where it has proven the answer, and fails where it has not; with
/// checking disabled it then answers all the same.
async fn word_of_the_server(asker: &Asker, name: &Name, answers: &[(RecordType, Answer)]) -> Option<Proven> {
    let proven = |security, reason| Some(Proven { security, reason, is_ours: false });
    let (kind, last) = answers.last()?;
    if last.message.metadata.response_code == ResponseCode::ServFail {
        let unchecked = asker.with(Manner { checking_disabled: true, ..asker.manner });
        let code = unchecked.ask(name, *kind).await.ok()?.message.metadata.response_code;
        let passes = matches!(code, ResponseCode::NoError | ResponseCode::NXDomain);
        // it may fail for quite other reasons
        return if passes { proven(Security::Bogus, reply::extended_error(&last.message)) } else { None };
    }
    let authentic = answers.iter().all(|(_, answer)| answer.message.metadata.authentic_data);
    proven(if authentic { Security::Secure } else { Security::Insecure }, None)
}

async fn by_tcp(asker: &Asker, name: &Name, answers: &[(RecordType, Answer)]) -> ByTcp {
    let by_tcp = asker.with(Manner { transport: Transport::Tcp, ..asker.manner });
    let mut seconds = 0.0;
    for (kind, by_udp) in answers {
        let answer = match by_tcp.ask(name, *kind).await {
            Ok(answer) => answer,
            Err(error) => return ByTcp { seconds, problem: Some(format!("by TCP: {error}")) },
        };
        seconds += answer.seconds;
        let code = |answer: &Answer| answer.message.metadata.response_code;
        if code(&answer) != code(by_udp) {
            let problem = format!("by TCP the server answered {}", reply::code_name(code(&answer)));
            return ByTcp { seconds, problem: Some(problem) };
        }
        let (here, there) = (values(&by_udp.message, *kind), values(&answer.message, *kind));
        if here != there {
            let problem = format!("by TCP the answer is {}", there.join(","));
            return ByTcp { seconds, problem: Some(problem) };
        }
    }
    ByTcp { seconds, problem: None }
}

/// The values of an answer's records of a type, sorted: servers rotate them.
pub(crate) fn values(message: &Message, kind: RecordType) -> Vec<String> {
    let wanted = |found: RecordType| found == kind || kind == RecordType::ANY;
    let mut values: Vec<String> = message
        .answers
        .iter()
        .filter(|record| wanted(record.record_type()))
        .map(|record| shown(&record.data))
        .collect();
    values.sort();
    values
}
