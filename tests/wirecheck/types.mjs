// Types of the protocol that we did not write, per revision: the specification's own JSON Schemas
// (as the official conformance suite carries them), and the Zod schemas of the TypeScript SDK's
// last release that had the revision as its newest. Knows no message and reads no file of messages.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { runInNewContext } from "node:vm";
import { Ajv } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import * as tasks from "@modelcontextprotocol/ext-tasks/core/v2";

export const REVISIONS = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"];
export const NEWEST = REVISIONS.at(-1);

const require = createRequire(import.meta.url);

// The value of `name={…}` in a bundle: it is data, so its braces match outside of its strings.
function literal(source, name) {
  const start = source.indexOf(`${name}={$schema:`) + name.length + 1;
  if (start <= name.length) throw new Error(`the suite has no schema ${name}`);
  for (let at = start, depth = 0; at < source.length; at++) {
    const c = source[at];
    if (c === '"' || c === "'" || c === "`") {
      for (at++; source[at] !== c; at++) if (source[at] === "\\") at++;
    } else if (c === "{" || c === "[") depth++;
    else if ((c === "}" || c === "]") && --depth === 0) return runInNewContext(`(${source.slice(start, at + 1)})`);
  }
  throw new Error(`the schema ${name} has no end`);
}

function specification() {
  const source = readFileSync(new URL("node_modules/@modelcontextprotocol/conformance/dist/index.js", import.meta.url), "utf8");
  const table = source.match(/\{"2025-03-26":(\w+),"2025-06-18":(\w+),"2025-11-25":(\w+),\[\w+\]:(\w+)\}/);
  if (!table) throw new Error("the conformance suite keeps its schemas elsewhere now: see literal() in types.mjs");
  return new Map(REVISIONS.slice(1).map((revision, i) => [revision, literal(source, table[i + 1])]));
}

// An object type that names its members has no others, except where the specification says so
// (`additionalProperties`) or composes it. What users write themselves stays open.
const USERS_OWN = new Set(["inputSchema", "outputSchema"]);
function close(node, composed = false) {
  if (Array.isArray(node)) return node.forEach((item) => close(item, composed));
  if (typeof node !== "object" || node === null) return;
  if (node.properties && !("additionalProperties" in node) && !composed) node.additionalProperties = false;
  for (const [key, value] of Object.entries(node)) {
    if (key === "properties") for (const [name, member] of Object.entries(value)) USERS_OWN.has(name) || close(member);
    else close(value, key === "allOf");
  }
}

// The members of `_meta` that nobody but the specification may name: a type has no others of these, and any of other names.
const RESERVED = "^(?!([^/.]+\\.)(modelcontextprotocol|mcp)(\\.[^/]*)?/)";

// One revision, by the specification's schema.
class Specification {
  constructor(revision, schema) {
    this.name = `the specification's schema of ${revision}`;
    this.key = "$defs" in schema ? "$defs" : "definitions";
    this.defs = schema[this.key];
    // The generator of these two wrote integer where the specification's schema.ts has number.
    const number = this.defs.NumberSchema?.properties ?? {};
    for (const member of ["minimum", "maximum", "default"]) {
      if (revision < NEWEST && number[member]?.type === "integer") number[member].type = "number";
    }
    for (const [name, def] of Object.entries(this.defs)) {
      if (name.endsWith("MetaObject") && !("additionalProperties" in def)) def.patternProperties = { [RESERVED]: {} };
    }
    close(this.defs);
    const options = { strict: false, allErrors: true };
    this.ajv = schema.$schema.includes("2020-12") ? new Ajv2020(options) : new Ajv(options);
    addFormats.default(this.ajv);
    this.ajv.addFormat("byte", /^[A-Za-z0-9+/]*={0,2}$/);
    this.ajv.addSchema({ ...schema, $id: "mcp" });
    this.methods = new Map();
    this.codes = new Map();
    for (const [name, def] of Object.entries(this.defs)) {
      const method = def.properties?.method?.const;
      if (method && /(Request|Notification)$/.test(name)) this.methods.set(method, name);
      for (const part of def.properties?.error?.allOf ?? []) {
        if (part.properties?.code?.const) this.codes.set(part.properties.code.const, name);
      }
    }
    const union = (name) => new Set((this.defs[name]?.anyOf ?? []).map((part) => part.$ref.split("/").at(-1)));
    this.fromServer = new Set([...union("ServerRequest"), ...union("ServerNotification")]);
  }

  against(name, value) {
    if (!(name in this.defs)) return [`there is no ${name}`];
    const validate = this.ajv.getSchema(`mcp#/${this.key}/${name}`);
    if (validate(value)) return [];
    return validate.errors.map((e) =>
      `${name}${e.instancePath}: ${e.message}${e.params.additionalProperty ? ` (${e.params.additionalProperty})` : ""}`);
  }

  // A request or notification that the server sends.
  sent(message) {
    message = withoutTasks(message);
    const name = this.methods.get(message.method);
    if (!name || !this.fromServer.has(name)) return [`a server does not send ${message.method}`];
    const envelope = this.against(name.endsWith("Request") ? "JSONRPCRequest" : "JSONRPCNotification", message);
    if (envelope.length || "jsonrpc" in this.defs[name].properties) return envelope.length ? envelope : this.against(name, message);
    const { jsonrpc, id, ...typed } = message; // older revisions have these in the envelope alone
    return this.against(name, typed);
  }

  result(method, message, kind) {
    // The envelope has a result of any kind, and it is its own kind that says what else `_meta` has.
    const { _meta, ...plain } = message.result ?? {};
    const any = typeof message.result === "object" && message.result !== null ? { ...message, result: plain } : message;
    const envelope = this.against("JSONRPCResultResponse" in this.defs ? "JSONRPCResultResponse" : "JSONRPCResponse", any);
    if (envelope.length) return envelope;
    if (kind === "input_required") return this.against("InputRequiredResult", message.result);
    const request = this.methods.get(method);
    if (!request) return [`there is no request ${method}`];
    if (kind === "task") return this.against("CreateTaskResult", message.result);
    const name = request.replace(/Request$/, "Result");
    return this.against(name in this.defs ? name : "EmptyResult", message.result);
  }

  error(message) {
    const plain = "JSONRPCErrorResponse" in this.defs ? "JSONRPCErrorResponse" : "JSONRPCError";
    return this.against(this.codes.get(message.error?.code) ?? plain, message);
  }

  batch(messages) {
    const takes = (def) => JSON.stringify(def ?? {}).includes('"array"');
    return "JSONRPCBatchResponse" in this.defs && takes(this.defs.JSONRPCBatchResponse)
      ? this.against("JSONRPCBatchResponse", messages)
      : ["this revision has no batches"];
  }
}

const issues = (name, schema, value) => {
  const read = schema.safeParse(value);
  return read.success ? [] : read.error.issues.map((i) => `${name}/${i.path.join("/")}: ${i.message}`);
};

// One revision, by the Zod schemas of the SDK's release of its day.
class Sdk {
  constructor(revision) {
    const { version } = require(`./node_modules/sdk-${revision}/package.json`);
    this.types = require(`sdk-${revision}/types.js`);
    if (this.types.LATEST_PROTOCOL_VERSION !== revision) throw new Error(`SDK ${version} is not of ${revision}`);
    this.name = `the SDK ${version}`;
    this.methods = new Map();
    for (const [name, schema] of Object.entries(this.types)) {
      if (!/(Request|Notification)Schema$/.test(name)) continue;
      const method = schema.shape?.method?.value;
      if (typeof method === "string") this.methods.set(method, name);
    }
    this.batches = revision === "2025-03-26";
  }

  sent(message) {
    const name = this.methods.get(message.method);
    if (!name) return [`there is no ${message.method}`];
    const union = name.endsWith("RequestSchema") ? "ServerRequestSchema" : "ServerNotificationSchema";
    const envelope = name.endsWith("RequestSchema") ? "JSONRPCRequestSchema" : "JSONRPCNotificationSchema";
    const wrong = [...issues(envelope, this.types[envelope], message), ...issues(name, this.types[name], message)];
    return wrong.length ? wrong : issues(union, this.types[union], message);
  }

  result(method, message, kind) {
    const envelope = this.types.JSONRPCResultResponseSchema ? "JSONRPCResultResponseSchema" : "JSONRPCResponseSchema";
    const wrong = issues(envelope, this.types[envelope], message);
    const request = this.methods.get(method);
    if (wrong.length || !request) return request ? wrong : [`there is no request ${method}`];
    const name = kind === "task" ? "CreateTaskResultSchema" : request.replace(/RequestSchema$/, "ResultSchema");
    const schema = this.types[name] ?? this.types.EmptyResultSchema;
    return issues(this.types[name] ? name : "EmptyResultSchema", schema, message.result);
  }

  error(message) {
    const name = this.types.JSONRPCErrorResponseSchema ? "JSONRPCErrorResponseSchema" : "JSONRPCErrorSchema";
    return issues(name, this.types[name], message);
  }

  batch() {
    return this.batches ? [] : ["this revision has no batches"];
  }
}

// The tasks extension, by the Zod schemas of its own package.
class Tasks {
  name = "the tasks extension's types";
  results = { "tools/call": "CreateTaskResultV2Schema", "tasks/get": "GetTaskResultV2Schema", "tasks/update": "UpdateTaskResultV2Schema", "tasks/cancel": "CancelTaskResultV2Schema" };

  result(method, message) {
    const name = this.results[method];
    return name ? issues(name, tasks[name], message.result) : [`${method} has no task`];
  }

  sent(message) {
    return issues("TaskStatusNotificationV2Schema", tasks.TaskStatusNotificationV2Schema, message);
  }
}

// What the extension adds to a message of the core: the tasks that are listened to, a list of ids.
const withoutTasks = (message) => {
  const { taskIds, ...honoured } = message.params?.notifications ?? {};
  const listed = Array.isArray(taskIds) && taskIds.every((id) => typeof id === "string");
  if (message.method !== "notifications/subscriptions/acknowledged" || !listed) return message;
  return { ...message, params: { ...message.params, notifications: honoured } };
};

// The methods that only the extension knows.
const ofTasks = (revision, method) => revision === NEWEST && /^(notifications\/tasks|tasks\/)/.test(method);

// Where the id of a request cannot be read JSON-RPC wants null for it in the error. Until 2025-06-18 the revisions' own
// types, which have neither that nor an error without an id, are not taken literally; since 2025-11-25 an error has no id then.
const identified = (revision, message) =>
  revision < "2025-11-25" && message?.id === null && "error" in message ? { ...message, id: 0 } : message;

// Everything that a message of this revision must satisfy, with the name of whoever says so.
export class Types {
  #tasks = new Tasks();
  #types = new Map();

  constructor() {
    const specified = specification();
    for (const revision of REVISIONS) {
      const of = [];
      if (specified.has(revision)) of.push(new Specification(revision, specified.get(revision)));
      if (revision !== NEWEST) of.push(new Sdk(revision));
      this.#types.set(revision, of);
    }
  }

  #each(types, judge) {
    return types.flatMap((type) => judge(type).map((wrong) => `${wrong} (says ${type.name})`));
  }

  sent(revision, message) {
    const extension = ofTasks(revision, message.method);
    const wrong = this.#each(extension ? [this.#tasks] : this.#types.get(revision), (type) => type.sent(message));
    return extension ? [...wrong, ...this.#ended(message.params ?? {})] : wrong;
  }

  // `kind` is what tells results of one method apart: input_required, task, or nothing.
  result(revision, method, message, kind) {
    const extension = revision === NEWEST && (kind === "task" || ofTasks(revision, method));
    const types = extension ? [this.#tasks] : this.#types.get(revision);
    const wrong = this.#each(types, (type) => type.result(method, message, kind));
    return extension ? [...wrong, ...this.#ended(message.result)] : wrong;
  }

  // What a task ended with is a call's result in full; its own types take any object.
  #ended({ status, result }) {
    if (status !== "completed") return [];
    return this.#each(this.#types.get(NEWEST), (type) => type.result("tools/call", { jsonrpc: "2.0", id: 0, result }));
  }

  // The body that refuses a request of HTTP may have no id, say the transports since 2025-03-26; the types do so only later.
  error(revision, message, refuses) {
    const known = refuses && !("id" in message) ? { ...message, id: 0 } : identified(revision, message);
    return this.#each(this.#types.get(revision), (type) => type.error(known));
  }

  batch(revision, messages) {
    const known = messages.map((message) => identified(revision, message));
    return this.#each(this.#types.get(revision), (type) => type.batch(known));
  }
}
