//! Names to addresses, by the rules of the target's options.

use std::sync::Arc;

use net::DialOptions;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::Stick;

/// Gives reqwest the addresses that `-4`, `-6`, `--source` and `-I` allow. With a proxy reqwest asks
/// it for the proxy's own name only.
#[derive(Debug)]
pub(crate) struct Resolver {
    pub dial: Arc<DialOptions>,
    /// The host in the first URL ...
    pub name: String,
    /// ... and what it is resolved as.
    pub leads_to: String,
    pub stick: Stick,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let dial = self.dial.clone();
        let mapped = dial.proxy().is_none() && (self.stick == Stick::ToAddress || name.as_str() == self.name);
        let host = if mapped { self.leads_to.clone() } else { name.as_str().to_owned() };
        Box::pin(async move {
            let found = dial.resolve(&host, 0).await?;
            let addresses: Addrs = Box::new(found.into_iter());
            Ok(addresses)
        })
    }
}
