"""Checks of eval tags against the files of prompts."""

from __future__ import annotations

from collections.abc import Iterator

from sphinx_policyspec.model import Category, Finding, Rule, Severity, Spec

__all__ = ["PROMPT_RULES", "file_without_tag", "stale_prompt_title", "tag_without_file"]


def tag_without_file(spec: Spec) -> Iterator[Finding]:
    """Find eval tags that have no prompt file, and no note that names another test; a spec without any prompt file is left in peace."""
    files = {file.tag for file in spec.prompt_files}
    for tag in spec.eval_tags if files else ():
        if tag.tag not in files and not tag.test:
            yield Finding(
                code="tag-without-file",
                severity=Severity.WARNING,
                message=f"eval tag `{tag.tag}` has no prompt file",
                span=tag.span,
                hint=f"write `examples/{tag.tag}.md`",
            )


def file_without_tag(spec: Spec) -> Iterator[Finding]:
    """Find prompt files whose tag stands nowhere in the document."""
    tags = {tag.tag for tag in spec.eval_tags}
    for file in spec.prompt_files:
        if file.tag not in tags:
            yield Finding(
                code="file-without-tag",
                severity=Severity.WARNING,
                message=f"no provision holds the eval tag `{file.tag}` of this file",
                span=file.span,
                hint=f"put `[^{file.tag}]` after the clause that it tests",
            )


def stale_prompt_title(spec: Spec) -> Iterator[Finding]:
    """Find prompt files whose header states another title than the provision that holds the tag."""
    titles = {
        tag.tag: spec.provision_by_id[tag.provision].title
        for tag in spec.eval_tags
        if tag.provision in spec.provision_by_id
    }
    for file in spec.prompt_files:
        title = titles.get(file.tag, file.title)
        if file.title and file.title != title:
            yield Finding(
                code="stale-prompt-title",
                severity=Severity.WARNING,
                message=f"header says `{file.title}`, the provision is titled `{title}`",
                span=file.span,
                hint="update the header",
            )


PROMPT_RULES = (
    Rule(
        code="tag-without-file",
        category=Category.PROMPTS,
        found="an eval tag without a prompt file, where others have one",
        mend="write `examples/TAG.md`",
        rationale="the clause looks tested and is not",
        source="the form of the published Model Spec releases: each tag names a file",
        check=tag_without_file,
    ),
    Rule(
        code="file-without-tag",
        category=Category.PROMPTS,
        found="a prompt file whose tag stands nowhere in the document",
        mend="put the tag after the clause that it tests",
        rationale="results of its prompts count for no principle",
        source="the form of the published Model Spec releases: each file has a tag",
        check=file_without_tag,
    ),
    Rule(
        code="stale-prompt-title",
        category=Category.PROMPTS,
        found="a header that states another title than the provision has",
        mend="update the header; `--fix` does",
        rationale="who reads the prompts looks for a section that is no longer called so",
        source="the form of the published Model Spec releases: the header repeats the title",
        check=stale_prompt_title,
    ),
)
