"""The conversation as providers' interfaces and agents' own files hold it."""

import json
from typing import Any

from tests.importers.fresh.conversation import ANSWERED, MODEL, TOOLS, Can, Step, loads, steps


def chat_message(step: Step, *, parts: bool = True) -> dict[str, Any]:
    """Return a message of OpenAI's chat interface."""
    if step.role == "tool":
        return {"role": "tool", "tool_call_id": step.answers, "content": step.text}
    if step.image and parts:
        return {"role": step.role, "content": [
            {"type": "text", "text": step.text},
            {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{step.image}"}},
        ]}  # fmt: skip
    made: dict[str, Any] = {"role": step.role, "content": step.text or None}
    if step.role == "assistant":
        made |= {"refusal": None, "annotations": [], "audio": None, "function_call": None}
        if step.thought:
            made["reasoning_content"] = step.thought
        if step.calls:
            made["tool_calls"] = [
                {"id": c.id, "type": "function",
                 "function": {"name": c.name, "arguments": c.arguments}}
                for c in step.calls
            ]  # fmt: skip
    return made


def chat_tools() -> list[dict[str, Any]]:
    """Return the tools of the chat interface."""
    return [{"type": "function", "function": {**tool, "strict": False}} for tool in TOOLS]


def chat_completion(can: Can) -> Any:
    """Return a request beside its answer, as a proxy logs them; ``developer`` is the system."""
    *sent, last = steps(can)
    messages = [chat_message(step) for step in sent]
    messages[0]["role"] = "developer"
    answer = {"id": "chatcmpl-7", "object": "chat.completion", "created": 1772592660,
              "model": ANSWERED, "service_tier": "default", "system_fingerprint": "fp_1",
              "choices": [{"index": 0, "finish_reason": "stop", "logprobs": None,
                           "message": chat_message(last)}],
              "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}}  # fmt: skip
    request = {"model": MODEL, "temperature": 0.4, "tools": chat_tools(), "messages": messages}
    return {"request": request, "response": answer}


def chat_contents_in_parts(can: Can) -> Any:
    """Return chat messages whose texts are all lists of parts, results too."""
    made = []
    for step in steps(can):
        message = chat_message(step)
        if isinstance(message["content"], str):
            message["content"] = [{"type": "text", "text": message["content"]}]
        made.append(message)
    return {"model": MODEL, "temperature": 0.4, "tools": chat_tools(), "messages": made}


def swe_agent(can: Can) -> Any:
    """Return a .traj: history with tool_call_ids, a trajectory that repeats it, its config."""
    history: list[Any] = []
    kinds = {"system": "system_prompt", "user": "observation", "tool": "observation",
             "assistant": "action"}  # fmt: skip
    for step in steps(can):
        message: dict[str, Any] = {"role": step.role, "content": step.text, "agent": "main",
                                   "message_type": kinds[step.role]}  # fmt: skip
        if step.role == "tool":
            message |= {"tool_call_ids": [step.answers],
                        "content": [{"type": "text", "text": step.text,
                                     "cache_control": {"type": "ephemeral"}}]}  # fmt: skip
        if step.role == "user":
            message["content"] = [{"type": "text", "text": step.text}]
            if step.image:
                message["content"].append({"type": "image_url", "image_url": {
                    "url": f"data:image/png;base64,{step.image}"}})  # fmt: skip
        if step.role == "assistant":
            message |= {"thought": step.text, "action": "" if not step.calls else "x"}
            message["tool_calls"] = chat_message(step).get("tool_calls")
            message["thinking_blocks"] = (
                [{"type": "thinking", "thinking": step.thought, "signature": "c2ln"}]
                if step.thought else None
            )  # fmt: skip
        history.append(message)
    trajectory = [
        {"action": "x", "observation": "y", "response": step.text, "thought": step.text,
         "execution_time": 0.1, "state": {"working_dir": "/"}, "query": history[:1],
         "extra_info": {}}
        for step in steps(can) if step.role == "assistant"
    ]  # fmt: skip
    config = {"agent": {"model": {"name": MODEL, "temperature": 0.4, "top_p": 1.0},
                        "type": "default"}}  # fmt: skip
    info = {"exit_status": "submitted", "submission": "", "model_stats": {"api_calls": 4}}
    return {"environment": "main", "trajectory": trajectory, "history": history, "info": info,
            "replay_config": json.dumps(config)}  # fmt: skip


def tau_bench(can: Can) -> Any:
    """Return one entry of historical_trajectories."""
    names = {c.id: c.name for step in steps(can) for c in step.calls}
    messages = []
    for step in steps(can):
        message = chat_message(step, parts=False)
        if step.role == "tool":
            message["name"] = names[step.answers]
        if step.role == "assistant":
            message.setdefault("tool_calls", None)
        messages.append(message)
    return [{"task_id": 7, "reward": 0.0, "trial": 2, "traj": messages,
             "info": {"task": {"user_id": "u", "actions": [], "outputs": []},
                      "source": "user", "user_cost": 0.1}}]  # fmt: skip


def tau2_bench(can: Can) -> Any:
    """Return a file of simulations; a result has the call's id as its own."""
    messages = []
    for number, step in enumerate(steps(can)):
        message: dict[str, Any] = {"role": step.role, "content": step.text or None,
                                   "turn_idx": number, "timestamp": f"2026-03-04T02:51:{number:02}",
                                   "cost": 0.0, "usage": None}  # fmt: skip
        if step.role == "tool":
            message |= {"id": step.answers, "requestor": "assistant", "error": step.failed}
        else:
            message["tool_calls"] = [
                {"id": c.id, "name": c.name, "arguments": loads(c), "requestor": "assistant"}
                for c in step.calls
            ] or None
        messages.append(message)
    agent = {"implementation": "llm_agent", "llm": MODEL, "llm_args": {"temperature": 0.4}}
    return {"timestamp": "2026-03-04", "info": {"git_commit": "0" * 40, "agent_info": agent},
            "tasks": [{"id": "7", "description": {"purpose": "x"}}],
            "simulations": [{"id": "s1", "task_id": "7", "trial": 0, "seed": 3, "duration": 9.0,
                             "termination_reason": "user_stop", "messages": messages,
                             "reward_info": {"reward": 0.0}}]}  # fmt: skip


def response_items(step: Step, number: int) -> list[dict[str, Any]]:
    """Return the items of a step."""
    if step.role == "tool":
        return [{"type": "function_call_output", "id": f"fco_{number}", "call_id": step.answers,
                 "output": step.text, "status": "completed"}]  # fmt: skip
    if step.role != "assistant":
        content: list[Any] = [{"type": "input_text", "text": step.text}]
        if step.image:
            content.append({"type": "input_image", "detail": "auto", "file_id": None,
                            "image_url": f"data:image/png;base64,{step.image}"})  # fmt: skip
        return [{"role": step.role, "content": content}]
    made: list[dict[str, Any]] = []
    if step.thought:
        made.append({"type": "reasoning", "id": f"rs_{number}", "encrypted_content": "gAAAAx",
                     "summary": [{"type": "summary_text", "text": step.thought}]})  # fmt: skip
    if step.text:
        made.append({"type": "message", "id": f"msg_{number}", "role": "assistant",
                     "status": "completed", "content": [
                         {"type": "output_text", "text": step.text, "annotations": [],
                          "logprobs": []}]})  # fmt: skip
    made += [
        {"type": "function_call", "id": f"fc_{number}{n}", "call_id": c.id, "name": c.name,
         "arguments": c.arguments, "status": "completed"}
        for n, c in enumerate(step.calls)
    ]  # fmt: skip
    return made


def responses(can: Can) -> Any:
    """Return a request of Responses beside its answer; the system stands in ``instructions``."""
    system, *sent, last = steps(can)
    items = [item for n, step in enumerate(sent) for item in response_items(step, n)]
    tools = [{"type": "function", "strict": True, **tool} for tool in TOOLS]
    request = {
        "model": MODEL,
        "instructions": system.text,
        "input": items,
        "tools": tools,
        "temperature": 0.4,
        "store": False,
        "include": ["reasoning.encrypted_content"],
    }
    answer = {"id": "resp_1", "object": "response", "created_at": 1772592660, "model": ANSWERED,
              "status": "completed", "error": None, "instructions": system.text,
              "output": response_items(last, 99), "tools": tools, "temperature": 0.4,
              "usage": {"input_tokens": 1, "output_tokens": 2}}  # fmt: skip
    return {"request": request, "response": answer}


def responses_chain(can: Can) -> Any:
    """Return answers line by line, each with the items that were new; they name one another."""
    system, *rest = steps(can)
    lines: list[Any] = []
    pending: list[Any] = []
    for number, step in enumerate(rest):
        if step.role != "assistant":
            pending += response_items(step, number)
            continue
        lines.append({"id": f"resp_{number}", "object": "response", "model": ANSWERED,
                      "previous_response_id": lines[-1]["id"] if lines else None,
                      "instructions": system.text, "input": pending, "temperature": 0.4,
                      "tools": [{"type": "function", **tool} for tool in TOOLS],
                      "output": response_items(step, number)})  # fmt: skip
        pending = []
    return lines


def anthropic_blocks(step: Step) -> list[dict[str, Any]]:
    """Return the blocks of a step."""
    if step.role == "tool":
        return [{"type": "tool_result", "tool_use_id": step.answers, "is_error": step.failed,
                 "content": [{"type": "text", "text": step.text}]}]  # fmt: skip
    made: list[dict[str, Any]] = []
    if step.thought:
        made.append({"type": "thinking", "thinking": step.thought, "signature": "RXVi"})
        made.append({"type": "redacted_thinking", "data": "RW1"})
    if step.text:
        made.append({"type": "text", "text": step.text})
    if step.image:
        made.append({"type": "image", "source": {"type": "base64", "media_type": "image/png",
                                                 "data": step.image}})  # fmt: skip
    made += [
        {"type": "tool_use", "id": c.id, "name": c.name, "input": loads(c)} for c in step.calls
    ]
    return made


def anthropic_messages(found: tuple[Step, ...]) -> list[dict[str, Any]]:
    """Return messages that alternate: results, and a question after them, are one of the user's."""
    made: list[dict[str, Any]] = []
    for step in found:
        role = "assistant" if step.role == "assistant" else "user"
        if made and made[-1]["role"] == role:
            made[-1]["content"] += anthropic_blocks(step)
        else:
            made.append({"role": role, "content": anthropic_blocks(step)})
    return made


def anthropic_tools() -> list[dict[str, Any]]:
    """Return the tools of Anthropic's interface."""
    return [
        {"name": t["name"], "description": t["description"], "input_schema": t["parameters"]}
        for t in TOOLS
    ]


def anthropic(can: Can) -> Any:
    """Return a request whose system is blocks, beside the answer."""
    system, *rest = steps(can)
    request = {
        "model": MODEL,
        "max_tokens": 1024,
        "temperature": 0.4,
        "system": [{"type": "text", "text": system.text, "cache_control": {"type": "ephemeral"}}],
        "tools": anthropic_tools(),
        "messages": anthropic_messages(tuple(rest[:-1])),
    }
    answer = {"id": "msg_01", "type": "message", "role": "assistant", "model": ANSWERED,
              "content": anthropic_blocks(rest[-1]), "stop_reason": "end_turn",
              "stop_sequence": None, "usage": {"input_tokens": 9, "output_tokens": 8}}  # fmt: skip
    return {"request": request, "response": answer}


def atif(can: Can) -> Any:
    """Return ATIF v1.6; images are parts with a source."""
    made: list[Any] = []
    names = {"system": "system", "user": "user", "assistant": "agent"}
    for number, step in enumerate(steps(can)):
        if step.role == "tool":
            results = made[-1].setdefault("observation", {"results": []})["results"]
            results.append({"source_call_id": step.answers, "content": step.text})
            continue
        message: Any = step.text
        if step.image:
            message = [{"type": "text", "text": step.text},
                       {"type": "image", "source": {"media_type": "image/png",
                                                    "path": "images/panel.png"}}]  # fmt: skip
        made.append({"step_id": len(made) + 1, "source": names[step.role], "message": message,
                     "timestamp": f"2026-03-04T02:51:{number:02}Z"})  # fmt: skip
        if step.role == "assistant":
            made[-1] |= {"model_name": ANSWERED, "llm_call_count": 1,
                         "metrics": {"prompt_tokens": 5, "completion_tokens": 6}}  # fmt: skip
            if step.thought:
                made[-1]["reasoning_content"] = step.thought
            if step.calls:
                made[-1]["tool_calls"] = [
                    {"tool_call_id": c.id, "function_name": c.name, "arguments": loads(c)}
                    for c in step.calls
                ]
    return {"schema_version": "ATIF-v1.6", "session_id": "0199", "notes": "kept whole",
            "agent": {"name": "platform-agent", "version": "2.1", "model_name": MODEL,
                      "tool_definitions": chat_tools()},
            "steps": made, "final_metrics": {"total_steps": len(made)}}  # fmt: skip
