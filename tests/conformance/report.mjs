// Says in a few lines what one run of the suite found. The verdict is the suite's own, read
// from the end of its log; the reasons come from the results that it leaves per scenario.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { parse } from "yaml";

const set = process.argv[2];
const at = (path) => new URL(path, import.meta.url);
const log = readFileSync(at(`results/${set}.log`), "utf8").replace(/\x1b\[[0-9;]*m/g, "");
const required = parse(readFileSync(at(`node_modules/@modelcontextprotocol/conformance/requirements/${set}.yaml`), "utf8"));

if (!log.includes("=== SUMMARY ===")) {
  console.log(`${set}: the suite did not finish\n${log.split("\n").slice(-20).join("\n")}`);
  process.exit(1);
}

const failed = new Map(); // scenario -> its failed checks; an empty list means that it passed
const dir = at(`results/${set}/`);
for (const name of existsSync(dir) ? readdirSync(dir) : []) {
  const file = new URL(`${name}/checks.json`, dir);
  if (!existsSync(file)) continue; // it broke off, which the log tells
  const checks = JSON.parse(readFileSync(file, "utf8"));
  const scenario = name.replace(/^server-(.*)-\d{4}-\d\d-\d\dT.*$/, "$1");
  failed.set(scenario, checks.filter((check) => ["FAILURE", "WARNING"].includes(check.status)));
}
const passes = (scenario) => failed.get(scenario)?.length === 0;

// The baseline's verdict: a heading, then indented entries.
const section = (heading) => {
  const [, block = ""] = log.match(new RegExp(`^${heading}.*:\\n((?:  .*\\n)*)`, "m")) ?? [];
  return block.split("\n").filter(Boolean).map((line) => line.trim().slice(2));
};
const expected = section("Expected failures");
const stale = section("Stale baseline entries");
const unexpected = section("Unexpected failures");

const scored = required.server;
const names = (entries) => new Set(entries.map((entry) => entry.split(":")[0])).size;
console.log(
  `${set}: ${scored.filter(passes).length} of ${scored.length} scenarios pass, ` +
    `${names(expected)} fail as expected (${expected.length} checks), ` +
    `${unexpected.length} unexpected failures, ${stale.length} stale entries`,
);
for (const entry of unexpected) {
  const [scenario, id] = entry.split(":");
  console.log(`  unexpected failure: ${entry}`);
  for (const check of failed.get(scenario) ?? []) {
    if (!id || id === check.id) console.log(`    ${check.id}: ${check.errorMessage ?? check.description}`);
  }
  if (!failed.has(scenario)) console.log(`    it broke off: see results/${set}.log`);
}
for (const entry of stale) {
  console.log(`  stale entry: ${entry} passes now: remove it from expected-${set}.yml`);
}
process.exit(unexpected.length + stale.length > 0 ? 1 : 0);
