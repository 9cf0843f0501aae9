// What a server asks of its client and tells it unasked, with the TypeScript client: questions, subscriptions, completion,
// log messages, tasks. A step whose fixture or capability the server does not have is skipped, and says so.
import { createTaskSessionFromClient, resultFromTaskOutcome } from "@modelcontextprotocol/ext-tasks/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { check, expectTrue, same, skip } from "./checks.mjs";

const WATCHED = "test://watched-resource";
const TASKS = "io.modelcontextprotocol/tasks";
const META = "io.modelcontextprotocol/";
const text = (result) => {
  expectTrue(!result.isError, `isError: ${JSON.stringify(result)}`);
  return result.content.map((block) => block.text ?? "").join("\n");
};
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Things that come. `until` waits for one that fits.
function inbox() {
  const all = [];
  const waiting = [];
  return {
    all,
    put(item) {
      all.push(item);
      for (const wake of waiting.splice(0)) wake();
    },
    async until(fits) {
      while (!all.some(fits)) await new Promise((wake) => waiting.push(wake));
    },
  };
}

// The client answers every question with what is known of Ada, and keeps the questions.
async function answering(connect, decline = false) {
  const asked = inbox();
  const client = await connect({ capabilities: { elicitation: { form: {} }, sampling: {}, roots: { listChanged: true } } });
  const facts = { username: "ada", name: "Ada", email: "ada@example.com", color: "violet", ok: true, confirm: true, context: "engines" };
  client.setRequestHandler("elicitation/create", ({ params }) => {
    asked.put({ method: "elicitation/create", params });
    if (decline) return { action: "decline" };
    const content = Object.fromEntries(Object.keys(params.requestedSchema.properties).map((name) => [name, facts[name] ?? "ada"]));
    return { action: "accept", content };
  });
  client.setRequestHandler("sampling/createMessage", ({ params }) => {
    asked.put({ method: "sampling/createMessage", params });
    return { role: "assistant", content: { type: "text", text: "Paris, says the model" }, model: "interop", stopReason: "endTurn" };
  });
  client.setRequestHandler("roots/list", () => {
    asked.put({ method: "roots/list" });
    return { roots: [{ uri: "file:///home/ada", name: "Ada" }] };
  });
  return { client, asked };
}

// `connect(options)` gives a connected client; `kind` is its transport.
export async function peer(where, era, kind, connect) {
  const modern = era === "2026-07-28";
  const { client, asked } = await answering(connect);
  const capabilities = client.getServerCapabilities();
  const tools = new Set((await client.listTools()).tools.map((tool) => tool.name));
  const prompts = new Set((await client.listPrompts()).prompts.map((prompt) => prompt.name));
  const resources = new Set((await client.listResources()).resources.map((resource) => resource.uri));

  // Runs a step if the server has what it needs.
  const step = (name, needs, body) => {
    const missing = needs.find((need) => !need.there);
    return missing ? skip(where, name, missing.what) : check(where, name, body);
  };
  const tool = (name) => ({ there: tools.has(name), what: `no tool ${name}` });
  const capability = (path) => ({
    there: path.split(".").reduce((at, member) => at?.[member], capabilities),
    what: `the server does not advertise ${path}`,
  });
  const call = (name, args = {}) => client.callTool({ name, arguments: args });
  const questions = async (run, methods) => {
    asked.all.length = 0;
    const result = await run();
    same(asked.all.map((question) => question.method).sort(), [...methods].sort());
    return result;
  };
  const [FORM, MODEL, ROOTS] = ["elicitation/create", "sampling/createMessage", "roots/list"];

  await step("elicitation", [tool("test_elicitation")], async () => {
    const result = await questions(() => call("test_elicitation", { message: "Who are you?" }), [FORM]);
    same(asked.all[0].params.message, "Who are you?");
    same(Object.keys(asked.all[0].params.requestedSchema.properties).sort(), ["email", "username"]);
    expectTrue(text(result).includes("ada@example.com"), text(result));
  });
  await step("sampling", [tool("test_sampling")], async () => {
    const result = await questions(() => call("test_sampling", { prompt: "Which capital?" }), [MODEL]);
    same(asked.all[0].params.messages, [{ role: "user", content: { type: "text", text: "Which capital?" } }]);
    expectTrue(text(result).includes("Paris, says the model"), text(result));
  });
  // The same tools are to work in both eras, whether they end in input_required or ask meanwhile.
  for (const [name, methods, answer] of [
    ["elicitation", [FORM], "Hello, Ada!"],
    ["sampling", [MODEL], "Paris, says the model"],
    ["list_roots", [ROOTS], "file:///home/ada"],
    ["request_state", [FORM], "state-ok"],
    ["multiple_inputs", [FORM, MODEL, ROOTS], ""],
    ["multi_round", [FORM, FORM], ""],
  ]) {
    const named = `test_input_required_result_${name}`;
    await step(`questions of ${named}`, [tool(named)], async () => {
      const result = await questions(() => call(named), methods);
      expectTrue(text(result).includes(answer), text(result));
    });
  }
  const prompt = "test_input_required_result_prompt";
  await step(`the question of prompt ${prompt}`, [{ there: prompts.has(prompt), what: `no prompt ${prompt}` }], async () => {
    const result = await questions(() => client.getPrompt({ name: prompt }), [FORM]);
    expectTrue(result.messages.length > 0, JSON.stringify(result));
  });

  await step("a declined question has an end", [tool("test_elicitation")], async () => {
    const { client } = await answering(connect, true);
    const result = await client.callTool({ name: "test_elicitation", arguments: { message: "?" } });
    expectTrue(result.content.length > 0, JSON.stringify(result));
    await client.close();
  });
  await step("who can not be asked is told so", [tool("test_elicitation")], async () => {
    const mute = await connect({});
    const outcome = await mute.callTool({ name: "test_elicitation", arguments: { message: "?" } }).catch((error) => error);
    if (modern) same({ name: outcome.name, code: outcome.code }, { name: "ProtocolError", code: -32021 });
    else expectTrue(outcome.isError || outcome.name === "ProtocolError", JSON.stringify(outcome));
    await mute.close();
  });

  const noticed = inbox();
  for (const method of ["resources/updated", "tools/list_changed", "prompts/list_changed", "message"]) {
    client.setNotificationHandler(`notifications/${method}`, ({ params }) => noticed.put({ method, params }));
  }
  const watched = { there: resources.has(WATCHED), what: `no resource ${WATCHED}` };
  const updated = ({ method, params }) => method === "resources/updated" && params.uri === WATCHED;
  await step("a subscription to a resource", [capability("resources.subscribe"), watched, tool("touch_watched_resource")], async () => {
    const subscription = modern
      ? await client.listen({ resourceSubscriptions: [WATCHED] })
      : await client.subscribeResource({ uri: WATCHED });
    if (modern) same(subscription.honoredFilter.resourceSubscriptions, [WATCHED]);
    await call("touch_watched_resource");
    await noticed.until(updated);
    if (modern) await subscription.close();
    else await client.unsubscribeResource({ uri: WATCHED });
    await pause(200);
    noticed.all.length = 0;
    await call("touch_watched_resource");
    await pause(500);
    same(noticed.all.filter(updated).length, 0);
  });
  for (const [list, trigger] of [["tools", "test_trigger_tool_change"], ["prompts", "test_trigger_prompt_change"]]) {
    await step(`a change of the ${list}`, [capability(`${list}.listChanged`), tool(trigger)], async () => {
      const filter = { [`${list}ListChanged`]: true };
      const subscription = modern ? await client.listen(filter) : undefined;
      if (modern) same(subscription.honoredFilter, filter);
      noticed.all.length = 0;
      await call(trigger);
      await noticed.until(({ method }) => method === `${list}/list_changed`);
      await subscription?.close();
    });
  }

  await step("completion of an argument", [capability("completions")], async () => {
    const complete = async (value) =>
      (await client.complete({ ref: { type: "ref/prompt", name: "test_prompt_with_arguments" }, argument: { name: "arg1", value } })).completion.values;
    const values = await complete("");
    expectTrue(values.length > 0 && values.length <= 100, JSON.stringify(values));
    const begun = await complete(values[0].slice(0, 2));
    expectTrue(begun.includes(values[0]) && begun.every((value) => value.startsWith(values[0].slice(0, 2))), JSON.stringify(begun));
    same(await complete("no such beginning"), []);
  });

  await step("log messages of a call", [capability("logging"), tool("test_tool_with_logging")], async () => {
    const messages = () => noticed.all.filter(({ method }) => method === "message");
    const logged = async (level) => {
      noticed.all.length = 0;
      if (!modern) await client.setLoggingLevel(level);
      await client.callTool({ name: "test_tool_with_logging", ...(modern && { _meta: { [`${META}logLevel`]: level } }) });
      await pause(200);
      return messages().map(({ params }) => params.level);
    };
    same(await logged("debug"), ["info", "info", "info"]);
    same(await logged("error"), []);
    if (!modern) return;
    noticed.all.length = 0;
    await call("test_tool_with_logging"); // it asks for no level
    await pause(200);
    same(messages(), []);
  });

  const extension = modern ? { there: capabilities.extensions?.[TASKS], what: `the server does not advertise ${TASKS}` } : capability("tasks");
  await step("a task", [extension, tool("slow_compute")], async () => {
    const raw = modern ? await dispatcher(kind) : undefined;
    const session = createTaskSessionFromClient(client, { endpointId: "interop", ...raw?.options(era) });
    try {
      const execution = await session.callTool("slow_compute", { seconds: 1, label: "interop" });
      const { outcome } = await execution.settle();
      const result = resultFromTaskOutcome(outcome);
      expectTrue(!result.isError && result.content.length > 0, JSON.stringify(result));
      if (raw) expectTrue(raw.sent.includes("tasks/get"), `it was no task: ${raw.sent}`);
    } finally {
      await session.close();
      await raw?.close();
    }
  });
  await client.close();
}

// The client's own wire refuses tasks of the newer era: they go beside it, over a connection of their own.
async function dispatcher(kind) {
  const sent = [];
  const clientInfo = { name: "interop", version: "1" };
  const clientCapabilities = { extensions: { [TASKS]: {} } };
  const { exchange, close } = kind === "http" ? overHttp() : await overStdio();
  const rawDispatch = async (request) => {
    sent.push(request.method);
    const answer = await exchange({ jsonrpc: "2.0", id: sent.length, ...request });
    return answer.error ? { kind: "error", error: answer.error } : { kind: "result", result: answer.result };
  };
  const options = (protocolVersion) => ({ rawDispatch, v2RequestFraming: { protocolVersion, clientInfo, clientCapabilities } });
  return { sent, options, close };
}

function overHttp() {
  const exchange = async (request) => {
    const name = request.params.name ?? request.params.taskId;
    const headers = {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": request.params._meta[`${META}protocolVersion`],
      "mcp-method": request.method,
      ...(name && { "mcp-name": name }),
    };
    const response = await fetch(process.env.EVERYTHING_URL, { method: "POST", headers, body: JSON.stringify(request) });
    const body = await response.text();
    const events = response.headers.get("content-type")?.startsWith("text/event-stream");
    const messages = events ? body.split("\n").filter((line) => line.startsWith("data: ")).map((line) => line.slice(6)) : [body];
    return messages.map((message) => JSON.parse(message)).find(({ id }) => id === request.id);
  };
  return { exchange, close: async () => {} };
}

async function overStdio() {
  const transport = new StdioClientTransport({ command: process.env.EVERYTHING, stderr: "ignore" });
  const waiting = new Map();
  transport.onmessage = (message) => waiting.get(message.id)?.(message);
  await transport.start();
  const exchange = (request) =>
    new Promise((resolve, reject) => {
      waiting.set(request.id, resolve);
      transport.send(request).catch(reject);
    });
  return { exchange, close: () => transport.close() };
}
