//! A client that comes back for the rest of a stream to another machine than the one where its call is.

use std::sync::Arc;
use std::time::Duration;

use super::peer::{Link, Peer};
use super::resumed::last;
use super::shared::named;
use super::stateful::revision_of;
use crate::kept::{EventId, Reader};
use crate::replicas::{Copying, EventsSaid};
use crate::server::{Reply, Shared};

/// When to look again whether more was said.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// What came after the event that the peer's headers name, where another machine has said it.
pub(crate) async fn resume_elsewhere(server: &Arc<Shared>, peer: &Peer) -> Option<Reader> {
    let copying = server.sessions.copying.clone()?;
    let Link::Http(headers) = &peer.link else { return None };
    revision_of(headers).ok()?;
    let session = server.sessions.find(&peer.principal, named(peer)?)?;
    let event = last(headers).ok()?.filter(|event| event.stream != EventId::CHANGES)?;
    let name = Copying::name_of(session.number, event.stream);
    let read = copying.store.read(&name, event.number).await;
    let first = read.inspect_err(|error| tracing::warn!(%error, "streams cannot be read")).ok()??;
    let (writer, reader) = session.streams.mirror(event)?;
    tokio::spawn(async move {
        let mut read_to = event.number;
        let mut said = first;
        loop {
            let EventsSaid { events, ended } = said;
            for (number, text) in events.into_iter().filter(|(number, _)| *number > event.number) {
                read_to = read_to.max(number);
                if let Some(reply) = Reply::of_kept(&text)
                    && !writer.say_at(number, reply)
                {
                    return writer.give_up();
                }
            }
            if ended {
                return;
            }
            tokio::time::sleep(LOOK_EVERY).await;
            if !writer.is_read() {
                return writer.give_up();
            }
            said = match copying.store.read(&name, read_to).await {
                Ok(Some(said)) => said,
                // The client comes back, and perhaps to where the call is.
                Ok(None) => return writer.give_up(),
                Err(_) => EventsSaid::default(),
            };
        }
    });
    Some(reader)
}
