//! JSON-RPC as bitcoind speaks it: a call to bytes, an answer to a result; pure.
//!
//! Version 1 (all releases, and what is asked for here) answers an error with HTTP 500, 404 or 400 and
//! has both `result` and `error`; version 2 (from 28.0 on) has one of them. Both are read.

use serde_json::{Value, json};

/// What stands in every call, and must stand in its answer.
const ID: &str = "hlidka";

/// RPC_IN_WARMUP of bitcoind's `protocol.h`.
const WARMING_UP: i64 = -28;

/// Why there is no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RpcError {
    /// The node has just been started.
    #[error("it is starting: {0}")]
    Starting(String),
    /// 401: wrong user or password.
    #[error("it refuses the login (401 Unauthorized)")]
    Login,
    /// 403: not from this address.
    #[error("it answers 403 Forbidden: is this machine in its rpcallowip?")]
    Forbidden,
    /// It was reached and does not do what was asked.
    #[error("{method}: {message} (code {code})")]
    Refused {
        /// What was asked.
        method: &'static str,
        /// Its words.
        message: String,
        /// Its number.
        code: i64,
    },
    /// Another status than those of bitcoind's answers.
    #[error("it answers `{0}`")]
    Status(String),
    /// No JSON-RPC.
    #[error("is that a bitcoind? Its answer is {0}")]
    NoAnswer(&'static str),
}

/// The content of a call.
pub fn call(method: &str, parameters: &[Value]) -> Vec<u8> {
    json!({"jsonrpc": "1.0", "id": ID, "method": method, "params": parameters}).to_string().into_bytes()
}

/// The result in an answer; `status` and `words` are those of HTTP.
pub fn result(method: &'static str, status: u16, words: &str, body: &[u8]) -> Result<Value, RpcError> {
    match status {
        401 => return Err(RpcError::Login),
        403 => return Err(RpcError::Forbidden),
        _ => {}
    }
    let Ok(Value::Object(mut answer)) = serde_json::from_slice::<Value>(body) else {
        // `Work queue depth exceeded` is plain text
        let words = fetch::clipped(words);
        return Err(if status == 200 { RpcError::NoAnswer("no JSON") } else { RpcError::Status(words) });
    };
    if answer.get("id").and_then(Value::as_str) != Some(ID) {
        return Err(RpcError::NoAnswer("not to our question"));
    }
    match (answer.remove("error"), answer.remove("result")) {
        (Some(Value::Object(error)), _) => {
            let code = error.get("code").and_then(Value::as_i64).unwrap_or_default();
            let message = error.get("message").and_then(Value::as_str).unwrap_or("no reason given");
            let message = fetch::clipped(message);
            Err(match code {
                WARMING_UP => RpcError::Starting(message),
                code => RpcError::Refused { method, message, code },
            })
        }
        (None | Some(Value::Null), Some(result)) if status == 200 && !result.is_null() => Ok(result),
        _ => Err(RpcError::NoAnswer("neither a result nor an error")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, body: &str) -> Result<Value, RpcError> {
        result("getblockchaininfo", status, "HTTP/1.1 500 x", body.as_bytes())
    }

    #[test]
    fn results_come_in_two_versions() {
        assert_eq!(read(200, r#"{"result":{"a":1},"error":null,"id":"hlidka"}"#), Ok(json!({"a": 1})));
        assert_eq!(read(200, r#"{"jsonrpc":"2.0","result":7,"id":"hlidka"}"#), Ok(json!(7)));
        let call: Value = serde_json::from_slice(&call("getblockheader", &[json!("00ab")])).unwrap();
        assert_eq!(call["params"], json!(["00ab"]));
    }

    #[test]
    fn what_is_wrong_is_told_apart() {
        let warm = r#"{"result":null,"error":{"code":-28,"message":"Loading block index…"},"id":"hlidka"}"#;
        assert_eq!(read(500, warm), Err(RpcError::Starting("Loading block index…".to_owned())));
        // version 2 has errors with status 200
        let unknown =
            r#"{"jsonrpc":"2.0","error":{"code":-32601,"message":"Method not found"},"id":"hlidka"}"#;
        let said = read(200, unknown).unwrap_err().to_string();
        assert_eq!(said, "getblockchaininfo: Method not found (code -32601)");
        assert_eq!(read(401, ""), Err(RpcError::Login));
        assert_eq!(read(403, "{}"), Err(RpcError::Forbidden));
        assert!(read(503, "Work queue depth exceeded").unwrap_err().to_string().contains("HTTP/1.1 500 x"));
        for bad in [
            "",
            "<html>",
            "[]",
            "{}",
            r#"{"id":"other","result":1}"#,
            r#"{"id":"hlidka"}"#,
            r#"{"id":"hlidka","result":null,"error":"x"}"#,
            r#"{"id":"hlidka","result":null,"error":null}"#,
        ] {
            assert!(matches!(read(200, bad), Err(RpcError::NoAnswer(_))), "{bad}");
        }
    }
}
