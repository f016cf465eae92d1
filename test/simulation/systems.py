"""Simulated systems: what an API on the other side holds, and what it lets us know of it.

A system knows, for each value it holds, which edit it came from (its origin); the payloads
it sends carry these origins beside them, for the oracle, and never to the database.
"""

from collections import namedtuple
from datetime import datetime, timedelta

from values import KINDS, get_path, put_path, text_of

Held = namedtuple("Held", "value origin rewritten")
NOTHING = Held(None, None, False)


class Shot:
    """A photograph of the record: what a webhook or a listing says, and what the oracle may
    know of it besides."""

    def __init__(self, system, number, payload, held, at):
        self.system, self.number, self.payload, self.held, self.at = system, number, payload, held, at
        self.gone = False           # the record is not there any more
        self.death = None           # who deleted it: None if we did
        self.arrived = None         # first


class Edit:
    """What a human did to one field of the record in one system."""

    def __init__(self, number, system, field, value, saw, at):
        self.number = number
        self.system = system
        self.field = field
        self.value = value
        self.saw = saw              # numbers of the edits that had been on the screen
        self.over = None            # the value that was on the screen, as text
        self.added = self.removed = frozenset()     # of a merged set
        self.at = at
        self.shown = None           # the step of the observation that told us
        self.told = None            # the number of that observation
        self.is_phantom = False     # nobody typed it
        self.arrived = False        # told, though perhaps nobody could see it
        self.outcome = None
        self.accepted = False
        self.accepted_at = None
        self.shown_by = {}          # other systems that showed this value when it came: by which edit
        self.disordered = False     # that observation came late or out of order
        self.old_rows = frozenset() # conflicts that were resolved before that
        self.fills_nothing = False  # a null where nobody ever set a value
        self.is_tied = False        # told under the very version of what was told before
        self.excuse = None
        self.risky = False          # typed again what was there, while a write of ours crossed

    def __repr__(self):
        return f"edit {self.number} ({self.system}.{self.field}={text_of(self.value)})"


class Death:
    """A human deleted the record in one system."""

    def __init__(self, system):
        self.system = system.name
        self.saw = {f: frozenset(seen) for f, seen in system.seen.items()}
        self.screen = {f: text_of(h.value) for f, h in system.held.items()}
        self.shown = None
        self.shot = 0


class System:
    def __init__(self, name, policy, record_key, shift, now):
        self.now = now
        self.name = name
        self.record_key = record_key
        self.behaviour = policy.systems[name]
        self.fields = {f: KINDS[kind] for f, kind in policy.kinds.items()
                       if policy.path(name, f) is not None}
        self.paths = {f: policy.path(name, f) for f in self.fields}
        self.words = policy.words(name)
        self.key_path = self.behaviour["config"].get("key", "record_key")
        self.shift = shift
        self.held = None            # the record: {field: Held}; None where there is none
        self.native_id = None
        self.has_our_key = False    # a write of ours brought the record key
        self.known_id = None        # the native id that the database has been told
        self.death = None           # of the last record, if a human deleted it
        self.is_loaded = False      # by a first load
        self.born = 0               # how often it was created
        self.shots = 0
        self.revision = 0           # of the record, as its version token says
        self.queue = []             # webhooks on their way
        self.delivered = []
        self.seen = {f: set() for f in self.fields}     # edits ever on the screen
        self.answers = {}           # idempotency key: result, where keys are known
        self.kept_stamp = None

    # what a value looks like here

    def native(self, field, value, form):
        if value is None:
            return None
        if field in self.words:
            return self.words[field].get(value, value)
        forms = self.fields[field].forms(value)
        return forms[form % len(forms)]

    def canonical(self, field, native):
        if native is None:
            return None
        if field in self.words:
            return {w: v for v, w in self.words[field].items()}.get(native, native)
        return self.fields[field].read(native)

    def rewrite(self, field, value):
        how = self.behaviour.get("rewrite")
        if value is None or how is None:
            return value
        if isinstance(value, str) and how == "cut":
            return value[:2]
        if isinstance(value, float) and how == "cut":
            return float(round(value))
        return value

    # what happens to the record

    def put(self, field, held):
        self.held[field] = held
        if held.origin is not None:
            self.seen[field] |= held.origin.saw | {held.origin.number}

    def create(self):
        self.born += 1
        self.has_our_key = False
        self.native_id = f"{self.name}-{self.record_key}-{self.born}"
        self.held = {f: NOTHING for f in self.fields}

    def delete(self, death=None):
        self.revision += 1
        self.queue.append(self.photograph_gone(death))
        self.held, self.death = None, death

    def photograph_gone(self, death):
        """The record as it was, marked as deleted; or no more than that it is gone."""
        path = self.behaviour["config"].get("deleted")
        shot = self.photograph()
        if path:
            put_path(shot.payload, path, True)
        shot.gone, shot.death = True, death
        return shot

    def apply(self, action, payload, origins, key):
        """A write of ours.  Returns a photograph of what is stored now, or the one that an
        earlier call with this key got; None where nothing is there."""
        if self.behaviour.get("dedupe") and key in self.answers:
            return self.answers[key]
        if action == "delete":
            if self.held is not None:
                self.delete()
            return None
        changed = self.apply_fields(action, payload, origins)
        if changed is None:
            return None
        self.has_our_key = True
        stamp_path = self.behaviour["config"].get("sentinel")
        if stamp_path and self.behaviour.get("keeps_stamp", True):
            present, stamp = get_path(payload, stamp_path)
            if present:
                self.kept_stamp = stamp
        if changed or self.behaviour.get("chatty"):
            self.send(changed or list(origins))
        self.answers[key] = self.photograph()
        return self.answers[key]

    def apply_fields(self, action, payload, origins):
        if self.held is None:
            if action == "update":
                return None
            self.create()
            changed = list(self.fields)
        else:
            changed = []
        for field, origin in origins.items():
            present, native = get_path(payload, self.paths[field])
            assert present, f"payload {payload} lacks {field}"
            sent = self.canonical(field, native)
            stored = self.rewrite(field, sent)
            if text_of(stored) != text_of(self.held[field].value):
                changed.append(field)
            self.put(field, Held(stored, origin, text_of(stored) != text_of(sent)))
        return changed

    # what it tells

    def photograph(self, only=None):
        self.shots += 1
        payload = {}
        id_path = self.behaviour["config"].get("id")
        if self.bears_key():
            put_path(payload, self.key_path, self.record_key)
        if id_path:
            put_path(payload, id_path, self.native_id)
        held = {f: h for f, h in (self.held or {}).items() if only is None or f in only}
        for field, h in held.items():
            put_path(payload, self.paths[field], self.native(field, h.value, self.shots))
        token = self.token()
        if token is not None:
            put_path(payload, self.behaviour["config"]["version"], token)
        if self.kept_stamp and self.behaviour["config"].get("sentinel"):
            put_path(payload, self.behaviour["config"]["sentinel"], self.kept_stamp)
        return Shot(self.name, self.shots, payload, held, self.now())

    def bears_key(self):
        if self.behaviour.get("nameless"):
            return self.has_our_key
        return not self.behaviour.get("keyless") or self.native_id != self.known_id

    def token(self):
        clock = self.behaviour.get("clock")
        if clock == "count":
            return self.revision + self.shift
        if clock == "coarse":       # two or three changes in a row share a version
            return self.revision // 3 + self.shift
        if clock == "time":
            moment = datetime(2001, 1, 1) + timedelta(seconds=self.revision * 7 + self.shift)
            return moment.isoformat() + "Z"
        return None

    def send(self, changed):
        """The record has changed: a webhook is on its way."""
        self.revision += 1
        self.queue.append(self.photograph(changed if self.behaviour.get("partial") else None))
