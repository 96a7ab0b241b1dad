"""Parts of messages that no two makers write alike, and what must come of them."""

import copy
import json
from collections.abc import Callable
from typing import Any

from harness.ports.importer import Trajectory
from tests.importers.fresh import messages, sessions, spans
from tests.importers.fresh.conversation import Call, Can, Step, expected, steps, turns

Read = Callable[..., tuple[str, list[Trajectory]]]
ASKED = {"role": "user", "content": "Look at it."}


def said(trajectory: Trajectory) -> list[tuple[str, Any]]:
    """Return roles and contents."""
    return [(message.role, message.content) for message in trajectory.messages]


def told(trajectory: Trajectory) -> set[str]:
    """Return what was dropped."""
    return {loss.what for loss in trajectory.lossy}


def test_what_a_provider_ran_itself_is_a_call_and_its_result(read: Read):
    """Both stand in the agent's own message, and are told apart."""
    found = [{"type": "web_search_result", "url": "https://x.example", "title": "T"}]
    blocks = [
        {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"query": "lag"}},
        {"type": "web_search_tool_result", "tool_use_id": "s1", "content": found},
        {"type": "text", "text": "It lags."},
    ]
    _, (trajectory,) = read({"system": "S", "messages": [ASKED, {"role": "assistant",
                                                                 "content": blocks}]})  # fmt: skip
    assert [m.role for m in trajectory.messages] == [
        "system", "user", "assistant", "tool", "assistant",
    ]  # fmt: skip
    assert trajectory.messages[2].tool_calls[0].arguments == {"query": "lag"}
    assert trajectory.messages[3].content == found
    assert trajectory.messages[3].name == "web_search"


def test_inspects_server_side_use_and_sealed_reasoning(read: Read):
    """Its part holds call and result at once; of sealed reasoning only the summary is read."""
    content = [
        {"type": "reasoning", "reasoning": "RW5jcnlwdGVk", "summary": "It lags.", "redacted": True},
        {"type": "tool_use", "tool_type": "mcp_call", "id": "m1", "name": "lag_of",
         "context": "ops", "arguments": '{"group": "mail"}', "result": "0", "error": None},
        {"type": "text", "text": "No lag."},
    ]  # fmt: skip
    sample = {"id": 1, "epoch": 1, "target": "", "messages": [
        ASKED, {"role": "assistant", "content": content}]}  # fmt: skip
    _, (trajectory,) = read({**sessions.inspect_header(), "samples": [sample]})
    assert said(trajectory) == [
        ("user", "Look at it."), ("assistant", ""), ("tool", "0"), ("assistant", "No lag."),
    ]  # fmt: skip
    assert trajectory.messages[1].reasoning == "It lags."
    assert trajectory.messages[1].tool_calls[0].arguments == {"group": "mail"}
    assert "reasoning that is sealed by its maker" in told(trajectory)


def test_arguments_that_inspect_shortened_are_told(read: Read):
    """Half of what the model wrote is not passed off as what it wrote."""
    error = ('Error parsing the following tool call arguments:\n\n{"a": \n\n'
             "(arguments middle-truncated from 20000 bytes)\n\nError details: x")  # fmt: skip
    call = {"id": "c", "function": "f", "arguments": {}, "parse_error": error}
    sample = {"id": 1, "epoch": 1, "target": "", "messages": [
        ASKED, {"role": "assistant", "content": "", "tool_calls": [call]}]}  # fmt: skip
    _, (trajectory,) = read({**sessions.inspect_header(), "samples": [sample]})
    assert trajectory.messages[1].tool_calls[0].raw is None
    assert "arguments of a call that could not be parsed" in told(trajectory)


def test_a_call_in_the_models_own_form_has_its_text_as_input(read: Read):
    """The chat interface, the Responses and Codex hold the same patch alike."""
    patch = '{"looks": "like JSON"}'
    chat = [ASKED, {"role": "assistant", "content": None, "tool_calls": [
        {"id": "p", "type": "custom", "custom": {"name": "apply_patch", "input": patch}}]},
        {"role": "tool", "tool_call_id": "p", "content": "ok"}]  # fmt: skip
    items = [ASKED, {"type": "custom_tool_call", "call_id": "p", "name": "apply_patch",
                     "input": patch},
             {"type": "custom_tool_call_output", "call_id": "p", "output": "ok"}]  # fmt: skip
    lines = [{"type": "response_item", "payload": {"type": "message", **each}
              if "role" in each else each} for each in items]  # fmt: skip
    _, (one,) = read(chat)
    _, (two,) = read({"model": "m", "input": items})
    _, (three,) = read(lines, lines=True)
    assert one.messages == two.messages == three.messages
    assert one.messages[1].tool_calls[0].arguments == {"input": patch}


def test_a_document_that_is_text_is_read(read: Read):
    """A runbook that was handed over as a document is what the agent saw; a PDF is named."""
    content = [
        {"type": "document", "source": {"type": "text", "media_type": "text/plain",
                                        "data": "Restart the producer first."}},
        {"type": "document", "source": {"type": "base64", "media_type": "application/pdf",
                                        "data": "JVBERi0"}},
        {"type": "text", "text": "What now?"},
    ]  # fmt: skip
    _, (trajectory,) = read({"system": "S", "messages": [{"role": "user", "content": content}]})
    assert said(trajectory)[1] == (
        "user", "Restart the producer first.\n\n[content of type file]\n\nWhat now?",
    )  # fmt: skip


def test_an_image_in_a_result_leaves_a_mark_in_every_dialect(read: Read):
    """Anthropic's, the Responses' and a screenshot of a computer's: named, told, never kept."""
    png = "iVBORw0KGgo="
    block = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": png}}
    anthropic = {
        "system": "S",
        "messages": [
            ASKED,
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "id": "t", "name": "shot", "input": {}}],
            },
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": "t",
                        "content": [{"type": "text", "text": "taken"}, block],
                    }
                ],
            },
        ],
    }
    shot = {"type": "computer_screenshot", "image_url": f"data:image/png;base64,{png}"}
    items = {"model": "m", "input": [
        ASKED, {"type": "computer_call", "call_id": "t", "action": {"type": "screenshot"}},
        {"type": "computer_call_output", "call_id": "t", "output": shot}]}  # fmt: skip
    contents = []
    for value in (anthropic, items):
        _, (trajectory,) = read(value)
        contents.append(trajectory.messages[-1].content)
        assert "content of type image" in told(trajectory)
    assert contents == ["taken\n\n[content of type image]", "[content of type image]"]


def test_answers_that_branch_are_two_conversations(read: Read):
    """Of two answers to one that was said before, each has its own line of what came before."""

    def answer(name: str, before: str | None, text: str) -> dict[str, Any]:
        message = {"type": "message", "role": "assistant",
                   "content": [{"type": "output_text", "text": text}]}  # fmt: skip
        return {"id": name, "object": "response", "previous_response_id": before,
                "instructions": "S", "input": f"asked for {name}", "output": [message]}  # fmt: skip

    lines = [answer("r3", "r1", "left"), answer("r1", None, "first"), answer("r2", "r1", "right")]
    _, found = read(lines, lines=True)
    assert [said(each) for each in found] == [
        [("system", "S"), ("user", "asked for r1"), ("assistant", "first"),
         ("user", f"asked for {name}"), ("assistant", text)]
        for name, text in (("r3", "left"), ("r2", "right"))
    ]  # fmt: skip


def test_answers_that_name_each_other_end(read: Read):
    """A circle of previous answers is read once around."""
    lines = [
        {
            "id": a,
            "object": "response",
            "previous_response_id": b,
            "output": [
                {
                    "type": "message",
                    "role": "assistant",
                    "content": [{"type": "output_text", "text": a}],
                }
            ],
        }
        for a, b in (("x", "y"), ("y", "x"))
    ]
    _, (trajectory,) = read(lines, lines=True)
    assert said(trajectory) == [("assistant", "x\n\ny")]


def test_the_tools_of_a_server_are_tools(read: Read):
    """What an MCP server lists stands where the tools stand."""
    listed = {"type": "mcp_list_tools", "id": "l", "server_label": "ops", "tools": [
        {"name": "lag_of", "description": "Lag.", "input_schema": {"type": "object"}}]}  # fmt: skip
    _, (trajectory,) = read({"model": "m", "input": [ASKED, listed]})
    assert [(t.name, t.description) for t in trajectory.tools] == [("lag_of", "Lag.")]


def test_a_batchs_answers_are_read(read: Read):
    """Each line of a batch holds a message in a result; one that failed holds none."""
    message = {"id": "m", "type": "message", "role": "assistant", "model": "M",
               "content": [{"type": "text", "text": "Yes."}]}  # fmt: skip
    lines = [{"custom_id": "a", "result": {"type": "succeeded", "message": message}},
             {"custom_id": "b", "result": {"type": "errored", "error": {"type": "x"}}}]  # fmt: skip
    importer, (trajectory,) = read(lines, lines=True)
    assert importer == "anthropic"
    assert said(trajectory) == [("assistant", "Yes.")]


def test_what_a_simulated_file_holds_beside_its_conversations_is_told(read: Read):
    """tau2-bench keeps the agent's policy once for all: it is in no transcript, and said so."""
    message = [ASKED, {"role": "assistant", "content": "I look."}]
    info = {"agent_info": {"llm": "acme", "llm_args": {"temperature": 0.1}},
            "environment_info": {"policy": "Never move offsets without asking."}}  # fmt: skip
    value = {"info": info, "simulations": [{"id": "s", "messages": message}]}
    _, (trajectory,) = read(value)
    assert trajectory.requested_model == "acme"
    assert trajectory.sampling["temperature"] == 0.1
    assert "info.environment_info" in told(trajectory)


CHAT = [Step("system", "You lead the work."), Step("user", "The topic stands still.")]
CALL = Step("assistant", calls=(Call("d1", "delegate", '{"to": "dba"}'),))


def model_span(number: int, parent: int, sent: list[Step], answer: Step) -> dict[str, Any]:
    """Return a call of the model below another span."""
    attributes = {
        **spans.request(),
        "gen_ai.input.messages": json.dumps([spans.part_message(step) for step in sent]),
        "gen_ai.output.messages": json.dumps([spans.part_message(answer)]),
    }
    return spans.span(number, "chat", attributes, parentSpanId=f"{parent:016x}")


def test_an_agent_inside_a_tool_is_a_conversation_of_its_own(read: Read):
    """What the helper said is no turn of the agent that called it; its result is."""
    tool = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "delegate",
        "gen_ai.tool.call.id": "d1",
        "gen_ai.tool.call.result": "an index is missing",
    }
    helper = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "dba"}
    asked = [Step("system", "You know databases."), Step("user", "What is slow?")]
    answered = [*CHAT, CALL, Step("tool", "an index is missing", answers="d1")]
    found = [
        model_span(10, 1, CHAT, CALL),
        spans.span(11, "execute_tool delegate", tool),
        spans.span(12, "invoke_agent dba", helper, parentSpanId=f"{11:016x}"),
        model_span(13, 12, asked, Step("assistant", "An index is missing.")),
        model_span(20, 1, answered, Step("assistant", "We add the index.")),
    ]
    _, (main, side) = read(spans.envelope(found))
    assert [m.role for m in main.messages] == ["system", "user", "assistant", "tool", "assistant"]
    assert said(side)[-1] == ("assistant", "An index is missing.")
    assert (main.title, side.title) == ("trace 1 (platform)", "trace 2 (dba)")


def test_spans_that_were_sent_twice_or_apart_are_one_conversation(read: Read):
    """An exporter that tries again doubles every span; a collector writes a line for each."""
    document = spans.genai_current(Can())
    doubled = copy.deepcopy(document)
    held = doubled["resourceSpans"][0]["scopeSpans"][0]["spans"]
    held += copy.deepcopy(held)
    apart = [{"resourceSpans": [{"scopeSpans": [{"spans": [each]}]}]}
             for each in document["resourceSpans"][0]["scopeSpans"][0]["spans"]]  # fmt: skip
    for value, lines in ((doubled, False), (apart, True)):
        _, (trajectory,) = read(value, lines=lines)
        assert list(trajectory.messages) == expected(Can())


def test_a_call_that_failed_is_told_and_the_next_one_counts(read: Read):
    """The model was asked again after an error; the conversation holds one turn."""
    failed = model_span(5, 1, CHAT, CALL)
    failed["attributes"] = [a for a in failed["attributes"] if "output" not in a["key"]]
    failed["status"] = {"code": 2, "message": "too many requests"}
    _, (trajectory,) = read(spans.envelope([failed, model_span(10, 1, CHAT, CALL)]))
    assert [m.role for m in trajectory.messages] == ["system", "user", "assistant"]
    assert "a call of the model that failed: too many requests" in told(trajectory)


def test_a_log_of_requests_is_the_conversation_that_they_grew_to(read: Read):
    """A proxy writes every request with all that came before; what they thought is kept."""
    logs: dict[str, list[dict[str, Any]]] = {
        "openai_chat": [
            {"request": {"messages": [messages.chat_message(step) for step in sent]},
             "response": {"choices": [{"message": messages.chat_message(answer)}]}}
            for sent, answer in turns(steps(Can()))
        ],
        "anthropic": [
            {"request": {"system": sent[0].text, "tools": messages.anthropic_tools(),
                         "messages": messages.anthropic_messages(sent[1:])},
             "response": {"type": "message", "role": "assistant", "model": "m",
                          "content": messages.anthropic_blocks(answer)}}
            for sent, answer in turns(steps(Can(broken=False)))
        ],
    }  # fmt: skip
    for importer, lines in logs.items():
        for request in (each["request"]["messages"] for each in lines):
            for message in request:
                message.pop("reasoning_content", None)  # what a model thought is not sent back
        other = {**lines[0], "request": {**lines[0]["request"], "messages": [ASKED]}}
        found, (other_one, whole) = read([*lines[:2], other, *lines[2:]], lines=True)
        assert found == importer
        assert other_one.messages[-2].content == "Look at it."
        can = Can(broken=importer == "openai_chat")
        assert list(whole.messages) == expected(can)
        assert "earlier requests of the conversation" in told(whole)


def test_two_answers_to_one_request_stay_two_conversations(read: Read):
    """A request that was sent twice is not the beginning of itself."""
    line = {
        "request": {"messages": [ASKED]},
        "response": {"choices": [{"message": {"role": "assistant", "content": "Yes."}}]},
    }
    _, found = read([line, copy.deepcopy(line)], lines=True)
    assert len(found) == 2
