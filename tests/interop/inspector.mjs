// MCP Inspector's command line against the server in EVERYTHING (stdio) and at EVERYTHING_URL (HTTP).
// Every check is a process of its own, so over stdio each one starts a server.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { check, eras, expected, expectTrue, same, sameCall, sameList, skip } from "./checks.mjs";

const inspector = fileURLToPath(new URL("node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js", import.meta.url));
const home = mkdtempSync(join(tmpdir(), "inspector-")); // no settings of the user's, and none left behind
const names = { "2026-07-28": "modern", "2025-11-25": "legacy" };
const targets = {
  stdio: [process.env.EVERYTHING],
  http: ["--transport", "http", "--server-url", process.env.EVERYTHING_URL],
};

// Runs one method and gives the exit status with what was printed: {result} or {error}.
function inspect(era, kind, method, ...options) {
  const args = [inspector, "--cli", ...targets[kind], "--protocol-era", names[era], "--format", "json", "--quiet", "--method", method, ...options];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { env: { ...process.env, HOME: home }, timeout: 60_000 }, (failure, stdout, stderr) => {
      const status = failure ? failure.code : 0;
      try {
        const last = (text) => JSON.parse(text.trim().split("\n").at(-1));
        resolve({ status, ...(stdout.trim() && last(stdout)), ...(stderr.trim() && last(stderr)) });
      } catch {
        reject(new Error(`exit ${status}, printed ${stdout}${stderr}`));
      }
    });
  });
}

async function drive(era, kind) {
  const where = `inspector ${era} ${kind}`;
  const run = (...args) => inspect(era, kind, ...args);
  const succeed = async (...args) => {
    const { status, result, error } = await run(...args);
    expectTrue(status === 0, `exit ${status}: ${JSON.stringify(error ?? result)}`);
    return result;
  };
  const withArgs = (args) => (args ? ["--tool-args-json", JSON.stringify(args)] : []);
  const pairs = (args = {}) => {
    const list = Object.entries(args).map(([key, value]) => `${key}=${value}`);
    return list.length ? ["--prompt-args", ...list] : [];
  };

  await check(where, "initialize", async () =>
    same(await succeed("initialize"), {
      protocolVersion: era,
      serverInfo: { name: "…", version: "…" },
      capabilities: { tools: {}, resources: {}, prompts: {} },
    }));
  if (era === "2025-11-25") {
    const advertises = (await run("initialize")).result?.capabilities?.logging;
    if (advertises) await check(where, "logging/setLevel", async () => same(await succeed("logging/setLevel", "--log-level", "debug"), {}));
    else skip(where, "logging/setLevel", "the server does not advertise logging");
  }
  // --strict fails on a tool whose schema other clients could not read.
  await check(where, "tools/list --strict", async () => sameList((await succeed("tools/list", "--strict")).tools, "name", expected.tools));
  await check(where, "resources/list", async () => sameList((await succeed("resources/list")).resources, "uri", expected.resources));
  await check(where, "resources/templates/list", async () =>
    sameList((await succeed("resources/templates/list")).resourceTemplates, "uriTemplate", expected.resourceTemplates));
  await check(where, "prompts/list", async () => sameList((await succeed("prompts/list")).prompts, "name", expected.prompts));

  for (const { name, arguments: args, ...want } of expected.calls) {
    await check(where, `tools/call ${name} ${JSON.stringify(args) ?? ""}`.trim(), async () => {
      const { status, result, error } = await run("tools/call", "--tool-name", name, ...withArgs(args));
      expectTrue(result, `exit ${status}: ${JSON.stringify(error)}`);
      sameCall(result, want);
      same(status, want.isError ? 5 : 0);
    });
  }
  await check(where, "tools/call add a=2 b=3, typed by the schema", async () =>
    sameCall(await succeed("tools/call", "--tool-name", "add", "--tool-arg", "a=2", "b=3"), expected.calls[0]));
  for (const { uri, contents } of expected.reads) {
    await check(where, `resources/read ${uri}`, async () => same((await succeed("resources/read", "--uri", uri)).contents, contents));
  }
  for (const { name, arguments: args, messages } of expected.gets) {
    await check(where, `prompts/get ${name}`, async () =>
      same((await succeed("prompts/get", "--prompt-name", name, ...pairs(args))).messages, messages));
  }

  // It shows the message of a JSON-RPC error, not the code, and asks for no tool that is not listed.
  await check(where, "an unknown tool is refused", async () =>
    same(await run("tools/call", "--tool-name", "no_such_tool"), { status: 5, error: { code: "tool_not_found" } }));
  const options = {
    "prompts/get": ({ name, arguments: args }) => ["--prompt-name", name, ...pairs(args)],
    "resources/read": ({ uri }) => ["--uri", uri],
  };
  for (const { method, params, message } of expected.errors) {
    if (!options[method]) continue;
    await check(where, `${method} ${JSON.stringify(params)} is an error`, async () =>
      same(await run(method, ...options[method](params)), { status: 1, error: { code: "error", message }, result: null }));
  }
}

// Both transports at once: most of the time goes into starting processes.
await Promise.all(Object.keys(targets).map(async (kind) => {
  for (const era of eras) await drive(era, kind);
}));
rmSync(home, { recursive: true });
