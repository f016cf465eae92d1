"""The excuses: what no rule can prevent, each with a test for the edit in question."""

from values import text_of

NULL = text_of(None)
TIED = "one version token for two changes and a write of ours: edit lost"
TIED_LATE = "one version token for two changes and a write of ours, told after echo_window: old value taken for an edit"
TIED_BACK = "one version token for two changes, of which an answer told the later one first: old value taken for an edit"
TIED_AGAIN = "one version token for two changes and a write of ours: the edit was taken for another one when it was shown again"
FORGOTTEN = "a lost call landed after it was forgotten: our own value taken for an edit"
UNTOLD = "versioned, late, and no answer told the version of our write: old value taken for an edit"
TYPED_AGAIN = "typed again what was written or shown there, while a write crossed"


class Excuses:
    def excuse_echo(self, shot, field, held):
        system = self.world.systems[shot.system]
        if not system.behaviour.get("clock") and (
                (shot.system, field) in self.disorder or field in self.was_disordered):
            return "unversioned, out of order or late: old value taken for an edit"
        is_late = self.is_late(shot, field)
        if (is_late or field in self.was_disordered) and self.is_untold(shot.system, field):
            return UNTOLD
        if self.was_forgotten(shot.system, field, held.value):
            return FORGOTTEN
        if is_late and system.behaviour.get("clock") == "coarse":
            return TIED_LATE
        if system.behaviour.get("clock") == "coarse" and held.origin is not None and held.origin.is_tied:
            return TIED_AGAIN
        if system.behaviour.get("clock") == "coarse" and self.is_overtaken_under_its_token(shot, field):
            return TIED_BACK
        if any(e.system == shot.system and e.field == field and e.arrived and self.is_typed_again(e)
               and text_of(e.value) == text_of(held.value) for e in self.edits):
            return TYPED_AGAIN
        if held.rewritten:
            calls = self.world.calls_of(shot.system, lambda c: field in c.changes and c.landed is not None)
            if not any(c.told for c in calls[-1:]):
                return "rewritten silently: taken for an edit"
        return None

    def is_late(self, shot, field):
        return (shot.system, field) in self.disorder and self.world.clock - shot.at >= self.world.echo_window(shot.system)

    def excuse_merge(self, shot, field):
        """Of elements that came or left by what no human did there."""
        if self.was_typed_again(shot.system, field):
            return TYPED_AGAIN
        if (shot.system, field) in self.untold_late:
            return UNTOLD           # then what it really holds is taken for an edit, too
        return None

    def is_overtaken_under_its_token(self, shot, field):
        """An answer has shown what came later, under the very same version."""
        newest = self.newest.get((shot.system, field))
        if any(c.answer.payload.get("v") == shot.payload.get("v") and c.answer.number > shot.number
               for c in self.world.calls_of(shot.system, lambda c: c.token_told and c.answer is not None)):
            return True
        return newest is not None and newest.number > shot.number and newest.payload.get("v") == shot.payload.get("v")

    def was_forgotten(self, name, field, value):
        """A lost call brought it, echo_window after a later write was acknowledged."""
        calls = self.world.calls_of(name, lambda c: field in c.changes)
        window = self.world.echo_window(name)
        return any(lost.lost is not None and lost.landed is not None and text_of(lost.changes[field]) == text_of(value)
                   and any(later.acked is not None and lost.landed >= later.acked + window for later in calls[n + 1:])
                   for n, lost in enumerate(calls))

    def was_typed_again(self, name, field):
        """A human typed there what we wrote there, while a write of ours crossed."""
        written = {text_of(c.changes[field]) for c in self.world.calls_of(name, lambda c: field in c.changes)}
        return any(e.system == name and e.field == field and e.arrived and e.risky and text_of(e.value) in written
                   for e in self.edits)

    def is_untold(self, name, field, first=-1):
        """No answer told under which version the newest write stands there; or one of all."""
        return any(not c.token_told for c in self.world.calls_of(name, lambda c: field in c.changes)[first:])

    def excuse_loss(self, edit):
        if self.is_kept(edit):
            return None
        name, field = edit.system, edit.field
        system = self.world.systems.get(name)
        if system is None:
            return None
        here = (name, field)
        if not system.behaviour.get("clock") and (here in self.disorder or edit.disordered):
            return "unversioned, out of order or late: edit lost"
        for late, _ in [d for d in self.disorder if d[1] == field]:
            if not self.world.systems[late].behaviour.get("clock"):
                return "unversioned, out of order or late: edit lost"
            is_long_ago = self.world.clock - edit.at >= self.world.echo_window(late)
            if self.is_untold(late, field, 0 if is_long_ago else -1):
                return "versioned, late, and no answer told the version of our write: edit lost"
        if self.was_tied(edit):
            return TIED
        replaced_by = self.golden.get(field)
        if replaced_by is not None and replaced_by.excuse is not None:
            return "lost to what was taken for an edit: " + replaced_by.excuse
        if system.behaviour.get("clock") and here in self.disorder \
                and not self.policy.systems[name]["config"].get("strict_versions"):
            return "versioned: an edit and its revert arrived swapped"
        if self.is_typed_again(edit):
            return TYPED_AGAIN
        return None

    def was_tied(self, edit):
        """Shown under the version under which a write of ours had taken another value's place."""
        behaviour = self.policy.systems.get(edit.system, {})
        return behaviour.get("clock") == "coarse" and edit.is_tied and edit.outcome == "stale"

    def is_typed_again(self, edit):
        """While a write of ours crossed, a human typed what we wrote there or what was shown there before."""
        name, field = edit.system, edit.field
        written = {text_of(c.changes[field]) for c in self.world.calls_of(name, lambda c: field in c.changes)}
        before = {text_of(e.value) for e in self.edits if e.system == name and e.field == field and e.number < edit.number}
        if any(c.action == "create" for c in self.world.calls_of(name, lambda c: True)):
            before.add(NULL)        # what our create replaced
        return edit.risky and text_of(edit.value) in written | before

    def is_put_back(self, edit, lost):
        """The same of elements of a set that is merged."""
        name, field = edit.system, edit.field
        earlier = [e.value for e in self.edits if e.system == name and e.field == field and e.number < edit.number]
        written = [c.changes[field] for c in self.world.calls_of(name, lambda c: field in c.changes)]
        return edit.risky and lost <= {x for value in earlier + written for x in value or ()}
