"""The conversation as systems that trace calls hold it: every call of the model repeats it."""

import base64
import json
from collections.abc import Iterable
from typing import Any

from tests.importers.fresh.conversation import (
    ANSWERED,
    MODEL,
    TOOLS,
    Call,
    Can,
    Step,
    loads,
    steps,
    turns,
)
from tests.importers.fresh.messages import chat_message, chat_tools

NANO = 1_772_592_660_000_000_000


def otlp_value(value: Any) -> Any:
    """Return a value in OTLP's typed form."""
    if value is None:
        return {}
    kinds = ((bool, "boolValue"), (int, "intValue"), (float, "doubleValue"), (str, "stringValue"))
    if isinstance(value, list):
        return {"arrayValue": {"values": [otlp_value(each) for each in value]}}
    if isinstance(value, dict):
        return {"kvlistValue": {"values": otlp_pairs(value)}}
    name = next(name for kind, name in kinds if isinstance(value, kind))
    return {name: str(value) if name == "intValue" else value}


def otlp_pairs(value: dict[str, Any]) -> list[Any]:
    """Return attributes as OTLP writes them."""
    return [{"key": key, "value": otlp_value(each)} for key, each in value.items()]


def span(number: int, name: str, attributes: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a span of OTLP's."""
    return {"traceId": "5b8efff798038103d269b633813fc60c", "spanId": f"{number:016x}",
            "parentSpanId": f"{1:016x}", "name": name, "kind": 3, "status": {},
            "startTimeUnixNano": str(NANO + number * 10**9),
            "endTimeUnixNano": str(NANO + number * 10**9 + 5 * 10**8),
            "attributes": otlp_pairs(attributes), **more}  # fmt: skip


def envelope(spans: Iterable[dict[str, Any]], logs: list[Any] | None = None) -> Any:
    """Return OTLP JSON; the spans stand in the order in which they ended, the root last."""
    root = span(1, "invoke_agent platform", {"gen_ai.operation.name": "invoke_agent",
                                             "gen_ai.agent.name": "platform"},
                parentSpanId="", endTimeUnixNano=str(NANO + 99 * 10**9))  # fmt: skip
    scope = {"name": "acme.instrumentation", "version": "1"}
    document: dict[str, Any] = {"resourceSpans": [{
        "resource": {"attributes": otlp_pairs({"service.name": "ops"})},
        "scopeSpans": [{"scope": scope, "spans": [*reversed(list(spans)), root]}]}]}  # fmt: skip
    if logs is not None:
        document["resourceLogs"] = [{"scopeLogs": [{"scope": scope, "logRecords": logs}]}]
    return document


def request() -> dict[str, Any]:
    """Return the attributes that say what was asked for."""
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "acme",
        "gen_ai.request.model": MODEL,
        "gen_ai.response.model": ANSWERED,
        "gen_ai.request.temperature": 0.4,
        "gen_ai.response.id": "r1",
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.usage.input_tokens": 11,
    }


def part_message(step: Step) -> dict[str, Any]:
    """Return a message of the current conventions."""
    if step.role == "tool":
        return {"role": "tool", "parts": [{"type": "tool_call_response", "id": step.answers,
                                           "response": step.text}]}  # fmt: skip
    made: list[Any] = []
    if step.thought:
        made.append({"type": "reasoning", "content": step.thought})
    if step.text:
        made.append({"type": "text", "content": step.text})
    if step.image:
        made.append({"type": "blob", "modality": "image", "mime_type": "image/png",
                     "content": step.image})  # fmt: skip
    for call in step.calls:
        try:
            arguments = loads(call)
        except ValueError:
            arguments = call.arguments
        made.append({"type": "tool_call", "id": call.id, "name": call.name, "arguments": arguments})
    return {"role": step.role, "parts": made}


def tool_spans(can: Can, start: int) -> Iterable[dict[str, Any]]:
    """Yield the spans of the tools: the first of two at once ended last."""
    found = steps(can)
    answers = {step.answers: step for step in found if step.role == "tool"}
    for number, call in enumerate(call for step in found for call in step.calls):
        answer = answers[call.id]
        attributes = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": call.name,
                      "gen_ai.tool.call.id": call.id, "gen_ai.tool.type": "function",
                      "gen_ai.tool.call.arguments": call.arguments,
                      "gen_ai.tool.call.result": answer.text}  # fmt: skip
        status = {"code": 2, "message": answer.text} if answer.failed else {"code": 1}
        yield span(start + number, f"execute_tool {call.name}", attributes, status=status)


def genai_current(can: Can) -> Any:
    """Return spans with JSON attributes and instructions of their own."""
    definitions = json.dumps([{"type": "function", **tool} for tool in TOOLS])
    spans = []
    for number, (sent, said) in enumerate(turns(steps(can))):
        system, *rest = sent
        spans.append(span(10 * (number + 1), f"chat {MODEL}", {
            **request(),
            "gen_ai.system_instructions": json.dumps([{"type": "text", "content": system.text}]),
            "gen_ai.input.messages": json.dumps([part_message(step) for step in rest]),
            "gen_ai.output.messages": json.dumps([{**part_message(said), "finish_reason": "stop"}]),
            "gen_ai.tool.definitions": definitions,
        }))  # fmt: skip
    return envelope([*spans, *tool_spans(can, 12)])


def genai_event(can: Can) -> Any:
    """Return spans without messages; an event of the span holds them in structured form."""
    spans = []
    for number, (sent, said) in enumerate(turns(steps(can))):
        attributes = {
            "gen_ai.operation.name": "chat",
            "gen_ai.system_instructions": part_message(sent[0])["parts"],
            "gen_ai.input.messages": [part_message(step) for step in sent[1:]],
            "gen_ai.output.messages": [{**part_message(said), "finish_reason": "stop"}],
        }
        event = {
            "name": "gen_ai.client.inference.operation.details",
            "timeUnixNano": str(NANO + number),
            "attributes": otlp_pairs(attributes),
        }
        spans.append(span(10 * (number + 1), f"chat {MODEL}", request(), events=[event]))
    return envelope(spans)


def old_request() -> dict[str, Any]:
    """Return the attributes of the deprecated conventions."""
    return {"gen_ai.system": "openai", "gen_ai.operation.name": "chat",
            "gen_ai.request.model": MODEL, "gen_ai.response.model": ANSWERED,
            "gen_ai.request.temperature": 0.4, "gen_ai.usage.prompt_tokens": 11}  # fmt: skip


def genai_indexed(can: Can) -> Any:
    """Return numbered attributes, as the first instrumentations wrote them."""
    spans = []
    for number, (sent, said) in enumerate(turns(steps(can))):
        attributes = old_request()
        for prefix, messages in (("gen_ai.prompt", sent), ("gen_ai.completion", (said,))):
            for place, step in enumerate(messages):
                attributes |= _indexed(f"{prefix}.{place}", step)
        for place, tool in enumerate(TOOLS):
            attributes |= {f"llm.request.functions.{place}.name": tool["name"],
                           f"llm.request.functions.{place}.description": tool["description"],
                           f"llm.request.functions.{place}.parameters":
                               json.dumps(tool["parameters"])}  # fmt: skip
        spans.append(span(10 * (number + 1), "openai.chat", attributes))
    return envelope(spans)


def _indexed(place: str, step: Step) -> dict[str, Any]:
    made: dict[str, Any] = {f"{place}.role": step.role}
    message = chat_message(step)
    if message["content"]:
        content = message["content"]
        made[f"{place}.content"] = content if isinstance(content, str) else json.dumps(content)
    if step.role == "tool":
        made[f"{place}.tool_call_id"] = step.answers
    if step.role == "assistant":
        made[f"{place}.finish_reason"] = "tool_calls" if step.calls else "stop"
    if step.thought:
        made[f"{place}.reasoning"] = step.thought
    for number, call in enumerate(step.calls):
        made |= {f"{place}.tool_calls.{number}.id": call.id,
                 f"{place}.tool_calls.{number}.name": call.name,
                 f"{place}.tool_calls.{number}.arguments": call.arguments}  # fmt: skip
    return made


def _old_body(step: Step) -> dict[str, Any]:
    message = chat_message(step)
    body: dict[str, Any] = {"content": message["content"]} if message["content"] else {}
    if step.role == "tool":
        body["id"] = step.answers
    if step.calls:
        body["tool_calls"] = message["tool_calls"]
    return body


def genai_span_events(can: Can) -> Any:
    """Return the deprecated events on spans, their bodies as one JSON attribute."""
    spans = []
    for number, (sent, said) in enumerate(turns(steps(can))):
        events = [_span_event(f"gen_ai.{step.role}.message", _old_body(step)) for step in sent]
        choice = {"index": 0, "finish_reason": "stop",
                  "message": {"role": "assistant", **_old_body(said)}}  # fmt: skip
        events.append(_span_event("gen_ai.choice", choice))
        spans.append(span(10 * (number + 1), f"chat {MODEL}", old_request(), events=events))
    return envelope(spans)


def _span_event(name: str, body: dict[str, Any]) -> dict[str, Any]:
    attributes = {"gen_ai.system": "openai", "gen_ai.event.content": json.dumps(body)}
    return {"name": name, "timeUnixNano": str(NANO), "attributes": otlp_pairs(attributes)}


def genai_log_events(can: Can) -> Any:
    """Return the deprecated events as log records with structured bodies."""
    spans, logs = [], []
    for number, (sent, said) in enumerate(turns(steps(can))):
        at = 10 * (number + 1)
        spans.append(span(at, f"chat {MODEL}", old_request()))
        found = [(f"gen_ai.{step.role}.message", _old_body(step)) for step in sent]
        found.append(("gen_ai.choice", {"index": 0, "finish_reason": "stop",
                                        "message": _old_body(said)}))  # fmt: skip
        logs += [
            {"timeUnixNano": str(NANO + at * 10**9 + n), "spanId": f"{at:016x}",
             "traceId": "5b8efff798038103d269b633813fc60c", "severityNumber": 9,
             "attributes": otlp_pairs({"event.name": name, "gen_ai.system": "openai"}),
             "body": otlp_value(body)}
            for n, (name, body) in enumerate(found)
        ]  # fmt: skip
    return envelope(spans, logs)


def openinference(can: Can) -> Any:
    """Return LLM spans below a chain below an agent, and the tools' own spans."""
    root = span(1, "Agent.run", {"openinference.span.kind": "AGENT", "input.value": "red?",
                                 "output.value": "done"}, parentSpanId="")  # fmt: skip
    chain = span(2, "step", {"openinference.span.kind": "CHAIN"})
    spans = [root, chain]
    found = steps(can)
    for number, (sent, said) in enumerate(turns(found)):
        attributes: dict[str, Any] = {
            "openinference.span.kind": "LLM", "llm.model_name": ANSWERED, "llm.provider": "acme",
            "llm.invocation_parameters": json.dumps({"model": MODEL, "temperature": 0.4}),
            "llm.token_count.prompt": 11, "input.mime_type": "application/json",
            "input.value": json.dumps({"messages": [chat_message(step) for step in sent]}),
        }  # fmt: skip
        for prefix, messages in (("llm.input_messages", sent), ("llm.output_messages", (said,))):
            for place, step in enumerate(messages):
                attributes |= _inferred(f"{prefix}.{place}.message", step)
        for place, tool in enumerate(chat_tools()):
            attributes[f"llm.tools.{place}.tool.json_schema"] = json.dumps(tool)
        spans.append(span(10 * (number + 1), "ChatCompletion", attributes,
                          parentSpanId=f"{2:016x}"))  # fmt: skip
    answers = {step.answers: step for step in found if step.role == "tool"}
    for number, call in enumerate(call for step in found for call in step.calls):
        attributes = {
            "openinference.span.kind": "TOOL",
            "tool.name": call.name,
            "input.value": call.arguments,
            "output.value": answers[call.id].text,
        }
        spans.append(span(12 + 10 * number, call.name, attributes, parentSpanId=f"{2:016x}"))
    return {"resourceSpans": [{"scopeSpans": [{"spans": [*reversed(spans)]}]}]}


def _inferred(place: str, step: Step) -> dict[str, Any]:
    made: dict[str, Any] = {f"{place}.role": step.role}
    if step.image:
        made |= {f"{place}.contents.0.message_content.type": "text",
                 f"{place}.contents.0.message_content.text": step.text,
                 f"{place}.contents.1.message_content.type": "image",
                 f"{place}.contents.1.message_content.image.image.url":
                     f"data:image/png;base64,{step.image}"}  # fmt: skip
    elif step.thought:
        made |= {f"{place}.contents.0.message_content.type": "reasoning",
                 f"{place}.contents.0.message_content.text": step.thought,
                 f"{place}.contents.1.message_content.type": "text",
                 f"{place}.contents.1.message_content.text": step.text}  # fmt: skip
    elif step.text:
        made[f"{place}.content"] = step.text
    if step.role == "tool":
        made[f"{place}.tool_call_id"] = step.answers
    for number, call in enumerate(step.calls):
        at = f"{place}.tool_calls.{number}.tool_call"
        made |= {f"{at}.id": call.id, f"{at}.function.name": call.name,
                 f"{at}.function.arguments": call.arguments}  # fmt: skip
    return made


def _constructed(step: Step) -> dict[str, Any]:
    """Return a message as LangChain serialises its objects."""
    names = {"system": "SystemMessage", "user": "HumanMessage", "tool": "ToolMessage",
             "assistant": "AIMessage"}  # fmt: skip
    types = {"system": "system", "user": "human", "tool": "tool", "assistant": "ai"}
    message = chat_message(step)
    kwargs: dict[str, Any] = {"content": message["content"] or "", "type": types[step.role],
                              "additional_kwargs": {}, "id": "run-1"}  # fmt: skip
    if step.role == "tool":
        kwargs |= {"tool_call_id": step.answers, "status": "error" if step.failed else "success"}
    if step.role == "assistant":
        if step.thought:
            kwargs["additional_kwargs"]["reasoning_content"] = step.thought
        good: list[Call] = []
        bad: list[Call] = []
        for call in step.calls:
            (good if _is_json(call) else bad).append(call)
        if step.calls:
            kwargs["additional_kwargs"]["tool_calls"] = message["tool_calls"]
        kwargs |= {
            "tool_calls": [{"name": c.name, "args": loads(c), "id": c.id, "type": "tool_call"}
                           for c in good],
            "invalid_tool_calls": [{"name": c.name, "args": c.arguments, "id": c.id,
                                    "error": None, "type": "invalid_tool_call"} for c in bad],
            "response_metadata": {"model_name": ANSWERED}, "usage_metadata": {"input_tokens": 1},
        }  # fmt: skip
    return {
        "lc": 1,
        "type": "constructor",
        "id": ["langchain", "schema", "messages", names[step.role]],
        "kwargs": kwargs,
    }


def _is_json(call: Call) -> bool:
    try:
        loads(call)
    except ValueError:
        return False
    return True


def _clock(number: int) -> str:
    return f"2026-03-04T02:{50 + number // 60:02}:{number % 60:02}.000000"


def langsmith(can: Can) -> Any:
    """Return runs, newest first, as its interface lists them."""
    runs: list[Any] = [{"id": "root", "trace_id": "root", "parent_run_id": None, "name": "graph",
                        "run_type": "chain", "inputs": {"input": "red?"},
                        "outputs": {"output": "done"}, "start_time": _clock(0),
                        "end_time": _clock(99), "dotted_order": "a", "error": None,
                        "extra": {"metadata": {"revision_id": "x"}}}]  # fmt: skip
    tools = chat_tools()
    found = steps(can)
    for number, (sent, said) in enumerate(turns(found)):
        message = _constructed(said)
        generation = {"text": said.text, "type": "ChatGeneration", "message": message,
                      "generation_info": {"finish_reason": "stop", "logprobs": None}}  # fmt: skip
        runs.append({"id": f"llm{number}", "trace_id": "root", "parent_run_id": "root",
                     "name": "ChatAcme", "run_type": "llm", "error": None,
                     "inputs": {"messages": [[_constructed(step) for step in sent]]},
                     "outputs": {"generations": [[generation]], "llm_output": {"id": "x"},
                                 "run": None, "type": "LLMResult"},
                     "start_time": _clock(10 * number + 1), "end_time": _clock(10 * number + 4),
                     "extra": {"invocation_params": {"model": MODEL, "tools": tools,
                                                     "temperature": 0.4, "_type": "acme-chat"},
                               "metadata": {"ls_model_name": MODEL}}})  # fmt: skip
    answers = {step.answers: step for step in found if step.role == "tool"}
    for number, call in enumerate(call for step in found for call in step.calls):
        answer = answers[call.id]
        runs.append({"id": f"tool{number}", "trace_id": "root", "parent_run_id": "root",
                     "name": call.name, "run_type": "tool", "inputs": {"input": call.arguments},
                     "outputs": {"output": _constructed(answer)} if not answer.failed else None,
                     "error": answer.text if answer.failed else None,
                     "start_time": _clock(10 * number + 5), "end_time": _clock(10 * number + 6),
                     "extra": {}})  # fmt: skip
    return list(reversed(runs))


def langfuse(can: Can) -> Any:
    """Return a trace with its observations, in no order."""
    observations: list[Any] = []
    found = steps(can)
    for number, (sent, said) in enumerate(turns(found)):
        observations.append({
            "id": f"g{number}", "traceId": "t", "parentObservationId": "a", "type": "GENERATION",
            "name": "acme-generation", "model": MODEL, "level": "DEFAULT", "statusMessage": None,
            "startTime": f"{_clock(10 * number + 1)}Z", "endTime": f"{_clock(10 * number + 4)}Z",
            "modelParameters": {"temperature": 0.4, "max_tokens": "inf"}, "metadata": {},
            "input": {"messages": [chat_message(step) for step in sent], "tools": chat_tools()},
            "output": chat_message(said), "usageDetails": {"input": 11},
        })  # fmt: skip
    answers = {step.answers: step for step in found if step.role == "tool"}
    for number, call in enumerate(call for step in found for call in step.calls):
        answer = answers[call.id]
        observations.append({
            "id": f"t{number}", "traceId": "t", "parentObservationId": "a", "type": "TOOL",
            "name": call.name, "input": call.arguments, "output": answer.text,
            "startTime": f"{_clock(10 * number + 5)}Z", "endTime": f"{_clock(10 * number + 6)}Z",
            "level": "ERROR" if answer.failed else "DEFAULT",
            "statusMessage": answer.text if answer.failed else None,
        })  # fmt: skip
    agent = {
        "id": "a",
        "traceId": "t",
        "type": "AGENT",
        "name": "platform",
        "input": "red?",
        "startTime": f"{_clock(0)}Z",
        "endTime": f"{_clock(99)}Z",
        "output": "done",
    }
    return {
        "id": "t",
        "projectId": "p",
        "name": "incident",
        "timestamp": f"{_clock(0)}Z",
        "sessionId": None,
        "input": {"question": "red?"},
        "output": {"answer": "done"},
        "observations": [*observations[::2], agent, *observations[1::2]],
        "scores": [],
    }


def mlflow(can: Can) -> Any:
    """Return a trace of schema 3: attributes are JSON texts, ids base64."""

    def own(number: int, kind: str, name: str, sent: Any, said: Any, failed: str = "",
            more: dict[str, Any] | None = None) -> dict[str, Any]:  # fmt: skip
        attributes = {"mlflow.traceRequestId": "tr-1", "mlflow.spanType": kind,
                      "mlflow.spanInputs": sent, "mlflow.spanOutputs": said,
                      **(more or {})}  # fmt: skip
        code = "STATUS_CODE_ERROR" if failed else "STATUS_CODE_OK"
        parent = base64.b64encode((1).to_bytes(8, "big")).decode()
        return {"trace_id": base64.b64encode(b"0" * 16).decode(), "name": name, "events": [],
                "span_id": base64.b64encode(number.to_bytes(8, "big")).decode(),
                "parent_span_id": None if number == 1 else parent,
                "start_time_unix_nano": NANO + number * 10**9,
                "end_time_unix_nano": NANO + number * 10**9 + 1,
                "status": {"code": code, "message": failed},
                "attributes": {k: json.dumps(v) for k, v in attributes.items()}}  # fmt: skip

    found = steps(can)
    spans = [own(1, "AGENT", "run", {"question": "red?"}, "done")]
    for number, (sent, said) in enumerate(turns(found)):
        messages = [chat_message(step) for step in sent]
        answer = {"id": "c", "object": "chat.completion", "model": ANSWERED,
                  "choices": [{"index": 0, "finish_reason": "stop",
                               "message": chat_message(said)}]}  # fmt: skip
        spans.append(own(10 * (number + 1), "CHAT_MODEL", "Completions",
                         {"model": MODEL, "temperature": 0.4, "messages": messages,
                          "tools": chat_tools()}, answer,
                         more={"mlflow.chat.tools": chat_tools()}))  # fmt: skip
    answers = {step.answers: step for step in found if step.role == "tool"}
    for number, call in enumerate(call for step in found for call in step.calls):
        result = answers[call.id]
        given = loads(call) if _is_json(call) else call.arguments
        spans.append(own(12 + 10 * number, "TOOL", call.name, given, result.text,
                         result.text if result.failed else ""))  # fmt: skip
    info = {"trace_id": "tr-1", "request_time": "2026-03-04T02:51:00Z", "state": "OK",
            "trace_metadata": {"mlflow.trace_schema.version": "3"}, "tags": {},
            "request_preview": "red?"}  # fmt: skip
    return {"info": info, "data": {"spans": spans}}
