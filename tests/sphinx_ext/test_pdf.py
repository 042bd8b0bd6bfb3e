"""The PDF of ``-b policypdf``: nothing is lost, everything leads somewhere, and anybody can read it."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pytest
import typst
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib.tables._g_l_y_f import Glyph
from sphinx.testing.util import SphinxTestApp

from sphinx_policyspec.sphinx_ext.spec import Knowledge
from sphinx_policyspec.sphinx_ext.typst.code_and_fonts import equation, string
from sphinx_policyspec.sphinx_ext.typst.code_and_fonts import words as typst_words
from tests.conftest import REPOSITORY, Run, require_fonts, text_below
from tests.pdf import bookmarks, dead_links, fonts_outside, links, recall, text_of, words
from tests.sphinx_ext.shown_words import runs_of

Project = Callable[[str], Path]
Build = Callable[..., SphinxTestApp]

UNUSUAL = "\N{ADULT}\N{HANGUL SYLLABLE GA}"
BROKEN = "blocks.rst:111: WARNING: `broken.png` cannot be drawn: failed to decode image"


class Paper:
    """A project as a PDF."""

    def __init__(self, source: Path, out: Path, **options: object) -> None:
        self.warning = io.StringIO()
        self.app = SphinxTestApp(
            "policypdf",
            srcdir=source,
            builddir=out,
            freshenv=True,
            confoverrides=options,
            warning=self.warning,
        )
        self.app.build()
        self.files = sorted(Path(self.app.outdir).glob("*.pdf"))
        self.app.cleanup()

    @property
    def file(self) -> Path:
        (file,) = self.files
        return file

    @property
    def told(self) -> list[str]:
        text = re.sub(r"\x1b\[[0-9;]*m", "", self.warning.getvalue()).replace(f"{self.app.srcdir}/", "")
        return [line for line in text.splitlines() if line.strip() and "already registered" not in line]


@pytest.fixture(scope="module")
def paper(rootdir: Path, tmp_path_factory: pytest.TempPathFactory) -> Paper:
    folder = tmp_path_factory.mktemp("paper")
    source = shutil.copytree(rootdir / "test-paper", folder / "source")
    return Paper(source, folder / "out", policyspec_pdf_fonts=require_fonts(text_below(source)))


@pytest.fixture(scope="module")
def shown(paper: Paper) -> str:
    return text_of(paper.file)


@pytest.fixture(scope="module")
def pdf(paper: Paper) -> pikepdf.Pdf:
    return pikepdf.open(paper.file)


@pytest.fixture(scope="module")
def example_docs(tmp_path_factory: pytest.TempPathFactory) -> Paper:
    folder = tmp_path_factory.mktemp("example")
    source = shutil.copytree(
        REPOSITORY / "example_docs", folder / "source", ignore=shutil.ignore_patterns("_build")
    )
    return Paper(source, folder / "out", policyspec_pdf_fonts=require_fonts(text_below(source)))


def small(tmp_path: Path, text: str, **options: object) -> Paper:
    """Build a project of one page."""
    source = tmp_path / "source"
    source.mkdir(exist_ok=True)
    (source / "conf.py").write_text('extensions = ["sphinx_policyspec"]\nproject = "Small"\n', "utf-8")
    (source / "index.rst").write_text(f"Small\n=====\n\n{text}\n", "utf-8")
    return Paper(source, tmp_path / "out", **options)


def test_a_letter_that_no_font_has_skips_a_test_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("POLICYSPEC_REQUIRE_TOOLS", raising=False)
    with pytest.raises(pytest.skip.Exception, match='no font that is installed has "\N{CUNEIFORM SIGN A}"'):
        require_fonts("Plain, and \N{CUNEIFORM SIGN A}")
    monkeypatch.setenv("POLICYSPEC_REQUIRE_TOOLS", "1")
    with pytest.raises(pytest.fail.Exception, match="no font that is installed"):
        require_fonts("\N{CUNEIFORM SIGN A}")


def test_the_build_tells_of_nothing_but_a_picture_that_cannot_be_drawn(paper: Paper) -> None:
    (line,) = paper.told
    assert line.startswith(BROKEN)
    assert line.endswith("[policyspec.pdf]")


def test_every_line_of_a_long_message_is_there_in_order(shown: str) -> None:
    assert re.findall(r"def function_(\d+)\(argument\): +return argument \+ \1$", shown, re.MULTILINE) == [
        str(n) for n in range(90)
    ]


def test_a_box_that_runs_over_names_itself_again(shown: str) -> None:
    first, later = shown.index("A listing of ninety lines"), shown.index("function_89")
    continued = shown[first:later]
    assert "A listing of ninety lines … continued" in continued
    assert "Assistant … continued" in continued
    assert "Keep short things whole … continued" not in shown


def test_no_word_of_the_torture_pages_is_lost(paper: Paper, shown: str) -> None:
    wanted = [
        word
        for page in ("index", "principles", "letters", "hostile")
        for run in runs_of(Path(paper.app.env.doc2path(page)))
        for word in words(" ".join(run))
    ]
    share, lost = recall(wanted, words(shown))
    assert len(wanted) > 600
    assert share > 0.995, lost


@pytest.mark.parametrize(
    "text",
    [
        # Blocks, in the order of their page.
        "Table 1 Fruit and numbers", "eleven", "three", "five", "North", "inner still", "(c)", "roundest",
        "with words after it", "term : kind", "What it means.", "-a, --all", "set in", "— Somebody", "A warning",
        "Of one\N{RIGHT SINGLE QUOTATION MARK}s own".upper(), "What is beside the point.", "Added in version 3", "Something else.",
        "A heading in no contents", "Wise words.", "Fig. 1 A square in green", "And a legend below it.",
        "Broken: what cannot be drawn in a line.", "Listing 1 A caption of code", 'and "quotes" \\\\ too',
        "anything /* at all", ">>> 1 + 1", "rule ::=", "speak(words, *, aloud=True)", "[CIT1]",
        "The source that is cited.", "A note in the other language.", "WHO (World Health Organization)", "Ctrl",
        "What is written.", "In the middle", "\\nosuchcommand{x}", "See (1).", "Only on paper.",
        # What a conversation holds.
        "Untrusted text".upper(), "Settings".upper(), "max_tokens: 7", "part of the conversation is left out",
        "functions.look", "[file: cat.png]", "as asked", "all of them are there",
        # Letters.
        "请用中文回答。它应该完整。", "한국어도 됩니다.", "🍳", "Привет, мир.", "½ ≤ ∞", "✓ ✗ □ €",
        # What could be taken for code.
        "#panic(“no”);", '#read("/etc/passwd")', "$ x $", "[content] {code} @ref <label> _under_",
        "// comment /* and more */", '"raw" `tick` \\ #x', "= not a heading", "#”]; #panic() ] ) “",
        ']] )) }} "; #panic("out") #[ #{ $', "] #panic(“note”) “", '#raw("x") ``` "] \\ end',
        "A title with #emph[markup]",
    ],
)  # fmt: skip
def test_it_is_on_paper_as_it_was_written(shown: str, text: str) -> None:
    plain = " ".join(shown.replace("\N{NO-BREAK SPACE}", " ").split())
    assert text in plain


def test_what_is_for_other_formats_is_not_on_paper(shown: str) -> None:
    assert "Not on paper." not in shown


def test_notes_are_told_once(shown: str) -> None:
    assert shown.count("Notes stand at the foot of the page") == 1


def test_no_word_is_wider_than_the_page(paper: Paper) -> None:
    boxes = subprocess.run(
        ["pdftotext", "-bbox", str(paper.file), "-"], capture_output=True, text=True, check=True
    ).stdout
    width = max(float(right) for right in re.findall(r'xMax="([\d.]+)"', boxes))
    assert width < 595 - 60


def test_bookmarks_follow_the_headings(pdf: pikepdf.Pdf) -> None:
    found = [(depth, title.replace("\N{NO-BREAK SPACE}", " ")) for depth, title in bookmarks(pdf)]
    assert found[:7] == [
        (1, "On paper"),
        (1, "1 Principles"),
        (2, "1.1 Show everything · Root"),
        (2, "1.2 Keep short things whole · User"),
        (3, "1.2.1 Third"),
        (4, "1.2.1.1 Fourth"),
        (5, "1.2.1.1.1 Fifth"),
    ]
    assert (1, "Blocks") in found
    assert (2, "Kinds of blocks") in found
    assert (1, "Letters of many languages") in found
    assert [title for depth, title in found[-2:]] == ["Principles by authority", "Examples"]


def test_every_link_leads_somewhere(pdf: pikepdf.Pdf) -> None:
    assert len(links(pdf)) > 40
    assert dead_links(pdf) == []
    addresses = {str(link.A.URI) for link in links(pdf) if "/URI" in link.get("/A", {})}
    assert {address.partition(":")[0] for address in addresses} == {"https"}
    assert "https://example.org/a#b" in addresses


def test_links_name_the_page_that_they_lead_to(shown: str) -> None:
    plain = " ".join(shown.split())
    assert re.search(r"See Kinds of blocks \(p\. \d+\) and the tables \(p\. \d+\)", plain)
    assert "A listing of ninety lines; what is listed" in plain


def test_anybody_can_read_it(pdf: pikepdf.Pdf) -> None:
    root = pdf.Root
    assert root.MarkInfo.Marked
    assert str(root.Lang) == "en"
    assert root.ViewerPreferences.DisplayDocTitle
    assert "/StructTreeRoot" in root
    with pdf.open_metadata() as metadata:
        assert metadata["pdfuaid:part"] == "1"
        assert metadata["dc:title"] == "Everything that paper may hold"
        assert metadata["dc:creator"] == ["The printers"]
        assert metadata["dc:description"].startswith("This document says how an AI system should behave, in ")
    roles = {
        str(item.S)
        for item in pdf.objects
        if isinstance(item, pikepdf.Dictionary) and "/S" in item and "/P" in item
    }
    assert {
        "/H1",
        "/H2",
        "/P",
        "/L",
        "/Table",
        "/TH",
        "/TD",
        "/Figure",
        "/Formula",
        "/TOC",
        "/Link",
        "/Note",
        "/Code",
    } <= roles
    described = [
        str(item.Alt)
        for item in pdf.objects
        if isinstance(item, pikepdf.Dictionary)
        and item.get("/S") in {"/Figure", "/Formula"}
        and "/Alt" in item
    ]
    assert {"a square", "E = mc^2", "square.svg"} <= set(described)


def test_pages_before_the_first_chapter_have_numbers_of_their_own(pdf: pikepdf.Pdf) -> None:
    assert [page.label for page in pdf.pages][:4] == ["i", "ii", "1", "2"]


def test_the_file_is_sound_and_holds_its_fonts(pdf: pikepdf.Pdf) -> None:
    assert pdf.check_pdf_syntax() == []
    assert fonts_outside(pdf) == []


def test_equal_sources_give_equal_bytes(paper: Paper, tmp_path: Path) -> None:
    source = shutil.copytree(paper.app.srcdir, tmp_path / "elsewhere" / "source")
    again = Paper(source, tmp_path / "out", policyspec_pdf_fonts=require_fonts(text_below(source)))
    assert again.file.read_bytes() == paper.file.read_bytes()


def test_no_word_of_the_example_spec_is_lost(example_docs: Paper) -> None:
    assert example_docs.told == []
    wanted = [
        word
        for page in sorted(example_docs.app.env.all_docs)
        for run in runs_of(Path(example_docs.app.env.doc2path(page)))
        for word in words(" ".join(run))
    ]
    share, lost = recall(wanted, words(text_of(example_docs.file)))
    assert len(wanted) > 15_000
    assert share > 0.995, lost


def test_the_example_spec_leads_nowhere_wrong(example_docs: Paper) -> None:
    with pikepdf.open(example_docs.file) as pdf:
        assert len(links(pdf)) > 400
        assert dead_links(pdf) == []
        titles = [title for _, title in bookmarks(pdf)]
    assert titles[-5:] == [
        "Principles by authority",
        "Principles by topic",
        "Principles by goal",
        "Evaluation prompts",
        "Examples",
    ]
    assert "Who may decide what" in titles


def test_every_goal_and_every_prompt_is_in_the_back_by_its_title(example_docs: Paper) -> None:
    spec = Knowledge().spec(example_docs.app.env)
    shown = " ".join(text_of(example_docs.file).split())
    goals, _, prompts = shown.rpartition("Principles by goal")[2].partition("Evaluation prompts")
    assert len(spec.goals) > 3
    assert len(spec.prompts) > 6
    assert [goal.title for goal in spec.goals if goal.title not in goals] == []
    assert [prompt.title for prompt in spec.prompts if prompt.title not in prompts] == []


def test_a_letter_without_a_font_is_named_with_its_place(tmp_path: Path) -> None:
    fonts = ["DejaVu Sans Mono", "Deja Vu"]
    text = f"Line.\n\nOther {UNUSUAL}\N{EGYPTIAN HIEROGLYPH A001}."
    paper = small(tmp_path, text, policyspec_pdf_fonts=fonts)
    assert paper.app.statuscode == 1
    assert paper.files == []
    (_, line) = paper.told
    assert "(U+1F9D1 ADULT) in index.rst:6" in line
    assert "(U+AC00 HANGUL SYLLABLE GA) in index.rst:6" in line
    assert (
        "install Noto Emoji (Debian: fonts-noto-color-emoji) or Noto Sans CJK (Debian: fonts-noto-cjk) "
        "or Noto Sans (Debian: fonts-noto-core)"
    ) in line
    assert "in `policyspec_pdf_fonts`" in line
    assert line.endswith(
        "; or have it shown as a box: `--pdf-missing box`; there is no font `Deja Vu` [policyspec.pdf]"
    )


def test_a_box_stands_for_a_letter_without_a_font_where_a_project_wants_it(tmp_path: Path) -> None:
    options = {"policyspec_pdf_fonts": ["DejaVu Sans Mono"], "policyspec_pdf_missing": "box"}
    paper = small(tmp_path, f"Line.\n\nOther {UNUSUAL}, and (*) \\[.", **options)
    assert paper.app.statuscode == 0
    (line,) = paper.told
    assert line.startswith("index.rst:6: WARNING: no font draws")
    assert "it is shown as a box" in line
    assert "Other 1F9D1 AC00 , and (*) [." in " ".join(text_of(paper.file).split())


def _square() -> Glyph:
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    for point in ((0, 700), (300, 700), (300, 0)):
        pen.lineTo(point)
    pen.closePath()
    return pen.glyph()


def test_a_font_that_draws_a_letter_as_nothing_does_not_have_it(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    shapes = {".notdef": _square(), "empty": Glyph(), "square": _square()}
    builder = FontBuilder(1000)
    builder.setupGlyphOrder([*shapes])
    builder.setupCharacterMap(
        {ord("\N{HANGUL SYLLABLE GA}"): "empty", ord("\N{HANGUL SYLLABLE GAG}"): "square"}
    )
    builder.setupGlyf(shapes)
    builder.setupHorizontalMetrics(dict.fromkeys(shapes, (500, 0)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Half Empty", "styleName": "Regular", "psName": "HalfEmpty"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(tmp_path / "source" / "half.ttf")
    text = "\N{HANGUL SYLLABLE GAG}\N{HANGUL SYLLABLE GA}"
    paper = small(tmp_path, text, policyspec_pdf_fonts=["half.ttf"])
    (line,) = paper.told
    assert "no font draws \N{HANGUL SYLLABLE GA} (U+AC00 HANGUL SYLLABLE GA) in index.rst:4;" in line
    assert paper.files == []


def test_a_failed_build_leaves_no_old_pdf(tmp_path: Path) -> None:
    assert small(tmp_path, "Plain.", policyspec_pdf_fonts=["DejaVu Sans Mono"]).files
    assert small(tmp_path, UNUSUAL, policyspec_pdf_fonts=["DejaVu Sans Mono"]).files == []


def test_a_font_file_of_the_project_is_used(tmp_path: Path) -> None:
    wanted = require_fonts("\N{ADULT}")[-1]
    font = next(font for font in typst.Fonts().fonts() if font.family == wanted and font.path)
    (tmp_path / "source").mkdir()
    shutil.copyfile(str(font.path), tmp_path / "source" / "emoji.ttf")
    paper = small(tmp_path, "An \N{ADULT}.", policyspec_pdf_fonts=["emoji.ttf"])
    assert paper.told == []
    assert "\N{ADULT}" in text_of(paper.file)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("absent.ttf", "`policyspec_pdf_fonts`: there is no file `absent.ttf`"),
        ("index.otf", "`policyspec_pdf_fonts`: `index.otf` has no font"),
        ("No such family", "`policyspec_pdf_fonts`: there is no font `No such family`"),
    ],
)
def test_a_font_that_is_not_there_is_named(tmp_path: Path, name: str, told: str) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "index.otf").write_text("no font", "utf-8")
    paper = small(tmp_path, "Plain.", policyspec_pdf_fonts=[name])
    assert told in paper.told[0]


def test_without_typst_the_command_that_installs_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    paper = small(tmp_path, "Plain.")
    assert paper.app.statuscode == 1
    assert paper.told == [
        "ERROR: a PDF needs the package `typst`: pip install 'sphinx-policyspec[pdf]' [policyspec.pdf]"
    ]
    status, _, err = run("handbook", tmp_path / "source", "-o", tmp_path / "site", "--pdf")
    assert (status, err) == (
        2,
        "policyspec: error: a PDF needs the package `typst`: pip install 'sphinx-policyspec[pdf]'\n",
    )


def test_a_style_of_the_projects_own_is_taken(tmp_path: Path) -> None:
    own = tmp_path / "source" / "_templates" / "policyspec.typ"
    own.parent.mkdir(parents=True)
    own.write_text(
        '#import "policyspec.typ": hue\n#let quoted(body) = text(hue("root"))[Quoted: #body]\n', "utf-8"
    )
    paper = small(tmp_path, "Plain.\n\n   Set in.", templates_path=["_templates"])
    assert paper.told == []
    assert "Quoted: Set in." in " ".join(text_of(paper.file).split())


@pytest.mark.parametrize(
    "text",
    [
        '"',
        "\\",
        '\\"',
        "#panic()",
        "\n",
        "\t",
        "\0",
        "\x1b[31m",
        "\ud800",
        "\u2028",
        "\\u{41}",
        "*_`$<>@[]{}",
    ],
)
def test_no_text_is_code(text: str) -> None:
    code = f"#let given = {string(text)}\n#metadata(given.len())<length>"
    shown = "".join("\ufffd" if char in "\0\x1b\ud800" else char for char in text)
    assert typst.query(code.encode(), "<length>", field="value", one=True) == str(len(shown.encode()))


def test_running_text_has_single_spaces() -> None:
    assert typst_words(" a \n\t b") == '#" a b";'


@pytest.mark.parametrize(
    "tex",
    [
        "E = mc^2", r"\frac{a}{b}", r"\sqrt[3]{x} + \sqrt{y}", r"\sum_{i=1}^{n} x_i", r"\int_0^1 f(x)\,dx",
        r"\left( \frac{1}{2} \right]", r"\begin{pmatrix} a & b \\ c & d \end{pmatrix}",
        r"\begin{cases} 1 & x > 0 \\ 0 & \text{else} \end{cases}", r"\hat x \bar y \vec z \dot w",
        r"\overline{AB} \underbrace{x}_{n} \binom{n}{k}", r"\lim_{x \to 0} \sin x", r"\mathbb{R} \mathcal{L}",
        r"\text{a ``quoted'' \# word}", r"\operatorname{argmax}_x", r"a < b & c", "", "{", r"\nosuch", "x'",
        r"\begin{aligned} a &= b \\ c &= d \end{aligned}", r"\mathrm{d}x", r"\stackrel{a}{b}", r"\not= \neq",
    ],
)  # fmt: skip
@pytest.mark.parametrize("as_block", [True, False])
def test_maths_is_set_or_shown_as_it_was_written(tex: str, as_block: bool) -> None:
    code = (
        f'#set document(title: "Maths")\n#set text(lang: "en")\n= Maths\n{equation(tex, as_block=as_block)}'
    )
    assert typst.compile(code.encode(), format="pdf", pdf_standards=["ua-1"], ignore_system_fonts=True)
