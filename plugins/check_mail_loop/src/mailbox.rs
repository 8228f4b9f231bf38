//! Where the probe is to arrive.

use std::path::{Path, PathBuf};

use check::{CheckError, Ctx};

use crate::Args;
use crate::imap::Imap;
use crate::probe::Probe;
use crate::{maildir, mbox};

/// Probes asked for by IMAP at once, the newest: each is a question of its own.
const MAX_ASKED: usize = 20;
/// Mails looked at of those that a server takes for one probe.
const MAX_HITS: usize = 20;

/// An open mailbox.
pub(crate) enum Mailbox<'a> {
    Imap(Box<Imap<'a>>),
    Maildir(&'a Path),
    Mbox(&'a Path),
}

/// A probe that has arrived.
pub(crate) struct Arrived {
    pub probe: Probe,
    pub header: String,
    place: Place,
}

enum Place {
    Uid(u32),
    File(PathBuf),
    Inside,
}

impl<'a> Mailbox<'a> {
    pub(crate) async fn open(args: &'a Args, ctx: &'a Ctx) -> Result<Mailbox<'a>, CheckError> {
        match (&args.maildir, &args.mbox) {
            (Some(path), _) => Ok(Mailbox::Maildir(path)),
            (None, Some(path)) => Ok(Mailbox::Mbox(path)),
            (None, None) => {
                let (user, password) = args.imap_login()?;
                let server = args.imap();
                let imap = Imap::open(&server, user, &password, &args.imap_mailbox, ctx).await?;
                Ok(Mailbox::Imap(Box::new(imap)))
            }
        }
    }

    /// Those of these probes that are there.
    pub(crate) async fn find(&mut self, probes: &[Probe]) -> Result<Vec<Arrived>, CheckError> {
        match self {
            _ if probes.is_empty() => Ok(Vec::new()),
            Mailbox::Imap(imap) => {
                let mut arrived = Vec::new();
                imap.refresh().await?;
                for probe in probes.iter().rev().take(MAX_ASKED) {
                    for uid in imap.search(&probe.token).await?.into_iter().take(MAX_HITS) {
                        let header = imap.header(uid).await?.filter(|header| probe.is(header));
                        arrived.extend(header.map(|header| Arrived {
                            probe: probe.clone(),
                            header,
                            place: Place::Uid(uid),
                        }));
                    }
                }
                Ok(arrived)
            }
            Mailbox::Maildir(directory) => {
                let found = maildir::find(directory, probes)?.into_iter();
                Ok(found
                    .map(|(probe, path, header)| Arrived { probe, header, place: Place::File(path) })
                    .collect())
            }
            Mailbox::Mbox(file) => {
                let found = mbox::find(file, probes)?.into_iter();
                Ok(found.map(|(probe, header)| Arrived { probe, header, place: Place::Inside }).collect())
            }
        }
    }

    /// Removes a probe that [`Mailbox::find`] found.
    pub(crate) async fn remove(&mut self, arrived: &Arrived, ctx: &Ctx) -> Result<(), CheckError> {
        match (self, &arrived.place) {
            (Mailbox::Imap(imap), Place::Uid(uid)) => imap.remove(*uid).await,
            (_, Place::File(path)) => maildir::remove(path),
            (Mailbox::Mbox(file), _) => mbox::remove(file, &arrived.probe, ctx).await,
            _ => Ok(()),
        }
    }

    pub(crate) async fn close(self) {
        if let Mailbox::Imap(imap) = self {
            imap.leave().await;
        }
    }
}
