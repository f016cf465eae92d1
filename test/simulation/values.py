"""Values of each type: fresh ones, how a system may write them, and how to read them back.

Knows the canonical form of a value by itself; nothing here asks the database.
"""

import json
from datetime import datetime, timezone

encode = json.JSONEncoder(sort_keys=True, ensure_ascii=False).encode


def text_of(value):
    """A value as one comparable string."""
    if value is None:
        return "null"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return encode(value)


class Text:
    config = {}

    def fresh(self, number, system):
        return f"{system[0]}{number}"

    def forms(self, value):
        return [value]

    def read(self, native):
        return native


class Email(Text):
    config = {"normalize": ["trim", "lower"]}

    def fresh(self, number, system):
        return f"{system[0]}{number}@x.org"

    def forms(self, value):
        return [value, value.upper(), f" {value}", value.capitalize() + " "]

    def read(self, native):
        return native.strip().lower()


class Phone(Text):
    config = {"normalize": ["phone"]}

    def fresh(self, number, system):
        return f"+1415{ord(system[0]) - 96:02}{number:04}"

    def forms(self, value):
        return [value, f"+1 (415) {value[5:]}", f"+1-415-{value[5:9]}-{value[9:]}"]

    def read(self, native):
        return "+" * native.strip().startswith("+") + "".join(c for c in native if c.isdigit())


class Number(Text):
    config = {"type": "number"}

    def fresh(self, number, system):
        return number + ord(system[0]) / 1000

    def forms(self, value):
        return [value, f"{value:.5f}", value]

    def read(self, native):
        return float(native)


class Stamp(Text):
    config = {"type": "timestamp"}

    def fresh(self, number, system):
        return f"20{ord(system[0]) - 80}-01-{number // 60 % 28 + 1:02}T03:{number % 60:02}:05Z"

    def forms(self, value):
        return [value, value.replace("T03", "T05").replace("Z", "+02:00"), value.replace("T", " ")]

    def read(self, native):
        moment = datetime.fromisoformat(native.replace("Z", "+00:00"))
        return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class Set(Text):
    """A set as one value: humans add to and remove from what they see."""

    config = {"type": "set"}

    def fresh(self, number, system):
        return sorted({f"{system[0]}{number}", f"e{number % 3}"})

    def forms(self, value):
        return [value, list(reversed(value)), value + value[:1]]

    def read(self, native):
        return sorted(set(native))


class Json(Text):
    config = {"type": "json"}

    def fresh(self, number, system):
        return {"n": number, "by": system}

    def forms(self, value):
        return [value, dict(reversed(list(value.items())))]


class Plan(Text):
    """Few values, and a system that has its own words for them."""

    config = {}
    names = ["free", "gold", "team", "vast"]

    def fresh(self, number, system):
        return self.names[number % 4]


KINDS = {"text": Text(), "email": Email(), "phone": Phone(), "number": Number(),
         "stamp": Stamp(), "set": Set(), "json": Json(), "plan": Plan()}


def get_path(record, path):
    """What stands at a dotted path: (present, value)."""
    for name in path.split("."):
        if not isinstance(record, dict) or name not in record:
            return False, None
        record = record[name]
    return True, record


def put_path(record, path, value):
    *parents, name = path.split(".")
    for parent in parents:
        record = record.setdefault(parent, {})
    record[name] = value
