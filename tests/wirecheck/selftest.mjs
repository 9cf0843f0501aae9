// A check that cannot fail is worth nothing: of every revision some right messages pass, and each wrong one is rejected.
import { Connection } from "./check.mjs";
import { NEWEST, REVISIONS, Types } from "./types.mjs";

const types = new Types();
const text = [{ type: "text", text: "5" }];
const schema = { type: "object", properties: {} };
const answered = (method, result, params) => (revision) => exchange(revision, method, params, { jsonrpc: "2.0", id: 1, result });
const refused = (error, id = 1) => (revision) => exchange(revision, "tools/call", {}, { jsonrpc: "2.0", id, error });
const sends = (message) => (revision) => exchange(revision, "tools/call", { _meta: { progressToken: "t" } }, { jsonrpc: "2.0", ...message });
const progress = (params) => sends({ method: "notifications/progress", params: { progressToken: "t", progress: 1, ...params } });
const full = (result) => ({ resultType: "complete", ...result });
const list = (result) => full({ ttlMs: 0, cacheScope: "private", ...result });

// The lines of a connection on which one request is made in a revision, and the server says this.
function exchange(revision, method, params, said) {
  const lines = [];
  const request = { jsonrpc: "2.0", id: 1, method, params: { ...params } };
  if (revision === NEWEST) {
    request.params._meta = { ...params?._meta, "io.modelcontextprotocol/protocolVersion": revision };
  } else {
    const hello = { protocolVersion: revision, capabilities: {}, serverInfo: { name: "s", version: "1" } };
    lines.push({ from: "client", message: { jsonrpc: "2.0", id: "hello", method: "initialize", params: {} } });
    lines.push({ from: "server", message: { jsonrpc: "2.0", id: "hello", result: hello } });
  }
  return [...lines, { from: "client", message: request }, { from: "server", message: said }];
}

// What refuses a request of HTTP.
const body = (said) => (revision) => exchange(revision, "ping", {}, { jsonrpc: "2.0", ...said }).map((line, at, all) =>
  at === all.length - 1 ? { ...line, status: 400 } : line);
const unread = { code: -32700, message: "no" };
const ask = { method: "elicitation/create", params: { message: "Sure?", requestedSchema: { type: "object", properties: { sure: { type: "boolean" } } } } };
const task = { taskId: "t", status: "working", createdAt: "2026-01-01T00:00:00Z", lastUpdatedAt: "2026-01-01T00:00:00Z", ttlMs: null };
const subscription = { "io.modelcontextprotocol/subscriptionId": "1" };

const right = {
  stateful: {
    "a call": answered("tools/call", { content: text }),
    "an empty result": answered("ping", {}),
    "an error": refused({ code: -32602, message: "no" }),
    "a body that refuses": body({ error: unread }),
    "progress": progress({ total: 2 }),
    "a log message": sends({ method: "notifications/message", params: { level: "info", data: 1 } }),
    "a question": sends({ id: "q", method: "sampling/createMessage", params: { messages: [], maxTokens: 1 } }),
    "a list": answered("tools/list", { tools: [{ name: "a", inputSchema: schema }] }),
  },
  stateless: {
    "a call": answered("tools/call", full({ content: text })),
    "an error": refused({ code: -32602, message: "no" }),
    "a missing capability": refused({ code: -32021, message: "no", data: { requiredCapabilities: { sampling: {} } } }),
    "progress": progress({ total: 2 }),
    "a list": answered("tools/list", list({ tools: [{ name: "a", inputSchema: schema }] })),
    "a question": answered("tools/call", { resultType: "input_required", inputRequests: { sure: ask } }),
    "a task": answered("tools/call", { resultType: "task", ...task }),
    "a task's state": answered("tasks/get", full(task)),
    "what a task ended with": answered("tasks/get", full({ ...task, status: "completed", result: full({ content: text }) })),
    "the end of a subscription": answered("subscriptions/listen", full({ _meta: subscription })),
    "a result with a user's own data": answered("tools/call", full({ content: text, _meta: { "com.example/x": 1 } })),
    "a subscription": sends({ method: "notifications/subscriptions/acknowledged", params: { _meta: subscription, notifications: {} } }),
    "a task's news": sends({ method: "notifications/tasks", params: { _meta: subscription, ...task } }),
  },
};

const wrong = {
  stateful: {
    "a call without content": answered("tools/call", { content: "5" }),
    "content of no known type": answered("tools/call", { content: [{ type: "sound", data: "" }] }),
    "text without text": answered("tools/call", { content: [{ type: "text" }] }),
    "a list that is none": answered("tools/list", { tools: {} }),
    "a tool without schema": answered("tools/list", { tools: [{ name: "a" }] }),
    "an empty result that is not empty": answered("ping", { resultType: "complete" }),
    "an answer to nobody": sends({ id: 2, result: {} }),
    "a code in words": refused({ code: "-32602", message: "no" }),
    "an error without message": refused({ code: -32602 }),
    "a body that refuses without a code": body({ error: { message: "no" } }),
    "a body that refuses with a result": body({ result: {} }),
    "no version of JSON-RPC": sends({ jsonrpc: undefined, id: 1, result: { content: text } }),
    "progress for nobody": progress({ progressToken: "x" }),
    "progress in words": progress({ progress: "half" }),
    "a level that is none": sends({ method: "notifications/message", params: { level: "loud", data: 1 } }),
    "an unknown notification": sends({ method: "notifications/unknown" }),
    "a request that clients make": sends({ id: 2, method: "tools/list" }),
    "a question without messages": sends({ id: "q", method: "sampling/createMessage", params: { maxTokens: 1 } }),
    "news of subscriptions": sends({ method: "notifications/subscriptions/acknowledged", params: { notifications: {} } }),
    "discovery": answered("server/discover", { supportedVersions: [], capabilities: {} }),
  },
  stateless: {
    "no resultType": answered("tools/call", { content: text }),
    "a call without content": answered("tools/call", full({})),
    "a list without hints for caches": answered("tools/list", full({ tools: [] })),
    "a scope that is none": answered("tools/list", list({ tools: [], cacheScope: "secret" })),
    "a member that nobody knows": answered("tools/list", list({ tools: [{ name: "a", inputSchema: schema, colour: "red" }] })),
    "a question of its own": sends({ id: "q", ...ask }),
    "a question about nothing": answered("tools/call", { resultType: "input_required", inputRequests: { sure: { method: "tools/list" } } }),
    "a question without schema": answered("tools/call", { resultType: "input_required", inputRequests: { sure: { ...ask, params: { message: "?" } } } }),
    "a missing capability that is not named": refused({ code: -32021, message: "no" }),
    "capabilities as names": refused({ code: -32021, message: "no", data: { requiredCapabilities: ["sampling"] } }),
    "a version that is not told": refused({ code: -32022, message: "no", data: { supported: "2026-07-28" } }),
    "a ping": answered("ping", full({})),
    "a batch": (revision) => exchange(revision, "tools/call", {}, [{ jsonrpc: "2.0", id: 1, result: full({ content: text }) }]),
    "a task without state": answered("tools/call", { resultType: "task", ...task, status: undefined }),
    "a task's state without result": answered("tasks/get", full({ ...task, status: "completed" })),
    "a task that ended with no result": answered("tasks/get", full({ ...task, status: "completed", result: {} })),
    "a task that ended with an older result": answered("tasks/get", full({ ...task, status: "completed", result: { content: text } })),
    "news of an end without content": sends({ method: "notifications/tasks", params: { ...task, status: "completed", result: full({}) } }),
    "a task's news without time": sends({ method: "notifications/tasks", params: { _meta: subscription, ...task, createdAt: 5 } }),
    "an end of no subscription": answered("subscriptions/listen", full({})),
    "a subscription of a call": answered("tools/call", full({ content: text, _meta: subscription })),
    "data under a name that is not its user's": answered("tools/list", list({ tools: [], _meta: { "io.modelcontextprotocol/x": 1 } })),
    "an error with null for an id": refused(unread, null),
    "a subscription without filter": sends({ method: "notifications/subscriptions/acknowledged", params: { _meta: subscription } }),
    "an answer to nobody": sends({ id: 2, result: full({}) }),
    "progress for nobody": progress({ progressToken: "x" }),
  },
};

const batch = (...said) => (revision) => exchange(revision, "ping", {}, said);

// What came with a revision: it is right there and later, and wrong before.
const since = {
  "2024-11-05": { "an error with null for an id": refused(unread, null) },
  "2025-11-25": { "an error without id": sends({ error: unread }) },
  "2025-03-26": {
    "a batch": batch({ jsonrpc: "2.0", id: 1, result: {} }),
    "a batch with errors": batch({ jsonrpc: "2.0", id: 1, error: unread }, { jsonrpc: "2.0", id: null, error: unread }),
  },
  "2025-06-18": { "an elicitation": sends({ id: "q", ...ask }) },
};
const until = {
  "a batch": "2025-03-26",
  "a batch with errors": "2025-03-26",
  "an error with null for an id": "2025-06-18",
};

// What is wrong in a batch in the revision that has them, whatever is beside it.
const wrongInBatch = {
  "a result with null for an id": batch({ jsonrpc: "2.0", id: null, result: {} }),
  "an error without id": batch({ jsonrpc: "2.0", error: unread }),
  "an error without message": batch({ jsonrpc: "2.0", id: null, error: { code: -32700 } }),
  "a batch in a batch": batch([{ jsonrpc: "2.0", id: 1, result: {} }]),
};

function judge(lines) {
  const found = [];
  let heard = 0;
  const connection = new Connection(types, (_revision, _kind, _message, wrong) => (heard++, found.push(...wrong)));
  for (const line of lines) connection.take(JSON.parse(JSON.stringify(line)));
  return heard ? found : ["nothing was heard"];
}

let cases = 0;
const failures = [];
function expect(revision, what, make, valid) {
  cases++;
  const found = judge(make(revision));
  if (valid !== (found.length === 0)) {
    failures.push(`${revision}: ${what} ${valid ? `is rejected: ${found.join("; ")}` : "passes"}`);
  }
}
for (const revision of REVISIONS) {
  const era = revision === NEWEST ? "stateless" : "stateful";
  for (const [what, make] of Object.entries(right[era])) expect(revision, what, make, true);
  for (const [what, make] of Object.entries(wrong[era])) expect(revision, what, make, false);
  if (era === "stateless") continue;
  for (const [first, those] of Object.entries(since)) {
    for (const [what, make] of Object.entries(those)) {
      expect(revision, what, make, revision >= first && revision <= (until[what] ?? revision));
    }
  }
}
for (const [what, make] of Object.entries(wrongInBatch)) expect("2025-03-26", `in a batch, ${what}`, make, false);
expect(NEWEST, "what is no JSON", () => [{ from: "server", raw: "{" }], false);
for (const failure of failures) console.log(`WRONG ${failure}`);
console.log(`self-test: ${cases} cases, ${failures.length} misjudged`);
process.exit(failures.length ? 1 : 0);
