"""Short answers to questions beside the case, loaded from articles.yaml."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from knowledge.model import Text
from knowledge.reading.vocabulary.alternatives import as_pattern, is_closed
from knowledge.schema import Form
from knowledge.yaml_source import KnowledgeError, read_layers


class ArticleForm(Form):
    """One entry of articles.yaml."""

    asks: list[str]
    zh: str
    en: str
    warns: bool = False
    about_a_case: bool = False


@dataclass(frozen=True, slots=True)
class Article:
    """How it is asked, and what is answered."""

    asks: tuple[re.Pattern[str], ...]
    text: Text
    #: It is told wherever it is asked for: in a story, and beside facts.
    warns: bool = False
    #: Hardly anybody asks for it whose own money is not held or waited for.
    about_a_case: bool = False


def load_articles(folder: Path, own: Path | None = None) -> Mapping[str, Article]:
    """Load the articles of a knowledge folder, by name; raises KnowledgeError with every mistake.

    own: a folder of the operator, whose articles.yaml replaces or adds entries.
    """
    document = read_layers(folder, own, "articles.yaml")
    articles: dict[str, Article] = {}
    for name in document.data:
        part = document.part(name)
        form = part.parse(ArticleForm)
        if form is None:
            continue
        for index, ask in enumerate(form.asks):
            if not is_closed(ask):
                part.complain(("asks", index), f"a bracket in {ask} is open.", "write it as (this|that).")
        if all(map(is_closed, form.asks)):
            articles[name] = Article(
                tuple(map(as_pattern, form.asks)), Text(form.zh, form.en), form.warns, form.about_a_case
            )
    if document.mistakes:
        raise KnowledgeError(document.mistakes)
    return articles
