"""The report: every exhibit of the study on one self-contained page, in Chinese, in English, and both with a switch."""

from __future__ import annotations

import base64
from html import escape

from cbe_assets.publish.grid import Grid
from cbe_assets.publish.material import Material, in_appendix, number_of
from cbe_assets.publish.notes import panel_provinces, table_title, without
from cbe_assets.publish.page import TAGS, banner, document, table_figure
from cbe_assets.publish.wording import LANGUAGES, Language, joined, words
from cbe_assets.study import Text


def report_files(material: Material) -> dict[str, bytes]:
    """report/index.zh.html, report/index.en.html, and report/index.html with both."""
    title, files = material.study.settings.title, {}
    bodies = {language: _body(material, language) for language in LANGUAGES}
    for language, body in bodies.items():
        files[f"report/index.{language}.html"] = document(title[language], language, body).encode()
    files["report/index.html"] = document(f"{title.zh} / {title.en}", "zh", _switched(bodies)).encode()
    return files


def _switched(bodies: dict[Language, str]) -> str:
    """Both bodies; which is seen is chosen by a radio button, without a script."""
    buttons = "".join(
        f'<input class="language" type="radio" name="language" id="see-{lang}"{" checked" if lang == "zh" else ""}>\n'
        for lang in LANGUAGES
    )
    labels = "".join(f'<label for="see-{lang}">{words("language_name")[lang]}</label>' for lang in LANGUAGES)
    sections = "".join(
        f'<section lang="{TAGS[lang]}">\n{_anchored(body, lang)}</section>\n' for lang, body in bodies.items()
    )
    return f'{buttons}<p class="switch">{labels}</p>\n{sections}'


def _anchored(body: str, language: Language) -> str:
    """Anchors of the two languages must differ within one page."""
    return body.replace(' id="', f' id="{language}-').replace('href="#', f'href="#{language}-')


def entries(material: Material) -> list[tuple[str, Text]]:
    """Name and full title of each exhibit of the report, in its order."""
    listed = []
    for name in material.exhibit.of:
        number, title = number_of(name), material.study.exhibits[name].title
        listed.append((name, Text(zh=f"{number.zh} {title.zh}".strip(), en=f"{number.en}. {title.en}".strip(". "))))
    return listed


def _body(material: Material, language: Language) -> str:
    listed = entries(material)
    items = [f'<li><a href="#{name}">{escape(title[language])}</a></li>' for name, title in listed]
    appendix = next((place for place, (name, _) in enumerate(listed) if in_appendix(name)), len(listed))
    heading = words("report_appendix")[language]
    if appendix < len(listed):
        items.insert(appendix, f'<li class="part"><a href="#appendix">{heading}</a></li>')
    parts = [
        banner(material.context.simulated, language),
        f"<h1>{escape(material.study.settings.title[language])}</h1>\n",
        *(f"<p>{escape(text[language])}</p>\n" for text in about(material)),
        f"<nav>\n<h2>{words('report_contents')[language]}</h2>\n<ol>{''.join(items)}</ol>\n</nav>\n",
    ]
    for place, (name, title) in enumerate(listed):
        if place == appendix:
            parts.append(f'<h2 id="appendix">{heading}</h2>\n')
        parts += [_exhibit(material, name, title, language), _reading(material, name, language)]
    return "".join([*parts, _editions(material, language)])


def about(material: Material) -> list[Text]:
    """What this is: simulated or not, whose study, which panel."""
    said = [words("report_simulated")] if material.context.simulated else []
    if paper := material.study.settings.paper:
        said.append(words("report_paper", citation=paper.citation, doi=paper.doi))
    years = material.study.settings.years
    facts = {"provinces": len(panel_provinces(material)), "years": f"{years[0]}\u2013{years[1]}"}
    defined = [number_of(name) for name in material.exhibit.of if material.study.exhibits[name].kind == "variables"]
    where = defined[0] if defined else Text(zh="study/regressions.yaml", en="study/regressions.yaml")
    return [*said, words("report_sample", without=without(material), variables=where, **facts)]


def _exhibit(material: Material, name: str, title: Text, language: Language) -> str:
    if "series" in material.inputs[f"exhibit/{name}"].columns:
        picture = base64.b64encode(material.context.exported(f"figures/{name}.{language}.svg")).decode()
        said = escape(title[language])
        image = f'<img alt="{said}" src="data:image/svg+xml;base64,{picture}">'
        return f'<figure id="{name}">\n<figcaption>{said}</figcaption>\n{image}\n</figure>\n'
    return table_figure(Grid.from_frame(name, material.inputs[f"exhibit/{name}"]), language, anchor=name)


def _reading(material: Material, name: str, language: Language) -> str:
    texts = [f"<p>{escape(text[language])}</p>" for text in material.study.exhibits[name].reading]
    head = f"<p><strong>{words('report_reading')[language]}</strong></p>"
    return f"<aside>{head}{''.join(texts)}</aside>\n" if texts else ""


def _editions(material: Material, language: Language) -> str:
    """Newest edition of every raw table."""
    if not material.context.editions:
        return ""
    keys = ("report_table", "report_key", "report_edition")
    heads = "".join(f'<th class="left">{words(key)[language]}</th>' for key in keys)
    rows = []
    for table, edition in sorted(material.context.editions.items()):
        texts = (table_title(material, table)[language], table, str(edition))
        rows.append("<tr>" + "".join(f'<td class="left">{escape(text)}</td>' for text in texts) + "</tr>")
    title = joined([words("report_editions")])[language]
    body = "\n".join(rows)
    return f"<h2>{title}</h2>\n<table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>\n"
