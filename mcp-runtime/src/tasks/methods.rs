//! The methods of the extension. See its specification, "Tasks".

use std::sync::{Arc, Weak};

use serde_json::{Map, Value};

use super::board::{Board, Live};
use super::record::TaskStatus;
use crate::extension::{BoxFuture, Extension, ExtensionMethod};
use crate::handler::States;
use crate::replicas::Told;
use crate::{Context, Error};

/// The member of a subscription's filter that names tasks.
pub(super) const TOPICS: &str = "taskIds";
const GET: &str = "tasks/get";
const UPDATE: &str = "tasks/update";
const CANCEL: &str = "tasks/cancel";
const METHODS: &[ExtensionMethod] = &[
    ExtensionMethod::new(GET).named_by("taskId"),
    ExtensionMethod::new(UPDATE).named_by("taskId"),
    ExtensionMethod::new(CANCEL).named_by("taskId"),
];

impl Extension for Board {
    fn id(&self) -> &'static str {
        super::ID
    }

    fn methods(&self) -> &'static [ExtensionMethod] {
        METHODS
    }

    fn call<'a>(
        &'a self,
        method: &'static str,
        params: Map<String, Value>,
        cx: Context,
    ) -> BoxFuture<'a, Result<Map<String, Value>, Error>> {
        Box::pin(async move {
            let id = params.get("taskId").and_then(Value::as_str);
            let id = id.ok_or_else(|| Error::invalid_params("\"taskId\" must be a string"))?;
            let task = self.find(id, cx.principal()).await?;
            match method {
                UPDATE => {
                    let answers = params.get("inputResponses").and_then(Value::as_object);
                    let wrong = || Error::invalid_params("\"inputResponses\" must be an object");
                    let answers = answers.ok_or_else(wrong)?;
                    match self.under_way(id, cx.principal()) {
                        Some(live) => answer(&live, answers),
                        None if !task.status.is_over() => {
                            let (id, answers) = (id.to_owned(), answers.clone());
                            self.changes.tell_others(&Told::AnswerTask { id, answers });
                        }
                        None => {}
                    }
                    Ok(Map::new())
                }
                CANCEL => {
                    if let Some(live) = self.under_way(id, cx.principal()) {
                        self.cancel(&live).await;
                    } else if !task.status.is_over() {
                        self.changes.tell_others(&Told::CancelTask { id: id.to_owned() });
                    }
                    Ok(Map::new())
                }
                _ => Ok(task.detail()),
            }
        })
    }

    fn topics(&self) -> Option<&'static str> {
        Some(TOPICS)
    }

    fn may_listen(&self, topics: Vec<String>, cx: &Context) -> Vec<String> {
        let own = |id: &String| self.under_way(id, cx.principal()).is_some();
        topics.into_iter().filter(own).collect()
    }

    fn news(&self, topic: &str) -> Option<(&'static str, Map<String, Value>)> {
        Some(("notifications/tasks", self.news_of(topic)?.detail()))
    }
}

impl Board {
    async fn cancel(&self, live: &Live) {
        live.change(|task| task.status = TaskStatus::Cancelled);
        live.facts.exchange.cancel();
        self.keep(live).await;
    }
}

/// Gives a task the answers to what it asks. What it does not ask is not looked at.
fn answer(live: &Live, answers: &Map<String, Value>) {
    for (key, answer) in answers {
        let Some(slot) = live.slots().remove(key) else { continue };
        live.change(|task| {
            task.questions.remove(key);
            if task.questions.is_empty() {
                task.status = TaskStatus::Working;
            }
        });
        slot.fill(Ok(answer.clone()));
    }
}

fn board(states: &States) -> Option<Arc<Board>> {
    states.get::<Weak<Board>>()?.upgrade()
}

/// A client has cancelled a task on another machine, which knows that it is his.
pub(crate) fn cancelled_elsewhere(states: &States, id: String) {
    let Some(board) = board(states) else { return };
    if let Some(live) = board.runs(&id) {
        tokio::spawn(async move { board.cancel(&live).await });
    }
}

/// A client has answered a task on another machine, which knows that it is his.
pub(crate) fn answered_elsewhere(states: &States, id: &str, answers: &Map<String, Value>) {
    if let Some(live) = board(states).and_then(|board| board.runs(id)) {
        answer(&live, answers);
    }
}
