// The scenarios that no requirement set scores: `unscored.mjs list` names them for `run`, one "revision scenario" a line;
// `unscored.mjs report` compares what they left in results/unscored/ with unscored.yml.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { parse } from "yaml";

const at = (path) => new URL(path, import.meta.url);
const expected = parse(readFileSync(at("unscored.yml"), "utf8"));

// The checks of a scenario, or undefined where it left none.
function checksOf(revision, scenario) {
  const dir = at(`results/unscored/${revision}/`);
  const [name] = (existsSync(dir) ? readdirSync(dir) : []).filter(
    (entry) => entry.replace(/^server-(.*)-\d{4}-\d\d-\d\dT.*$/, "$1") === scenario,
  );
  const file = name && new URL(`${name}/checks.json`, dir);
  return file && existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
}

// What contradicts the entry of a scenario.
function contradictions(entry, checks) {
  if (!checks) return ["it left no result: it broke off, or the suite no longer has it"];
  const bad = checks.filter((check) => ["FAILURE", "WARNING"].includes(check.status));
  // That the messages were well-formed says nothing of the scenario.
  const good = checks.filter((check) => check.status === "SUCCESS" && check.id !== "wire-schema-valid");
  const { because, fails = [], silent = false } = entry === "passes" ? {} : entry;
  const wrong = bad
    .filter((check) => !fails.includes(check.id))
    .map((check) => `unexpected failure: ${check.id}: ${check.errorMessage ?? check.description}`);
  for (const id of fails) {
    if (!bad.some((check) => check.id === id)) wrong.push(`stale entry: ${id} passes now: remove it from unscored.yml`);
  }
  const isSilent = bad.length === 0 && good.length === 0;
  if (isSilent && !silent) wrong.push("it tells nothing: no check passes or fails");
  if (silent && !isSilent) wrong.push("stale entry: it is no longer silent");
  if (entry !== "passes" && !because) wrong.push("unscored.yml does not say why");
  if (entry !== "passes" && !silent && fails.length === 0) wrong.push('unscored.yml names no check: write "passes"');
  return wrong;
}

if (process.argv[2] === "list") {
  for (const [revision, scenarios] of Object.entries(expected)) {
    for (const scenario of Object.keys(scenarios)) console.log(`${revision} ${scenario}`);
  }
} else {
  let failed = false;
  for (const [revision, scenarios] of Object.entries(expected)) {
    const all = Object.entries(scenarios).map(([scenario, entry]) => {
      const checks = checksOf(revision, scenario);
      return { scenario, entry, checks, wrong: contradictions(entry, checks) };
    });
    const count = (of) => all.filter(of).length;
    console.log(
      `${revision} unscored: ${count(({ entry, wrong }) => entry === "passes" && !wrong.length)} of ${all.length} scenarios pass, ` +
        `${count(({ entry }) => entry.fails)} are listed as failing, ${count(({ entry }) => entry.silent)} as telling nothing`,
    );
    for (const { scenario, wrong } of all) {
      for (const what of wrong) console.log(`  ${scenario}: ${what}`);
      failed ||= wrong.length > 0;
    }
  }
  process.exit(failed ? 1 : 0);
}
