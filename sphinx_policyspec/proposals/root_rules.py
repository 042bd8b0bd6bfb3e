"""What a proposal would do to the rules that no message may override."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from sphinx_policyspec.checks.prose import binding_words
from sphinx_policyspec.compare import Change, ChangeKind, SpecDiff, Subject, Weight
from sphinx_policyspec.exports.diff.wording import sentence
from sphinx_policyspec.model import Finding, OverrideMode, Severity, Span, Spec
from sphinx_policyspec.model.finding import shown
from sphinx_policyspec.model.proposals import Proposal


def root_rule_findings(proposal: Proposal, diff: SpecDiff, before: Spec, after: Spec) -> Iterator[Finding]:
    """Yield what becomes of each rule that no message may override: what makes it weaker, else that a reader has to look.

    :param before: as it is
    :param after: as it would be
    """
    rules = _RootRules(diff, before, after)
    places = {edit.about: edit.span for edit in reversed(proposal.edits)}
    found: dict[str, tuple[str, bool, Span]] = {}
    for change in diff.changes:
        name, what, is_weaker = rules.becomes(change)
        if name and (name not in found or (is_weaker and not found[name][1])):
            span = places.get(name) or places.get(rules.old.get(change.provision, change.provision))
            found[name] = what, is_weaker, span or proposal.span
    for name, (what, is_weaker, span) in found.items():
        yield Finding(
            code="root-rule-changed",
            message=f"{shown(name)}, which no message may override, would {what}",
            span=span,
            hint="say in the proposal why, or leave the rule as it is"
            if is_weaker
            else "read whether it still holds",
            severity=Severity.WARNING if is_weaker else Severity.HINT,
        )


class _RootRules:
    """The rules that no message may override, as they are.

    :param diff: of the spec as it is, and as it would be
    """

    def __init__(self, diff: SpecDiff, before: Spec, after: Spec) -> None:
        firm = {one.id for one in before.levels if one.override is OverrideMode.NEVER}
        names = [one.id for one in before.principles if one.authority in firm]
        self.old = {one.new: one.old for one in diff.matches}
        self._home = {part.id: name for name in names for part in before.parts_of[name]}
        self._words = [binding_words(before), binding_words(after)]
        self._now = {one.old: one.new for one in diff.matches}

    def becomes(self, change: Change) -> tuple[str, str, bool]:
        """Return the rule that a change is about, what it would do, and whether that makes it weaker; no rule where it is about none."""
        target, holder = self.old.get(change.id, change.id), self.old.get(change.provision, change.provision)
        name = self._home.get(holder, "")
        if not name:
            is_new = change.subject is Subject.REFERENCE and change.kind is ChangeKind.ADDED
            return (
                self._home.get(target, "") if is_new else "",
                f"be mentioned in `{change.provision}`",
                False,
            )
        if change.subject is Subject.PROVISION and change.kind is ChangeKind.REMOVED:
            return name, "be removed" if name == target else f"lose `{target}`", True
        if change.kind is ChangeKind.LEVEL_LOWERED:
            return name, f"be lowered to level `{change.new}`", True
        if change.weight in {Weight.LOOSENING, Weight.BOTH}:
            return name, f"be looser: {sentence(change)}", True
        if change.subject is Subject.PROVISION and change.text:
            old, new = (
                words.get(one, Counter())
                for words, one in zip(self._words, (name, self._now.get(name, name)), strict=True)
            )
            lost = ", ".join(f"`{word}`" for word in old - new)
            if lost or change.weight is Weight.NEEDS_READER:
                return name, f"lose {lost}" if lost else "be reworded", bool(lost)
        return "", "", False
