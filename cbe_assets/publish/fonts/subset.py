"""Makes the subset font beside this file from a full Noto Sans CJK collection.

    python -m cbe_assets.publish.fonts.subset NotoSansCJK-Regular.ttc
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

FAMILY = "CBE Noto Sans SC Subset"
FACE = "Noto Sans CJK SC"
TARGET = Path(__file__).with_name("CBENotoSansSCSubset-Regular.otf")

_LATIN = [range(0x20, 0x7F), range(0xA0, 0x180)]
_GREEK = [range(0x391, 0x3CA)]
_PUNCTUATION = [range(0x2010, 0x2028), range(0x2030, 0x203C)]
_SCRIPTS = [range(0x2070, 0x207F), range(0x2080, 0x208F)]
_SYMBOLS = [ord(char) for char in "−∓×÷±≤≥≠≈√∑∏∞←↑→↓℃№€™‰·•°"]


def characters() -> set[int]:
    """Code points kept: GB 2312 whole, Latin-1 and Extended-A, Greek, typographic and mathematical signs."""
    codes = {code for block in (*_LATIN, *_GREEK, *_PUNCTUATION, *_SCRIPTS) for code in block} | set(_SYMBOLS)
    for high in range(0xA1, 0xF8):
        for low in range(0xA1, 0xFF):
            pair = bytes([high, low]).decode("gb2312", errors="ignore")
            codes.update(map(ord, pair))
    return codes


def face(source: Path) -> TTFont:
    """The simplified-Chinese face of the collection."""
    for number in range(10):
        font = TTFont(source, fontNumber=number, lazy=True, recalcTimestamp=False)
        if font["name"].getDebugName(1) == FACE:
            return font
    raise SystemExit(f"{source} has no face {FACE}")


def build(source: Path) -> TTFont:
    """The subset, without hints and layout features, under its own name."""
    font = face(source)
    options = subset.Options(layout_features=[], hinting=False, name_IDs=["*"], notdef_outline=True)
    options.drop_tables += ["GSUB", "GPOS", "GDEF", "BASE", "VORG", "vhea", "vmtx", "DSIG"]
    cut = subset.Subsetter(options)
    cut.populate(unicodes=characters())
    cut.subset(font)
    names = {1: FAMILY, 2: "Regular", 3: FAMILY, 4: f"{FAMILY} Regular", 6: TARGET.stem}
    font["name"].names = [record for record in font["name"].names if record.nameID in (0, 5, 13, 14)]
    for identifier, text in names.items():
        font["name"].setName(text, identifier, 3, 1, 0x409)
    top = font["CFF "].cff
    top.fontNames[0] = TARGET.stem
    top.topDictIndex[0].FullName, top.topDictIndex[0].FamilyName = f"{FAMILY} Regular", FAMILY
    return font


if __name__ == "__main__":
    build(Path(sys.argv[1])).save(TARGET)
