"""Real words: how far the old sampler is from the law it aims at, in two real vocabularies."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

from verify.claims import Case, Evidence, Figure, Table, claim, figure, grid, series, stream, table
from verify.claims.sources import SEGMENTATION_PERFECT_SAMPLING, SEGMENTATION_VITERBI_SAMPLING
from verify.claims.viterbi_sampling.instances import Instance, distance, gibbs
from verify.evidence import Enclosure, Vacuous, at_least, at_most, exact, gap, worst
from verify.methods import segmentation
from verify.methods.segmentation import UnigramModel, build_lattice

SOURCE = SEGMENTATION_VITERBI_SAMPLING.at("subword regularisation at α = 0.1")
TEXT = 100_000  # characters of English that the Llama vocabulary is weighed on


@cache
def chinese_model() -> UnigramModel:
    """The words of jieba's dictionary with their relative frequencies, as UTF-8."""
    from verify.data import word_counts

    counts = word_counts()
    log_total = math.log(sum(counts.values()))
    return UnigramModel({word.encode(): math.log(count) - log_total for word, count in counts.items()})


def chinese_text(rng: np.random.Generator, words: int) -> bytes:
    """So many words of the dictionary, drawn by their frequency, without spaces."""
    model = chinese_model()
    p = np.exp(model.scores)
    return b"".join(model.tokens[i] for i in rng.choice(len(p), words, p=p / p.sum()))


@cache
def llama_model(characters: int = TEXT, steps: int = 2) -> UnigramModel:
    """The tokens of Llama 2 as bytes, equally likely at first, after steps of EM on English text."""
    from verify.data import english_text, vocabulary

    found = vocabulary()
    added = set(found.added)
    tokens = {bytes([int(t[3:5], 16)]) if t.startswith("<0x") and t.endswith(">") and len(t) == 6 else t.replace("▁", " ").encode()
              for t in found.tokens if t not in added}  # fmt: skip
    model = UnigramModel(dict.fromkeys(sorted(tokens), -math.log(len(tokens))))
    text = english_text().encode()[:characters]
    for _ in range(steps):
        model, _ = segmentation.em_step([text], model)
    return model


@cache
def words(vocabulary: str, count: int) -> list[Instance]:
    """Texts of a real vocabulary with all their segmentations: three or four Chinese words, or one English one."""
    rng = stream("viterbi_sampling", "natural", vocabulary)
    model = chinese_model() if vocabulary == "jieba" else llama_model()
    texts: set[bytes] = set()
    if vocabulary == "jieba":
        while len(texts) < count:
            texts.add(chinese_text(rng, int(rng.integers(3, 5))))
    else:
        from verify.data import english_text

        every = sorted(
            {
                w
                for w in english_text()[:TEXT].split()
                if w.isalpha() and w.isascii() and w.islower() and 6 <= len(w) <= 9
            }
        )
        texts = {every[i].encode() for i in rng.choice(len(every), count, replace=False)}
    drawn = []
    for text in sorted(texts):
        lattice = build_lattice(text, model)
        scores = dict(segmentation.enumerate_segmentations(lattice))
        if len(scores) > 1:
            drawn.append(Instance(lattice, scores))
    return drawn


GRID = grid(vocabulary=("jieba", "llama"), alpha=(0.1, 0.5), texts=(20,)).full(texts=(200,))


@claim(
    id="viterbi_sampling.duel-not-softmax.natural",
    title="On real words too the duel is off by more than ten thousand samples would hide",
    statement=r"\max_{\text{words}} \operatorname{TV}(P^{\text{duel}}_\alpha, P_\alpha) \ge 0.01, \qquad \alpha = .1, .5",
    source=SOURCE,
    role="viterbi_sampling.streaming_law",
    evidence=Evidence.EXACT,
    region=at_least(0.01, because="the noise of 10^4 samples; an exact sampler's law is at rounding, below 1e-12"),
    cases=GRID,
    quantity="largest TV between the duel and the target",
    refutes="With natural vocabularies the duel is as good as exact.",
)
def duel_on_words(law: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    drawn = words(case.vocabulary, case.texts)
    if len(drawn) < case.texts // 4:
        raise Vacuous("nearly all words have a single segmentation")
    yield exact(max(distance(law(one.lattice, case.alpha, "duel"), one.law(case.alpha)) for one in drawn))


@claim(
    id="viterbi_sampling.reservoir-exact.natural",
    title="On real words the reservoir is exact",
    statement=r"\operatorname{TV}(P^{\text{reservoir}}_\alpha, P_\alpha) \le 10^{-12}",
    source=SEGMENTATION_PERFECT_SAMPLING.at("the perfect sampling algorithm"),
    role="viterbi_sampling.streaming_law",
    evidence=Evidence.EXACT,
    region=at_most(1e-12, because="products of at most 12 shares with some 10 roundings each, exponents up to 130: 12 (10 + 130) eps "
                   "= 3.7e-13"),
    cases=GRID,
    quantity="largest TV between the reservoir and the target",
)  # fmt: skip
def reservoir_on_words(law: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    drawn = words(case.vocabulary, case.texts)
    yield worst(exact(distance(law(one.lattice, case.alpha), one.law(case.alpha))) for one in drawn)


@claim(
    id="viterbi_sampling.viterbi-map.natural",
    title="Chinese text of a hundred words comes back byte for byte, on the path of the largest score",
    statement=r"w_1 w_2 \cdots w_K = c, \qquad s(w^*) = \max_{w} s(w) \;\text{ by the n-best search}",
    source=SOURCE,
    role="viterbi_sampling.viterbi",
    evidence=Evidence.EXACT,
    region=at_most(
        1e-12, because="sums of the same some 100 numbers below 20, each rounded once: 100 eps relative = 2.2e-14"
    ),
    cases=grid(texts=(5,)).full(texts=(100,)),
    quantity="relative |score − best score|, infinite if bytes are lost",
)
def chinese_comes_back(viterbi: Any, case: Case, rng: np.random.Generator) -> Iterator[Enclosure]:
    def error(text: bytes) -> Enclosure:
        lattice = build_lattice(text, chinese_model())
        ends, score = viterbi(lattice)
        if b"".join(segmentation.pieces(text, ends)) != text:
            return exact(math.inf)
        return exact(gap(score / segmentation.nbest_segmentations(lattice, 1)[0][1], 1.0))

    yield worst(error(chinese_text(rng, 100)) for _ in range(case.texts))


@table(of="viterbi_sampling.duel-not-softmax.natural")
def distances_on_words() -> Table:
    rows: list[tuple[str | float, ...]] = []
    for vocabulary, name in (("jieba", "jieba, 3 or 4 words of Chinese"), ("llama", "Llama 2 after EM, English words")):
        drawn = words(vocabulary, 40)
        for alpha in (0.1, 0.5):
            laws = [(one, segmentation.streaming_law(one.lattice, alpha, "duel"), one.law(alpha)) for one in drawn]
            tv = [distance(law, target) for _, law, target in laws]
            lost = [max(law, key=law.__getitem__) != one.best for one, law, _ in laws]
            count = float(np.median([len(one.scores) for one in drawn]))
            rows.append((name, alpha, len(drawn), count, float(np.median(tv)), max(tv), sum(lost) / len(lost)))
    return Table(
        "How far the old sampler is from the exact law on natural words",
        "The duel misses the law most at small α, where it is meant to be used. Where few tokens compete, as in Chinese words, it "
        "is often right; among the many tokens of Llama hardly ever. The best segmentation usually stays the likeliest.",
        ("vocabulary and texts", "α", "texts", "segmentations (median)", "TV, median", "TV, largest", "best one lost"),
        rows,
    )


@table(of="viterbi_sampling.reservoir-exact.natural")
def sentence_of_the_article() -> Table:
    text = "今天天气不错"
    lattice = build_lattice(text.encode(), chinese_model())
    target = gibbs(dict(segmentation.enumerate_segmentations(lattice)), 0.1)
    laws = {rule: segmentation.streaming_law(lattice, 0.1, rule) for rule in ("reservoir", "duel", "half")}
    rows: list[tuple[str | float, ...]] = []
    for path in sorted(target, key=target.__getitem__, reverse=True):
        shown = " ".join(piece.decode() for piece in segmentation.pieces(text.encode(), path))
        rows.append((shown, target[path], *(law.get(path, 0.0) for law in laws.values())))
    return Table(
        f"The example sentence of the article, {text}, at α = 0.1 with jieba's dictionary",
        "The reservoir has the target's probabilities; the older rules have others, in another order.",
        ("segmentation", "target", *laws),
        rows,
    )


@figure(of="viterbi_sampling.duel-not-softmax.natural")
def distances_by_number_of_segmentations() -> Figure:
    curves = []
    for vocabulary in ("jieba", "llama"):
        drawn = words(vocabulary, 20)
        tv = [distance(segmentation.streaming_law(one.lattice, 0.1, "duel"), one.law(0.1)) for one in drawn]
        curves.append(series(vocabulary, [len(one.scores) for one in drawn], tv, kind="dots"))
    return Figure(
        "Distance of the duel from the target on real words, α = 0.1",
        "The more ways a text has, the further the duel is from the law it aims at.",
        "segmentations of the text",
        "total variation",
        tuple(curves),
        x_log=True,
    )
