from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

import linkage.report
from linkage.likeness.library import BUILDERS
from linkage.model.comparisons import build_comparison
from linkage.report.phrases import Phrases
from linkage.words import findings
from tests.model.planted_pairs import PLANTED, spec_of

ROOM = Path(linkage.report.__file__).parent
TEMPLATES = sorted((ROOM / "templates").glob("*.j2"))
PHRASES = json.loads((ROOM / "phrases.json").read_text(encoding="utf-8"))


def literal_figures(template: str) -> list[str]:
    """Digits in a template's sentences, and numbers or digit texts written into its expressions (places in a pair apart)."""
    tree = Environment().parse(template)
    found = [text for one in tree.find_all(nodes.TemplateData) for text in re.findall(r"\S*\d\S*", one.data)]
    places = {id(one.arg) for one in tree.find_all(nodes.Getitem)}
    for one in tree.find_all(nodes.Const):
        if id(one) not in places and (
            (isinstance(one.value, (int, float)) and not isinstance(one.value, bool)) or re.search(r"\d", str(one.value))
        ):
            found.append(str(one.value))
    return found


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_hold_no_figure(path):
    assert literal_figures(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("planted", ["tỷ lệ là 99,8%", "{{ 0.998 }}", "{{ '12 cặp' }}", "{% if x %}có 3 cặp{% endif %}"])
def test_a_planted_figure_is_found(planted):
    assert literal_figures(planted)


def test_both_languages_say_the_same():
    def used(path: Path) -> set[tuple[str, ...]]:
        tree = Environment().parse(path.read_text(encoding="utf-8"))
        facts = {(one.node.name, one.attr) for one in tree.find_all(nodes.Getattr) if isinstance(one.node, nodes.Name)}
        calls = {
            (one.node.name, *(argument.value for argument in one.args if isinstance(argument, nodes.Const)))
            for one in tree.find_all(nodes.Call)
            if isinstance(one.node, nodes.Name)
        }
        return facts | calls

    vietnamese, english = (used(ROOM / "templates" / f"report.{language}.md.j2") for language in ("vi", "en"))
    assert vietnamese == english
    for kind, *arguments in vietnamese:
        if kind == "cite":
            assert arguments[0] in PHRASES["citations"]


def test_every_text_has_both_languages():
    single = {"glossary"}
    for group, entries in PHRASES.items():
        if group not in single:
            assert {name: len(pair) for name, pair in entries.items() if len(pair) != 2} == {}, group


def test_every_level_of_the_comparison_library_is_translated():
    texts = Phrases("vi")
    assert {use for use, _ in PLANTED} == set(BUILDERS)
    english = set()
    for use, kind in PLANTED:
        built = build_comparison(spec_of(use), kind)
        labels = [level["label_for_charts"] for level in built["comparison_levels"]]
        english |= {label for label in labels if texts.level(label) == label and not label.startswith("Jaro")}
    assert english == set()


def test_the_findings_and_classes_of_reconciliation_have_names():
    from linkage.reconcile.codes import FINDINGS
    from linkage.reconcile.differences import CLASSES

    assert set(FINDINGS) == set(findings.FINDINGS)
    assert set(CLASSES) == set(findings.DIFFERENCES)


def test_bundled_type_has_complete_vietnamese_and_its_licence():
    from matplotlib.ft2font import FT2Font

    letters = "aáàảãạăắằẳẵặâấầẩẫậeéèẻẽẹêếềểễệiíìỉĩịoóòỏõọôốồổỗộơớờởỡợuúùủũụưứừửữựyýỳỷỹỵđ"
    files = sorted((ROOM / "fonts").glob("*.ttf"))
    assert len(files) == 4
    for file in files:
        known = FT2Font(str(file)).get_charmap()
        assert [one for one in letters + letters.upper() + "−–·⁻⁰¹²³⁴⁵⁶⁷⁸⁹≥±∞…“”" if ord(one) not in known] == []
        assert file.stat().st_size < 2 * 2**20
    assert "SIL Open Font License" in (ROOM / "fonts" / "OFL.txt").read_text(encoding="utf-8")
