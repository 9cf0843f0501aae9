// What the two Node harnesses share: what is expected, how it is compared, how a check is told.
import { readFileSync } from "node:fs";

export const eras = ["2026-07-28", "2025-11-25"];
export const expected = JSON.parse(readFileSync(new URL("expected.json", import.meta.url), "utf8"));

// What differs between `got` and `want`, or undefined. An object may have more members than
// wanted; null wants no member; "…" in a string stands for any text; {"$json": …} wants a string
// of JSON; everything else is exact.
export function differs(got, want, path = "result") {
  const wrong = (what) => `${path}: wanted ${what}, got ${JSON.stringify(got)}`;
  if (want === null) return got === undefined || got === null ? undefined : wrong("nothing");
  if (typeof want === "string" && want.includes("…")) {
    const parts = want.split("…").map((part) => part.replace(/[^\w]/gu, "\\$&"));
    const fits = typeof got === "string" && got !== "" && new RegExp(`^${parts.join("[^]*")}$`).test(got);
    return fits ? undefined : wrong(JSON.stringify(want));
  }
  if (typeof want !== "object") return got === want ? undefined : wrong(JSON.stringify(want));
  if ("$json" in want) {
    try {
      return differs(JSON.parse(got), want.$json, `${path} as JSON`);
    } catch {
      return wrong("a string of JSON");
    }
  }
  if (typeof got !== "object" || got === null || Array.isArray(got) !== Array.isArray(want)) return wrong(JSON.stringify(want));
  if (Array.isArray(want) && got.length !== want.length) return wrong(`${want.length} elements`);
  for (const [key, value] of Object.entries(want)) {
    const difference = differs(got[key], value, `${path}.${key}`);
    if (difference) return difference;
  }
}

export function same(got, want) {
  const difference = differs(got, want);
  if (difference) throw new Error(difference);
}

// A call's result in full: content, structured content and the error flag.
export function sameCall(got, { content, structuredContent = null, isError = false }) {
  same({ ...got, isError: got.isError ?? false }, { content, structuredContent, isError });
}

// Every wanted entry is in the list, once.
export function sameList(got, key, want) {
  for (const entry of want) {
    const found = got.filter((other) => other[key] === entry[key]);
    if (found.length !== 1) throw new Error(`${entry[key]} is listed ${found.length} times, the list is ${JSON.stringify(got.map((other) => other[key]))}`);
    const difference = differs(found[0], entry, entry[key]);
    if (difference) throw new Error(difference);
  }
}

export function expectTrue(holds, what) {
  if (!holds) throw new Error(what);
}

// Runs the body of a check and prints one line. Tells whether it passed.
export async function check(where, name, body, seconds = 20) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${seconds} s`)), seconds * 1000);
  });
  try {
    await Promise.race([body(), late]);
    console.log(`ok    ${where}: ${name}`);
    return true;
  } catch (error) {
    console.log(`FAIL  ${where}: ${name}\n        ${String(error?.message ?? error).replaceAll("\n", "\n        ")}`);
    return false;
  } finally {
    clearTimeout(timer);
  }
}

// Tells of a check that can not be made, and why.
export function skip(where, name, why) {
  console.log(`skip  ${where}: ${name} (${why})`);
}
