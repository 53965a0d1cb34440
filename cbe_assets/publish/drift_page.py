"""What moved as a page, as Markdown and as the long table that is stored; in both languages."""

from __future__ import annotations

import base64
from html import escape

from cbe_assets.drift.report import Drift
from cbe_assets.publish.drift_drawing import pictures
from cbe_assets.publish.drift_lines import summary
from cbe_assets.publish.drift_sections import Listing, Section, sections
from cbe_assets.publish.page import banner, document
from cbe_assets.publish.render import Rendered
from cbe_assets.publish.text_formats import escaped
from cbe_assets.publish.wording import LANGUAGES, Language, joined, words
from cbe_assets.study import Study, Text
from cbe_assets.yearbook.gazetteer import Gazetteer

LONGEST = 60
"""Rows of a listing in Markdown."""


def render(drift: Drift, study: Study, name: str, gazetteer: Gazetteer) -> Rendered:
    """Files: report/<name>.<zh|en>.<html|md>, figures/drift_<cells|course>.<zh|en>.<svg|png>.

    Args:
        drift: what moved.
        study: titles of tables and indicators.
        name: of the exhibit.
        gazetteer: names of the provinces.
    """
    parts, title, files = sections(drift, study, gazetteer), page_title(study, name), {}
    for language in LANGUAGES:
        drawn = pictures(drift, gazetteer, language)
        files |= {f"figures/{picture}.{language}.{ending}": data for (picture, ending), data in drawn.items()}
        svg = {picture: data for (picture, ending), data in drawn.items() if ending == "svg"}
        files[f"report/{name}.{language}.html"] = page(parts, title, drift.simulated, svg, language).encode()
        files[f"report/{name}.{language}.md"] = markdown(parts, title, drift.simulated, language).encode()
    lines = summary(drift, study, gazetteer)
    preview = f"**{title['en']}**\n\n" + "".join(f"- {escaped(line['en'])}\n" for line in lines)
    return Rendered(drift.frame(lines), files, preview)


def page_title(study: Study, name: str) -> Text:
    return joined([study.exhibits[name].title, study.settings.title], Text(zh="：", en=": "))


def page(parts: list[Section], title: Text, simulated: bool, svg: dict[str, bytes], language: Language) -> str:
    """The whole as HTML that asks for nothing from elsewhere."""
    body = [banner(simulated, language), f"<h1>{escape(title[language])}</h1>\n"]
    for part in parts:
        body.append(f"<h2>{escape(part.title[language])}</h2>\n" if part.title else "")
        texts = [escape(line[language]) for line in part.lines]
        many = len(texts) > 1
        body.append(f"<ul>{''.join(f'<li>{text}</li>' for text in texts)}</ul>\n" if many else _paragraphs(texts))
        if part.figure in svg:
            picture = base64.b64encode(svg[part.figure]).decode()
            said = escape(part.title[language] if part.title else part.figure)
            body.append(f'<figure><img alt="{said}" src="data:image/svg+xml;base64,{picture}"></figure>\n')
        body += [_table(listing, language) for listing in part.listings]
        notes = _paragraphs([escape(note[language]) for note in part.notes])
        body.append(f'<div class="notes">{notes}</div>\n' if notes else "")
    return document(title[language], language, "".join(body))


def _paragraphs(texts: list[str]) -> str:
    return "".join(f"<p>{text}</p>\n" for text in texts)


def _table(listing: Listing, language: Language) -> str:
    heads = "".join(
        f'<th scope="col"{_left(number, listing)}>{escape(head[language])}</th>'
        for number, head in enumerate(listing.heads)
    )
    rows = []
    for number, row in enumerate(listing.rows):
        mark = ' class="marked"' if number in listing.marked else ""
        cells = "".join(f"<td{_left(at, listing)}>{escape(text[language])}</td>" for at, text in enumerate(row))
        rows.append(f"<tr{mark}>{cells}</tr>")
    more = f"<p>{escape(words('drift_more', count=listing.cut)[language])}</p>\n" if listing.cut else ""
    body = "\n".join(rows)
    inner = f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{body}\n</tbody>"
    table = f'<figure class="table"><table class="listing">\n{inner}\n</table></figure>\n{more}'
    if listing.folded is None:
        return table
    return f"<details><summary>{escape(listing.folded[language])}</summary>\n{table}</details>\n"


def _left(column: int, listing: Listing) -> str:
    return ' class="left"' if column < listing.left else ' class="number"'


def markdown(parts: list[Section], title: Text, simulated: bool, language: Language) -> str:
    """The whole as GitHub-flavoured Markdown; long listings are cut, and say so."""
    said = [f"# {escaped(title[language])}"]
    if simulated:
        said.append(f"**{escaped(words('simulated_banner')[language])}**")
    for part in parts:
        if part.title:
            said.append(f"## {escaped(part.title[language])}")
        lines = [escaped(line[language]) for line in part.lines]
        said += ["\n".join(f"- {line}" for line in lines)] if len(lines) > 1 else lines
        if part.figure:
            said.append(f"![{escaped(part.title[language])}](../figures/{part.figure}.{language}.png)")
        said += [text for listing in part.listings for text in _markdown_table(listing, language)]
        said += [escaped(note[language]) for note in part.notes]
    return "\n\n".join(said) + "\n"


def _markdown_table(listing: Listing, language: Language) -> list[str]:
    shown = listing.rows[:LONGEST]
    rules = [":---" if column < listing.left else "---:" for column in range(len(listing.heads))]
    rows = [[escaped(head[language]) for head in listing.heads], rules]
    for number, row in enumerate(shown):
        texts = [escaped(cell[language]) for cell in row]
        rows.append([*texts[:-1], f"**{texts[-1]}**"] if number in listing.marked else texts)
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    cut = listing.cut + len(listing.rows) - len(shown)
    head = [f"*{escaped(listing.folded[language])}*"] if listing.folded else []
    return [*head, table, *([words("drift_more", count=cut)[language]] if cut else [])]
