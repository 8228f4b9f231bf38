//! What logins cost in one process: so many, so many at once, and a line of figures.
//!
//! `logins SERVER:PORT SECRET USER PASSWORD CA_FILE COUNT AT_ONCE`
//!
//! By PEAP-MSCHAPv2, certificate verified and keys compared; the first that is not accepted ends it. CPU is
//! that of this process from its second login on, memory its greatest resident set over that before the first.

#![allow(clippy::print_stdout, reason = "the figures are what it is for")]

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use access::{Keys, Mac, Nas, Purpose, Verdict, login};
use anyhow::Context;
use check::Secret;
use eap::{Config, Credentials, InnerEap, Method, Password, Tls, TlsConfig};
use radius::{Client, Options};

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [server, secret, user, password, authority, count, at_once] = arguments.as_slice() else {
        anyhow::bail!("logins SERVER:PORT SECRET USER PASSWORD CA_FILE COUNT AT_ONCE");
    };
    let (count, at_once): (u32, u32) = (count.parse()?, at_once.parse()?);
    let anchors = Some(std::fs::read(authority)?);
    let tls = Tls::new(&TlsConfig { anchors, ..TlsConfig::default() })?;
    let mut config = Config::new(user.as_str(), Method::Peap(InnerEap::Mschapv2), tls);
    config.credentials =
        Some(Credentials { identity: user.clone(), password: Password::new(password.as_str()) });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let tasks = tokio::task::LocalSet::new();
    tasks.block_on(&runtime, async {
        let client = Client::udp(server.parse()?, Secret::from_argument(secret), Options::default());
        one(&client, &config, 0).await?;
        let (start, cpu, before) = (Instant::now(), cpu_time()?, memory("VmRSS")?);
        let next = Rc::new(Cell::new(0));
        let many: Vec<_> = (0..at_once)
            .map(|_| {
                let (client, config, next) = (client.clone(), config.clone(), next.clone());
                tokio::task::spawn_local(async move {
                    while next.get() < count {
                        next.set(next.get() + 1);
                        one(&client, &config, next.get()).await?;
                    }
                    anyhow::Ok(())
                })
            })
            .collect();
        for task in many {
            task.await??;
        }
        let each = cpu_time()?.saturating_sub(cpu).as_secs_f64() * 1000.0 / f64::from(count);
        let rate = f64::from(count) / start.elapsed().as_secs_f64();
        let grown = memory("VmHWM")?.saturating_sub(before);
        println!("{count} logins, {at_once} at once: {each:.3} ms CPU each, {rate:.0} a second, {grown} KiB for all");
        Ok(())
    })
}

async fn one(client: &Client, config: &Config, number: u32) -> anyhow::Result<()> {
    let nas = Nas::new(Mac::of_cell(number, &config.outer_identity, Purpose::Login));
    let trace = login(client, config.clone(), &nas, Instant::now() + Duration::from_secs(60)).await;
    let good = matches!(trace.verdict, Verdict::Accepted(Keys::Match));
    anyhow::ensure!(good, "login {number}: {}", trace.verdict);
    Ok(())
}

/// Of this thread, which is the only one that works.
fn cpu_time() -> anyhow::Result<Duration> {
    let text = std::fs::read_to_string("/proc/self/schedstat")?;
    let nanoseconds = text.split(' ').next().context("schedstat has a number")?.parse()?;
    Ok(Duration::from_nanos(nanoseconds))
}

/// A line of /proc/self/status, in KiB.
fn memory(field: &str) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)).context("status has that line")?;
    Ok(line.trim_matches(|c: char| !c.is_ascii_digit()).parse()?)
}
