from __future__ import annotations

import json
import re
import shutil
import stat
import subprocess
import zipfile
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from planted_run import PROJECT, SECRET_NAME, SECRET_NUMBER, plant_run, spec_of
from reading_reports import docx_text, html_text, numerals, pdf_text

from linkage.config import parse_project
from linkage.decision.judging import verdict_of
from linkage.errors import ReportError, RunDirectoryError
from linkage.report import FORMATS, build_report, write_report
from linkage.statistics import Interval

NEEDS_POPPLER = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="needs Debian's poppler-utils")


def said_by(run: Path, **wanted: object) -> str:
    return html_text(build_report(run, formats=["html"], **wanted)["html"])  # type: ignore[arg-type]


def test_a_full_run_reports_every_section(full_run):
    text = html_text(full_run / "report.html")
    sections = re.findall(r"\b([A-L])\. [A-ZĐÀ-Ỹ ,]{6,}", text)
    assert sections[:12] == list("ABCDEFGHIJKL")
    assert "không phải là bằng chứng về nhân thân của một cá nhân" in text
    assert "BỊ BÁC BỎ" in text and "nhãn rà soát bác bỏ ít nhất một chỉ tiêu" in text
    assert "0,38% (0,13%–0,89%)" in text
    assert "%%" not in text
    assert "hệ số alpha" in text
    assert "Chưa có nhãn rà soát" not in text


def test_planted_counts_are_the_ones_printed(full_run):
    from linkage.runs.sql import connect

    with connect() as connection:
        links, small = connection.execute(
            "SELECT (SELECT count(*) FROM read_parquet($l) WHERE decision = 'link'),"
            " (SELECT count(*) FROM read_parquet($m) WHERE registering_office_province = 96)",
            {"l": str(full_run / "links.parquet"), "m": str(full_run / "mentions.parquet")},
        ).fetchone()
    text = html_text(full_run / "report.html")
    assert f"{links:,} lượt được liên kết tự động".replace(",", ".", 1) in text
    assert 0 < small < 10
    assert re.search(r"Cà Mau (ẩn ){3}", text)


def test_error_rates_of_groups_are_printed_where_their_labels_support_them(full_run, tmp_path):
    text = html_text(full_run / "report.html")
    table = text[text.index("Tỷ lệ lỗi theo nhóm, ước lượng theo mẫu rà soát") :]
    assert re.search(r"Giới tính: Nữ 190 99,31% \(98,12%–99,75%\) 99,31%", table)
    assert "các nhóm còn lại – quá ít nhãn quá ít nhãn" in table
    assert re.search(r"1980–1989 60 99,31% \(98,12%–99,75%\) quá ít nhãn", table)
    assert "mọi nhóm – quá ít nhãn quá ít nhãn" in table
    assert "Tỷ lệ lỗi riêng cho từng nhóm: không báo cáo, vì chưa có nhãn rà soát" in said_by(plant_run(tmp_path / "run"))


def test_a_run_without_labels_says_so(tmp_path):
    text = said_by(plant_run(tmp_path / "run"))
    assert "Chưa có nhãn rà soát và chưa chạy bước ước lượng: chỉ có kỳ vọng của mô hình" in text
    assert "chưa kiểm chứng" in text
    assert "BỊ BÁC BỎ" not in text and "đã chứng tỏ" not in text


def test_a_sample_of_assigned_pairs_only_cannot_meet_the_missed_link_target(tmp_path):
    run = plant_run(tmp_path / "run", labels=True)
    held = json.loads((run / "estimates.json").read_text(encoding="utf-8"))
    low = {"value": 0.005, "low": 0.004, "high": 0.006, "level": 0.95}
    for one in held["estimates"]:
        if one["measure"] == "missed_within_reach":
            one |= low
    for one in held["judgements"]:
        if one["measure"] == "missed_within_reach":
            one |= {"by_labels": low, "verdict": verdict_of(Interval(**low), one["target"], can_show=False)}
    (run / "estimates.json").write_text(json.dumps(held), encoding="utf-8")
    text = said_by(run)
    row = r"Bỏ sót trong tầm với / cặp đúng của khung 0,047% 0,50% \(0,40%–0,60%\) 2% chưa bị bác bỏ –"
    assert re.search(row, text)
    assert "chưa tính phần khóa chặn và khâu ghép làm mất" in text
    assert "Độ bao phủ của khóa chặn" not in text


def test_recall_of_a_sample_with_pairs_not_assigned_is_called_an_upper_reading(tmp_path):
    run = plant_run(tmp_path / "run", labels=True)
    kinds = duckdb.sql(
        f"SELECT * REPLACE ('outside' AS stratum_kind) FROM read_parquet('{run / 'review_set.parquet'}')"
    ).to_arrow_table()
    pq.write_table(kinds, run / "review_set.parquet")
    text = said_by(run)
    assert "Độ bao phủ trong tầm với theo mẫu là số đọc phía cao" in text
    assert "chưa tính phần khóa chặn và khâu ghép làm mất" not in text


def test_recall_of_all_is_printed_with_what_it_rests_on(tmp_path):
    run = plant_run(tmp_path / "run", labels=True)
    without = said_by(run)
    assert "Chưa lượt ghi nào chưa có liên kết được tìm kiếm" in without and "Thiết kế mẫu tìm kiếm" not in without
    held = json.loads((run / "estimates.json").read_text(encoding="utf-8"))
    one = {"measure": "recall_of_all", "estimator": "design", "threshold": None, "value": 0.913, "low": 0.871, "high": 0.942,
           "level": 0.95, "denominator": 1080.0, "denominator_is": "matches", "n": 480, "reading": "middle"}  # fmt: skip
    held["estimates"].append(one)
    limits = {"value": 0.087, "low": 0.058, "high": 0.129, "level": 0.95}
    held["judgements"].insert(
        1, {"measure": "missed_of_all", "target": 0.02, "by_model": None, "by_labels": limits, "n": 480,
            "verdict": "contradicted", "needed": 60}
    )  # fmt: skip
    (run / "estimates.json").write_text(json.dumps(held), encoding="utf-8")
    duckdb.sql("SELECT 's' || i AS search_id, 'm' || i AS record_id_l, if(i < 30, 'alone [-inf, -4)', 'unreached [-inf, inf)') AS"
               " stratum, 0.05 AS inclusion_probability, if(i < 30, 600, 400)::BIGINT AS stratum_size FROM range(50) t(i)"
               ).to_parquet(str(run / "search_set.parquet"))  # fmt: skip
    text = said_by(run)
    assert re.search(r"Độ bao phủ toàn bộ[^%]* theo mẫu rà soát 91,3\d*% \(87,1\d*%–94,2\d*%\) 1\.080", text)
    assert re.search(r"Bỏ sót toàn bộ / mọi người có ở phía kia – 8,7\d*% \(5,8\d*%–12,9\d*%\) 2% BỊ BÁC BỎ –", text)
    assert "chỉ giả định câu trả lời của người rà soát là đúng" in text
    assert re.search(r"có người được đề xuất, không ghép ai \[−∞; −4\) 600 30", text) and "mẫu tìm kiếm" in text


def test_estimates_of_other_links_are_not_printed(tmp_path):
    run = plant_run(tmp_path / "run", labels=True)
    assert "0,38% (0,13%–0,89%)" in said_by(run) and "không ước lượng nào được in ra" not in said_by(run)
    held = json.loads((run / "estimates.json").read_text(encoding="utf-8"))
    (run / "estimates.json").write_text(json.dumps({**held, "links": "other"}), encoding="utf-8")
    text = said_by(run)
    assert "không ước lượng nào được in ra" in text
    assert "0,38% (0,13%–0,89%)" not in text and "BỊ BÁC BỎ" not in text


@pytest.mark.parametrize(("above", "wrong"), [(True, 0.021), (False, 0.0004)])
def test_label_error_above_the_rate_is_said_in_the_first_line(tmp_path, above, wrong):
    run = plant_run(tmp_path / "run", labels=True)
    held = json.loads((run / "estimates.json").read_text(encoding="utf-8"))
    rate = {"value": wrong, "low": 0.0, "high": 0.04, "level": 0.95}
    rates = [
        {"kind": kind, "truth": truth, "rate": rate, "independent": rate, "answers": 80, "planted": 9, "shared": False}
        for truth in ("match", "non_match")
        for kind in ("easy", "sibling", "twin", "namesake")
    ]
    held["label_error"] = {
        "rates": rates, "answers": 1_312, "planted": 66, "on_links": rate, "above": above, "shared": 0.05, "holds_up_to": 0.23,
    }  # fmt: skip
    (run / "estimates.json").write_text(json.dumps(held), encoding="utf-8")
    text = said_by(run)
    first = text.rindex("A. TÓM TẮT") + len("A. TÓM TẮT")
    assert text[first:].lstrip().startswith("Lỗi của người rà soát lớn hơn tỷ lệ cần đo: 2,1% số liên kết đúng") == above
    assert text.count("Lỗi của người rà soát lớn hơn") == above
    assert "theo 1.312 câu trả lời từng người và 66 cặp đã biết" in text
    assert "trừ khi mọi người rà soát cùng nhận nhầm hơn 23% số anh chị em, sinh đôi và người trùng tên" in text
    assert "sinh đôi hai người khác nhau" in text


def test_labels_without_evidence_of_error_are_said_to_be_taken_as_right(tmp_path):
    assert "Coi như người rà soát không bao giờ sai" in said_by(plant_run(tmp_path / "run", labels=True))


def test_a_run_without_links_says_so(tmp_path):
    text = said_by(plant_run(tmp_path / "run", links=False))
    assert "Lần chạy này không tạo ra liên kết nào" in text
    assert "Không có liên kết, nên không có tỷ lệ lỗi để ước lượng" in text


def test_a_run_of_one_register_says_so(tmp_path):
    text = said_by(plant_run(tmp_path / "run", one_register=True))
    assert "Lần chạy này chỉ có một sổ" in text
    assert "không áp dụng" in text


def test_a_failed_diagnostic_is_told_on_the_front_page(tmp_path):
    text = said_by(plant_run(tmp_path / "run", failed=True))
    assert "CẢNH BÁO: chẩn đoán huấn luyện không đạt" in text[: text.index("B. NGUỒN")]
    assert "lượt huấn luyện chưa hội tụ: Ngày sinh" in text
    assert "mức “khác” lại nặng hơn mức “trùng”: Ngày sinh: khác" in text


def test_a_run_that_has_only_begun_is_reported(tmp_path):
    run = plant_run(tmp_path / "run")
    for file in run.iterdir():
        if file.name != "run.json":
            file.unlink()
    text = said_by(run)
    assert "Lần chạy này chưa quyết định cặp nào" in text
    assert "chưa có mô hình đã huấn luyện" in text


def test_changes_since_an_earlier_run(tmp_path):
    earlier, now = plant_run(tmp_path / "a", mentions=2_000, seed=1), plant_run(tmp_path / "b", failed=True, seed=2)
    text = said_by(now, since=earlier)
    assert "Lần chạy trước: planted-000000000001" in text
    assert "Liên kết giữ nguyên" in text
    assert re.search(r"Ngày sinh: khác −5,20 9,70 14,90", text)


def test_english(full_run, tmp_path):
    made = build_report(full_run, tmp_path, ["html"], language="en")
    page = made["html"].read_text(encoding="utf-8")
    text = html_text(made["html"])
    assert '<html lang="en">' in page
    assert "0.38% (0.13%–0.89%)" in text
    assert "A link is not evidence of the identity of an individual" in text
    assert (
        re.findall(
            r"[ảãạắằẳẵặấầẩẫậẻẽẹếềểễệỉĩịỏọốồổỗộớờởỡợủũụứừửữựỷỹỵđ]\w*",
            text.split("Annex II")[0].replace("Đối chiếu thử nghiệm", ""),
        )
        != []
    )  # invented names
    assert "Tỷ lệ" not in text


def test_the_vietnamese_text_has_no_english_word(full_run):
    text = html_text(full_run / "report.html")
    text = text[: text.index("Phụ lục II")]
    english = re.findall(
        r"\b(the|and|of|or|with|not|link|links|match|missing|different|unknown|rate|none|model|pairs|same|below|above)\b", text
    )
    assert english == []


@NEEDS_POPPLER
def test_three_formats_carry_the_same_numbers(full_run):
    page, word = numerals(html_text(full_run / "report.html")), numerals(docx_text(full_run / "report.docx"))
    assert sum(page.values()) > 400
    assert page == word - numerals("") or (page - word, word - page) == ({}, {})
    printed = set(numerals(pdf_text(full_run / "report.pdf")))
    # A narrow column may break a long name; a number is one word and is never broken.
    assert set(page) - printed == set()


def test_the_same_run_gives_the_same_bytes(full_run, tmp_path):
    again = build_report(full_run, tmp_path)
    for form in FORMATS:
        assert again[form].read_bytes() == (full_run / f"report.{form}").read_bytes(), form


def test_every_number_of_the_text_stands_in_the_annex(full_run):
    text = html_text(full_run / "report.html")
    annex = text[text.rindex("Phụ lục VI") :]
    sentence = re.search(r"Trong ([\d.]+) lượt người dùng được, ([\d.]+) lượt được liên kết tự động \(([\d,]+%)\)", text)
    assert sentence
    for shown in sentence.groups():
        assert re.search(rf"{re.escape(shown)} A \S+", annex), shown
    assert "planted-000000000001" in annex


def test_no_register_value_is_printed(full_run):
    for text in (html_text(full_run / "report.html"), docx_text(full_run / "report.docx")):
        assert "Bímật" not in text
        assert SECRET_NAME not in text
        assert SECRET_NUMBER not in text


def test_files_are_private_and_the_stage_writes_html_alone(tmp_path):
    run = plant_run(tmp_path / "run")
    (tmp_path / "out").mkdir()
    project = parse_project(PROJECT, tmp_path / "planted.yaml")
    counts = write_report(run, project, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["report.html"]
    assert stat.S_IMODE((tmp_path / "out" / "report.html").stat().st_mode) == 0o600
    assert counts["tables"] > 20 and counts["figures"] >= 5


def test_hostile_texts_stay_text(tmp_path):
    hostile = PROJECT.replace("Đối chiếu thử nghiệm", '"<script>alert(1)</script> #panic(1) *x* | $y$ %%table:levels%%"').replace(
        "Sở Tư pháp tỉnh thử nghiệm", '\'"] <img src=x> \\\\ #eval("1")\''
    )
    run = plant_run(tmp_path / "run", project=hostile, mentions=500)
    levels = json.loads((run / "training.json").read_text(encoding="utf-8"))
    levels["levels"][0]["label"] = "<script>alert(2)</script> [x](http://evil) %%ref-table:levels%%"
    levels["passes"][0]["rule"] = "a|b {{ 7*7 }} `c` $d$ @e"
    levels["passes"][0]["converged"] = False
    (run / "training.json").write_text(json.dumps(levels), encoding="utf-8")
    made = build_report(run, formats=["html", "pdf", "docx"], spec=spec_of(hostile))
    page = made["html"].read_text(encoding="utf-8")
    assert "<script" not in page and "<img src=x" not in page and 'href="http' not in page
    assert "{{ 7*7 }}" in html_text(made["html"])
    assert made["pdf"].stat().st_size > 10_000


@pytest.mark.parametrize(("formats", "message"), [(["odt"], "odt"), ([], "given")])
def test_a_format_that_does_not_exist(tmp_path, formats, message):
    with pytest.raises(ReportError, match=message):
        build_report(tmp_path, formats=formats)


def test_a_folder_that_is_no_run(tmp_path):
    with pytest.raises(RunDirectoryError, match=r"run\.json"):
        build_report(tmp_path)


@NEEDS_POPPLER
def test_the_pdf_is_tagged_archival_and_set_in_the_bundled_type(full_run):
    fonts = subprocess.run(
        ["pdffonts", str(full_run / "report.pdf")], capture_output=True, check=True, text=True, timeout=60
    ).stdout
    names = [line.split()[0] for line in fonts.splitlines()[2:]]
    assert names and all("Tinos" in name for name in names)
    raw = (full_run / "report.pdf").read_bytes()
    assert b"pdfaid:part>2<" in raw and b"pdfaid:conformance>A<" in raw and b"pdfuaid:part>1<" in raw
    first, second = (pdf_pages(full_run / "report.pdf", page) for page in (1, 2))
    assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in first and "Độc lập - Tự do - Hạnh phúc" in first
    assert second.split()[0] == "2"
    assert "DỮ LIỆU GIẢ LẬP" in first and "DỮ LIỆU GIẢ LẬP" in second


@NEEDS_POPPLER
def test_small_tables_and_the_signature_are_not_torn_from_what_they_belong_to(full_run):
    done = subprocess.run(
        ["pdftotext", "-layout", str(full_run / "report.pdf"), "-"], capture_output=True, check=True, timeout=60
    )
    pages = [" ".join(page.split()) for page in done.stdout.decode().split("\f")]
    page = re.sub(r"<[^>]*>", " ", (full_run / "report.html").read_text(encoding="utf-8").replace("</tr>", "\n"))
    flow = [line for line in page.splitlines() if "Hồ sơ dân cư được liên kết" in line]
    assert flow
    for first, last in (
        ("Dòng hồ sơ qua các bước", " ".join(flow[0].split())),
        ("lỗi sinh bằng máy có thể dễ hơn", "QUYỀN HẠN, CHỨC VỤ"),
    ):
        assert [one for one in pages if first in one and last in one], first
    with zipfile.ZipFile(full_run / "report.docx") as archive:
        body = archive.read("word/document.xml").decode()
    tables = [one.split("<w:tr>")[1:] for one in re.findall(r"<w:tbl>.*?</w:tbl>", body, re.DOTALL) if "w:tblCaption" in one]
    for rows in tables:
        kept = [row.count("<w:p>") > 0 and row.count("<w:keepNext/>") == row.count("<w:p>") for row in rows]
        assert kept == [at < (len(rows) - 1 if len(rows) <= 17 else 3) for at in range(len(rows))]
    assert {len(rows) > 17 for rows in tables} == {True, False}
    assert body.index("Số liệu giả lập: lỗi sinh") - body.rindex("<w:keepNext/><w:numPr>") < 200


def pdf_pages(path: Path, page: int) -> str:
    done = subprocess.run(
        ["pdftotext", "-f", str(page), "-l", str(page), str(path), "-"], capture_output=True, check=True, timeout=60
    )
    return done.stdout.decode()


@pytest.mark.browser
def test_the_page_fetches_nothing_and_passes_axe(full_run):
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("needs Debian's chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for width in (1366, 390):
            page = browser.new_page(viewport={"width": width, "height": 844})
            asked: list[str] = []
            page.on("request", lambda request, asked=asked: asked.append(request.url))
            page.goto((full_run / "report.html").as_uri())
            assert [url for url in asked if not url.startswith(("data:", "file:"))] == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert Axe().run(page).response["violations"] == []
        browser.close()
