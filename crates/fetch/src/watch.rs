//! What is seen of a connection while reqwest makes it: moments, the certificate, our own failures.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use check::CheckError;
use net::tls::Certificate;
use tower_layer::Layer;
use tower_service::Service;

use crate::Phases;

/// Shared by the connector, the TLS session and the fetcher.
#[derive(Debug, Default)]
pub(crate) struct Watch(Mutex<Seen>);

/// Since the start of the current request. A request over a connection that was there before has
/// none of the moments.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    dialled: Option<Instant>,
    hello: Option<Instant>,
    connected: Option<Instant>,
    /// Of the connection, so kept from one request to the next.
    pub certificate: Option<Certificate>,
    /// Something of ours that cannot be read, found in the middle of a handshake.
    pub failure: Option<CheckError>,
}

impl Watch {
    /// A new request begins.
    pub(crate) fn begin(&self) {
        self.with(|seen| *seen = Seen { certificate: seen.certificate.take(), ..Seen::default() });
    }

    pub(crate) fn note_certificate(&self, certificate: Option<Certificate>) {
        self.with(|seen| seen.certificate = certificate);
    }

    pub(crate) fn note_failure(&self, failure: CheckError) {
        self.with(|seen| seen.failure = Some(failure));
    }

    /// The TLS session asks its store of sessions as it writes the first message, when the TCP
    /// connection (and the proxy's tunnel) has just come to be.
    pub(crate) fn note_hello(&self) {
        self.with(|seen| seen.hello = seen.hello.or_else(|| Some(Instant::now())));
    }

    pub(crate) fn seen(&self) -> Seen {
        self.with(|seen| seen.clone())
    }

    fn with<T>(&self, act: impl FnOnce(&mut Seen) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Seen {
    /// Is there a connection, and TLS if it is to be, by now?
    pub(crate) fn is_connected(&self) -> bool {
        self.dialled.is_none() || self.connected.is_some()
    }

    /// Has the TLS handshake begun?
    pub(crate) fn is_shaking_hands(&self) -> bool {
        self.hello.is_some()
    }

    /// Times so far; `first_byte` is when the headers had come, `done` when all had.
    pub(crate) fn phases(&self, asked: Instant, first_byte: Instant, done: Instant) -> Phases {
        let span = |from: Option<Instant>, to: Option<Instant>| {
            Some(to?.saturating_duration_since(from?)).map(|span: Duration| span.as_secs_f64())
        };
        let request_began = self.connected.unwrap_or(asked);
        Phases {
            connect: span(self.dialled, self.hello.or(self.connected)),
            tls: span(self.hello, self.connected),
            first_byte: first_byte.saturating_duration_since(request_began).as_secs_f64(),
            transfer: done.saturating_duration_since(first_byte).as_secs_f64(),
        }
    }
}

/// A layer around reqwest's connector that notes when it begins and when it is done.
#[derive(Clone, Debug)]
pub(crate) struct Timed<S> {
    inner: S,
    watch: Arc<Watch>,
}

#[derive(Clone, Debug)]
pub(crate) struct TimedLayer(pub Arc<Watch>);

impl<S> Layer<S> for TimedLayer {
    type Service = Timed<S>;

    fn layer(&self, inner: S) -> Timed<S> {
        Timed { inner, watch: self.0.clone() }
    }
}

impl<S, R> Service<R> for Timed<S>
where
    S: Service<R>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        self.watch.with(|seen| {
            *seen = Seen { dialled: Some(Instant::now()), ..Seen::default() };
        });
        let (connecting, watch) = (self.inner.call(request), self.watch.clone());
        Box::pin(async move {
            let connection = connecting.await?;
            watch.with(|seen| seen.connected = Some(Instant::now()));
            Ok(connection)
        })
    }
}
