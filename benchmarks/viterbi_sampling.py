"""The rows of segmentation: sampling and decoding against sentencepiece and tokenizers, with the same vocabulary and α."""

from __future__ import annotations

import struct
from contextlib import suppress
from functools import cache, partial
from typing import Any

import numpy as np

from benchmarks.harness import Goal, Missing, Row, Work, optional
from verify.data import NotInstalled
from verify.methods.segmentation import (
    Lattice,
    UnigramModel,
    build_lattice,
    edge_posteriors,
    em_step,
    sample_segmentations,
    viterbi,
)

ALPHA = 0.5
SHORT = 37  # bytes


@cache
def english() -> tuple[UnigramModel, bytes]:
    """Tokens of the real Llama vocabulary that are text, weighed by EM on English; and that text, in ASCII."""
    from verify.data import english_text, vocabulary

    try:
        found, raw = vocabulary(), english_text()
    except NotInstalled as missing:
        raise Missing(str(missing)) from missing
    text = " ".join(raw.encode("ascii", "ignore").decode().split()).encode()
    tokens = {token.replace("▁", " ").encode() for token in found.tokens if not token.startswith("<")}
    tokens |= {bytes([b]) for b in set(text)}
    model = UnigramModel(dict.fromkeys(sorted(tokens), -10.0))
    for _ in range(2):
        model, _ = em_step([text[:200_000]], model)
    logp = {bytes([b]): -20.0 for b in set(text)} | dict(model.logp)  # any excerpt stays covered
    return UnigramModel(logp), text


@cache
def chinese() -> tuple[UnigramModel, bytes]:
    """The words of jieba's dictionary by their frequency, and 1 MB of them drawn by it, without spaces."""
    from verify.data import word_counts

    try:
        counts = word_counts()
    except NotInstalled as missing:
        raise Missing(str(missing)) from missing
    words = [word.encode() for word in counts]
    p = np.fromiter(counts.values(), float)
    p /= p.sum()
    drawn = np.random.default_rng(0).choice(len(words), 250_000, p=p)
    return UnigramModel(dict(zip(words, np.log(p).tolist(), strict=True))), b"".join(words[i] for i in drawn)


def excerpt(text: bytes, n: int) -> bytes:
    """n bytes of text or a few less, repeated where it is shorter, cut between characters."""
    return (text * (n // len(text) + 1))[:n].decode(errors="ignore").encode()


def field(number: int, value: bytes | int | float) -> bytes:
    """A field of a protocol buffer."""
    if isinstance(value, float):
        return bytes([number << 3 | 5]) + struct.pack("<f", value)
    if isinstance(value, int):
        return bytes([number << 3]) + varint(value)
    return bytes([number << 3 | 2]) + varint(len(value)) + value


def varint(value: int) -> bytes:
    """An unsigned integer, seven bits a byte."""
    groups = []
    while True:
        groups.append(value & 127 | (128 if value > 127 else 0))
        value >>= 7
        if not value:
            return bytes(groups)


@cache
def sentencepiece_of(language: Any) -> Any:
    """A sentencepiece processor of a model: the same tokens and weights, nothing normalised."""
    package = optional("sentencepiece")
    pieces = [field(1, b"<unk>") + field(2, 0.0) + field(3, 2)]
    for token, logp in language()[0].logp.items():
        pieces.append(field(1, token.replace(b" ", "▁".encode())) + field(2, float(logp)))
    trainer = field(3, 1)  # a unigram model
    normaliser = field(1, b"identity") + field(3, 0) + field(4, 0) + field(5, 1)
    proto = b"".join(field(1, piece) for piece in pieces) + field(2, trainer) + field(3, normaliser)
    return package.SentencePieceProcessor(model_proto=proto)


def covered(ids: list[int], lengths: Any) -> int:
    """How many bytes the tokens cover."""
    return int(lengths[np.asarray(ids)].sum())


@cache
def lengths_of(language: Any) -> Any:
    """Bytes of each token, by sentencepiece's numbers: ours and one."""
    return np.array([0, *map(len, language()[0].tokens)])


def drawn_bytes(bits: Any) -> int:
    """The last boundary of each row: the bytes that its tokens cover."""
    return int(sum(np.flatnonzero(row)[-1] for row in bits))


def same_law(model: UnigramModel, text: bytes, processor: Any) -> None:
    """Both draw from the same law: tokens of 2000 samples of theirs against our exact mean, within 6 standard errors."""
    lattice = build_lattice(text, model)
    mean = float(edge_posteriors(lattice, ALPHA).sum())
    drawn = [len(sampled_once(processor, text.decode())) for _ in range(2000)]
    if abs(np.mean(drawn) - mean) > 6 * np.std(drawn) / 2000**0.5:
        raise AssertionError(f"tokens of a sample: ours {mean}, sentencepiece {np.mean(drawn)}")


def sampled_once(processor: Any, text: str) -> list[int]:
    """One sample of sentencepiece's exact sampler."""
    return processor.encode(text, enable_sampling=True, alpha=ALPHA, nbest_size=-1)  # type: ignore[no-any-return]


def among_the_best(scale: float) -> Work:
    """What the article holds against subword regularisation: sampling among the 64 best, beside one exact sample."""
    model, text = english()
    data = excerpt(text, max(200, int(10_000 * scale)))
    rng = np.random.default_rng(0)

    def ours() -> int:
        return drawn_bytes(sample_segmentations(build_lattice(data, model), ALPHA, 1, rng))

    def peer() -> int:
        ids = sentencepiece_of(english).encode(data.decode(), enable_sampling=True, alpha=ALPHA, nbest_size=64)
        return covered(ids, lengths_of(english))

    return Work(ours, peer, check=lambda: len(data), tolerance=1e-9)


def samples(scale: float, *, language: Any, first: bool) -> Work:
    """One sample of 1 MB: from nothing but text and vocabulary, or from a lattice whose tables are there."""
    model, text = language()
    data = excerpt(text, max(200, int(1_000_000 * scale)))
    rng = np.random.default_rng(0)
    prepared = build_lattice(data, model)

    def ours() -> int:
        lattice: Lattice = build_lattice(data, model) if first else prepared
        return drawn_bytes(sample_segmentations(lattice, ALPHA, 1, rng))

    def peer() -> int:
        processor = sentencepiece_of(language)
        return covered(sampled_once(processor, data.decode()), lengths_of(language))

    ours()
    with suppress(Missing):  # the peer says so
        same_law(model, excerpt(text, SHORT), sentencepiece_of(language))
    note = f"{len(prepared.start) / len(data):.2f} tokens a byte, {len(prepared.cuts) / len(data):.2f} cuts"
    return Work(ours, peer, check=lambda: len(data), tolerance=1e-9, note=note)


def many_samples(scale: float) -> Work:
    """20,000 samples of one short string, with its lattice."""
    model, text = english()
    size = max(20, int(20_000 * scale))
    data = text[1000 : 1000 + SHORT]
    rng = np.random.default_rng(0)

    def ours() -> int:
        return drawn_bytes(sample_segmentations(build_lattice(data, model), ALPHA, size, rng)[:100]) * size // 100

    def peer() -> int:
        processor, string = sentencepiece_of(english), data.decode()
        for _ in range(size - 1):
            sampled_once(processor, string)
        return size * covered(sampled_once(processor, string), lengths_of(english))

    return Work(ours, peer, check=lambda: size * len(data), tolerance=1e-9)


def decoding(scale: float, *, language: Any, n: int, package: str) -> Work:
    """The best segmentation of a text, from nothing but text and vocabulary."""
    model, text = language()
    data = excerpt(text, max(200, int(n * scale)))
    scores = np.array([0.0, *model.scores])

    def ours() -> float:
        return viterbi(build_lattice(data, model))[1] / len(data)

    def peer() -> float:
        if package == "sentencepiece":
            ids = sentencepiece_of(language).encode(data.decode())
        else:
            ids = tokenizer_of(language).encode(data.decode()).ids
        return float(scores[np.asarray(ids)].sum()) / len(data)

    # the peers add in single precision, or may take another path that is as good to their last digit
    return Work(ours, peer, tolerance=1e-4)


@cache
def tokenizer_of(language: Any) -> Any:
    """The same model for the package tokenizers, without any pre-tokenizer."""
    package = optional("tokenizers")
    vocabulary = [("<unk>", 0.0)] + [(token.decode(), logp) for token, logp in language()[0].logp.items()]
    return package.Tokenizer(package.models.Unigram(vocabulary, 0, False))


SP, HF = "sentencepiece", "tokenizers"

ROWS = [
    Row("Segmentation, 1 MB of English, first sample", Goal(1, "peer"), SP, None,
        partial(samples, language=english, first=True)),
    Row("Segmentation, 1 MB of English, a further sample", Goal(8, "peer"), SP, None,
        partial(samples, language=english, first=False)),
    Row("Segmentation, 10 kB of English, against the 64 best", None, SP, None, among_the_best),
    Row("Segmentation, 20,000 samples of 37 bytes", Goal(20, "peer"), SP, None, many_samples),
    Row("Segmentation, 1 MB of Chinese, first sample", Goal(1, "peer"), SP, None,
        partial(samples, language=chinese, first=True)),
    Row("Segmentation, 1 MB of Chinese, a further sample", Goal(8, "peer"), SP, None,
        partial(samples, language=chinese, first=False)),
    Row("Viterbi, 1 MB of English", Goal(0.2, "peer"), SP, None,
        partial(decoding, language=english, n=1_000_000, package=SP)),
    Row("Viterbi, 10 kB of English", Goal(1, "peer"), HF, None,
        partial(decoding, language=english, n=10_000, package=HF)),
    Row("Viterbi, 1 MB of English, against tokenizers", Goal(1, "peer"), HF, None,
        partial(decoding, language=english, n=1_000_000, package=HF)),
]  # fmt: skip
