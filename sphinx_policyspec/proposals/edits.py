"""Edits of proposals, applied in memory one after the other: byte for byte the same outside of them, or a reason why not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from textwrap import indent

from sphinx_policyspec.identifiers.directives import WrittenOption
from sphinx_policyspec.identifiers.index import Index, things_of
from sphinx_policyspec.identifiers.renaming import alias_edits, form_problem, name_problem, rename_edits
from sphinx_policyspec.identifiers.sites import Form, sites_in
from sphinx_policyspec.model import Finding, Span, Spec, TargetKind
from sphinx_policyspec.model.nearest import nearest
from sphinx_policyspec.model.proposals import EditKind, Proposal, ProposalEdit
from sphinx_policyspec.proposals.places import (
    EditedTexts,
    ProvisionPlace,
    Stretch,
    aligned,
    behind,
    fence_marks,
    is_below,
    is_fenced,
    is_home,
    lacking,
    margin,
    nearly,
    parted,
    places_in,
    rst_directive,
    rst_title,
)

_LEVEL = "authority"
_SHOWN = 60


class _Misfit(Exception):  # noqa: N818  it is no error of a program
    """Why an edit does not fit, and what to do."""

    def __init__(self, why: str, hint: str = "") -> None:
        super().__init__(why)
        self.hint = hint


@dataclass(frozen=True, slots=True, kw_only=True)
class EditedSpec:
    """A spec whose texts are edited in memory.

    :param files: the files in which ids may be, as findings name them
    :param sidecars: annotation files among them that are the spec's own
    :param read: returns the spec as it is with these texts, by file
    :param included: files of the spec that pages include, which nobody can try with another text
    """

    spec: Spec
    texts: EditedTexts
    files: tuple[str, ...]
    sidecars: tuple[str, ...]
    read: Callable[[Mapping[str, str]], Spec]
    included: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedEdits:
    """What became of the edits of a proposal.

    :param findings: those that do not fit, and those that touch what another proposal did
    :param touched: where words of it are
    :param fits: whether each edit does
    """

    findings: tuple[Finding, ...]
    touched: tuple[Stretch, ...]
    fits: tuple[bool, ...]


@dataclass(slots=True)
class EditWriter:
    """Applies proposals to the same texts, one after the other."""

    workspace: EditedSpec
    _spec: Spec = field(init=False)
    _places: dict[str, ProvisionPlace] = field(init=False)
    _is_stale: bool = False
    _touched: list[Stretch] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Look where provisions are."""
        self._spec = self.workspace.spec
        self._locate()

    def _locate(self) -> None:
        texts = self.workspace.texts
        self._places = places_in(self._spec, texts)
        self._is_stale = False
        for place in self._places.values():
            texts.followed += (place.head, place.own, place.whole, *([place.inside] if place.inside else []))

    def apply(
        self, proposal: Proposal, others: Mapping[str, tuple[Stretch, ...]] | None = None
    ) -> AppliedEdits:
        """Apply the edits of a proposal in order; one that does not fit changes nothing, and the others are tried all the same.

        :param others: where words of other proposals are, by their ids
        """
        findings: list[Finding] = []
        touched: list[Stretch] = []
        fits: list[bool] = []
        texts = self.workspace.texts
        before, is_idle = texts.changed, False
        for edit in proposal.edits:
            count = texts.changes
            if self._is_stale:
                self._spec = self.workspace.read(self.workspace.texts.changed)
                self._locate()
            self._touched = []
            try:
                clashes = self._clashes(edit, others or {})
                _DO[edit.kind](self, edit)
            except _Misfit as misfit:
                findings.append(
                    Finding(code="proposal-edit", message=str(misfit), span=edit.span, hint=misfit.hint)
                )
                fits.append(False)
                continue
            if texts.changes == count:
                is_idle = True
                findings.append(_idle(_IDLE.get(edit.kind, ""), edit.span, edit))
            findings += clashes
            fits.append(True)
            touched += self._touched
        if fits and all(fits) and not is_idle and texts.changed == before:
            findings.append(_idle("one takes back what another does", proposal.span))
        return AppliedEdits(findings=tuple(findings), touched=tuple(touched), fits=tuple(fits))

    def _clashes(self, edit: ProposalEdit, others: Mapping[str, tuple[Stretch, ...]]) -> list[Finding]:
        """Return with which proposals an edit is about the same passage."""
        about = self._about(edit)
        # An example is no change of the words beside it.
        touches = Stretch.covers if edit.kind is EditKind.EXAMPLE else Stretch.meets
        found = (name for name, stretches in others.items() if any(touches(one, about) for one in stretches))
        hint = "make one proposal of both, or decide between them"
        return [
            Finding(
                code="conflicting-proposals",
                message=f"it changes what proposal `{name}` changes in `{edit.provision}`",
                span=edit.span,
                hint=hint,
            )
            for name in found
        ]

    def _about(self, edit: ProposalEdit) -> Stretch:
        """Return the passage that an edit is about."""
        if edit.kind is EditKind.ADD:
            return Stretch("", 0, 0)
        place = self._place(edit.provision)
        if edit.kind is EditKind.REPLACE:
            return self._found(place, edit)
        if edit.kind is EditKind.LEVEL:
            return place.head
        return place.own if edit.kind is EditKind.EXAMPLE else place.whole

    def _put(self, file: str, start: int, end: int, words: str) -> None:
        words = words.replace("\r\n", "\n").replace("\n", self.workspace.texts.line_end(file))
        self._touched.append(self.workspace.texts.replace(file, start, end, words))

    def _place(self, name: str) -> ProvisionPlace:
        if (place := self._places.get(name)) is not None:
            if (file := place.own.file) in self.workspace.included:
                raise _Misfit(
                    f"the text of `{name}` is in `{file}`, which pages include", "edit that by hand"
                )
            return place
        if name in self._spec.provision_by_id:
            raise _Misfit(f"the text of `{name}` is in no file that can be edited")
        hint = nearest(name, self._spec.provision_by_id) or "name a provision of the spec"
        raise _Misfit(f"unknown provision `{name[:_SHOWN]}`", hint)

    # -- words and levels -------------------------------------------------------------------

    def _replace(self, edit: ProposalEdit) -> None:
        place = self._place(edit.provision)
        found, words = self._found(place, edit), edit.replace
        if place.inside and found.start >= place.inside.start:
            words = aligned(words, margin(self._text(place.inside)))
        self._put(found.file, found.start, found.end, words)

    def _found(self, place: ProvisionPlace, edit: ProposalEdit) -> Stretch:
        own, text = place.own, self.workspace.texts.of(place.own.file)
        words = edit.find.replace("\r\n", "\n").replace("\n", self.workspace.texts.line_end(own.file))
        at: list[int] = []
        start = text.find(words, own.start, own.end)
        while start >= 0:
            at.append(start)
            start = text.find(words, start + 1, own.end)
        shown = f"“{' '.join(edit.find.split())[:_SHOWN]}”"
        if not at:
            hint = "copy the words from the source, line ends and marks included"
            if near := nearly(edit.find, text[own.start : own.end]):
                hint = f"its source has “{near}”"
            if place.elsewhere:
                hint = f"parts of it come from {', '.join(f'`{one}`' for one in place.elsewhere)}: edit that by hand"
            raise _Misfit(f"`{edit.provision}` does not contain {shown}", hint)
        if len(at) > 1 and not edit.occurrence:
            raise _Misfit(
                f"{shown} occurs at {len(at)} places in `{edit.provision}`",
                "find a few more words, or say which by `occurrence`",
            )
        if edit.occurrence > len(at):
            places = f"{len(at)} place{'s'[: len(at) != 1]}"
            raise _Misfit(
                f"{shown} occurs at {places} in `{edit.provision}`, and `occurrence` is {edit.occurrence}"
            )
        start = at[max(edit.occurrence, 1) - 1]
        return Stretch(own.file, start, start + len(words))

    def _level(self, edit: ProposalEdit) -> None:
        levels = {one.id for one in self._spec.levels}
        if edit.level not in levels:
            raise _Misfit(f"unknown level `{edit.level[:_SHOWN]}`", nearest(edit.level, levels) or "")
        place = self._place(edit.provision)
        file, head = place.head.file, place.head
        if place.directive:
            options = [one for one in place.directive.options if one.name in {_LEVEL, "level"}]
            if options and options[0].value:
                return self._put(file, *self._written(place, options[0]), edit.level)
        else:
            # Sites count lines of the head alone.
            text = self.workspace.texts.of(file)[head.start : head.end]
            for site in sites_in(file, text.split("\n")[0]):
                if site.kind == TargetKind.LEVEL and site.form is Form.HEADING:
                    start = head.start + site.span.column - 1
                    return self._put(file, start, start + len(site.name), edit.level)
        hint = "write it there, or edit the annotation file that says it"
        raise _Misfit(f"the level of `{edit.provision}` is not written there", hint)

    def _written(self, place: ProvisionPlace, option: WrittenOption) -> tuple[int, int]:
        """Return where the value of an option is; its lines were counted in the text as it was located."""
        line, _column, piece = option.pieces[0]
        file = place.head.file
        # An edit above moved the lines, and the head knows by how many.
        text = self.workspace.texts.of(file)
        at = text.find(f":{option.name}:", place.own.start, place.own.end)
        at = at if at >= 0 else text.find(f"{option.name}:", place.own.start, place.own.end)
        value = piece.strip()
        start = text.find(value, at + len(option.name) + 1, place.own.end) if at >= 0 else -1
        if start < 0:
            raise _Misfit(
                f"the option `{option.name}` of line {line} is written so that it is edited by hand"
            )
        return start, start + len(value)

    # -- provisions -------------------------------------------------------------------------

    def _add(self, edit: ProposalEdit) -> None:
        if edit.provision in self._spec.provision_by_id:
            raise _Misfit(f"there is a provision `{edit.provision}`", "give the new one another id")
        if problem := form_problem(TargetKind.PROVISION, edit.provision):
            raise _Misfit(problem)
        if edit.level and edit.level not in {one.id for one in self._spec.levels}:
            hint = nearest(edit.level, [one.id for one in self._spec.levels]) or ""
            raise _Misfit(f"unknown level `{edit.level[:_SHOWN]}`", hint)
        place = self._place(edit.after or edit.within)
        beside = self._last_in(place) if edit.within and not place.inside else None
        # In something that holds nothing yet, it is a level deeper.
        deeper = bool(edit.within) and beside is None
        self._stand_behind(place, place.whole, self._block(beside or place, edit, deeper=deeper))
        self._is_stale = True

    def _last_in(self, place: ProvisionPlace) -> ProvisionPlace | None:
        """Return the last of those that are right in a provision, in its file."""
        name, file = place.provision.id, place.whole.file
        found = [
            one for one in self._places.values() if one.provision.parent == name and one.whole.file == file
        ]
        return max(found, key=lambda one: one.whole.start, default=None)

    def _block(self, place: ProvisionPlace, edit: ProposalEdit, *, deeper: bool) -> str:
        """Return a new provision, written as the one beside which it is, or in which it is the first."""
        depth = place.provision.depth + deeper
        head = self._text(place.head).lstrip().split("\n")
        if place.directive is None and "{#" in head[0]:
            level = f" {_LEVEL}={edit.level}" if edit.level else ""
            return f"{'#' * depth} {edit.title} {{#{edit.provision}{level}}}\n\n{edit.text}"
        options = [f":id: {edit.provision}", *([f":{_LEVEL}: {edit.level}"] if edit.level else [])]
        marks = next((fence_marks(line) for line in head if "{policy:" in line), "```")
        told = "\n".join(options)
        if place.inside:
            if deeper or (place.directive and place.directive.indent):
                raise _Misfit(
                    f"`{place.provision.id}` is a directive with its text: what is in it, or beside it in something else, "
                    "is not certain",
                    "add it `after` another, or by hand",
                )
            if place.is_rst:
                return rst_directive(edit.title, options, indent(edit.text, "   "))
            marks += marks[0] * lacking(marks, edit.text)
            return f"{marks}{{policy:principle}} {edit.title}\n{told}\n\n{edit.text}\n{marks}"
        if head[0].startswith("#"):
            signs = head[0][: len(head[0]) - len(head[0].lstrip("#"))] + "#" * deeper
            declared = f"{marks}{{policy:principle}}\n{told}\n{marks}"
            return f"{signs} {edit.title}\n\n{declared}\n\n{edit.text}"
        if (title := rst_title(self.workspace.texts, self._places, place, edit.title, depth)) is None:
            raise _Misfit("which signs belong to its title is not certain", "add it by hand")
        return f"{title}\n\n{rst_directive('', options, '')}\n\n{edit.text}"

    def _text(self, stretch: Stretch) -> str:
        return self.workspace.texts.of(stretch.file)[stretch.start : stretch.end].replace("\r\n", "\n")

    def _stand_behind(
        self, place: ProvisionPlace, whole: Stretch, words: str, *, is_last: bool = False
    ) -> None:
        """Put a block of a provision, or beside it, after another.

        :param is_last: whether nothing comes behind it from which something would part it
        """
        text, file = self.workspace.texts.of(whole.file), whole.file
        words = words.strip("\n")
        # What would else be part of a paragraph has an empty line before it.
        is_apart = not place.is_rst and words.startswith(("#", "```", "~~~", ":::"))
        at, lead, words = behind(
            text, whole, words, is_last=is_last, least=1 if is_apart and not is_last else 2
        )
        if lead:
            # It belongs to nobody.
            lead = lead.replace("\n", self.workspace.texts.line_end(file))
            at = self.workspace.texts.replace(file, at, at, lead).end
        self._put(file, at, at, words)

    def _stand_in(self, place: ProvisionPlace, inside: Stretch, words: str) -> None:
        """Put a block at the end of what is in a directive; its fence gets more signs where the block has as many."""
        text = self.workspace.texts.of(inside.file)
        if place.own.end < inside.end:
            raise _Misfit(f"another provision is inside `{place.provision.id}`", "add the example by hand")
        if place.is_rst:
            lines = [line for line in self._text(inside).split("\n") if line.strip()]
            lead = place.directive.indent if place.directive else ""
            lead = lines[0][: len(lines[0]) - len(lines[0].lstrip())] if lines else f"{lead}   "
            self._stand_behind(place, inside, indent(words, lead), is_last=True)
            return
        marks = fence_marks(self._text(place.head))
        more = marks[:1] * lacking(marks, words)
        above = text[: place.head.start].split("\n")
        if (place.directive and place.directive.indent) or (more and is_fenced(above, marks[0])):
            raise _Misfit(f"`{place.provision.id}` is inside something else", "add the example by hand")
        self._stand_behind(place, inside, words, is_last=True)
        if more:
            text, end = self.workspace.texts.of(inside.file), self._touched[-1].end
            end += len(text[end:]) - len(text[end:].lstrip(" \t"))
            if text[end:]:
                self._put(inside.file, end, end, more)
            self._put(place.head.file, place.head.start, place.head.start, more)

    def _move(self, edit: ProposalEdit) -> None:
        place, target = self._place(edit.provision), self._place(edit.after)
        self._check_whole(place)
        if place.whole.file == target.own.file and (
            target.provision.id == place.provision.parent or is_home(place, target)
        ):
            # Behind its heading and own text it is the first in it.
            self._swap(place.whole, target.own)
            self._is_stale = True
            return
        if place.is_rst != target.is_rst:
            raise _Misfit(f"`{edit.after}` is in a file of another markup", "move it by hand")
        if bool(target.inside) != bool(place.inside) or target.provision.depth != place.provision.depth:
            raise _Misfit(
                f"`{edit.provision}` is {'deeper' if place.provision.depth > target.provision.depth else 'in another place'} "
                f"than `{edit.after}`",
                "move it after a provision of the same depth and form, or after the heading in which it is to be the first",
            )
        if place.whole.meets(target.whole):
            raise _Misfit(f"`{edit.after}` is `{edit.provision}`, or is inside it")
        if place.whole.file != target.whole.file:
            words = self._text(place.whole)
            self._cut(place.whole)
            self._stand_behind(target, target.whole, words)
        else:
            self._swap(place.whole, target.whole)
        self._is_stale = True

    def _swap(self, block: Stretch, target: Stretch) -> None:
        """Move a block after another in its file: what is between them changes places with it, and gaps stay."""
        text, file = self.workspace.texts.of(block.file), block.file
        start, end = block.start, block.end
        if start >= target.end:
            between = text[target.end : start]
            if not between:
                return
            body, gap = parted(text[start:end])
            rest, middle = parted(between)
            self._put(file, target.end + len(rest), end, gap)
            self._put(file, target.end, target.end, body + middle)
            return
        between = text[end : target.end]
        body, gap = parted(text[start:end])
        rest, last = parted(between)
        self._put(file, end + len(rest), target.end, gap + body + last)
        self._put(file, start, end, "")

    def _cut(self, whole: Stretch) -> None:
        text = self.workspace.texts.of(whole.file)
        before, _gap = parted(text[: whole.start])
        if whole.end < len(text) or not before:
            self._put(whole.file, whole.start, whole.end, "")
            return
        # A file ends as it did.
        self._put(whole.file, len(before), whole.end, parted(text[whole.start :])[1])

    def _check_whole(self, place: ProvisionPlace) -> None:
        """Refuse to take out what is in several files."""
        spec, name = self._spec, place.provision.id
        inside = [one for one in spec.provisions if is_below(spec, one.id, name)]
        files = {one.span.file for one in inside}
        if files - {place.whole.file}:
            told = ", ".join(f"`{one}`" for one in sorted(files))
            raise _Misfit(f"`{name}` is in several files ({told})", "edit them by hand")

    def _remove(self, edit: ProposalEdit) -> None:
        place = self._place(edit.provision)
        self._check_whole(place)
        self._cut(place.whole)
        self._is_stale = True

    def _example(self, edit: ProposalEdit) -> None:
        place = self._place(edit.provision)
        if place.directive is None:
            words = f"**Example**: {edit.title}\n\n{edit.text}"
        else:
            words = edit.text
            if not words.lstrip().startswith((":::", "```", "..")):
                raise _Misfit(
                    "an example of a page of directives is a directive", "write it whole into `text`"
                )
        if place.inside:
            self._stand_in(place, place.inside, words)
        else:
            self._stand_behind(place, place.own, words)
        self._is_stale = True

    def _rename(self, edit: ProposalEdit) -> None:
        texts = self.workspace.texts
        self._place(edit.provision)
        if edit.to == edit.provision:
            return
        index = Index()
        for file in self.workspace.files:
            index.update(file, texts.of(file))
        index.know(things_of(self._spec))
        kind = TargetKind.PROVISION
        if problem := name_problem(index, kind, edit.provision, edit.to):
            raise _Misfit(problem)
        found = [*rename_edits(index, texts.of, kind, edit.provision, edit.to)]
        names = (edit.to, edit.provision)
        found += alias_edits(index, texts.of, self.workspace.sidecars, edit.provision, names)
        for one in sorted(found, key=lambda one: _backwards(one.span)):
            stretch = texts.stretch(one.span)
            self._put(stretch.file, stretch.start, stretch.end, one.text)
        self._is_stale = True


_IDLE: Mapping[EditKind, str] = {
    EditKind.REPLACE: "`replace` says what `find` says",
    EditKind.LEVEL: "`{edit.provision}` has the level `{edit.level}` already",
    EditKind.MOVE: "`{edit.provision}` is there already",
    EditKind.RENAME: "`{edit.provision}` has that id already",
}
"""Why an edit of a kind changes nothing."""


def _idle(why: str, span: Span, edit: ProposalEdit | None = None) -> Finding:
    """Return that an edit, or all together, change nothing."""
    what = "it changes nothing" if edit else "together, its edits change nothing"
    hint = "take it out, or look whether somebody has made the change meanwhile" if edit else ""
    return Finding(code="idle-edit", message=f"{what}: {why.format(edit=edit)}", span=span, hint=hint)


def _backwards(span: Span) -> tuple[str, int, int]:
    """Order spans from the end of each file on, so that places stay what they are."""
    return span.file, -span.line, -span.column


_DO: Mapping[EditKind, Callable[[EditWriter, ProposalEdit], None]] = {
    EditKind.REPLACE: EditWriter._replace,
    EditKind.LEVEL: EditWriter._level,  # noqa: SLF001
    EditKind.ADD: EditWriter._add,  # noqa: SLF001
    EditKind.MOVE: EditWriter._move,  # noqa: SLF001
    EditKind.RENAME: EditWriter._rename,  # noqa: SLF001
    EditKind.EXAMPLE: EditWriter._example,  # noqa: SLF001
    EditKind.REMOVE: EditWriter._remove,  # noqa: SLF001
}
"""What each kind of edit does."""
