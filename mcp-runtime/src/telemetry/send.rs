//! How spans get to the collector: from a thread of its own, so that they are sent while the server's own threads are busy, or
//! gone.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use opentelemetry_http::{HttpClient, HttpError};
use tokio::sync::{mpsc, oneshot};

/// What a collector says may have so many bytes.
const LONGEST_ANSWER: usize = 64 * 1024;

type Answer = Result<Response<Bytes>, HttpError>;

/// Hands requests to the thread that sends them.
pub(super) struct Sender(mpsc::UnboundedSender<(Request<Bytes>, oneshot::Sender<Answer>)>);

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sender")
    }
}

impl Sender {
    /// The thread ends with what it was started for.
    pub(super) fn start(timeout: Duration) -> io::Result<Self> {
        // Whoever exports waits for each answer, so one waits at most.
        let (sender, mut requests) = mpsc::unbounded_channel::<(_, oneshot::Sender<Answer>)>();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::Builder::new().name("mcp-otlp".into()).spawn(move || {
            runtime.block_on(async {
                let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
                while let Some((request, answer)) = requests.recv().await {
                    let sent = tokio::time::timeout(timeout, send(&client, request)).await;
                    let late = || Err(format!("the collector did not answer within {timeout:?}").into());
                    let _ = answer.send(sent.unwrap_or_else(|_| late()));
                }
            });
        })?;
        Ok(Self(sender))
    }
}

async fn send<C>(client: &Client<C, Full<Bytes>>, request: Request<Bytes>) -> Answer
where
    C: hyper_util::client::legacy::connect::Connect + Clone + Send + Sync + 'static,
{
    let (head, body) = client.request(request.map(Full::new)).await?.into_parts();
    let body = Limited::new(body, LONGEST_ANSWER).collect().await?.to_bytes();
    Ok(Response::from_parts(head, body))
}

impl HttpClient for Sender {
    fn send_bytes<'a, 'b>(
        &'a self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Answer> + Send + 'b>>
    where
        'a: 'b,
        Self: 'b,
    {
        let (answer, answered) = oneshot::channel();
        let sent = self.0.send((request, answer));
        Box::pin(async move {
            sent.map_err(|_| "the thread that sends spans has ended")?;
            answered.await.map_err(|_| "the thread that sends spans has ended")?
        })
    }
}
