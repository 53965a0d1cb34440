"""Reading 1,000 official exports against pandas.read_csv on the same bytes; run by `make bench`.

Layouts in turn: classic CSV (GB18030), new-site CSV, old-interface long CSV, English CSV; 31 provinces by 20 years.
"""

from __future__ import annotations

import io
import statistics
import time

import numpy as np
import pandas as pd

from cbe_assets.assets.raw import gazetteer
from cbe_assets.study import Study
from cbe_assets.yearbook.reading import read
from cbe_assets.yearbook.writing import (
    write_classic_csv,
    write_english_csv,
    write_new_site_csv,
    write_old_api_long,
)

FILES = 1000
ROUNDS = 5


def exports() -> list[tuple[bytes, dict[str, object]]]:
    """The bytes of every file, and what pandas.read_csv must be told of it."""
    places = gazetteer(Study.load())
    draws = np.random.Generator(np.random.PCG64(1))
    names, years = [place.name for place in places.provinces], range(2004, 2024)
    made = []
    for number in range(FILES):
        values = pd.DataFrame(draws.uniform(100, 1e5, (31, 20)).round(2), index=names, columns=list(years))
        kind = number % 4
        if kind == 0:
            data = write_classic_csv(values, indicator="地区生产总值", unit="亿元", gazetteer=places)
            # The last line, the source, has fewer cells; pandas takes it as a row with blanks.
            made.append((data, {"encoding": "gb18030", "skiprows": 3}))
        elif kind == 1:
            made.append((write_new_site_csv(values, gazetteer=places), {"skiprows": 2}))
        elif kind == 2:
            data = write_old_api_long(values, indicator="快递量", code="A0G0E01", gazetteer=places)
            made.append((data, {}))
        else:
            made.append((write_english_csv(values, gazetteer=places), {}))
    return made


def main() -> None:
    files, places = exports(), gazetteer(Study.load())
    ratios = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        for data, told in files:
            pd.read_csv(io.BytesIO(data), **told)
        theirs = time.perf_counter() - begun
        begun = time.perf_counter()
        for number, (data, _) in enumerate(files):
            read(data, file=f"{number}.csv", gazetteer=places)
        ratios.append((time.perf_counter() - begun) / theirs)
    spread = f"{min(ratios):.2f}-{max(ratios):.2f}"
    print(f"reading {FILES} exports / pandas.read_csv on them: median {statistics.median(ratios):.2f} ({spread})")


if __name__ == "__main__":
    main()
