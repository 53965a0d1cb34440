"""Office files whose bytes repeat: the zip that a library wrote, again, with fixed times in it."""

from __future__ import annotations

import datetime
import io
import re
import zipfile

EPOCH = datetime.datetime(1980, 1, 1)
"""The time that stands in every exported office file; a zip knows none earlier."""

_TIMES = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(</dcterms:)")


def repeatable(data: bytes) -> bytes:
    """The same parts in the same order, every time in them EPOCH."""
    source, target = zipfile.ZipFile(io.BytesIO(data)), io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in source.namelist():
            content = source.read(name)
            if name == "docProps/core.xml":
                content = _TIMES.sub(rb"\g<1>" + EPOCH.strftime("%Y-%m-%dT%H:%M:%SZ").encode() + rb"\g<3>", content)
            entry = zipfile.ZipInfo(name, EPOCH.timetuple()[:6])
            entry.compress_type, entry.external_attr, entry.create_system = zipfile.ZIP_DEFLATED, 0o600 << 16, 3
            archive.writestr(entry, content)
    return target.getvalue()
