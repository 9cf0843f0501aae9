// The TypeScript client against the server in EVERYTHING (stdio), at EVERYTHING_URL (HTTP) and at
// EVERYTHING_SSE_URL (HTTP+SSE).
import { Client, SSEClientTransport, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { peer } from "./peer.mjs";
import { check, eras, expected, expectTrue, same, sameCall, sameList } from "./checks.mjs";

const transports = {
  stdio: () => new StdioClientTransport({ command: process.env.EVERYTHING, stderr: "ignore" }),
  http: () => new StreamableHTTPClientTransport(new URL(process.env.EVERYTHING_URL)),
  sse: () => new SSEClientTransport(new URL(process.env.EVERYTHING_SSE_URL)),
};
const modes = { "2026-07-28": { pin: "2026-07-28" }, "2025-11-25": "legacy" };

async function connect(transport, mode, options) {
  const client = new Client({ name: "interop", version: "1" }, { versionNegotiation: { mode }, ...options });
  await client.connect(transport);
  return client;
}

// The error that the server answers; a result, or an error of the client's own making, is a failure.
async function protocolError(request) {
  const outcome = await request.then((result) => ({ result }), (error) => error);
  expectTrue(outcome.name === "ProtocolError", `wanted a JSON-RPC error, got ${outcome.stack ?? JSON.stringify(outcome)}`);
  return outcome;
}

async function drive(era, kind) {
  const where = `typescript ${era} ${kind}`;
  const transport = transports[kind]();
  let client;
  const connected = await check(where, "connect", async () => {
    client = await connect(transport, modes[era]);
    same(client.getNegotiatedProtocolVersion(), era);
    same(client.getServerVersion(), { name: "…", version: "…" });
    same(client.getServerCapabilities(), { tools: {}, resources: {}, prompts: {} });
  });
  if (!connected) return void (await transport.close().catch(() => {}));

  const call = (params, options) => client.callTool(params, options);
  const add = async () => sameCall(await call({ name: "add", arguments: { a: 2, b: 3 } }), expected.calls[0]);

  await check(where, "tools/list", async () => sameList((await client.listTools()).tools, "name", expected.tools));
  await check(where, "resources/list", async () => sameList((await client.listResources()).resources, "uri", expected.resources));
  await check(where, "resources/templates/list", async () =>
    sameList((await client.listResourceTemplates()).resourceTemplates, "uriTemplate", expected.resourceTemplates));
  await check(where, "prompts/list", async () => sameList((await client.listPrompts()).prompts, "name", expected.prompts));

  // The client validates structured content against the output schema that it has listed.
  for (const { name, arguments: args, ...want } of expected.calls) {
    await check(where, `tools/call ${name} ${JSON.stringify(args) ?? ""}`.trim(), async () =>
      sameCall(await call({ name, arguments: args }), want));
  }
  for (const { uri, contents } of expected.reads) {
    await check(where, `resources/read ${uri}`, async () => same((await client.readResource({ uri })).contents, contents));
  }
  for (const { name, arguments: args, messages } of expected.gets) {
    await check(where, `prompts/get ${name}`, async () => same((await client.getPrompt({ name, arguments: args })).messages, messages));
  }

  const send = {
    "tools/call": (params) => client.callTool(params),
    "prompts/get": (params) => client.getPrompt(params),
    "resources/read": (params) => client.readResource(params),
  };
  for (const error of expected.errors) {
    // The client itself turns the older era's -32002 (if its data names the URI) into -32602.
    const code = error.data ? -32602 : error.code;
    await check(where, `${error.method} ${JSON.stringify(error.params)} is error ${code}, then a call`, async () => {
      const got = await protocolError(send[error.method](error.params));
      same(got, { code, message: error.message, ...(error.data && { data: error.data }) });
      await add();
    });
  }

  await check(where, "progress notifications", async () => {
    const seen = [];
    const result = await call({ name: "test_tool_with_progress" }, { onprogress: (progress) => seen.push(progress) });
    expectTrue(!result.isError, `isError: ${JSON.stringify(result)}`);
    same(seen, [0, 50, 100].map((progress) => ({ progress, total: 100 })));
  });
  await check(where, "a slow call delays no other", async () => {
    const order = [];
    const slow = call({ name: "sleep", arguments: { ms: 1000 } }).then((result) => (order.push("sleep"), result));
    await Promise.all([slow, add().then(() => order.push("add")), client.listTools({}, { cacheMode: "refresh" }).then(() => order.push("list"))]);
    sameCall(await slow, { content: [{ type: "text", text: "slept" }] });
    same(order[2], "sleep");
  });
  await check(where, "cancelled call, then a call", async () => {
    const abort = new AbortController();
    const slow = call({ name: "sleep", arguments: { ms: 60000 } }, { signal: abort.signal }).then(JSON.stringify, () => "rejected");
    setTimeout(() => abort.abort(), 200);
    same(await slow, "rejected");
    await add();
  });
  if (era === "2025-11-25") await check(where, "ping", async () => same(await client.ping(), {}));

  if (kind === "http" && era === "2025-11-25") {
    await check(where, "the session can be ended", async () => {
      expectTrue(transport.sessionId, "no session id");
      await transport.terminateSession();
      await client.close();
    });
  } else if (kind === "stdio") {
    // The client closes stdin and sends SIGTERM two seconds later; the cancelled call must not hold the server.
    await check(where, "the server ends when stdin does", async () => {
      const start = Date.now();
      await client.close();
      expectTrue(Date.now() - start < 1900, `it took ${Date.now() - start} ms`);
    });
  } else {
    await client.close();
  }
}

for (const kind of Object.keys(transports)) {
  for (const era of eras) {
    await drive(era, kind);
    const where = `typescript ${era} ${kind}`;
    // A step tells of itself; only what lies between them can break off.
    const steps = () => peer(where, era, kind, (options) => connect(transports[kind](), modes[era], options));
    await steps().catch((error) => console.log(`FAIL  ${where}: what servers ask and tell\n        ${error.stack}`));
  }
  for (const revision of ["2025-06-18", "2025-03-26", "2024-11-05"]) {
    await check(`typescript ${revision} ${kind}`, "connect and call", async () => {
      const client = await connect(transports[kind](), "legacy", { supportedProtocolVersions: [revision] });
      same(client.getNegotiatedProtocolVersion(), revision);
      sameCall(await client.callTool({ name: "add", arguments: { a: 2, b: 3 } }), expected.calls[0]);
      await client.close();
    });
  }
  // A client that does not know the era asks with server/discover, and must find the newer one.
  await check(`typescript auto ${kind}`, "finds 2026-07-28 and calls", async () => {
    const client = await connect(transports[kind](), "auto");
    same(client.getNegotiatedProtocolVersion(), "2026-07-28");
    sameCall(await client.callTool({ name: "add", arguments: { a: 2, b: 3 } }), expected.calls[0]);
    await client.close();
  });
}
process.exit();
