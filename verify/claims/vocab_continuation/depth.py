"""Entry 8: how far one has to step back: a bounded number of characters for maximal munch, no bound for other tokenisers."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, claim, equivalent, figure, grid, mutant, role, series, stream
from verify.claims.sources import VOCAB_ARTICLE, VOCAB_BPE
from verify.claims.vocab_continuation.covering import PARITY_PROBS, parity_setting
from verify.claims.vocab_continuation.instances import Setting, apart, baiyun, cuts, random_setting, tv, words
from verify.evidence import Enclosure, Vacuous, at_most, exact, exactly, worst
from verify.methods import continuation
from verify.methods.continuation import MaximalMunch, UnigramViterbi, backoff_law

role("vocab_continuation.unstable_start", numbers="a text x, a vocabulary; a position in 0..len(x)")(
    continuation.unstable_start
)


@mutant("vocab_continuation.unstable_start", slip="the dropped piece itself counts as an extension of it")
def not_proper(x: Any, vocab: Any) -> int:
    place = 0
    for token in MaximalMunch(set(vocab)).encode(x):
        if any(other.startswith(x[place:]) for other in vocab):
            return place
        place += len(token)
    return place


@mutant("vocab_continuation.unstable_start", slip="at most m − 2 characters are taken for unstable")
def bound_too_small(x: Any, vocab: Any) -> int:
    return max(continuation.unstable_start(x, vocab), len(x) - max(map(len, vocab)) + 2)


@mutant("vocab_continuation.unstable_start", slip="the last token is unstable, and it alone")
def last_token(x: Any, vocab: Any) -> int:
    return len(x) - len(MaximalMunch(set(vocab)).encode(x)[-1])


@equivalent(
    "vocab_continuation.unstable_start",
    because="a token may change exactly if one is tried that is longer than what is left",
)
def by_search(x: Any, vocab: Any) -> int:
    starts = [0]
    for token in MaximalMunch(set(vocab)).encode(x):
        starts.append(starts[-1] + len(token))
    changing = (s for s in starts[:-1] if any(len(v) > len(x) - s and v[: len(x) - s] == x[s:] for v in vocab))
    return next(changing, len(x))


@cache
def drawn(block: int) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Fifty random (text, vocabulary): letters and four strings of length 2 to 4, texts of length 3 to 8."""
    rng = stream("vocab_continuation", "extensions", block)
    made = []
    for _ in range(50):
        vocab = tuple(sorted({"a", "b", *("".join(w) for w in _two_letters(rng, 4, 2, 4))}))
        made.append((_two_letters(rng, 1, 3, 8)[0], vocab))
    return tuple(made)


def _two_letters(rng: np.random.Generator, size: int, shortest: int, longest: int) -> list[str]:
    return [word.replace("c", "a") for word in words(rng, size, shortest, longest)]


@cache
def stable_length(x: str, vocab: tuple[str, ...]) -> int:
    """How far the tokens of x stay as they are under every extension by up to m characters, found by trying all."""
    tok = MaximalMunch(vocab)
    tokens, kept = tok.encode(x), len(tok.encode(x))
    extensions = [""]
    for _ in range(tok.max_len):
        extensions = [y + c for y in extensions for c in "ab"]
        for y in extensions:
            longer = tok.encode(x + y)
            kept = next((j for j in range(kept) if longer[j : j + 1] != tokens[j : j + 1]), kept)
    return sum(map(len, tokens[:kept]))


MUNCH_SOURCE = VOCAB_ARTICLE.at("how many steps back are needed: left open there")


@claim(
    id="vocab_continuation.backoff-depth",
    title="Maximal munch: the first token that can change is found from the vocabulary alone",
    statement=r"t_j \text{ starting at } s \text{ can change} \iff \exists v \in V:\, v \succ x_{s:} \;\text{ or an earlier one can}",
    source=MUNCH_SOURCE,
    role="vocab_continuation.unstable_start",
    evidence=Evidence.CERTIFIED,
    region=exactly(
        0, because="a position is compared with the one found by trying all extensions of up to m characters"
    ),
    cases=grid(block=tuple(range(4))).full(block=tuple(range(12))),
    quantity="texts where the positions differ",
)
def found_by_trying(unstable_start: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    wrong = tight = 0
    for x, vocab in drawn(case.block):
        found = stable_length(x, vocab)
        wrong += unstable_start(x, vocab) != found
        tight += len(x) - found == max(map(len, vocab)) - 1
    if not tight:
        raise Vacuous("no text has as many unstable characters as the longest token less one")
    yield exact(wrong)


@claim(
    id="vocab_continuation.backoff-depth.exact",
    title="Dropping the tokens from there on is an exact back-off",
    statement=r"Q_k(\cdot \mid x) = P(\cdot \mid x) \;\text{ for }\; s_k = \text{the unstable start}",
    source=MUNCH_SOURCE,
    role="vocab_continuation.unstable_start",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="two laws of Fractions: their total variation is 0 or it is not"),
    cases=grid(block=(0, 1)).full(block=tuple(range(20))),
    quantity="largest total variation from the truth",
)
def exact_from_there(unstable_start: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def distances() -> Iterator[Enclosure]:
        settings = [baiyun(), *(random_setting(5 * case.block + i, "munch") for i in range(5))]
        for source, tok, lm, prompts in settings:
            for x in prompts:
                tokens, start = tok.encode(x), unstable_start(x, tok.vocab)
                k = sum(s >= start for s in sorted(cuts(tokens))[:-1])
                yield exact(tv(backoff_law(lm, tok, x, k, whole=True), source.continuations(x)))

    yield worst(distances())


@claim(
    id="vocab_continuation.backoff-depth.bpe",
    title="Byte pair merges: one more character can move every boundary, with no token longer than two",
    statement=r"\tau(a_1 \cdots a_{2r+1}) = a_1|a_2a_3|\cdots|a_{2r}a_{2r+1}, \qquad "
    r"\tau(a_1 \cdots a_{2r+2}) = a_1a_2|\cdots|a_{2r+1}a_{2r+2}",
    source=VOCAB_BPE.at("how much context a merge needs"),
    role="vocab_continuation.byte_pair_merges",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="two token sequences, compared boundary by boundary"),
    cases=grid(chain=(1, 4, 11)).full(chain=(1, 4, 11, 50)),
    quantity="boundaries that are not where the chain of merges puts them",
    refutes="With tokens of at most m characters, at most m − 1 characters of a prompt are unstable.",
)
def chain_of_merges(byte_pair_merges: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    letters = [chr(0x100 + i) for i in range(2 * case.chain + 2)]
    merges = [(letters[i], letters[i + 1]) for i in reversed(range(len(letters) - 1))]  # the last pair first
    tok, text = byte_pair_merges(merges), "".join(letters)
    before, after = cuts(tok.encode(text[:-1])), cuts(tok.encode(text))
    odd, even = set(range(1, len(text), 2)) | {0}, set(range(0, len(text) + 1, 2))
    yield worst([exact(len(before ^ odd)), exact(len(after ^ even))])


PARITY = r"a\,b^n:\quad ab|bb|\cdots|bb \;(n \text{ odd}), \qquad a|bb|\cdots|bb \;(n \text{ even})"
LENGTHS = grid(n=(3, 11, 21))


@claim(
    id="vocab_continuation.backoff-depth.viterbi",
    title="The most probable segmentation: every step back short of the start is wrong by a quarter",
    statement=PARITY + r"; \qquad \operatorname{TV}_{\text{next}}(Q_k, P) = \tfrac14 \;\text{ for all } k < K",
    source=VOCAB_ARTICLE.at("the remedy, for the tokenisers that the author recommends"),
    role=("vocab_continuation.backoff_law", "vocab_continuation.unigram_viterbi"),
    evidence=Evidence.CERTIFIED,
    region=at_most(
        1e-5, because="documents end at n = 40: what is cut off has relative mass 2^(n − 40) ≤ 2e-6 at n = 21"
    ),
    cases=LENGTHS,
    quantity="largest |TV − 1/4| over k < K, and TV at k = K",
    refutes="Stepping back over a few tokens is enough.",
)
def no_depth_is_enough(
    backoff_law: Any, unigram_viterbi: Any, case: Case, rng: np.random.Generator
) -> Iterator[Enclosure]:
    source, _, lm, _ = parity_setting()
    tok, x = unigram_viterbi(PARITY_PROBS), "a" + "b" * case.n
    steps, truth = len(tok.encode(x)), source.next_char(x)
    yield worst(
        exact(apart(tv(backoff_law(lm, tok, x, k), truth), Fraction(int(k < steps), 4))) for k in range(steps + 1)
    )


@mutant("vocab_continuation.unigram_viterbi", slip="the longest token first, which is no optimum")
def greedy_for_viterbi(probs: Any) -> Any:
    return MaximalMunch(list(UnigramViterbi(probs).probs))


@claim(
    id="vocab_continuation.backoff-depth.parity",
    title="There, one more character moves every boundary but the first and the last",
    statement=PARITY,
    source=VOCAB_ARTICLE.at("the remedy, for the tokenisers that the author recommends"),
    role="vocab_continuation.unigram_viterbi",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="token sequences are compared token by token"),
    cases=grid(n=(2, 3, 10, 11)).full(n=(2, 3, 10, 11, 40, 41)),
    quantity="boundaries that are not where the statement puts them",
)
def parity(unigram_viterbi: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    tokens = unigram_viterbi(PARITY_PROBS).encode("a" + "b" * case.n)
    yield exact(len(cuts(tokens) ^ {0, *range(1 + case.n % 2, case.n + 2, 2)}))


@claim(
    id="vocab_continuation.backoff-depth.cover",
    title="There, the cover needs two contexts",
    statement=r"\#\text{contexts} \le m = 2",
    source=VOCAB_ARTICLE.at("the remedy, for the tokenisers that the author recommends"),
    role="vocab_continuation.cover_prefix_mass",
    evidence=Evidence.CERTIFIED,
    region=exactly(0, because="contexts are counted, and the mass is a Fraction"),
    cases=LENGTHS,
    quantity="contexts beyond two, or |cover sum − P(x…)|",
)
def cover_is_short(cover_prefix_mass: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    source, tok, lm, _ = parity_setting()
    x = "a" + "b" * case.n
    mass, contexts = cover_prefix_mass(lm, tok, x)
    yield worst([exact(max(0, contexts - 2)), exact(apart(mass, source.prefix_mass(x)) / source.prefix_mass(x))])


@figure(of="vocab_continuation.backoff-depth.viterbi")
def distance_against_steps() -> Figure:
    curves = []
    prompts = {"Viterbi, a b…b": (parity_setting(), "a" + "b" * 11)}
    for tokeniser, seed in (("munch", 1), ("bpe", 4)):
        setting = random_setting(seed, tokeniser)
        prompts[f"{tokeniser}, random"] = setting, _telling(setting)
    for label, (setting, x) in prompts.items():
        steps = range(len(setting.tok.encode(x)) + 1)
        curves.append(series(label, steps, [_distance(setting, x, k) for k in steps], kind="steps"))
    return Figure(
        "How far back is far enough",
        "Under the most probable segmentation the distance stays at one quarter until nothing of the prompt is left.",
        "tokens dropped k",
        "total variation of the next character",
        tuple(curves),
    )


def _distance(setting: Any, x: str, k: int) -> float:
    return float(tv(backoff_law(setting.lm, setting.tok, x, k), setting.source.next_char(x)))


def _telling(setting: Setting) -> str:
    """The prompt that naive continuation fails most without being undefined."""
    return str(max(setting.prompts, key=lambda x: (_distance(setting, x, 0) < 1, _distance(setting, x, 0), x)))
