"""Entry 13: texts drawn through the cover follow the law of the text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, equivalent, figure, grid, mutant, role, series
from verify.claims.sources import VOCAB_CHARACTERS
from verify.claims.vocab_continuation.covering import CROSSING
from verify.claims.vocab_continuation.instances import GUANGZHOU, Setting, baiyun, random_setting, setting_of
from verify.claims.vocab_continuation.masking import witness
from verify.evidence import Enclosure, accepted, at_most, exact, exactly, total_variation
from verify.methods import continuation
from verify.methods.continuation import BytePairMerges, FiniteSource, backoff_law, boundary_mass

role(
    "vocab_continuation.sample_text",
    numbers="a token model, its tokeniser, a text x, n_chars, size, a generator; `size` independent continuations",
)(continuation.sample_text)


def refuse_as_reference(lm: Any, tok: Any, x: Any, n_chars: int, size: int, rng: Any) -> None:
    """Raise what the reference raises: a mutant is caught for its own mistake, not for taking bad input."""
    continuation.sample_text(lm, tok, x, n_chars, min(size, 0), rng)


def drawn(law: Any, n_chars: int, size: int, rng: Any) -> list[str]:
    """Independent draws from a law of whole continuations, cut to n_chars."""
    if not law:
        return ["undefined"] * size
    p = np.array([float(q) for q in law.values()])
    texts = list(law)
    return [texts[i][:n_chars] for i in rng.choice(len(texts), size, p=p / p.sum())]


@mutant("vocab_continuation.sample_text", slip="the prompt is tokenised and continued")
def naive_sampler(lm: Any, tok: Any, x: Any, n_chars: int, size: int, rng: Any) -> list[str]:
    refuse_as_reference(lm, tok, x, n_chars, size, rng)
    return drawn(continuation.naive_law(lm, tok, x, whole=True), n_chars, size, rng)


@mutant("vocab_continuation.sample_text", slip="one step back")
def one_step_sampler(lm: Any, tok: Any, x: Any, n_chars: int, size: int, rng: Any) -> list[str]:
    refuse_as_reference(lm, tok, x, n_chars, size, rng)
    return drawn(backoff_law(lm, tok, x, min(1, len(tok.encode(x))), whole=True), n_chars, size, rng)


def by_groups(
    lm: Any, tok: Any, x: Any, n_chars: int, size: int, rng: Any, reweigh: Callable[[list[Any]], list[Any]]
) -> list[str]:
    """Draws through the cover, with weights that `reweigh` makes of (position, context, token, mass)."""
    found = []
    for i in range(max(0, len(x) - tok.max_len), len(x)):
        context = tok.encode(x[:i])
        if mass := lm.prefix_mass(context):
            found += [
                (i, context, token, mass * p)
                for token, p in lm.next_token(context).items()
                if isinstance(token, str) and token.startswith(x[i:])
            ]
    law: dict[str, Any] = {}
    for (i, context, token, _), weight in zip(found, reweigh(found), strict=True):
        tokens, tail = (*context, token), token[len(x) - i :]
        after = continuation.backoff_law(lm, _Taken(tok, tokens), "".join(tokens), 0, whole=True) or {}
        for y, q in after.items():
            law[tail + y] = law.get(tail + y, 0) + weight * q
    return drawn(law if sum(law.values()) else None, n_chars, size, rng)


class _Taken:
    """A tokeniser that has tokenised one text already."""

    def __init__(self, tok: Any, tokens: tuple[str, ...]) -> None:
        self.tokens, self.vocab, self.max_len = tokens, tok.vocab, tok.max_len

    def encode(self, text: str) -> tuple[str, ...]:
        return self.tokens


@mutant("vocab_continuation.sample_text", slip="the position of the last token is drawn uniformly")
def uniform_position(lm: Any, tok: Any, x: Any, n_chars: int, size: int, rng: Any) -> list[str]:
    refuse_as_reference(lm, tok, x, n_chars, size, rng)

    def reweigh(found: list[Any]) -> list[Any]:
        at = {i: sum(mass for j, *_, mass in found if j == i) for i, *_ in found}
        return [mass / at[i] for i, *_, mass in found]

    return by_groups(lm, tok, x, n_chars, size, rng, reweigh)


@mutant("vocab_continuation.sample_text", slip="tokens are weighed without the mass of their context")
def without_context(lm: Any, tok: Any, x: Any, n_chars: int, size: int, rng: Any) -> list[str]:
    refuse_as_reference(lm, tok, x, n_chars, size, rng)
    return by_groups(
        lm, tok, x, n_chars, size, rng, lambda found: [mass / lm.prefix_mass(context) for _, context, _, mass in found]
    )


@mutant("vocab_continuation.sample_text", slip="the branch with the empty context is dropped")
def without_empty_context(lm: Any, tok: Any, x: Any, n_chars: int, size: int, rng: Any) -> list[str]:
    refuse_as_reference(lm, tok, x, n_chars, size, rng)
    return by_groups(lm, tok, x, n_chars, size, rng, lambda found: [mass if i else 0 * mass for i, *_, mass in found])


@mutant("vocab_continuation.sample_text", slip="half as many draws, each handed out twice")
def repeated(lm: Any, tok: Any, x: Any, n_chars: int, size: int, rng: Any) -> list[str]:
    refuse_as_reference(lm, tok, x, n_chars, size, rng)
    texts = continuation.sample_text(lm, tok, x, n_chars, (size + 1) // 2, rng)
    return [text for text in texts for _ in range(2)][:size]


@mutant("vocab_continuation.sample_text", slip="the prompt is handed back in front of each continuation")
def with_prompt(lm: Any, tok: Any, x: Any, n_chars: int, size: int, rng: Any) -> list[str]:
    return [x + y for y in continuation.sample_text(lm, tok, x, n_chars, size, rng)]


@mutant("vocab_continuation.sample_text", slip="n_chars counts tokens, so that texts come out too long")
def tokens_counted(lm: Any, tok: Any, x: Any, n_chars: int, size: int, rng: Any) -> list[str]:
    return continuation.sample_text(lm, tok, x, n_chars * tok.max_len, size, rng)


@equivalent("vocab_continuation.sample_text", because="draws one by one are as independent as draws together")
def from_the_law(lm: Any, tok: Any, x: Any, n_chars: int, size: int, rng: Any) -> list[str]:
    refuse_as_reference(lm, tok, x, n_chars, size, rng)
    return drawn(backoff_law(lm, tok, x, len(tok.encode(x)), whole=True), n_chars, size, rng)


PROMPTS = {"baiyun": GUANGZHOU, "baiyun-ji": "广州的白云机", "bai": "广州的白"}
LONG = 40  # more characters than any document has


def place(name: str) -> tuple[Setting, str]:
    """(setting, prompt): of the article's example, or of a random setting a prompt with several continuations and much bias."""
    if name in PROMPTS:
        return baiyun(), PROMPTS[name]
    if name == "crossing":
        return setting_of(FiniteSource(CROSSING), BytePairMerges([("c", "d"), ("b", "c"), ("a", "b")])), "abc"
    if name == "two-branches":
        return witness(), "ab"
    tokeniser, _, seed = name.rpartition("-")
    setting = random_setting(int(seed), tokeniser)

    def bias(x: str) -> Fraction:
        return 1 - boundary_mass(setting.source, setting.tok, x, len(x))

    def telling(x: str) -> tuple[Any, ...]:
        return len(setting.source.continuations(x)) > 1 and len(x) > 1, 0 < bias(x) < 1, bias(x), x

    return setting, max(setting.prompts, key=telling)


PLACES = (*PROMPTS, "crossing", "two-branches", *(f"{t}-{s}" for t in ("munch", "bpe", "viterbi") for s in (0, 1)))
ALL_PLACES = (
    *PROMPTS,
    "crossing",
    "two-branches",
    *(f"{t}-{s}" for t in ("munch", "bpe", "viterbi") for s in range(5)),
)
SOURCE = VOCAB_CHARACTERS.at("sampling characters from a model over tokens")


def numbered(texts: list[str], cells: dict[str, int]) -> Any:
    """The cells of the texts; a text that has none is cell -1."""
    return np.array([cells.get(text, -1) for text in texts], dtype=float)


@claim(
    id="vocab_continuation.sampling",
    title="Draws through the cover follow the law of the continuation",
    statement=r"\operatorname{TV}\big(\text{drawn}, P(\cdot \mid X \succeq x)\big) = 0",
    source=SOURCE,
    role="vocab_continuation.sample_text",
    evidence=Evidence.STATISTICAL,
    region=at_most(
        0.06,
        because="less than half of the 0.18 of the weakest mutant of the law; 33,000 draws on five cells resolve 0.03",
    ),
    cases=grid(prompt=PLACES).full(prompt=ALL_PLACES),
    quantity="total variation from the exact law",
    risk=1e-9,
)
def follows_the_law(sample_text: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    (source, tok, lm, _), x = place(case.prompt)
    law = source.continuations(x)
    cells = {y: i for i, y in enumerate(law)}

    def draw(rng: np.random.Generator, size: int) -> Any:
        return numbered(sample_text(lm, tok, x, LONG, size, rng), cells)

    yield from total_variation(draw, [float(p) for p in law.values()], rng, case.risk, first=4096)


@claim(
    id="vocab_continuation.sampling.independent",
    title="Neighbouring draws of a batch are independent",
    statement=r"\operatorname{TV}\big((y_1, y_2), P \otimes P\big) = 0",
    source=SOURCE,
    role="vocab_continuation.sample_text",
    evidence=Evidence.STATISTICAL,
    region=at_most(0.06, because="equal neighbours are at least 0.4 away; sixteen cells and 33,000 pairs resolve 0.03"),
    cases=grid(prompt=("baiyun",)),
    quantity="total variation of pairs from the product law",
    risk=1e-9,
)
def independent_neighbours(sample_text: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    (source, tok, lm, _), x = place(case.prompt)
    law = source.continuations(x)
    cells = {y: i for i, y in enumerate(law)}
    p = np.array([float(q) for q in law.values()])

    def draw(rng: np.random.Generator, size: int) -> Any:
        found = numbered(sample_text(lm, tok, x, LONG, 2 * size, rng), cells).reshape(size, 2)
        return np.where((found < 0).any(axis=1), -1, found @ [len(p), 1])

    yield from total_variation(draw, np.outer(p, p).ravel(), rng, case.risk, first=4096)


@claim(
    id="vocab_continuation.sampling.cut",
    title="Draws are cut to the number of characters that is asked for, and no continuation is invented",
    statement=r"|y| \le n, \qquad P(X \succeq xy) > 0",
    source=SOURCE,
    role="vocab_continuation.sample_text",
    evidence=Evidence.CERTIFIED,
    region=exactly(
        0,
        because="draws are counted that are too long, impossible, or end before the text does; impossible prompts are refused",
    ),
    cases=grid(n_chars=(0, 1, 2, 5)),
    quantity="bad draws out of 200, and bad prompts accepted",
)
def cut_to_size(sample_text: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    source, tok, lm, _ = baiyun()
    texts = sample_text(lm, tok, GUANGZHOU, case.n_chars, 200, rng)
    bad = abs(len(texts) - 200)
    for y in texts:
        ended = GUANGZHOU + y in source.docs
        bad += len(y) > case.n_chars or not source.prefix_mass(GUANGZHOU + y) or (len(y) < case.n_chars and not ended)
    bad += accepted(
        sample_text, [(lm, tok, "山", 1, 1, rng), (lm, tok, "广", -1, 1, rng), (lm, tok, "广", 1, -1, rng)], ValueError
    )
    yield exact(bad)


@figure(of="vocab_continuation.sampling")
def observed_over_expected() -> Figure:
    rng, size = np.random.default_rng(9762), 20_000
    source, tok, lm, _ = baiyun()
    ratios: list[float] = []
    naive: list[float] = []
    expected: list[float] = []
    for x in ("广州的白", GUANGZHOU, "广州的白云机"):
        law = source.continuations(x)
        for sampler, into in ((continuation.sample_text, ratios), (naive_sampler, naive)):
            found = sampler(lm, tok, x, LONG, size, rng)
            into += [found.count(y) / (size * float(p)) for y, p in law.items()]
        expected += [float(p) for p in law.values()]
    return Figure(
        "Observed over expected counts",
        "Of 20,000 draws each: through the cover every continuation comes as often as it should; naive draws miss some altogether.",
        "probability of the continuation",
        "observed over expected",
        (
            series("through the cover", expected, ratios, kind="dots"),
            series("naive", expected, naive, kind="dots"),
            series("equal", y=(1.0,), kind="hline"),
        ),
    )
