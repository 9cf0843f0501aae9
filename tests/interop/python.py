"""The Python client against the server in EVERYTHING (stdio) at EVERYTHING_URL (HTTP) and at EVERYTHING_SSE_URL (HTTP+SSE)."""

import json
import logging
import os
import re
import time
import warnings
from pathlib import Path

import anyio
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.sse import sse_client
from mcp.client.stdio import stdio_client

from peer import peer

EXPECTED = json.loads(Path(__file__).with_name("expected.json").read_text("utf-8"))
ERAS = {"2026-07-28": "auto", "2025-11-25": "legacy"}

warnings.simplefilter("ignore")  # ping is deprecated, and asked for here
logging.disable()  # what went wrong is in the checks


def transport(kind):
    if kind == "http":
        return os.environ["EVERYTHING_URL"]
    if kind == "sse":
        return sse_client(os.environ["EVERYTHING_SSE_URL"])
    return stdio_client(StdioServerParameters(command=os.environ["EVERYTHING"]), errlog=open(os.devnull, "w"))


def plain(model):
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)


def differs(got, want, path="result"):
    """What differs, or None. The rules are those of checks.mjs."""
    wrong = f"{path}: wanted {json.dumps(want)}, got {json.dumps(got)}"
    if isinstance(want, str) and "…" in want:
        pattern = ".*".join(re.escape(part) for part in want.split("…"))
        return None if isinstance(got, str) and got and re.fullmatch(pattern, got, re.S) else wrong
    if not isinstance(want, (dict, list)):
        return None if type(got) is type(want) and got == want else wrong
    if "$json" in want:
        try:
            return differs(json.loads(got), want["$json"], f"{path} as JSON")
        except (TypeError, ValueError):
            return wrong
    if type(got) is not type(want):
        return wrong
    if isinstance(want, list):
        if len(got) != len(want):
            return wrong
        pairs = enumerate(want)
    else:
        got = {key: got.get(key) for key in want}
        pairs = want.items()
    return next((found for key, value in pairs if (found := differs(got[key], value, f"{path}.{key}"))), None)


def same(got, want):
    if difference := differs(got, want):
        raise AssertionError(difference)


def same_call(got, want):
    got = plain(got)
    got["isError"] = got.get("isError", False)
    same(got, {"content": want["content"], "structuredContent": want.get("structuredContent"), "isError": want.get("isError", False)})


def same_list(got, key, want):
    got = [plain(entry) for entry in got]
    for entry in want:
        found = [other for other in got if other[key] == entry[key]]
        if len(found) != 1:
            raise AssertionError(f"{entry[key]} is listed {len(found)} times, the list is {[other[key] for other in got]}")
        same(found[0], entry)


async def check(where, name, body, seconds=20):
    """Runs the body of a check and prints one line. Tells whether it passed."""
    try:
        with anyio.fail_after(seconds):
            await body()
    except TimeoutError:
        error = f"no answer within {seconds} s"
    except Exception as failure:
        while hasattr(failure, "exceptions"):  # a group says nothing by itself
            failure = failure.exceptions[0]
        error = f"{type(failure).__name__}: {failure}"
    else:
        print(f"ok    {where}: {name}", flush=True)
        return True
    print(f"FAIL  {where}: {name}\n        " + error.replace("\n", "\n        "), flush=True)
    return False


async def checks(where, era, kind, client):
    async def connect():
        same(client.protocol_version, era)
        same(plain(client.server_info), {"name": "…", "version": "…"})
        same(plain(client.server_capabilities), {"tools": {}, "resources": {}, "prompts": {}})

    async def tools():
        same_list((await client.list_tools()).tools, "name", EXPECTED["tools"])

    async def resources():
        same_list((await client.list_resources()).resources, "uri", EXPECTED["resources"])

    async def templates():
        same_list((await client.list_resource_templates()).resource_templates, "uriTemplate", EXPECTED["resourceTemplates"])

    async def prompts():
        same_list((await client.list_prompts()).prompts, "name", EXPECTED["prompts"])

    async def call(want):
        same_call(await client.call_tool(want["name"], want.get("arguments")), want)

    async def read(want):
        same(plain(await client.read_resource(want["uri"]))["contents"], want["contents"])

    async def get(want):
        same(plain(await client.get_prompt(want["name"], want.get("arguments")))["messages"], want["messages"])

    async def error(want, code):
        params = want["params"]
        try:
            if want["method"] == "tools/call":
                got = await client.call_tool(params["name"], params["arguments"])
            elif want["method"] == "prompts/get":
                got = await client.get_prompt(params["name"], params.get("arguments"))
            else:
                got = await client.read_resource(params["uri"])
        except MCPError as failure:
            same(plain(failure.error), {**{key: want[key] for key in ("message", "data") if key in want}, "code": code})
        else:
            raise AssertionError(f"wanted a JSON-RPC error, got {got}")
        await call(EXPECTED["calls"][0])

    async def progress():
        seen = []

        async def on_progress(progress, total, message):
            seen.append([progress, total])

        result = await client.call_tool("test_tool_with_progress", progress_callback=on_progress)
        same(result.is_error, False)
        same(seen, [[0.0, 100.0], [50.0, 100.0], [100.0, 100.0]])

    async def concurrent():
        order = []

        async def slow():
            same_call(await client.call_tool("sleep", {"ms": 1000}), {"content": [{"type": "text", "text": "slept"}]})
            order.append("sleep")

        async def fast():
            await call(EXPECTED["calls"][0])
            order.append("add")

        async def listing():
            await client.list_tools(cache_mode="refresh")
            order.append("list")

        async with anyio.create_task_group() as group:
            for task in (slow, fast, listing):
                group.start_soon(task)
        same(order[2], "sleep")

    async def cancel():
        with anyio.move_on_after(0.2) as scope:
            await client.call_tool("sleep", {"ms": 60000})
        same(scope.cancelled_caught, True)
        await call(EXPECTED["calls"][0])

    async def ping():
        await client.send_ping()

    await check(where, "connect", connect)
    await check(where, "tools/list", tools)
    await check(where, "resources/list", resources)
    await check(where, "resources/templates/list", templates)
    await check(where, "prompts/list", prompts)
    # The client validates structured content against the output schema that it has listed.
    for want in EXPECTED["calls"]:
        arguments = json.dumps(want["arguments"]) if "arguments" in want else ""
        await check(where, f"tools/call {want['name']} {arguments}".strip(), lambda: call(want))
    for want in EXPECTED["reads"]:
        await check(where, f"resources/read {want['uri']}", lambda: read(want))
    for want in EXPECTED["gets"]:
        await check(where, f"prompts/get {want['name']}", lambda: get(want))
    for want in EXPECTED["errors"]:
        code = want["code"][era] if isinstance(want["code"], dict) else want["code"]
        await check(where, f"{want['method']} {json.dumps(want['params'])} is error {code}, then a call", lambda: error(want, code))
    await check(where, "progress notifications", progress)
    await check(where, "a slow call delays no other", concurrent)
    await check(where, "cancelled call, then a call", cancel)
    if era == "2025-11-25":
        await check(where, "ping", ping)


async def drive(era, kind):
    where = f"python {era} {kind}"
    left = 0.0

    async def session():
        nonlocal left
        async with Client(transport(kind), mode=ERAS[era], read_timeout_seconds=20) as client:
            await checks(where, era, kind, client)
            left = time.monotonic()
        if kind == "stdio":
            # The client closes stdin and kills the server two seconds later; the cancelled call must not hold it.
            took = time.monotonic() - left
            if took > 1.9:
                raise AssertionError(f"it took {took:.1f} s")

    name = "connects, and ends with stdin" if kind == "stdio" else "connects and closes"
    await check(where, name, session, seconds=120)

    def connect(**options):
        return Client(transport(kind), mode=ERAS[era], read_timeout_seconds=20, **options)

    # A step tells of itself; only what lies between them can break off.
    try:
        await peer(where, era, connect, check, same)
    except Exception as failure:
        print(f"FAIL  {where}: what servers ask and tell\n        {failure!r}", flush=True)


async def main():
    for kind in ("stdio", "http", "sse"):
        for era in ERAS:
            await drive(era, kind)

        # A client that is told the version asks nothing first.
        async def pinned():
            async with Client(transport(kind), mode="2026-07-28", read_timeout_seconds=20) as client:
                same_call(await client.call_tool("add", {"a": 2, "b": 3}), EXPECTED["calls"][0])

        await check(f"python pinned {kind}", "calls without server/discover", pinned)


anyio.run(main)
