//! The examples that do what the guides are about, as processes, against stand-ins for the services that they ask.

mod database;
mod github;
mod weather;

use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use futures::future::BoxFuture;
use http_body_util::BodyExt;
use serde_json::Value;
use tokio::task::JoinHandle;

/// What a stand-in was asked.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    /// The path, as it was written.
    pub path: String,
    pub query: String,
    pub headers: http::HeaderMap,
    pub body: Value,
    /// How many were asked before.
    pub nth: usize,
}

/// A service in this process that stands in for one of the world's.
pub struct StandIn {
    pub url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    task: JoinHandle<()>,
}

type Answer = Arc<dyn Fn(Asked) -> BoxFuture<'static, Response> + Send + Sync>;

#[derive(Clone)]
struct Answering {
    asked: Arc<Mutex<Vec<Asked>>>,
    answer: Answer,
}

async fn answer(State(answering): State<Answering>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let asked = {
        let mut all = answering.asked.lock().unwrap();
        let asked = Asked {
            method: head.method.to_string(),
            path: head.uri.path().into(),
            query: head.uri.query().unwrap_or_default().into(),
            headers: head.headers,
            body: serde_json::from_slice(&body).unwrap_or_default(),
            nth: all.len(),
        };
        all.push(asked.clone());
        asked
    };
    (answering.answer)(asked).await
}

impl StandIn {
    pub async fn start<F, A>(told: F) -> Self
    where
        F: Fn(Asked) -> A + Send + Sync + 'static,
        A: Future<Output = Response> + Send + 'static,
    {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let state = Answering { asked: asked.clone(), answer: Arc::new(move |asked| Box::pin(told(asked))) };
        let router = axum::Router::new().fallback(answer).with_state(state);
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, asked, task }
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// An answer with this status.
pub fn told(status: u16, headers: &[(&str, &str)], body: impl Into<Body>) -> Response {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(body.into()).unwrap()
}

/// A body that begins and does not end.
pub fn endless() -> Body {
    let chunk = || Some((Ok::<_, std::io::Error>(" ".repeat(4096)), ()));
    Body::from_stream(futures::stream::unfold((), move |()| futures::future::ready(chunk())))
}

/// A body that is announced and does not come.
pub fn silent() -> Body {
    Body::from_stream(futures::stream::pending::<std::io::Result<String>>())
}

/// A body that breaks off.
pub fn broken() -> Body {
    let pieces = [Ok("{".to_owned()), Err(std::io::Error::other("broken off"))];
    Body::from_stream(futures::stream::iter(pieces))
}
