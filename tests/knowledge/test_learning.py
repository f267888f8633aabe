"""Learning from phrases: alternatives are spelt out, weights are learnt, kept, and as new as the phrases."""

from datetime import datetime
from pathlib import Path

import pytest

from knowledge.lab.training import Example, fingerprint, learn
from knowledge.loader import PACKAGED, load_knowledge
from knowledge.reading.reader import Reader
from knowledge.reading.vocabulary.alternatives import is_closed, sentences
from knowledge.reading.vocabulary.lexicon import INTENTS, load_lexicon
from knowledge.reading.weights import Weights, pack, read_weights, unpack, write_weights
from knowledge.yaml_source import KnowledgeError
from tests.knowledge.copies import copy_of_the_base


def test_the_weights_are_as_new_as_the_phrases() -> None:
    lexicon = load_lexicon(PACKAGED)
    assert lexicon.weights.learnt_from == fingerprint(lexicon), "run `daozhang understand --learn`"


def test_alternatives() -> None:
    assert set(sentences("(my|our) money (is gone|has (not|never) come)", 20)) == {
        f"{whose} money {what}"
        for whose in ("my", "our")
        for what in ("is gone", "has not come", "has never come")
    }
    assert sentences("没到账", 5) == ("没到账",)
    many = "(a|b|c)(d|e|f)(g|h|i)"
    assert len(sentences(many, 5)) == 5
    assert sentences(many, 5) == sentences(many, 5)
    assert [is_closed(phrase) for phrase in ("(a|b)", "(a|b", "a)b", "a|b", "((a|b)c|)")] == [
        True,
        False,
        False,
        False,
        True,
    ]


def test_what_stands_in_several_phrases_of_one_intent_speaks_for_it() -> None:
    found = [
        Example(("钱", "没"), "payout_not_arrived", "1", 1),
        Example(("没", "到"), "payout_not_arrived", "2", 1),
        Example(("你", "好"), "greeting_thanks", "3", 1),
        Example(("好", "的"), "greeting_thanks", "4", 1),
        Example(("once",), "greeting_thanks", "5", 1),
    ]
    weights = learn(found, ("payout_not_arrived", "greeting_thanks"), "x")
    first, second = weights.scores(["没"])
    assert first > second
    first, second = weights.scores(["好"])
    assert second > first
    assert "once" not in weights.features


def test_a_tie_is_one_in_whatever_order_features_come() -> None:
    features = {"1": pack({0: 10, 1: 60}), "2": pack({0: 20}), "3": pack({0: 30}), "4": pack({0: -7, 1: -7})}
    first, second = Weights("abc", ("a", "b"), (0.0, 0.0), features).scores(features)
    assert first == second


def test_weights_are_packed() -> None:
    weights = {0: -3, 1: 70_000, 3: -70_000}
    assert unpack(pack(weights), 5) == [-3, 70_000, 0, -70_000, 0]
    assert unpack(pack(weights) + pack({0: 4, 3: 70_001}), 5) == [1, 70_000, 0, 1, 0]


def test_weights_are_kept(tmp_path: Path) -> None:
    weights = Weights(
        "abc", ("a", "b"), (0.25, -0.5), {'"到"': pack({0: 150, 1: -25}), "c:not>arrive": pack({1: 200})}
    )
    path = tmp_path / "weights.json"
    write_weights(weights, path)
    assert read_weights(path) == weights


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"learnt_from": "a", "intents": ["a"], "bias": [], "features": {}}']
)
def test_damaged_weights_are_refused(tmp_path: Path, text: str) -> None:
    folder = copy_of_the_base(tmp_path)
    (folder / "weights.json").write_text(text)
    with pytest.raises(KnowledgeError, match=r"weights\.json:1: the file is missing or damaged\. Fix: run"):
        load_lexicon(folder)


def test_an_open_bracket_is_refused(tmp_path: Path) -> None:
    folder = copy_of_the_base(tmp_path)
    path = folder / "phrases" / "risk_hold.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("phrases:\n", "phrases:\n  - 被(冻结|锁\n", 1), "utf-8"
    )
    with pytest.raises(KnowledgeError, match=r"risk_hold\.yaml:4: a bracket in 被\(冻结\|锁 is open"):
        load_lexicon(folder)


def test_a_new_phrase_counts_before_it_is_learnt_from(tmp_path: Path) -> None:
    folder = copy_of_the_base(tmp_path)
    path = folder / "phrases" / "risk_hold.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("phrases:\n", "phrases:\n  - 咕噜咕噜\n", 1), "utf-8"
    )
    base = load_knowledge(folder)
    reading = Reader(base.lexicon, base.facts).read(
        "咕噜咕噜！", datetime.fromisoformat("2026-10-09T10:30+08:00")
    )
    assert (reading.intent, reading.sure) == ("risk_hold", True)
    assert set(base.lexicon.intents) == set(INTENTS)
