// Checks what servers sent in tests by types that we did not write: `check.mjs FOLDER REVISION…`, where each file is
// one connection, each line {"from": "client" | "server", "message" | "raw": …, "revision"?: …, "status"?: …}. In each of the
// revisions something must have been sent.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { NEWEST, REVISIONS, Types } from "./types.mjs";

const STATEFUL = REVISIONS.at(-2);
const META = "io.modelcontextprotocol/";
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const known = (revision) => (REVISIONS.includes(revision) ? revision : undefined);

// What one peer and a server said to each other; it pairs answers with requests and knows the revision.
export class Connection {
  #types;
  #tell;
  #asked = new Map(); // id as JSON -> the requests with it, the newest last
  #tokens = new Map(); // progress token as JSON -> the request that it belongs to
  #session; // what `initialize` agreed on
  #header; // what the last message's header said
  #resumed = false; // the client came back for what it had not read, and may be told it again
  #told = new Set(); // the answers that were sent, as they were written
  #latest; // the revision that was spoken last
  #wanted; // what `initialize` asked for, where its answer was not read

  // `tell(revision, kind, message, wrong)` hears of every message of the server's.
  constructor(types, tell) {
    this.#types = types;
    this.#tell = tell;
  }

  take({ from, message, raw, revision, status, resumes }) {
    this.#resumed ||= resumes === true;
    this.#header = known(revision) ?? this.#header;
    if (from === "server" && message === undefined) return this.#tell(this.#current(), "no JSON", raw, ["it is no JSON"]);
    if (from === "client") return void [message].flat().forEach((one) => this.#client(one));
    if (!Array.isArray(message)) return this.#server(message, status >= 400);
    const current = this.#current();
    this.#tell(current, "batch", message, this.#types.batch(current, message));
    for (const one of message) this.#server(one);
  }

  #current() {
    return this.#session ?? this.#header ?? this.#latest ?? this.#wanted ?? NEWEST;
  }

  // What clients send is ours, and often wrong on purpose: nothing of it is checked, only remembered.
  #client(message) {
    if (!isObject(message) || typeof message.method !== "string") return;
    const params = isObject(message.params) ? message.params : {};
    const meta = isObject(params._meta) ? params._meta : {};
    const request = { method: message.method, params, revision: known(meta[`${META}protocolVersion`]) };
    this.#latest = request.revision ?? this.#latest;
    if (message.method === "initialize") this.#wanted = known(params.protocolVersion) ?? this.#wanted;
    if (!("id" in message)) return;
    const id = JSON.stringify(message.id);
    this.#asked.set(id, [...(this.#asked.get(id) ?? []), request]);
    if ("progressToken" in meta) this.#tokens.set(JSON.stringify(meta.progressToken), request);
  }

  #of(request) {
    return request?.revision ?? this.#session ?? this.#header ?? STATEFUL;
  }

  #server(message, refuses = false) {
    const current = this.#current();
    if (!isObject(message)) return this.#tell(current, "no message", message, ["it is no object"]);
    if ("method" in message) return this.#sent(message);
    if ("error" in message) {
      const [request] = this.#asked.get(JSON.stringify(message.id))?.splice(-1) ?? [];
      const revision = request ? this.#of(request) : current;
      const wrong = this.#types.error(revision, message, refuses);
      return this.#tell(revision, `error ${message.error?.code}`, message, wrong);
    }
    this.#result(message);
  }

  #sent(message) {
    const meta = isObject(message.params?._meta) ? message.params._meta : {};
    let revision = this.#current();
    if (`${META}subscriptionId` in meta) revision = NEWEST;
    if (message.method === "notifications/progress") {
      const request = this.#tokens.get(JSON.stringify(message.params?.progressToken));
      if (!request) return this.#tell(revision, message.method, message, ["nobody gave this progress token"]);
      revision = this.#of(request);
    }
    this.#tell(revision, message.method, message, this.#types.sent(revision, message));
  }

  // A client may use an id again, on purpose or after a cancellation: then one of the requests must fit.
  #result(message) {
    const asked = this.#asked.get(JSON.stringify(message.id)) ?? [];
    const written = JSON.stringify(message);
    const again = this.#resumed && this.#told.has(written);
    this.#told.add(written);
    if (asked.length === 0 && again) {
      return this.#tell(this.#current(), "an answer again", message, []);
    }
    if (asked.length === 0) {
      return this.#tell(this.#current(), "stray result", message, ["nobody asked, or it is answered already"]);
    }
    let judged;
    for (let at = asked.length - 1; at >= 0; at--) {
      const { method, params } = asked[at];
      if (method === "initialize") this.#session = known(message.result?.protocolVersion) ?? this.#session;
      const revision = method === "initialize" ? this.#current() : this.#of(asked[at]);
      const kind = kindOf(revision, params, message.result);
      const wrong = this.#types.result(revision, method, message, kind);
      judged ??= { at, revision, name: kind ? `${method}: ${kind}` : method, wrong };
      if (wrong.length === 0) {
        judged = { at, revision, name: kind ? `${method}: ${kind}` : method, wrong };
        break;
      }
    }
    asked.splice(judged.at, 1);
    this.#tell(judged.revision, judged.name, message, judged.wrong);
  }
}

function kindOf(revision, params, result) {
  if (revision === NEWEST) return ["input_required", "task"].find((kind) => result?.resultType === kind);
  return revision === STATEFUL && isObject(params.task) && isObject(result?.task) ? "task" : undefined;
}

function main(folder, spoken) {
  const types = new Types();
  const counts = new Map(REVISIONS.map((revision) => [revision, new Map()]));
  const wrongs = [];
  const files = readdirSync(folder).filter((name) => name.endsWith(".jsonl")).sort();
  for (const name of files) {
    let number = 0;
    const connection = new Connection(types, (revision, kind, message, wrong) => {
      const of = counts.get(revision);
      of.set(kind, (of.get(kind) ?? 0) + 1);
      if (wrong.length) wrongs.push({ name, number, revision, kind, message, wrong });
    });
    for (const line of readFileSync(join(folder, name), "utf8").split("\n").filter(Boolean)) {
      number++;
      connection.take(JSON.parse(line));
    }
  }

  const total = (kinds) => [...kinds.values()].reduce((sum, count) => sum + count, 0);
  for (const [revision, kinds] of counts) {
    console.log(`${revision}: ${total(kinds)} messages`);
    for (const [kind, count] of [...kinds].sort()) console.log(`  ${String(count).padStart(6)}  ${kind}`);
  }
  for (const { name, number, revision, kind, message, wrong } of wrongs.slice(0, 10)) {
    console.log(`WRONG in ${revision}: ${kind} (${join(folder, name)}:${number})`);
    console.log(`  ${JSON.stringify(message)?.slice(0, 2000)}`);
    for (const reason of [...new Set(wrong)].slice(0, 10)) console.log(`  - ${reason}`);
  }
  const silent = spoken.filter((revision) => !counts.has(revision) || total(counts.get(revision)) === 0);
  const all = [...counts.values()].reduce((sum, kinds) => sum + total(kinds), 0);
  console.log(`${all} messages on ${files.length} connections checked, ${wrongs.length} wrong`);
  if (silent.length) console.log(`nothing was sent in ${silent.join(", ")}: was anything recorded?`);
  process.exit(wrongs.length || silent.length ? 1 : 0);
}

if (process.argv[1] && import.meta.filename === process.argv[1]) {
  if (process.argv.length < 4) {
    console.error("usage: check.mjs FOLDER REVISION…");
    process.exit(2);
  }
  main(process.argv[2], process.argv.slice(3));
}
