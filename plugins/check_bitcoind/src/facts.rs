//! What a node tells of itself, from the results of its RPC; pure.

use serde_json::Value;

use crate::document::MAX_HEIGHT;

/// Warnings kept of one node.
const MAX_WARNINGS: usize = 20;

/// Of `getblockchaininfo`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChainFacts {
    /// Height of its newest verified block.
    pub height: u64,
    /// Height of the newest header it knows, at least that of its blocks.
    pub headers: u64,
    /// `main`, `test`, `testnet4`, `signet`, `regtest`.
    pub chain: String,
    /// Hash of the newest block.
    pub tip: String,
    /// Its time, seconds since 1970; nodes before 23.0 tell it by `getblockheader` only.
    pub tip_time: Option<i64>,
    /// Share of all transactions verified, 0 to 1, while it downloads old blocks.
    pub downloading: Option<f64>,
    /// Its own words about what is wrong.
    pub warnings: Vec<String>,
}

/// Of `getnetworkinfo`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NetworkFacts {
    /// Nodes that it is connected to, in both directions.
    pub peers: u64,
    /// Of these, connected by itself; told from 0.21 on.
    pub outbound: Option<u64>,
    /// Not switched off by `setnetworkactive false`.
    pub active: bool,
    /// `/Satoshi:28.0.0/`.
    pub version: String,
    /// Its own words about what is wrong.
    pub warnings: Vec<String>,
}

/// Reads the result of `getblockchaininfo`.
pub fn chain(result: &Value) -> Result<ChainFacts, String> {
    let height = height(result, "blocks").ok_or("getblockchaininfo tells no `blocks`")?;
    let downloads = result.get("initialblockdownload").and_then(Value::as_bool).unwrap_or_default();
    let progress = result.get("verificationprogress").and_then(Value::as_f64).unwrap_or_default();
    Ok(ChainFacts {
        height,
        headers: self::height(result, "headers").unwrap_or_default().max(height),
        chain: text(result, "chain").ok_or("getblockchaininfo tells no `chain`")?,
        tip: text(result, "bestblockhash").unwrap_or_default(),
        tip_time: time(result),
        downloading: downloads.then_some(progress.clamp(0.0, 1.0)),
        warnings: warnings(result),
    })
}

/// Reads the result of `getnetworkinfo`.
pub fn network(result: &Value) -> Result<NetworkFacts, String> {
    let count = |key: &str| result.get(key).and_then(Value::as_u64);
    Ok(NetworkFacts {
        peers: count("connections").ok_or("getnetworkinfo tells no `connections`")?,
        outbound: count("connections_out"),
        active: result.get("networkactive").and_then(Value::as_bool).unwrap_or(true),
        version: text(result, "subversion").unwrap_or_default(),
        warnings: warnings(result),
    })
}

/// The block's time in the results of `getblockchaininfo` and `getblockheader`.
pub fn time(result: &Value) -> Option<i64> {
    // a block's time is an unsigned number of 32 bits
    result.get("time").and_then(Value::as_u64).and_then(|time| u32::try_from(time).ok()).map(i64::from)
}

/// A text up to 27.x, a list of texts from 28.0 on.
fn warnings(result: &Value) -> Vec<String> {
    let texts: Vec<&str> = match result.get("warnings") {
        Some(Value::String(text)) => vec![text.as_str()],
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).take(MAX_WARNINGS).collect(),
        _ => Vec::new(),
    };
    texts.into_iter().map(str::trim).filter(|text| !text.is_empty()).map(fetch::clipped).collect()
}

fn height(result: &Value, key: &str) -> Option<u64> {
    result.get(key).and_then(Value::as_u64).filter(|height| *height <= MAX_HEIGHT)
}

fn text(result: &Value, key: &str) -> Option<String> {
    result.get(key).and_then(Value::as_str).map(fetch::clipped)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn old_and_new_nodes_are_read() {
        let new = json!({"chain": "main", "blocks": 870_000, "headers": 870_001, "bestblockhash": "00ab",
            "time": 1_795_332_540_u32, "verificationprogress": 0.5, "initialblockdownload": true,
            "warnings": ["one", " "]});
        let facts = chain(&new).unwrap();
        assert_eq!((facts.height, facts.headers, facts.tip_time), (870_000, 870_001, Some(1_795_332_540)));
        assert_eq!((facts.downloading, facts.warnings), (Some(0.5), vec!["one".to_owned()]));
        let old =
            json!({"chain": "test", "blocks": 5, "headers": 2, "bestblockhash": "00ab", "warnings": "one"});
        let facts = chain(&old).unwrap();
        assert_eq!((facts.headers, facts.tip_time, facts.downloading), (5, None, None));
        assert_eq!(facts.warnings, ["one"]);
        let net = network(&json!({"connections": 8, "networkactive": false, "warnings": ""})).unwrap();
        assert_eq!((net.peers, net.active, net.warnings.len()), (8, false, 0));
    }

    #[test]
    fn what_is_no_node_is_refused() {
        for bad in
            [json!({}), json!([]), json!(1), json!({"blocks": -1, "chain": "main"}), json!({"blocks": 1})]
        {
            assert!(chain(&bad).is_err() && network(&bad).is_err(), "{bad}");
        }
        assert!(chain(&json!({"chain": "main", "blocks": 1e18})).is_err());
        assert_eq!(time(&json!({"time": 1e300})), None);
    }
}
