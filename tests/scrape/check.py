"""Reads the counts of a server with the parser of Prometheus's own client, and holds a dashboard to them."""

import json
import re
import subprocess
import sys
import urllib.request

from prometheus_client.parser import text_string_to_metric_families

VERSION = "2026-07-28"
TOOK = "mcp_server_operation_duration_seconds"


def call(url, tool, arguments):
    meta = {
        "io.modelcontextprotocol/protocolVersion": VERSION,
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": 'a "quoted" \\ name\n', "version": "1"},
    }
    params = {"name": tool, "arguments": arguments, "_meta": meta}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    headers = {
        "content-type": "application/json",
        "accept": "application/json, text/event-stream",
        "mcp-protocol-version": VERSION,
        "mcp-method": "tools/call",
        "mcp-name": tool,
    }
    request = urllib.request.Request(url, json.dumps(message).encode(), headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


def scrape(url):
    with urllib.request.urlopen(url, timeout=20) as answer:
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4"), answer.headers
        return list(text_string_to_metric_families(answer.read().decode()))


def check_form(families):
    names = [family.name for family in families]
    assert len(names) == len(set(names)), "a family stands there twice"
    seen = set()
    for family in families:
        assert family.documentation, family.name
        assert family.type in ("counter", "gauge", "histogram"), (family.name, family.type)
        for sample in family.samples:
            key = (sample.name, tuple(sorted(sample.labels.items())))
            assert key not in seen, f"{key} stands there twice"
            seen.add(key)
        if family.type == "histogram":
            check_histogram(family)


def check_histogram(family):
    buckets, counts = {}, {}
    for sample in family.samples:
        labels = {name: value for name, value in sample.labels.items() if name != "le"}
        key = tuple(sorted(labels.items()))
        if sample.name.endswith("_bucket"):
            buckets.setdefault(key, []).append((float(sample.labels["le"]), sample.value))
        elif sample.name.endswith("_count"):
            counts[key] = sample.value
    assert buckets and buckets.keys() == counts.keys(), family.name
    for key, found in buckets.items():
        bounds, values = zip(*found)
        assert list(bounds) == sorted(bounds) and bounds[-1] == float("inf"), key
        assert list(values) == sorted(values) and values[-1] == counts[key], key


def value(families, wanted, /, **labels):
    found = [
        sample.value
        for family in families
        for sample in family.samples
        if sample.name == wanted and all(sample.labels.get(label) == text for label, text in labels.items())
    ]
    assert len(found) == 1, (wanted, labels, found)
    return found[0]


def check_dashboard(path, families):
    there = {sample.name for family in families for sample in family.samples}
    # A family may have no samples yet, such as errors where there were none.
    there |= {family.name + end for family in families for end in ("", "_total", "_bucket", "_count", "_sum")}
    dashboard = json.load(open(path))
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    asked += [variable["query"]["query"] for variable in dashboard["templating"]["list"] if variable["type"] == "query"]
    named = {name for text in asked for name in re.findall(r"\b(?:mcp|process)_[a-z_]+", text)}
    assert len(named) > 15, named
    missing = sorted(named - there)
    assert not missing, f"the dashboard shows what is not counted: {missing}"
    shown = {name.removesuffix("_bucket").removesuffix("_count") for name in named}
    own = {family.name for family in families if family.name.startswith("mcp_")}
    hidden = sorted(name for name in own if name not in shown and name + "_total" not in shown)
    assert not hidden, f"the dashboard does not show {hidden}"
    return len(named)


def main(server, dashboard):
    process = subprocess.Popen([server, "--http", "127.0.0.1:0"], stderr=subprocess.PIPE, text=True)
    try:
        url = next(found[1] for line in process.stderr if (found := re.search(r'url="?(http://[^" ]+/mcp)', line)))
        for arguments in ({"pieces": 3, "pin": "1"}, {"pieces": 300, "pin": "1"}, {"pieces": "many"}):
            call(url, "take", arguments)
        families = scrape(url.replace("/mcp", "/metrics"))
        check_form(families)
        assert value(families, TOOK + "_count", name="take", outcome="ok") == 1
        assert value(families, "mcp_errors_total", name="take", kind="fatal") == 1
        assert value(families, "mcp_errors_total", name="take", kind="input") == 1
        assert value(families, "mcp_client_requests_total", client='a "quoted" \\ name') == 3
        assert value(families, "mcp_breaker_state", name="take", state="closed") == 1
        named = check_dashboard(dashboard, families)
    finally:
        process.kill()
        process.wait()
    print(f"scrape: {len(families)} families are well-formed; the dashboard names {named} of what is counted")


main(*sys.argv[1:])
