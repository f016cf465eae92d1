"""The policies that are simulated, and how the systems of each behave.

A policy that the extension refuses as not yet there (0A000) is skipped, and counted.
"""


class Policy:
    """systems: {name: behaviour}; kinds: {field: kind of its values}; fields: {field: config};
    many_births: humans create the record in several systems; later: what another version of
    the policy says, in the middle of a history; lists_all: full polls are complete listings; first_load: the systems held the
    record before anybody kept them in step, and are loaded.

    What a behaviour may say: config (of the system, as in sync_configure), clock (count,
    time, or coarse; none by default), partial (webhooks carry what changed), order (any: webhooks may
    overtake each other), dedupe (a known idempotency key is answered and not applied),
    chatty (a webhook also for a write that changes nothing), rewrite (cut), answers (full,
    token, none or mixed: what a worker hands to sync_ack), late (a lost call may land
    later), stubborn (a robot sets this field back after each write of ours), keeps_stamp,
    deletes (humans delete here), keyless (its payloads bear no record key once we know the
    native id), nameless (nor before it got one from us).
    """

    def __init__(self, name, systems, kinds, fields=None, **options):
        self.name = name
        self.systems = {s: {"config": {}, **(b or {})} for s, b in systems.items()}
        self.kinds = kinds
        self.many_births = options.pop("many_births", False)
        self.later = options.pop("later", None)
        self.lists_all = options.pop("lists_all", False)
        self.first_load = options.pop("first_load", False)
        self.match_on = options.get("match_on", [])
        self.has_others = self.lists_all or bool(self.match_on)     # records beside the one that a history is about
        self.fields = {f: dict(KIND_CONFIG[kind], **(fields or {}).get(f, {})) for f, kind in kinds.items()}
        self.options = options
        for behaviour in self.systems.values():
            if behaviour.get("clock"):
                behaviour["config"] = dict(behaviour["config"], version="v")

    @property
    def names(self):
        return list(self.systems)

    def config(self, is_later=False):
        """The policy; or, in the middle of a history, its next version."""
        config = {"systems": {s: b["config"] for s, b in self.systems.items()}, "fields": self.fields, **self.options}
        return {**config, **self.later} if is_later else config

    def path(self, system, field):
        """Where a system keeps a field; None where it does not carry it."""
        path = self.fields[field].get("path", field)
        return path.get(system) if isinstance(path, dict) else path

    def words(self, system):
        """{field: {canonical: the system's own word}}"""
        maps = {f: c.get("values", {}).get(system) for f, c in self.fields.items()}
        return {f: m for f, m in maps.items() if m}

    def writable(self, system):
        return self.systems[system]["config"].get("writable", True)

    def group(self, name):
        """The fields of a group."""
        return [f for f, c in self.fields.items() if c.get("group") == name]

    def is_merged(self, field):
        return self.fields[field].get("merge") == "set"

    def keeps_null(self, system, field):
        config = self.fields[field]
        return config.get("nulls", "keep") == "keep" and config.get("owner") != system

    def seconds(self, option, default):
        return float(self.options.get(option, f"{default} s").split()[0])


KIND_CONFIG = {"text": {}, "email": {"normalize": ["trim", "lower"]}, "phone": {"normalize": ["phone"]},
               "number": {"type": "number"}, "stamp": {"type": "timestamp"}, "set": {"type": "set"},
               "json": {"type": "json"}, "plan": {}}

COUNT, TIME, COARSE = {"clock": "count"}, {"clock": "time"}, {"clock": "coarse"}
KEYLESS = {"keyless": True, "config": {"id": "id"}}
NAMELESS = {"nameless": True, "config": {"id": "id"}}
DELETES = {"deletes": True}
STORY = {"a": "text", "b": "text"}
OWNED = {"a": {"owner": "crm"}, "b": {"owner": "desk", "authority": "tiebreak"}}
CLEAR = {"a": {"nulls": "clear"}, "b": {"nulls": "clear", "owner": "desk"}}


def systems(*behaviours):
    return dict(zip(("crm", "desk", "billing"), behaviours))


def all_policies():
    two, three = ({}, {}), ({}, {}, {})
    shape = {"email": {"path": {"crm": "properties.email", "desk": "requester.email", "billing": "mail"}},
             "plan": {"values": {"desk": {"gold": "tier_3", "free": "tier_0"}}},
             "note": {"path": {"crm": "note", "desk": "note"}}}
    return [
        Policy("plain", systems(*two), {"a": "text"}, window="0 s"),
        Policy("windows", systems(*two), STORY),
        Policy("three", systems(*three), STORY, window="0 s"),
        Policy("three_windows", systems(*three), STORY, window="20 s"),
        Policy("counted", systems(COUNT, COUNT), STORY, window="0 s"),
        Policy("counted_any_order", systems({**COUNT, "order": "any"}, {**TIME, "order": "any"}), STORY,
               window="0 s"),
        Policy("one_counts", systems(COUNT, {}, TIME), STORY, window="0 s"),
        Policy("strict", systems({**COUNT, "order": "any", "config": {"strict_versions": True}},
                                 {**TIME, "order": "any", "config": {"strict_versions": True}}),
               STORY, window="0 s"),
        Policy("owners", systems(*two), STORY, OWNED),
        Policy("owners_of_three", systems(COUNT, {}, {}), STORY, OWNED, window="0 s"),
        Policy("tiebreak", systems({}, COUNT), STORY,
               {f: {"owner": "crm", "authority": "tiebreak"} for f in STORY}),
        Policy("nulls", systems(COUNT, {}), STORY, CLEAR, window="0 s"),
        Policy("nulls_of_three", systems({}, TIME, {}), STORY, {"a": {"nulls": "clear"}}),
        Policy("parts", systems({"partial": True}, {"partial": True}), STORY, window="0 s"),
        Policy("parts_sent_over", systems({"partial": True, "config": {"unseen": "send"}},
                                          {**COUNT, "partial": True}), STORY),
        Policy("parts_of_three", systems({**COUNT, "partial": True}, {}, {"partial": True}), STORY, OWNED),
        Policy("born_twice", systems(*three), STORY, window="0 s", many_births=True),
        Policy("born_twice_in_parts", systems({**COUNT, "partial": True}, {"partial": True}), STORY, OWNED,
               many_births=True),
        Policy("idempotent", systems({**COUNT, "dedupe": True}, {"dedupe": True, "chatty": True}), STORY,
               window="0 s"),
        Policy("late_calls", systems({**COUNT, "late": True}, {"late": True}), STORY, window="0 s"),
        Policy("echo_window", systems({"config": {"echo_window": "30 s"}}, {**TIME, "config": {"echo_window": "30 s"}}),
               STORY, window="0 s"),
        Policy("types", systems(COUNT, {}, {}),
               {"a": "number", "b": "stamp", "c": "phone", "d": "set", "e": "json"}, window="0 s"),
        Policy("shapes", systems({"config": {"key": "external_id", "id": "id"}},
                                 {**TIME, "config": {"key": "requester.external_id", "id": "id"}}, {}),
               {"email": "email", "plan": "plan", "note": "text"}, shape),
        Policy("read_only", systems({}, COUNT, {"config": {"writable": False}}), STORY, {"a": {"owner": "billing"}}),
        Policy("rewrites", systems(COUNT, {"rewrite": "cut", "answers": "full"}), {"a": "number", "b": "text"},
               window="0 s"),
        Policy("rewrites_silently", systems({}, {"rewrite": "cut", "answers": "mixed"}), {"a": "number", "b": "text"},
               {"a": {"owner": "crm"}}, window="0 s"),
        Policy("no_order", systems({"order": "any"}, {"order": "any"}), STORY, window="0 s"),
        # what follows is refused by a version that does not know it yet
        Policy("stamped", systems({"config": {"sentinel": "stamp"}}, {**COUNT, "config": {"sentinel": "stamp"}}),
               STORY, window="0 s"),
        Policy("stamped_and_dropped", systems({"config": {"sentinel": "x.stamp"}, "keeps_stamp": False},
                                              {"config": {"sentinel": "stamp"}, "order": "any"}), STORY),
        Policy("groups", systems(COUNT, {}, {}), {"a": "text", "b": "text", "c": "text"},
               {"a": {"group": "g"}, "b": {"group": "g"}}, window="0 s"),
        Policy("deletes", systems(DELETES, DELETES), STORY, window="0 s"),
        Policy("deletes_in_windows", systems(DELETES, {**COUNT, **DELETES}), STORY),
        Policy("deletes_by_path", systems({**COUNT, **DELETES, "config": {"deleted": "archived"}},
                                          {**TIME, **DELETES, "config": {"deleted": "meta.gone"}}), STORY, window="0 s"),
        Policy("deletes_of_three", systems(DELETES, {**COUNT, **DELETES}, {}), STORY, window="0 s"),
        Policy("deletes_reviewed", systems(DELETES, DELETES), STORY, OWNED, window="0 s", deletes="review"),
        Policy("deletes_ignored", systems(DELETES, {**COUNT, **DELETES}, {}), STORY, window="0 s", deletes="ignore"),
        Policy("deletes_owned", systems(DELETES, DELETES), STORY, window="0 s", delete_owner="crm"),
        Policy("groups_owned", systems({}, COUNT), {"a": "text", "b": "text", "c": "text"},
               {"a": {"group": "g", "owner": "crm"}, "b": {"group": "g", "owner": "crm"}}),
        Policy("sets", systems({}, {}), {"a": "set", "b": "text"}, {"a": {"merge": "set"}}, window="0 s"),
        Policy("sets_of_three", systems(COUNT, {}, TIME), {"a": "set", "b": "text"}, {"a": {"merge": "set"}}),
        Policy("flips", systems({"stubborn": "b"}, {"stubborn": "a"}), STORY, OWNED, window="5 s", max_flips=2),
        Policy("flips_of_equals", systems({"stubborn": "a"}, {"stubborn": "a"}), STORY, window="0 s", max_flips=2),
        Policy("deletes_listed", systems(DELETES, {**COUNT, **DELETES}), STORY, window="0 s", max_change=1, lists_all=True),
        Policy("new_versions", systems(COUNT, {}, {}), STORY, window="0 s",
               later={"window": "30 s", "fields": {"a": {"owner": "crm"}, "b": {"nulls": "clear"}}}),
        Policy("new_normalisers", systems({}, COUNT), {"a": "text", "b": "phone"},
               later={"fields": {"a": {"normalize": ["trim"]}, "b": {"normalize": ["phone", "trim"]}}}),
        Policy("keyless", systems(KEYLESS, {**COUNT, **KEYLESS}, {}), STORY, window="0 s"),
        Policy("keyless_deletes", systems({**KEYLESS, **DELETES}, {**KEYLESS, **DELETES}), STORY),
        Policy("by_record", systems(*three), STORY, window_scope="record"),
        Policy("loads", systems({}, COUNT, {}), STORY, window="0 s", first_load=True),
        Policy("loads_owned", systems({}, {}, COUNT), STORY, OWNED, first_load=True),
        Policy("loads_nulls", systems(COUNT, {}), STORY, CLEAR, window="0 s", first_load=True),
        Policy("loads_in_parts", systems({**COUNT, "partial": True}, {"partial": True}, {}), {"a": "text", "b": "text", "c": "set"},
               {"a": {"group": "g"}, "b": {"group": "g"}, "c": {"merge": "set"}}, first_load=True),
        Policy("ties", systems(COARSE, {}), STORY, window="0 s"),
        Policy("ties_of_three", systems(COARSE, COARSE, TIME), STORY, OWNED),
        Policy("matched", systems({}, NAMELESS), STORY, window="0 s", match_on=["a"], many_births=True, first_load=True),
        Policy("matched_creates", systems({}, {**COUNT, **NAMELESS}, {}), STORY, window="0 s", match_on=["a"], many_births=True),
    ]
