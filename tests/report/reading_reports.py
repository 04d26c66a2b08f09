"""What a report says, whatever its format."""

from __future__ import annotations

import html
import re
import subprocess
import zipfile
from collections import Counter
from pathlib import Path

NUMERAL = re.compile(r"−?\d+(?:[.,]\d+)*%?")


def html_text(path: Path) -> str:
    page = path.read_text(encoding="utf-8")
    page = re.sub(r"<(style|nav|aside|header|footer)\b.*?</\1>", " ", page, flags=re.DOTALL)
    page = re.sub(r"<title>.*?</title>|<[^>]*>", " ", page)
    return " ".join(html.unescape(page).split())


def docx_text(path: Path) -> str:
    with zipfile.ZipFile(path) as archive:
        body = archive.read("word/document.xml").decode()
    body = re.sub(r"</w:p>|<w:br/>|<w:tab/>", " ", body)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", "", body)).split())


def pdf_text(path: Path) -> str:
    done = subprocess.run(["pdftotext", "-raw", str(path), "-"], capture_output=True, check=True, timeout=60)
    return done.stdout.decode()


def numerals(text: str) -> Counter[str]:
    return Counter(NUMERAL.findall(text))
