"""The OpenAPI document, as far as it concerns jobs."""
import json

from assertions import check, equal

REFERENCE = "#/components/schemas/"


def schemas_in(value):
    """All schemas of the document, with those inside of them."""
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from schemas_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from schemas_in(each)


def resolved(schema, document):
    if "$ref" not in schema:
        return schema
    return {**document["components"]["schemas"][schema["$ref"].removeprefix(REFERENCE)],
            **{name: value for name, value in schema.items() if name != "$ref"}}


def fits(value, schema, document):
    """Whether a value is what the schema says; as much of JSON Schema as the document uses."""
    schema = resolved(schema, document)
    kinds = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": (int, float)}
    if "type" in schema and not isinstance(value, kinds[schema["type"]]):
        return False
    if "enum" in schema and value not in schema["enum"]:
        return False
    if any(not fits(value, each, document) for each in schema.get("allOf", [])):
        return False
    if isinstance(value, dict):
        if any(name not in value for name in schema.get("required", [])):
            return False
        members = schema.get("properties", {})
        return all(fits(each, members[name], document) for name, each in value.items() if name in members)
    if isinstance(value, list):
        return all(fits(each, schema.get("items", {}), document) for each in value)
    return schema.get("minimum", float("-inf")) <= value <= schema.get("maximum", float("inf")) if isinstance(
        value, (int, float)) else True


def operations(server):
    document = json.loads(server.get("/api/openapi.json")[2])
    return document, {path[1:]: operation["post"] for path, operation in document["paths"].items()
                      if path.startswith("/jobs_")}


def params_of(operation):
    return operation["requestBody"]["content"]["application/json"]["schema"]


def test_every_method_is_described(server):
    document, methods = operations(server)
    check(len(methods) >= 20, sorted(methods))
    for name, operation in methods.items():
        equal(operation["operationId"], name)
        check(operation["summary"].endswith("."), name)
    for schema in schemas_in(document):
        if isinstance(schema.get("$ref"), str) and schema["$ref"].startswith(REFERENCE):
            check(schema["$ref"].removeprefix(REFERENCE) in document["components"]["schemas"], schema)


def test_the_examples_are_taken(server):
    """Every example fits its schema, and the server reads it"""
    document, methods = operations(server)
    for name, operation in methods.items():
        for example in params_of(operation).get("examples", []):
            check(fits(example, params_of(operation), document), f"{name}: {example}")
            if name in ("jobs_fetch", "jobs_worker_terminate", "jobs_worker_quiet"):
                continue
            answer = server.answer(name, example)
            check("result" in answer or answer["error"]["code"] == 104, f"{name} {example}: {answer}")


def test_answers_are_as_described(server):
    document, methods = operations(server)
    jid = server.push("described", [1], queue="described")
    for name, params in [("jobs_get", {"jid": jid}), ("jobs_list", {"state": "queued", "queue": "described"}),
                         ("jobs_counts", {}), ("jobs_queues", {}), ("jobs_workers", {}),
                         ("jobs_fetch", {"queues": ["described"], "worker": "described"}), ("jobs_workers", {}),
                         ("jobs_list", {"state": "working"}), ("jobs_beat", {"worker": "described"}),
                         ("jobs_progress", {"jid": jid, "percent": 1}), ("jobs_ack", {"jid": jid})]:
        schema = methods[name]["responses"]["200"]["content"]["application/json"]["schema"]
        answer = server.answer(name, params)
        check(fits(answer, schema, document), f"{name}: {answer}")
        unknown = unknown_members(answer["result"], resolved(schema["properties"]["result"], document), document)
        check(not unknown, f"{name} does not describe {unknown}")


def unknown_members(value, schema, document):
    if isinstance(value, list):
        return [name for each in value for name in unknown_members(each, resolved(schema["items"], document), document)]
    if not isinstance(value, dict) or "properties" not in schema or schema is document["components"]["schemas"]["Job"]:
        return []
    if schema.get("description", "").startswith("A job as in Faktory"):
        return []
    found = [name for name in value if name not in schema["properties"]]
    for name in value:
        if name in schema["properties"]:
            found += unknown_members(value[name], resolved(schema["properties"][name], document), document)
    return found
