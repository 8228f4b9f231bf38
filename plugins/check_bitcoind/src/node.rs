//! The node, by RPC or by a file; all I/O with it.

use check::{CheckError, Ctx};
use fetch::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use fetch::{Fetcher, Method, Request, Stick, Url};
use serde_json::{Value, json};

use crate::document::NamedFile;
use crate::facts::{self, ChainFacts, NetworkFacts};
use crate::rpc::{self, RpcError};
use crate::{Args, login};

/// What is known of the node.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    /// It is there, and not ready: its words.
    Starting(String),
    /// It is at work.
    Running {
        chain: ChainFacts,
        /// Unknown if a file was read.
        network: Option<NetworkFacts>,
    },
}

/// By `--height-file`; which chain the file is of, nobody tells.
pub(crate) fn from_file(file: &NamedFile, chain: &str) -> Result<Node, CheckError> {
    let tip = file.read()?;
    let chain = ChainFacts {
        height: tip.height,
        headers: tip.height,
        chain: chain.to_owned(),
        tip_time: tip.time,
        ..ChainFacts::default()
    };
    Ok(Node::Running { chain, network: None })
}

pub(crate) async fn by_rpc(args: &Args, ctx: &Ctx) -> Result<Node, CheckError> {
    let url = url(args)?;
    let urls = if args.node_direct { args.urls.without_proxy() } else { args.urls.clone() };
    let login = login::header(args, urls.dial().proxy())?;
    let target = urls.target(&url)?;
    let session = Session {
        fetcher: Fetcher::new(&target, false, Stick::No, ctx)?,
        place: format!("bitcoind at {}", fetch::place(&url)),
        url,
        login,
    };
    let asked = async {
        let info = match session.ask("getblockchaininfo", &[]).await? {
            Ok(info) => info,
            Err(RpcError::Starting(words)) => return Ok(Node::Starting(words)),
            Err(error) => return Err(session.failed(&error)),
        };
        let mut chain = facts::chain(&info).map_err(|why| session.strange(&why))?;
        if chain.tip_time.is_none() && !chain.tip.is_empty() {
            let header = session.ask("getblockheader", &[json!(chain.tip)]).await?;
            chain.tip_time = facts::time(&header.map_err(|error| session.failed(&error))?);
        }
        let network = session.ask("getnetworkinfo", &[]).await?.map_err(|error| session.failed(&error))?;
        let network = facts::network(&network).map_err(|why| session.strange(&why))?;
        Ok(Node::Running { chain, network: Some(network) })
    };
    asked.await.map_err(|error| match error {
        CheckError::Target(why) if urls.dial().proxy().is_some() && why.contains("proxy") => {
            CheckError::target(format!("{why} (--node-direct asks the node without the proxy)"))
        }
        other => other,
    })
}

struct Session<'a> {
    fetcher: Fetcher<'a>,
    place: String,
    url: Url,
    login: HeaderValue,
}

impl Session<'_> {
    async fn ask(
        &self,
        method: &'static str,
        parameters: &[Value],
    ) -> Result<Result<Value, RpcError>, CheckError> {
        let mut request = Request::get(self.url.clone());
        request.method = Method::POST;
        request.body = Some(rpc::call(method, parameters));
        request.headers.insert(AUTHORIZATION, self.login.clone());
        request.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let answer = self.fetcher.fetch(&request).await?;
        Ok(rpc::result(method, answer.status.as_u16(), &answer.status_line(), &answer.body))
    }

    /// A refused login is our own fault, all else the node's.
    fn failed(&self, error: &RpcError) -> CheckError {
        let text = format!("{}: {error}", self.place);
        match error {
            RpcError::Login | RpcError::Forbidden => CheckError::internal(text),
            RpcError::Starting(_)
            | RpcError::Refused { .. }
            | RpcError::Status(_)
            | RpcError::NoAnswer(_) => CheckError::target(text),
        }
    }

    fn strange(&self, why: &str) -> CheckError {
        CheckError::target(format!("{}: {why}", self.place))
    }
}

fn url(args: &Args) -> Result<Url, CheckError> {
    let port = match (args.port, args.chain.as_str()) {
        (Some(port), _) => port,
        (None, "main") => 8332,
        (None, "test") => 18332,
        (None, "testnet4") => 48332,
        (None, "signet") => 38332,
        (None, "regtest") => 18443,
        (None, other) => {
            return Err(CheckError::usage(format!(
                "which port has the chain `{other}`? Give it by -p (known: main, test, testnet4, signet, regtest)"
            )));
        }
    };
    let scheme = if args.ssl { "https" } else { "http" };
    let host = &args.hostname;
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let host = if bare.contains(':') { format!("[{bare}]") } else { bare.to_owned() };
    let bad = |c: char| c.is_whitespace() || c.is_control() || "/@?#\\%<>".contains(c);
    let parsed = if host.is_empty() || host.contains(bad) {
        None
    } else {
        Url::parse(&format!("{scheme}://{host}:{port}/")).ok()
    };
    parsed.ok_or_else(|| {
        let host = check::without_account(&args.hostname);
        CheckError::usage(format!("`{host}` is no host name and no address"))
    })
}
