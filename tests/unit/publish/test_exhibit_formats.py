"""The same table in six formats: it opens, holds the numbers, and looks as journals print it."""

import csv
import io
import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest
from docx import Document
from docx.oxml.ns import qn
from openpyxl import load_workbook

from cbe_assets.publish.grid import Cell, Grid
from cbe_assets.publish.latex import escaped
from cbe_assets.publish.text_formats import markdown
from cbe_assets.publish.wording import same

LONG = ["tablea8", "tablea9"]
NAMES = [*(f"table{number}" for number in range(1, 9)), *(f"tablea{number}" for number in range(1, 8)), *LONG]
BOTH = [(name, language) for name in NAMES for language in ("zh", "en")]


def test_every_table_comes_in_six_formats_and_two_languages(files):
    endings = ("csv", "tex", "docx", "xlsx", "html", "md")
    expected = {f"tables/{name}.{language}.{end}" for name, language in BOTH for end in endings}
    assert {path for path in files if path.startswith("tables/")} == expected


@pytest.mark.parametrize(("name", "language"), BOTH)
def test_csv_is_rectangular_with_plain_minus_signs(files, name, language):
    data = files[f"tables/{name}.{language}.csv"]
    assert data.startswith(b"\xef\xbb\xbf")
    text = data.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert len({len(row) for row in rows}) == 1
    assert "\u2212" not in text


def test_csv_gives_t_statistics_that_excel_does_not_take_for_negative_numbers(files):
    rows = {row[0]: row[1:] for row in csv.reader(io.StringIO(files["tables/table4.en.csv"].decode("utf-8-sig")))}
    assert rows["ECI"] == ["8.757***", "2.485***", "1.093**"]
    assert rows["ECI (t)"] == ["14.99", "3.80", "2.12"]
    assert rows["Fisca (t)"][2] == "-0.86"


def test_csv_repeats_the_group_of_a_merged_cell(files):
    rows = list(csv.reader(io.StringIO(files["tables/table1.zh.csv"].decode("utf-8-sig"))))
    assert [row[0] for row in rows[1:6]] == ["市场规模"] * 4 + ["配套设施"]


@pytest.mark.parametrize(("name", "language"), BOTH)
def test_word_document_reopens_with_one_real_table_of_three_rules(files, name, language):
    document = Document(io.BytesIO(files[f"tables/{name}.{language}.docx"]))
    (table,) = document.tables
    sides = [border.tag for border in table._tbl.iter(qn("w:top"), qn("w:bottom"), qn("w:left"), qn("w:right"))
             if border.getparent().tag == qn("w:tcBorders")]  # fmt: skip
    assert set(sides) == {qn("w:top"), qn("w:bottom")}
    widths = {sum(int(cell.get(qn("w:val")) or 1) for cell in row.iter(qn("w:gridSpan")))
              + sum(1 for cell in row.iter(qn("w:tc")) if cell.find(f"{qn('w:tcPr')}/{qn('w:gridSpan')}") is None)
              for row in table._tbl.tr_lst}  # fmt: skip
    assert widths == {len(table.columns)}


def test_word_document_holds_the_numbers_in_chinese_and_latin_fonts(files):
    document = Document(io.BytesIO(files["tables/table4.zh.docx"]))
    cells = [cell.text for row in document.tables[0].rows for cell in row.cells]
    assert {"1.093**", "(2.12)", "\u22120.382", "(\u22120.86)", "28.26***", "省份固定"} <= set(cells)
    fonts = document.tables[0]._tbl.find(f".//{qn('w:rFonts')}")
    assert (fonts.get(qn("w:eastAsia")), fonts.get(qn("w:ascii"))) == ("宋体", "Times New Roman")


def test_word_document_shows_the_mark_of_simulated_data_bold_and_red(files):
    document = Document(io.BytesIO(files["tables/table4.en.docx"]))
    marked = [part for part in document.paragraphs if "SIMULATED" in part.text]
    assert len(marked) == 2
    for paragraph in marked:
        assert paragraph.runs[0].bold
        assert str(paragraph.runs[0].font.color.rgb) == "B00020"


@pytest.mark.parametrize(("name", "language"), BOTH)
def test_workbook_shows_the_text_and_keeps_the_unrounded_numbers(files, exhibits, name, language):
    book = load_workbook(io.BytesIO(files[f"tables/{name}.{language}.xlsx"]))
    printed, numbers = book.worksheets
    shown = {cell.value for row in printed.iter_rows() for cell in row if cell.value is not None}
    frame = exhibits[name].grid
    texts = frame[frame["kind"].isin(["coefficient", "statistic"])][f"text_{language}"]
    assert set(texts) - {""} <= shown
    assert all(cell.data_type in "sn" for row in printed.iter_rows() for cell in row)
    stored = [row[3] for row in numbers.iter_rows(min_row=2, values_only=True)]
    # openpyxl writes 16 significant digits; Excel computes with 15.
    assert stored == pytest.approx(frame["value"].dropna().tolist(), rel=1e-15)


def test_workbook_takes_no_text_for_a_formula():
    from cbe_assets.publish.workbook import workbook

    grid = Grid("table9", same("t"), ((Cell(0, same("h"), "head"),),), ((Cell(0, same("=1+1")),),))
    cell = load_workbook(io.BytesIO(workbook(grid, "en"))).worksheets[0]["A3"]
    assert (cell.value, cell.data_type) == ("=1+1", "s")


def test_latex_escapes_everything_it_would_take_for_a_command():
    assert escaped("a_b & 5% #1 {x} ~ ^ \\ $") == (
        r"a\_b \& 5\% \#1 \{x\} \textasciitilde{} \textasciicircum{} \textbackslash{} \$"
    )
    assert escaped("\u22120.3 × χ²") == r"$-$0.3 $\times$ $\chi^2$"
    assert escaped("[0.1, 0.2]") == "{[}0.1, 0.2{]}"


@pytest.mark.parametrize("name", NAMES)
def test_english_latex_needs_no_characters_beyond_ascii_unless_it_quotes_chinese(files, name):
    data = files[f"tables/{name}.en.tex"]
    assert data.isascii() == (name != "tablea8") == data.startswith(b"% pdflatex")


@pytest.mark.parametrize(("name", "language"), BOTH)
def test_latex_is_one_balanced_booktabs_table_without_vertical_lines(files, name, language):
    text = files[f"tables/{name}.{language}.tex"].decode()
    for rule in (r"\toprule", r"\midrule", r"\bottomrule", rf"\label{{tab:{name}}}"):
        assert text.count(rule) == (2 if name in LONG and rule in (r"\toprule", r"\midrule") else 1)
    assert text.count(r"\begin{") == text.count(r"\end{")
    assert "|" not in text
    bare = text.replace(r"\{", "").replace(r"\}", "")
    assert bare.count("{") == bare.count("}")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_latex_lines_have_as_many_cells_as_columns(files, exhibits, language):
    for name in NAMES:
        width = Grid.from_frame(name, exhibits[name].grid).width
        for line in files[f"tables/{name}.{language}.tex"].decode().splitlines():
            if line.endswith(r" \\"):
                spans = [int(span) - 1 for span in re.findall(r"\\multicolumn\{(\d+)\}", line)]
                assert len(re.split(r"(?<!\\)&", line)) + sum(spans) == width, line


@pytest.mark.skipif(not (shutil.which("pdflatex") and shutil.which("xelatex")), reason="no LaTeX here")
@pytest.mark.slow
@pytest.mark.parametrize(("language", "engine"), [("en", "pdflatex"), ("zh", "xelatex")])
def test_latex_compiles(files, tmp_path, language, engine):
    top = {"en": r"\documentclass{article}\usepackage[T1]{fontenc}", "zh": r"\documentclass[fontset=fandol]{ctexart}"}
    packages = r"\usepackage[margin=2.5cm]{geometry}\usepackage{booktabs,threeparttable,longtable,multirow,array}"
    bodies = []
    for name in NAMES:
        if engine == "pdflatex" and not files[f"tables/{name}.en.tex"].isascii():
            continue
        (tmp_path / f"{name}.tex").write_bytes(files[f"tables/{name}.{language}.tex"])
        bodies.append(rf"\input{{{name}}}\clearpage")
    text = f"{top[language]}{packages}\\begin{{document}}{''.join(bodies)}\\end{{document}}"
    (tmp_path / "all.tex").write_text(text, encoding="utf-8")
    command = [engine, "-interaction=nonstopmode", "-halt-on-error", "all.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace", timeout=240)
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Overfull" not in done.stdout


class _Links(HTMLParser):
    """Everything a page asks a browser to fetch, and whether its tags close."""

    def __init__(self):
        super().__init__()
        self.asked, self.open, self.identifiers = [], [], []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.asked += [given[key] for key in ("src", "href", "data", "action", "srcset") if key in given]
        self.identifiers += [given["id"]] if "id" in given else []
        if tag not in ("meta", "img", "input", "br", "link"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_pages_fetch_nothing_and_close_every_tag(files):
    for path in (path for path in files if path.endswith(".html")):
        page, text = _Links(), files[path].decode()
        page.feed(text)
        assert page.open == []
        assert [link for link in page.asked if not link.startswith(("#", "data:image/svg+xml;base64,"))] == []
        assert "@import" not in text
        assert "url(" not in text
        assert "<script" not in text
        assert len(page.identifiers) == len(set(page.identifiers)), path


def test_markdown_shows_stars_and_bars_as_they_are():
    cell = Cell(1, same("1.0***|_x_<b>"), "coefficient", 1.0)
    grid = Grid("table9", same("t"), ((Cell(1, same("h"), "head"),),), ((Cell(0, same("a")), cell),))
    assert r"1.0\*\*\*\|\_x\_\<b\>" in markdown(grid, "en")


def test_report_holds_every_exhibit_its_reading_notes_and_editions(files, study):
    page = files["report/index.en.html"].decode()
    for name in study.exhibits["report"].of:
        assert f'id="{name}"' in page
    assert page.count("data:image/svg+xml;base64,") == 8
    assert "semi-elasticity" in page
    assert "2024-10" in page
    assert study.settings.paper.doi in page


def test_report_with_both_languages_links_within_itself(files):
    page = files["report/index.html"].decode()
    targets = set(re.findall(r'href="#([^"]+)"', page))
    assert targets <= set(re.findall(r' id="([^"]+)"', page))
    assert {"zh-table4", "en-table4"} <= targets
