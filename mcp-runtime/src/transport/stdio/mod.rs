//! Standard input and output: how most hosts run a server on the user's own machine.
//!
//! While it is served, standard output belongs to the protocol: what anything else in the process prints there comes
//! out at standard error.

mod blocking;
#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(not(unix), path = "other.rs")]
mod streams;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;

use super::Lines;
use crate::server::Server;

type Input = Box<dyn AsyncRead + Send + Unpin>;
type Output = Box<dyn AsyncWrite + Send + Unpin>;

impl Server {
    /// Serves standard input and output until the input ends, or the process is asked to end (SIGTERM, Ctrl-C).
    ///
    /// Then calls that are under way have as long as [`drain`](crate::ServerBuilder::drain) says. Anything that is
    /// printed meanwhile comes out at standard error.
    ///
    /// A function that blocks cannot be stopped, and Rust's runtime waits for it before the process ends; `run()` does
    /// not.
    ///
    /// # Errors
    ///
    /// What the system says when reading or writing fails.
    pub async fn serve_stdio(&self) -> crate::Result<()> {
        let shutdown = shutdown();
        let (streams, input, output) = streams::open()?;
        let lines = Lines::new(input, output).max_line(self.shared.limits.message);
        let (server, peer) = (self.clone(), self.local_peer());
        // A task of the runtime's workers is woken for less than the one that `main` waits in.
        let mut serving = JoinSet::new();
        serving.spawn(async move { server.serve_until(lines, peer, shutdown).await });
        let served = serving.join_next().await;
        drop(streams);
        let served = match served {
            Some(Err(stopped)) => Err(std::io::Error::other(stopped).into()),
            Some(Ok(served)) => served,
            None => Ok(()),
        };
        match served {
            // A peer that goes away without a word is no failure of the server.
            Err(crate::ServerError::Transport(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => {
                Ok(())
            }
            served => served,
        }
    }
}

/// Ready when the process is asked to end. The signals are caught from the call on, by a task of their own, because
/// asking whether it has ended costs less than asking for signals.
pub(crate) fn shutdown() -> impl Future<Output = ()> + Send {
    let (tell, told) = tokio::sync::oneshot::channel();
    let mut waiting = JoinSet::new();
    waiting.spawn(async move {
        signals().await;
        let _ = tell.send(());
    });
    async move {
        let _waiting = waiting;
        let _ = told.await;
    }
}

fn signals() -> impl Future<Output = ()> + Send {
    #[cfg(unix)]
    let terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate());
    async move {
        #[cfg(unix)]
        let terminated = async {
            match terminated {
                Ok(mut signals) => {
                    signals.recv().await;
                }
                Err(_) => std::future::pending().await,
            }
        };
        #[cfg(not(unix))]
        let terminated = std::future::pending::<()>();
        let interrupted = async {
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = terminated => {}
            () = interrupted => {}
        }
    }
}
