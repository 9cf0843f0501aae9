"""What a server asks of its client and tells it unasked, with the Python client. The steps are those of peer.mjs; one
whose fixture or capability the server does not have is skipped, and says so."""

import anyio
import mcp_types as types
from mcp import Client, MCPError

WATCHED = "test://watched-resource"
LEVEL = "io.modelcontextprotocol/logLevel"
FORM, MODEL, ROOTS = "elicitation/create", "sampling/createMessage", "roots/list"
FACTS = {"username": "ada", "name": "Ada", "email": "ada@example.com", "color": "violet", "ok": True, "confirm": True, "context": "engines"}


def text(result):
    if result.is_error:
        raise AssertionError(f"isError: {result}")
    return "\n".join(getattr(block, "text", "") for block in result.content)


def includes(part, whole):
    if part not in whole:
        raise AssertionError(f"wanted {part!r} in {whole!r}")


class Answers:
    """Answers every question with what is known of Ada, and keeps the questions and whatever else comes."""

    def __init__(self, decline=False):
        self.decline = decline
        self.asked = []
        self.noticed = []

    async def elicit(self, _context, params):
        self.asked.append((FORM, params))
        if self.decline:
            return types.ElicitResult(action="decline")
        names = params.requested_schema["properties"]
        return types.ElicitResult(action="accept", content={name: FACTS.get(name, "ada") for name in names})

    async def sample(self, _context, params):
        self.asked.append((MODEL, params))
        content = types.TextContent(type="text", text="Paris, says the model")
        return types.CreateMessageResult(role="assistant", content=content, model="interop", stop_reason="endTurn")

    async def roots(self, _context):
        self.asked.append((ROOTS, None))
        return types.ListRootsResult(roots=[types.Root(uri="file:///home/ada", name="Ada")])

    async def log(self, params):
        self.noticed.append(("notifications/message", params))

    async def message(self, message):
        if not isinstance(message, Exception) and message.method != "notifications/message":
            self.noticed.append((message.method, message.params))

    async def until(self, fits):
        while not any(fits(*one) for one in self.noticed):
            await anyio.sleep(0.02)

    def options(self):
        return {
            "elicitation_callback": self.elicit,
            "sampling_callback": self.sample,
            "list_roots_callback": self.roots,
            "logging_callback": self.log,
            "message_handler": self.message,
        }


async def peer(where, era, connect, check, same):
    """`connect(**options)` gives a client to be entered."""
    modern = era == "2026-07-28"
    answers = Answers()
    async with connect(**answers.options()) as client:
        capabilities = client.server_capabilities.model_dump(mode="json", by_alias=True, exclude_none=True)
        tools = {tool.name for tool in (await client.list_tools()).tools}
        prompts = {prompt.name for prompt in (await client.list_prompts()).prompts}
        resources = {str(resource.uri) for resource in (await client.list_resources()).resources}

        async def step(name, needs, body):
            missing = next((what for there, what in needs if not there), None)
            if missing:
                print(f"skip  {where}: {name} ({missing})", flush=True)
            else:
                await check(where, name, body)

        def tool(name):
            return name in tools, f"no tool {name}"

        def capability(path):
            at = capabilities
            for member in path.split("."):
                at = (at or {}).get(member)
            # An empty object is there, and false is not.
            return at is not None and at is not False, f"the server does not advertise {path}"

        async def questions(run, methods):
            answers.asked.clear()
            result = await run()
            same(sorted(method for method, _ in answers.asked), sorted(methods))
            return result

        async def elicitation():
            result = await questions(lambda: client.call_tool("test_elicitation", {"message": "Who are you?"}), [FORM])
            params = answers.asked[0][1]
            same(params.message, "Who are you?")
            same(sorted(params.requested_schema["properties"]), ["email", "username"])
            includes("ada@example.com", text(result))

        async def sampling():
            result = await questions(lambda: client.call_tool("test_sampling", {"prompt": "Which capital?"}), [MODEL])
            same([message.content.text for message in answers.asked[0][1].messages], ["Which capital?"])
            includes("Paris, says the model", text(result))

        await step("elicitation", [tool("test_elicitation")], elicitation)
        await step("sampling", [tool("test_sampling")], sampling)

        # The same tools are to work in both eras, whether they end in input_required or ask meanwhile.
        for name, methods, answer in [
            ("elicitation", [FORM], "Hello, Ada!"),
            ("sampling", [MODEL], "Paris, says the model"),
            ("list_roots", [ROOTS], "file:///home/ada"),
            ("request_state", [FORM], "state-ok"),
            ("multiple_inputs", [FORM, MODEL, ROOTS], ""),
            ("multi_round", [FORM, FORM], ""),
        ]:
            named = f"test_input_required_result_{name}"

            async def asking():
                includes(answer, text(await questions(lambda: client.call_tool(named), methods)))

            await step(f"questions of {named}", [tool(named)], asking)

        prompt = "test_input_required_result_prompt"

        async def prompting():
            result = await questions(lambda: client.get_prompt(prompt), [FORM])
            if not result.messages:
                raise AssertionError(f"no messages: {result}")

        await step(f"the question of prompt {prompt}", [(prompt in prompts, f"no prompt {prompt}")], prompting)

        async def declined():
            async with connect(**Answers(decline=True).options()) as other:
                result = await other.call_tool("test_elicitation", {"message": "?"})
                if not result.content:
                    raise AssertionError(f"no content: {result}")

        async def mute():
            async with connect() as other:
                try:
                    result = await other.call_tool("test_elicitation", {"message": "?"})
                except MCPError as failure:
                    if modern:
                        same(failure.error.code, -32021)
                else:
                    same((modern, result.is_error), (False, True))

        await step("a declined question has an end", [tool("test_elicitation")], declined)
        await step("who can not be asked is told so", [tool("test_elicitation")], mute)

        def updated(method, params):
            return method == "notifications/resources/updated" and str(params.uri) == WATCHED

        async def subscription():
            if modern:
                async with client.listen(resource_subscriptions=[WATCHED]) as events:
                    same(list(events.honored.resource_subscriptions), [WATCHED])
                    await client.call_tool("touch_watched_resource")
                    async for event in events:
                        same((type(event).__name__, str(event.uri)), ("ResourceUpdated", WATCHED))
                        break
            else:
                await client.subscribe_resource(WATCHED)
                await client.call_tool("touch_watched_resource")
                await answers.until(updated)
                await client.unsubscribe_resource(WATCHED)
            await anyio.sleep(0.2)
            answers.noticed.clear()
            await client.call_tool("touch_watched_resource")
            await anyio.sleep(0.5)
            same([one for one in answers.noticed if updated(*one)], [])

        watched = (WATCHED in resources, f"no resource {WATCHED}")
        needs = [capability("resources.subscribe"), watched, tool("touch_watched_resource")]
        await step("a subscription to a resource", needs, subscription)

        for what, trigger in [("tools", "test_trigger_tool_change"), ("prompts", "test_trigger_prompt_change")]:

            async def changed():
                if modern:
                    async with client.listen(**{f"{what}_list_changed": True}) as events:
                        await client.call_tool(trigger)
                        async for event in events:
                            same(type(event).__name__, f"{what.capitalize()}ListChanged")
                            break
                else:
                    answers.noticed.clear()
                    await client.call_tool(trigger)
                    await answers.until(lambda method, _: method == f"notifications/{what}/list_changed")

            await step(f"a change of the {what}", [capability(f"{what}.listChanged"), tool(trigger)], changed)

        async def completion():
            reference = types.PromptReference(type="ref/prompt", name="test_prompt_with_arguments")

            async def complete(value):
                return (await client.complete(reference, {"name": "arg1", "value": value})).completion.values

            values = await complete("")
            same(0 < len(values) <= 100, True)
            begun = await complete(values[0][:2])
            same([values[0] in begun, [value for value in begun if not value.startswith(values[0][:2])]], [True, []])
            same(await complete("no such beginning"), [])

        await step("completion of an argument", [capability("completions")], completion)

        async def logging():
            def levels():
                return [params.level for method, params in answers.noticed if method == "notifications/message"]

            async def logged(level):
                answers.noticed.clear()
                if not modern and level:
                    await client.set_logging_level(level)
                await client.call_tool("test_tool_with_logging", meta={LEVEL: level} if modern and level else None)
                await anyio.sleep(0.2)
                return levels()

            same(await logged("debug"), ["info", "info", "info"])
            same(await logged("error"), [])
            if modern:  # it asks for no level
                same(await logged(None), [])

        await step("log messages of a call", [capability("logging"), tool("test_tool_with_logging")], logging)
