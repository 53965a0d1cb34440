"""Figures: right data, right glyphs, no system font, nothing left behind."""

import io
import re
import warnings

import made_up
import matplotlib
import numpy as np
import pytest
from fontTools.ttLib import TTFont
from made_up import ROOT
from matplotlib import image
from scipy import stats

from cbe_assets.publish.drawing import wrapped
from cbe_assets.publish.figure_data import least_squares
from cbe_assets.publish.grid import display_width
from cbe_assets.publish.material import Context
from cbe_assets.publish.render import inputs_of, render
from cbe_assets.yearbook.gazetteer import Gazetteer

NAMES = ("figure1", "figure2", "figure3", *(f"figurea{number}" for number in range(1, 6)))
FONT = ROOT / "cbe_assets" / "publish" / "fonts" / "CBENotoSansSCSubset-Regular.otf"


@pytest.fixture(scope="module")
def frames(study):
    gazetteer = Gazetteer.from_csv((study.reference / "provinces.csv").read_text(encoding="utf-8"))
    return gazetteer, made_up.frames(study, gazetteer)


def test_every_figure_comes_as_svg_and_png_in_two_languages(files):
    expected = {f"figures/{name}.{lang}.{end}" for name in NAMES for lang in ("zh", "en") for end in ("svg", "png")}
    assert {path for path in files if path.startswith("figures/")} == expected


@pytest.mark.parametrize("name", NAMES)
def test_no_glyph_is_missing(study, frames, name):
    gazetteer, stored = frames
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = render(study, name, {key: stored[key] for key in inputs_of(study, name)}, Context(True, {}, gazetteer))
    assert made.thumbnail_png.startswith(b"\x89PNG")


def test_svg_is_drawn_with_the_font_of_the_package_and_holds_no_text_and_no_date(files):
    for name in NAMES:
        for language in ("zh", "en"):
            text = files[f"figures/{name}.{language}.svg"].decode()
            assert "<text" not in text
            assert "<dc:date>" not in text
            assert set(re.findall(r'<path id="(\w+-\w+)-[0-9a-f]+"', text)) == {"CBENotoSansSCSubset-Regular"}
            assert not re.search(r'(?:href|src)="https?://', text)


def test_png_has_two_hundred_dots_per_inch(files):
    picture = image.imread(io.BytesIO(files["figures/figure1.zh.png"]))
    assert picture.shape[1] == round(6.3 * 200)


def test_drawing_leaves_the_settings_of_matplotlib_alone(study, frames):
    gazetteer, stored = frames
    before = dict(matplotlib.rcParams)
    render(study, "figure3", {key: stored[key] for key in inputs_of(study, "figure3")}, Context(False, {}, gazetteer))
    assert dict(matplotlib.rcParams) == before


def test_penetration_is_cross_border_trade_over_goods_trade_in_percent(exhibits):
    data = exhibits["figure1"].grid
    first = data[(data["series"] == "line") & (data["x"] == 2013)]["y"].item()
    assert first == pytest.approx(100 * (2800 + 450) / 258_000)


def test_fit_and_band_are_those_of_ordinary_least_squares():
    rng = np.random.default_rng(3)
    x = rng.uniform(0, 1, 60)
    y = 2 + 3 * x + rng.normal(0, 1, 60)
    slope, constant, r2, half = least_squares(x, y)
    oracle = stats.linregress(x, y)
    assert (slope, constant, r2) == pytest.approx((oracle.slope, oracle.intercept, oracle.rvalue**2))
    # At x = 0 the standard error of the mean is that of the intercept.
    assert half(np.array([0.0]))[0] == pytest.approx(stats.t.ppf(0.975, 58) * oracle.intercept_stderr)


def test_regional_means_are_unweighted(exhibits, frames):
    gazetteer, stored = frames
    panel, data = stored["panel/variables"], exhibits["figure3"].grid
    central = [item.name for item in gazetteer.provinces if item.region == "central"]
    expected = panel[panel["province"].isin(central) & (panel["year"] == 2022)]["ECI"].mean()
    found = data[(data["series"] == "central") & (data["x"] == 2022)]["y"].item()
    assert found == pytest.approx(expected)


def test_a_few_remote_provinces_are_labelled(exhibits):
    labels = exhibits["figure2"].grid["label"]
    assert 3 <= (labels != "").sum() <= 5


def test_notes_are_broken_within_the_width_and_lose_nothing():
    text = "来源：国家统计局，海关总署。Line: OLS fit (slope 9.905); band of the mean。" * 3
    lines = wrapped(text, 40)
    assert all(display_width(line) <= 42 for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_font_is_a_named_subset_with_gb2312_and_is_small():
    font = TTFont(FONT)
    hanzi = {bytes([high, low]).decode("gb2312") for high in range(0xB0, 0xD7) for low in range(0xA1, 0xFA)}
    signs = set("\u2212×²±≤≥%°βχΔ“”‘’–—…（）、。《》①亿")
    assert {ord(char) for char in hanzi | signs} <= set(font.getBestCmap())
    assert font["name"].getDebugName(1) == "CBE Noto Sans SC Subset"
    assert "SIL Open Font License" in font["name"].getDebugName(13)
    assert FONT.stat().st_size < 3_000_000
    assert {"OFL.txt", "README.txt"} <= {path.name for path in FONT.parent.iterdir()}
