"""Entry 7: one step back is not enough in general, not even with the article's own vocabulary."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, Table, claim, figure, grid, mutant, series, table
from verify.claims.sources import VOCAB_ARTICLE
from verify.claims.vocab_continuation.backoff import refuse_as_reference
from verify.claims.vocab_continuation.instances import GUANGZHOU, Setting, apart, baiyun, setting_of, tv
from verify.evidence import Enclosure, exact, exactly
from verify.methods import continuation
from verify.methods.continuation import END, FiniteSource, MaximalMunch, backoff_law

CODE = {
    "import numpy as np": Fraction(60, 100),
    "import numpy\n": Fraction(25, 100),
    "import numpy.linalg": Fraction(15, 100),
}
PHRASE = "import numpy"
JI = "广州的白云机"


@cache
def code(*, with_phrase: bool) -> Setting:
    """Three lines of code; the first is one token, the words are tokens, and `import numpy` is one or is not."""
    tokens = {"import", " numpy", "import numpy as np"} | set("".join(CODE)) | ({PHRASE} if with_phrase else set())
    return setting_of(FiniteSource(CODE), MaximalMunch(tokens))


@mutant("vocab_continuation.backoff_law", slip="each candidate is tokenised anew together with the dropped text")
def retokenised_candidates(lm: Any, tok: Any, x: Any, k: int, *, whole: bool = False) -> Any:
    refuse_as_reference(lm, tok, x, k)
    reference = continuation.backoff_law(lm, tok, x, len(tok.encode(x)), whole=whole)
    scores = {y: lm.prefix_mass(tok.encode(x if y is END else x + y)) for y in reference or {}}
    return {y: score / sum(scores.values()) for y, score in scores.items()} if any(scores.values()) else None


@mutant("vocab_continuation.backoff_law", slip="k counts characters")
def characters_counted(lm: Any, tok: Any, x: Any, k: int, *, whole: bool = False) -> Any:
    refuse_as_reference(lm, tok, x, k)
    if not k:
        return continuation.backoff_law(lm, tok, x, k, whole=whole)
    tokens = tok.encode(x[: max(0, len(x) - k)])
    reached = sum(map(len, tokens))
    return continuation.backoff_law(lm, Split(tok, tokens, x[reached:]), x, 1 if x[reached:] else 0, whole=whole)


class Split:
    """A tokeniser that cuts one text where it is told."""

    def __init__(self, tok: Any, tokens: tuple[Any, ...], rest: Any) -> None:
        self.tok, self.tokens, self.vocab, self.max_len = tok, (*tokens, rest), tok.vocab, tok.max_len

    def encode(self, text: Any) -> tuple[Any, ...]:
        return self.tokens if text and text == "".join(self.tokens) else tuple(self.tok.encode(text))


ARTICLE = VOCAB_ARTICLE.at("the remedy: one step back")
NUMBERS = "both laws are Fractions: the distance is this number or it is not"


@claim(
    id="vocab_continuation.one-step-insufficient",
    title="After one character more, one step back is as wrong as none",
    statement=r"\operatorname{TV}(Q_1, P) = \tfrac{20}{21} \;\text{ after }\; \text{广州的白云机}",
    source=ARTICLE,
    role="vocab_continuation.backoff_law",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because=NUMBERS),
    cases=grid(k=(0, 1)),
    quantity="|total variation − 20/21|",
    refutes="Stepping back over one token and looking up the tokens that start with it repairs the continuation.",
)
def one_step_fails(backoff_law: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    source, tok, lm, _ = baiyun()
    law = backoff_law(lm, tok, JI, case.k)
    yield exact(apart(tv(law, source.next_char(JI)), Fraction(20, 21)))


ENOUGH = {"one-token": (GUANGZHOU, 1), "two-tokens": (JI, 2), "two-words": (PHRASE, 2), "one-phrase": (PHRASE, 1)}


def place(name: str) -> tuple[Setting, str, int]:
    """(setting, prompt, how many steps are enough there)."""
    x, k = ENOUGH[name]
    return (code(with_phrase=name == "one-phrase") if x == PHRASE else baiyun()), x, k


@claim(
    id="vocab_continuation.one-step-insufficient.enough",
    title="How many steps are enough depends on the prompt and on the vocabulary",
    statement=r"Q_k(\cdot \mid x) = P(\cdot \mid x) \iff \beta_k(x) = 1",
    source=ARTICLE,
    role="vocab_continuation.backoff_law",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="the law of the next character after just enough steps is the true one: Fractions"),
    cases=grid(prompt=tuple(ENOUGH)),
    quantity="total variation from the truth",
)
def steps_enough(backoff_law: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    (source, tok, lm, _), x, k = place(case.prompt)
    yield exact(tv(backoff_law(lm, tok, x, k), source.next_char(x)))


@claim(
    id="vocab_continuation.one-step-insufficient.code",
    title="After import numpy, no step and one step give the space probability zero",
    statement=r"Q_0(\text{space}) = Q_1(\text{space}) = 0, \qquad P(\text{space}) = \tfrac{3}{5}",
    source=VOCAB_ARTICLE.at("a line of code as one token"),
    role="vocab_continuation.backoff_law",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="a missing outcome has probability 0, and the others 5/8 and 3/8"),
    cases=grid(k=(0, 1)),
    quantity="total variation from 5/8 newline, 3/8 full stop",
    refutes="One step back is enough where the prompt ends with a word.",
)
def space_is_lost(backoff_law: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    _, tok, lm, _ = code(with_phrase=False)
    yield exact(tv(backoff_law(lm, tok, PHRASE, case.k), {"\n": Fraction(5, 8), ".": Fraction(3, 8)}))


@table(of="vocab_continuation.one-step-insufficient")
def steps_table() -> Table:
    """The distance of the next character after 0, 1, 2 steps, for the prompts of the entry."""
    rows: list[list[str]] = []
    for name in ENOUGH:
        (source, tok, lm, _), x, _ = place(name)
        distances = [
            str(tv(backoff_law(lm, tok, x, k), source.next_char(x))) if k <= len(tok.encode(x)) else "–"
            for k in range(4)
        ]
        rows.append([x, "|".join(tok.encode(x)), *distances])
    return Table(
        "Total variation of the next character after k steps back",
        "One step is enough for two of the prompts, two for the others; every law is exact, so these are exact numbers.",
        ["prompt", "its tokens", "k = 0", "k = 1", "k = 2", "k = 3"],
        rows,
    )


@figure(of="vocab_continuation.one-step-insufficient")
def distances_against_steps() -> Figure:
    curves = []
    for name, label in zip(ENOUGH, ("Baiyun", "Baiyun ji", "import numpy", "import numpy, one token"), strict=True):
        (source, tok, lm, _), x, _ = place(name)
        steps = range(len(tok.encode(x)) + 1)
        distances = [float(tv(backoff_law(lm, tok, x, k), source.next_char(x))) for k in steps]
        curves.append(series(label, steps, distances, kind="steps"))
    return Figure(
        "Steps back until the next character is right",
        "The distance falls to 0 in one step for some prompts; for others one step changes nothing at all.",
        "tokens dropped k",
        "total variation of the next character",
        tuple(curves),
    )
