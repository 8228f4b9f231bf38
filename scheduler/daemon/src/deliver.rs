//! How a message is carried out: a contact's own commands if there are any, else hlidka's mail;
//! never both.

use std::sync::Arc;

use anyhow::Result;
use config::{Configuration, Options};
use engine::{CheckCommand, Graph, Notification};
use jobs::{Done, Outcome};
use notify::{Carrier, MailConfig, Mailer, SendError};
use store::{DeliveryId, Loaded};
use tokio::sync::{mpsc, oneshot, watch};

use crate::core::Input;

/// Most of a failed command's output that is remembered.
const SAID: usize = 200;

struct Delivery {
    mailer: Option<Mailer>,
    current: watch::Receiver<Arc<Configuration>>,
    core: mpsc::UnboundedSender<Input>,
}

/// Starts the outbox with what the store had left over.
pub(crate) fn start(
    options: &Options,
    current: watch::Receiver<Arc<Configuration>>,
    core: &mpsc::UnboundedSender<Input>,
    loaded: &Loaded,
) -> Result<mpsc::UnboundedSender<(DeliveryId, Notification)>> {
    let timezone = current.borrow().graph.timezone.clone();
    let mailer = match &options.notify.mail {
        Some(mail) => Some(Mailer::new(&MailConfig {
            from: mail.from.clone(),
            via: mail.via.parse()?,
            user: mail.user.clone(),
            password_file: mail.password_file.clone(),
            ca_file: mail.tls_ca.clone(),
            timezone,
        })?),
        None => None,
    };
    let (sender, incoming) = mpsc::unbounded_channel();
    for message in &loaded.outbox {
        let _ = sender.send(message.clone());
    }
    let (reports, mut reported) = mpsc::unbounded_channel();
    let delivery = Delivery { mailer, current, core: core.clone() };
    tokio::spawn(notify::outbox(delivery, incoming, reports));
    let core = core.clone();
    tokio::spawn(async move {
        while let Some(report) = reported.recv().await {
            if core.send(Input::Reported(report)).is_err() {
                break;
            }
        }
    });
    Ok(sender)
}

impl Carrier for Delivery {
    fn route(&self, notification: &Notification) -> Arc<str> {
        let own = !own_commands(&self.current.borrow().graph, notification).is_empty();
        // one contact's broken pager holds up nobody else's
        if own { format!("commands of {}", notification.contact).into() } else { Arc::from("mail") }
    }

    async fn send(&self, notification: &Notification) -> Result<(), SendError> {
        let configuration = self.current.borrow().clone();
        if !own_commands(&configuration.graph, notification).is_empty() {
            return self.run_commands(&configuration, notification).await;
        }
        let Some(mailer) = &self.mailer else {
            return Err(SendError::Permanent("hlidka.yaml has no `notify: mail:`".to_owned()));
        };
        let mut notification = notification.clone();
        notification.notes_url = config::documentation(&configuration, &notification).map(Arc::from);
        Carrier::send(mailer, &notification).await
    }
}

impl Delivery {
    async fn run_commands(
        &self,
        configuration: &Configuration,
        notification: &Notification,
    ) -> Result<(), SendError> {
        for nth in 0..own_commands(&configuration.graph, notification).len() {
            let (reply, done) = oneshot::channel();
            let gone =
                |_| SendError::Unavailable("the daemon stops, or its configuration changed".to_owned());
            let message = Box::new(notification.clone());
            self.core
                .send(Input::Run { message, nth, reply })
                .map_err(|_| SendError::Unavailable("the daemon stops".to_owned()))?;
            judge(&done.await.map_err(gone)?)?;
        }
        Ok(())
    }
}

/// The commands that the contact has for this; none if it has gone from the configuration.
pub(crate) fn own_commands<'g>(graph: &'g Graph, notification: &Notification) -> &'g [CheckCommand] {
    let Some(contact) = graph.find_contact(&notification.contact) else { return &[] };
    let contact = graph.contact(contact);
    let side = if notification.identity.service.is_some() { &contact.service } else { &contact.host };
    &side.commands
}

/// A command that cannot be run at all is given up, one that fails is run again.
pub(crate) fn judge(done: &Done) -> Result<(), SendError> {
    let said: String = String::from_utf8_lossy(&done.stdout).trim().chars().take(SAID).collect();
    match &done.outcome {
        Outcome::Exited(0) => Ok(()),
        Outcome::NotStarted(why) => Err(SendError::Permanent(why.clone())),
        Outcome::Exited(code @ (126 | 127)) => {
            Err(SendError::Permanent(format!("the command exited {code}: {said}")))
        }
        Outcome::Exited(code) => Err(SendError::Temporary(format!("the command exited {code}: {said}"))),
        Outcome::Signalled(signal) => {
            Err(SendError::Temporary(format!("the command was killed by signal {signal}")))
        }
        Outcome::TimedOut => {
            let seconds = done.finished.saturating_sub(done.started) / 1_000_000;
            Err(SendError::Temporary(format!("the command took more than {seconds} seconds")))
        }
        Outcome::Lost => {
            Err(SendError::Temporary("two workers in a row died while they ran the command".to_owned()))
        }
    }
}
