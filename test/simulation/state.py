"""What the tables say of a record, as book.py hands it over."""

from values import text_of


def data_of(state):
    return (state.get("golden") or {}).get("data") or {}


def elements(value):
    return frozenset(value or ())


def is_dead(state):
    return bool((state.get("golden") or {}).get("deleted"))


def life_is_open(state):
    return any(c["status"] == "open" and c["kind"] in ("delete", "resurrect") for c in state.get("conflicts") or [])


def sent(state):
    """{(target, field or action)}: what waits or is on its way."""
    rows = state["outbox"] or []
    return {(o["target"], f) for o in rows for f in o["changes"] or {}} | {(o["target"], o["action"]) for o in rows}


def value_in(payload, path):
    for name in path.split("."):
        payload = payload[name]
    return payload


def all_values(row):
    values = [row["base_value"], row["current_value"], row["incoming_value"], row["resolved_value"]]
    for side in (row["sides"] or {}).values():
        values += side
    return values


def names(row, edit):
    """True where a conflict of a group, or about a record's life, names what was typed."""
    return any(isinstance(v, dict) and edit.field in v and text_of(v[edit.field]) == text_of(edit.value)
               for v in all_values(row))
