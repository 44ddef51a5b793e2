"""Each function against a second way that shares no code with it: sums over documents, regular expressions, enumeration."""

import copy
import math
import pickle
import re
from fractions import Fraction
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verify.evidence import CountingArray
from verify.methods.continuation import (
    END,
    BytePairMerges,
    FiniteSource,
    IdealTokenLM,
    MaximalMunch,
    UnigramViterbi,
    backoff_law,
    bigram_prefix_mass,
    bigram_string_mass,
    boundary_mass,
    cover,
    cover_prefix_mass,
    exact_next_char,
    local_mask_law,
    naive_law,
    sample_text,
    unstable_start,
)

SEEDS = st.integers(0, 2**32 - 1)
KINDS = st.sampled_from(["munch", "bpe", "viterbi"])
few = settings(max_examples=60, deadline=None)


def text_of(rng, shortest, longest, letters="abc"):
    return "".join(rng.choice(list(letters), int(rng.integers(shortest, longest + 1))))


def source_of(rng, size=8, longest=6):
    docs, left = {}, Fraction(1)
    for _ in range(size):
        text, share = text_of(rng, 0, longest), Fraction(int(rng.integers(1, 6)), 7)
        docs[text] = docs.get(text, Fraction(0)) + left * share
        left *= 1 - share
    docs["abc"] = docs.get("abc", Fraction(0)) + left
    return docs


def vocab_of(rng):
    return sorted({"a", "b", "c", *(text_of(rng, 2, 4) for _ in range(4))})


def probs_of(rng):
    vocab = vocab_of(rng)
    parts = [int(n) for n in rng.integers(1, 5, len(vocab))]  # few values, so that there are ties
    return {token: Fraction(part, sum(parts)) for token, part in zip(vocab, parts, strict=True)}


def merges_of(rng, size=5):
    tokens, merges = list("abc"), []
    for _ in range(size):
        pair = tuple(tokens[int(i)] for i in rng.integers(len(tokens), size=2))
        if pair not in merges and len("".join(pair)) <= 5:
            merges.append(pair)
            tokens.append("".join(pair))
    return merges


def tokeniser(kind, rng):
    if kind == "bpe":
        return BytePairMerges(merges_of(rng), "abc")
    return MaximalMunch(vocab_of(rng)) if kind == "munch" else UnigramViterbi(probs_of(rng))


def instance(seed, kind):
    rng = np.random.default_rng(seed)
    docs, tok = source_of(rng), tokeniser(kind, rng)
    source = FiniteSource(docs)
    return docs, source, tok, IdealTokenLM.canonical(source, tok)


def starts(docs):
    return sorted({text[:i] for text in docs for i in range(len(text) + 1)})


def normal(weights):
    total = sum(weights.values())
    return {key: weight / total for key, weight in weights.items() if weight} if total else None


def gathered(pairs):
    out = {}
    for key, weight in pairs:
        out[key] = out.get(key, 0) + weight
    return out


def after(text, x):
    """The character behind x in text, or END."""
    return text[len(x) : len(x) + 1] or END


def cut_places(tokens):
    return {sum(map(len, tokens[:j])) for j in range(len(tokens) + 1)}


def all_segmentations(text, vocab):
    if not text:
        return [()]
    return [
        (t, *rest) for t in sorted(vocab) if text.startswith(t) for rest in all_segmentations(text[len(t) :], vocab)
    ]


def weight_of(tokens, probs, alpha):
    return math.prod((probs[token] ** alpha for token in tokens), start=Fraction(1))


# --- tokenisers ---------------------------------------------------------------------------------------------


@few
@given(seed=SEEDS, n=st.integers(0, 20))
def test_maximal_munch_is_what_an_alternation_of_longest_first_finds(seed, n):
    rng = np.random.default_rng(seed)
    vocab, text = vocab_of(rng), text_of(rng, n, n)
    expected = re.findall("|".join(sorted(vocab, key=len, reverse=True)), text)
    assert MaximalMunch(vocab).encode(text) == tuple(expected)


@few
@given(seed=SEEDS, n=st.integers(0, 30))
def test_merging_by_rank_is_applying_one_merge_after_the_other(seed, n):
    rng = np.random.default_rng(seed)
    merges, text = merges_of(rng, 8), text_of(rng, n, n)
    symbols = list(text)
    for pair in merges:  # every part is made before it is used, so the orders agree
        i = 0
        while i + 1 < len(symbols):
            if (symbols[i], symbols[i + 1]) == pair:
                symbols[i : i + 2] = ["".join(pair)]
            i += 1
    assert BytePairMerges(merges, "abc").encode(text) == tuple(symbols)


def test_a_part_may_be_made_by_a_later_merge():
    tok = BytePairMerges([("ab", "c"), ("a", "b")])
    assert tok.encode("abc") == ("abc",)
    assert tok.vocab == {"a", "b", "c", "ab", "abc"}
    assert tok.max_len == 3


@few
@given(seed=SEEDS, n=st.integers(0, 8))
def test_viterbi_reaches_the_largest_product(seed, n):
    rng = np.random.default_rng(seed)
    probs, text = probs_of(rng), text_of(rng, n, n)
    best = max(weight_of(tokens, probs, 1) for tokens in all_segmentations(text, probs))
    assert weight_of(UnigramViterbi(probs).encode(text), probs, 1) == best


@few
@given(seed=SEEDS, kind=KINDS, n=st.integers(0, 12))
def test_tokens_join_to_the_text_and_starts_of_sequences_are_canonical(seed, kind, n):
    rng = np.random.default_rng(seed)
    tok, text = tokeniser(kind, rng), text_of(rng, n, n)
    tokens = tok.encode(text)
    assert "".join(tokens) == text
    assert tok.vocab.issuperset(tokens)
    for j in range(len(tokens)):
        assert tok.encode("".join(tokens[:j])) == tokens[:j]


@few
@given(seed=SEEDS, kind=KINDS)
def test_bytes_have_the_same_tokens_as_characters(seed, kind):
    rng = np.random.default_rng(seed)
    docs, tok = source_of(rng), tokeniser(kind, rng)
    if kind == "bpe":
        raw = BytePairMerges([(a.encode(), b.encode()) for a, b in merges_of(np.random.default_rng(seed + 1))], b"abc")
        tok = BytePairMerges(merges_of(np.random.default_rng(seed + 1)), "abc")
    elif kind == "munch":
        raw = MaximalMunch([token.encode() for token in tok.vocab])
    else:
        raw = UnigramViterbi({token.encode(): p for token, p in tok.probs.items()})
    source = FiniteSource({text.encode(): mass for text, mass in docs.items()})
    lm = IdealTokenLM.canonical(source, raw)
    other = IdealTokenLM.canonical(FiniteSource(docs), tok)
    for x in starts(docs):
        assert tuple(token.decode() for token in raw.encode(x.encode())) == tok.encode(x)
        law = exact_next_char(lm, raw, x.encode())
        assert {c if c is END else c.decode(): p for c, p in law.items()} == exact_next_char(other, tok, x)


# --- sources and models ---------------------------------------------------------------------------------------


@few
@given(seed=SEEDS)
def test_a_source_sums_over_its_documents(seed):
    docs = source_of(np.random.default_rng(seed))
    source, before = FiniteSource(docs), dict(docs)
    for x in [*starts(docs), "z", "abca"]:
        mass = sum(p for text, p in docs.items() if text.startswith(x))
        assert source.prefix_mass(x) == mass
        if mass:
            assert source.next_char(x) == normal(gathered((after(t, x), p) for t, p in docs.items() if t.startswith(x)))
            assert source.continuations(x) == normal({t[len(x) :]: p for t, p in docs.items() if t.startswith(x)})
    assert docs == before


@few
@given(seed=SEEDS, kind=KINDS)
def test_the_canonical_model_counts_token_sequences(seed, kind):
    docs, _, tok, lm = instance(seed, kind)
    encoded = gathered((tok.encode(text), p) for text, p in docs.items())
    for tokens in {t[:j] for t in encoded for j in range(len(t) + 1)}:
        with_it = {t: p for t, p in encoded.items() if t[: len(tokens)] == tokens}
        assert lm.prefix_mass(tokens) == sum(with_it.values())
        following = gathered((t[len(tokens)] if len(t) > len(tokens) else END, p) for t, p in with_it.items())
        assert lm.next_token(tokens) == normal(following)
        assert lm.continuations(tokens) == normal({"".join(t[len(tokens) :]): p for t, p in with_it.items()})
    assert lm.prefix_mass(("c", "nothing")) == 0
    lm.next_token(()).clear()  # what is handed out is the caller's own
    assert lm.next_token(())


@few
@given(seed=SEEDS, alpha=st.sampled_from([0, 1, 2, 0.5]))
def test_the_stochastic_model_lists_all_segmentations(seed, alpha):
    rng = np.random.default_rng(seed)
    docs, probs = source_of(rng, size=5, longest=5), probs_of(rng)
    lm = IdealTokenLM.stochastic(FiniteSource(docs), probs, alpha)
    masses = {}
    for text, p in docs.items():
        weights = {t: weight_of(t, probs, alpha) for t in all_segmentations(text, probs)}
        for t, weight in weights.items():
            masses[t] = p * weight / sum(weights.values())
    exactly_equal = not isinstance(alpha, float)
    for tokens in {t[:j] for t in masses for j in range(len(t) + 1)}:
        with_it = {t: p for t, p in masses.items() if t[: len(tokens)] == tokens}
        total = sum(with_it.values())
        following = normal(gathered((t[len(tokens)] if len(t) > len(tokens) else END, p) for t, p in with_it.items()))
        rest = normal(gathered(("".join(t[len(tokens) :]), p) for t, p in with_it.items()))
        if exactly_equal:
            assert lm.prefix_mass(tokens) == total
            assert lm.next_token(tokens) == following
            assert lm.continuations(tokens) == rest
        else:
            assert isinstance(lm.prefix_mass(tokens), float)
            assert lm.prefix_mass(tokens) == pytest.approx(float(total), rel=1e-13)
            assert lm.next_token(tokens) == pytest.approx(following, rel=1e-12)
            assert lm.continuations(tokens) == pytest.approx(rest, rel=1e-12)


# --- laws of continuations --------------------------------------------------------------------------------------


@few
@given(seed=SEEDS, kind=KINDS)
def test_backing_off_conditions_on_a_boundary(seed, kind):
    docs, source, tok, lm = instance(seed, kind)
    for x in starts(docs):
        tokens = tok.encode(x)
        for k in range(len(tokens) + 1):
            place = sum(map(len, tokens[: len(tokens) - k]))
            found = {t: p for t, p in docs.items() if t.startswith(x) and place in cut_places(tok.encode(t))}
            assert backoff_law(lm, tok, x, k) == normal(gathered((after(t, x), p) for t, p in found.items()))
            assert backoff_law(lm, tok, x, k, whole=True) == normal({t[len(x) :]: p for t, p in found.items()})
            assert boundary_mass(source, tok, x, place) == sum(found.values()) / source.prefix_mass(x)
        assert naive_law(lm, tok, x) == backoff_law(lm, tok, x, 0)


@few
@given(seed=SEEDS, kind=KINDS)
def test_masked_decoding_renormalises_at_every_step(seed, kind):
    docs, _, tok, lm = instance(seed, kind)
    encoded = [(tok.encode(text), p) for text, p in docs.items()]

    def mass(tokens):
        return sum(p for t, p in encoded if t[: len(tokens)] == tokens)

    for x in starts(docs):
        tokens = tok.encode(x)
        for k in range(len(tokens) + 1):
            kept = tokens[: len(tokens) - k]
            rest = x[len("".join(kept)) :]
            survivors = {}
            for path in cover(rest, tok.vocab) if mass(kept) else ():
                probability, context = Fraction(1), kept
                for token in path:
                    r = x[len("".join(context)) :]
                    allowed = sum(mass((*context, v)) for v in tok.vocab if v.startswith(r) or r.startswith(v))
                    probability = probability * mass((*context, token)) / allowed if allowed else Fraction(0)
                    context = (*context, token)
                if probability:
                    survivors[context] = probability
            law, dead = local_mask_law(lm, tok, x, k)
            assert dead == 1 - sum(survivors.values())
            expected = {}
            for context, probability in survivors.items():
                inside = normal(gathered((after("".join(t), x), p) for t, p in encoded if t[: len(context)] == context))
                for c, q in inside.items():
                    expected[c] = expected.get(c, 0) + probability * q
            assert law == (normal(expected) or {})


@few
@given(seed=SEEDS, n=st.integers(0, 5))
def test_the_cover_is_what_its_definition_says(seed, n):
    rng = np.random.default_rng(seed)
    x, vocab = text_of(rng, n, n, "ab"), sorted({"a", "b", text_of(rng, 2, 3, "ab"), text_of(rng, 2, 3, "ab")})
    expected = {
        tokens
        for size in range(1, n + 1)
        for tokens in product(vocab, repeat=size)
        if len("".join(tokens[:-1])) < n and x.startswith("".join(tokens[:-1])) and "".join(tokens).startswith(x)
    }
    found = list(cover(x, vocab))
    assert len(found) == len(set(found))
    assert set(found) == (expected or {()})


@few
@given(seed=SEEDS, kind=KINDS)
def test_the_cover_sums_to_the_mass_of_the_prompt(seed, kind):
    docs, source, tok, lm = instance(seed, kind)
    for x in [*starts(docs), "cccc", "abca"]:
        mass, contexts = cover_prefix_mass(lm, tok, x)
        assert mass == source.prefix_mass(x)
        assert contexts <= min(len(x), tok.max_len)
        if mass:
            assert exact_next_char(lm, tok, x) == source.next_char(x)


@few
@given(seed=SEEDS, alpha=st.sampled_from([0, 1, 3]))
def test_so_it_is_where_every_segmentation_has_mass(seed, alpha):
    rng = np.random.default_rng(seed)
    docs, probs = source_of(rng, size=5, longest=5), probs_of(rng)
    source, tok = FiniteSource(docs), UnigramViterbi(probs)
    lm = IdealTokenLM.stochastic(source, probs, alpha)
    for x in starts(docs):
        assert cover_prefix_mass(lm, tok, x)[0] == source.prefix_mass(x)
        assert exact_next_char(lm, tok, x) == source.next_char(x)
        assert sum(naive_law(lm, tok, x).values()) == 1


class Foreign:
    """Somebody else's model: token bigrams with mass on all sequences, in floats."""

    is_canonical = False

    def __init__(self, A, vocab):
        self.A, self.vocab = A, vocab

    def prefix_mass(self, tokens):
        rows = [len(self.vocab), *(self.vocab.index(token) for token in tokens)]
        return math.prod(self.A[i, j] for i, j in pairwise(rows))

    def next_token(self, tokens):
        row = self.vocab.index(tokens[-1]) if tokens else len(self.vocab)
        return dict(zip([*self.vocab, END], self.A[row].tolist(), strict=True))


def bigram(seed, letters="ab"):
    rng = np.random.default_rng(seed)
    vocab = sorted({*letters, *(text_of(rng, 2, 4, letters) for _ in range(3))})
    return rng.dirichlet(np.ones(len(vocab) + 1), len(vocab) + 1), vocab, rng


@few
@given(seed=SEEDS, n=st.integers(0, 7))
def test_a_foreign_model_and_the_forward_table_agree(seed, n):
    A, vocab, rng = bigram(seed)
    x, lm, tok = text_of(rng, n, n, "ab"), Foreign(A, vocab), MaximalMunch(vocab)
    mass, _ = cover_prefix_mass(lm, tok, x)
    # products of at most n + 1 factors, sums of positive terms: n + 1 + log2(terms) roundings each
    assert bigram_prefix_mass(A, vocab, x) == pytest.approx(mass, rel=1e-13)
    law = exact_next_char(lm, tok, x)
    whole = bigram_prefix_mass(A, vocab, x)
    assert law[END] == pytest.approx(bigram_string_mass(A, vocab, x) / whole, rel=1e-12)
    for c in "ab":
        assert law[c] == pytest.approx(bigram_prefix_mass(A, vocab, x + c) / whole, rel=1e-12)


@few
@given(seed=SEEDS)
def test_in_floats_too_a_dead_mass_is_none_where_every_segmentation_is_possible(seed):
    rng = np.random.default_rng(seed)
    docs, probs = source_of(rng, size=5, longest=5), probs_of(rng)
    lm, tok = IdealTokenLM.stochastic(FiniteSource(docs), probs, 0.7), UnigramViterbi(probs)
    assert isinstance(lm.prefix_mass(("no token",)), float)
    for x in starts(docs):
        law, dead = local_mask_law(lm, tok, x, len(tok.encode(x)))
        assert 0 <= dead < 1
        assert sum(law.values()) == pytest.approx(1, rel=1e-12)


def test_a_foreign_canonical_model_is_followed_token_by_token():
    source, tok = FiniteSource({"ab": Fraction(1, 2), "ac": Fraction(1, 2)}), MaximalMunch(["a", "b", "c", "ab"])
    ideal = IdealTokenLM.canonical(source, tok)

    class Wrapped:
        is_canonical = True
        prefix_mass = staticmethod(ideal.prefix_mass)
        next_token = staticmethod(ideal.next_token)

    assert backoff_law(Wrapped(), tok, "a", 1, whole=True) == source.continuations("a")
    assert local_mask_law(Wrapped(), tok, "a", 1, whole=True)[0] == source.continuations("a")


# --- sampling -----------------------------------------------------------------------------------------------------


@few
@given(seed=SEEDS, kind=KINDS, n_chars=st.integers(0, 8), size=st.integers(0, 30))
def test_samples_are_continuations_cut_to_size(seed, kind, n_chars, size):
    docs, source, tok, lm = instance(seed, kind)
    rng = np.random.default_rng(seed)
    x = starts(docs)[int(rng.integers(len(starts(docs))))]
    texts = sample_text(lm, tok, x, n_chars, size, np.random.default_rng(seed))
    possible = {y[:n_chars] for y in source.continuations(x)}
    assert len(texts) == size
    assert possible.issuperset(texts)
    assert texts == sample_text(lm, tok, x, n_chars, size, np.random.default_rng(seed))


# --- maximal munch under extension ----------------------------------------------------------------------------------


@few
@given(seed=SEEDS, n=st.integers(0, 7))
def test_the_unstable_start_is_where_the_first_extension_changes_a_token(seed, n):
    rng = np.random.default_rng(seed)
    x, vocab = text_of(rng, n, n, "ab"), sorted({"a", "b", *(text_of(rng, 2, 3, "ab") for _ in range(3))})
    tok, kept = MaximalMunch(vocab), len(MaximalMunch(vocab).encode(x))
    for size in range(1, 4):
        for y in product("ab", repeat=size):
            longer = tok.encode(x + "".join(y))
            while longer[:kept] != tok.encode(x)[:kept]:
                kept -= 1
    assert unstable_start(x, vocab) == len("".join(tok.encode(x)[:kept]))


# --- the bigram table -----------------------------------------------------------------------------------------------


@few
@given(seed=SEEDS, n=st.integers(0, 8))
def test_string_masses_sum_over_segmentations(seed, n):
    A, vocab, rng = bigram(seed)
    x = text_of(rng, n, n, "ab")
    total = 0.0
    for tokens in all_segmentations(x, vocab):
        rows = [len(vocab), *(vocab.index(token) for token in tokens), len(vocab)]
        total += math.prod(float(A[i, j]) for i, j in pairwise(rows))
    assert bigram_string_mass(A, vocab, x) == pytest.approx(total, rel=1e-13)
    assert bigram_string_mass(A, vocab, x, log=True) == pytest.approx(math.log(total), rel=1e-13, abs=1e-13)


def test_long_prompts_have_logs_where_masses_underflow():
    A, vocab, rng = bigram(7)
    x = text_of(rng, 3000, 3000, "ab")
    log = bigram_prefix_mass(A, vocab, x, log=True)
    assert -math.inf < log < -800
    assert bigram_prefix_mass(A, vocab, x) == 0.0
    halves = bigram_prefix_mass(A, vocab, x[:1500], log=True)
    assert log < halves


def test_transitions_far_below_eps_do_not_underflow():
    A = np.array([[1e-200, 1.0], [1.0, 0.0]])
    log = bigram_prefix_mass(A, ["a"], "a" * 10, log=True)
    assert log == pytest.approx(9 * math.log(1e-200), rel=1e-14)
    assert bigram_string_mass(A, ["a"], "a" * 10, log=True) == pytest.approx(log, rel=1e-14)


def test_impossible_strings_have_mass_zero():
    A = np.array([[0.0, 0.0, 1.0], [0.0, 0.0, 1.0], [0.5, 0.5, 0.0]])
    assert bigram_prefix_mass(A, ["a", "ab"], "aa") == 0.0
    assert bigram_prefix_mass(A, ["a", "ab"], "aa", log=True) == -math.inf
    assert bigram_prefix_mass(A, ["a", "ab"], "b") == 0.0  # b is inside a token, but starts none
    assert bigram_prefix_mass(A, ["a", "ab"], "") == 1.0
    assert bigram_string_mass(A, ["a", "ab"], "") == 0.0


def test_the_matrix_is_not_modified_and_may_be_a_list_integers_or_counting():
    A, vocab, _ = bigram(3)
    before = A.copy()
    A.setflags(write=False)
    plain = bigram_prefix_mass(A, vocab, "abab")
    assert bigram_prefix_mass(A.tolist(), vocab, "abab") == plain
    counting = CountingArray.of(A)
    assert bigram_prefix_mass(counting, vocab, "abab") == plain
    assert counting.counts["multiply_adds"] > 0
    assert np.array_equal(A, before)
    assert bigram_prefix_mass(A.view(np.matrix), vocab, "abab") == plain
    sure = np.array([[0, 1], [1, 0]])
    assert bigram_prefix_mass(sure, ["a"], "a") == 1.0
    assert (
        bigram_prefix_mass(
            A.astype(np.float32) / A.astype(np.float32).sum(axis=1, keepdims=True, dtype=float), vocab, "ab"
        )
        > 0
    )


# --- the end of a document ------------------------------------------------------------------------------------------


def test_the_end_is_one_value_that_equals_no_text():
    assert pickle.loads(pickle.dumps(END)) is END
    assert copy.deepcopy(END) is END
    assert repr(END) == "END"
    assert END not in ("", "$", b"")


# --- bad input ------------------------------------------------------------------------------------------------------

HALF = Fraction(1, 2)
AB = FiniteSource({"ab": HALF, "b": HALF})
LETTERS = MaximalMunch("ab")
MODEL = IdealTokenLM.canonical(AB, LETTERS)
TWO = {"a": HALF, "b": HALF}
THIRD = np.full((3, 3), 1 / 3)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: FiniteSource({}), ValueError, "docs is empty"),
        (lambda: FiniteSource({"a": HALF}), ValueError, "docs sum to 1/2"),
        (lambda: FiniteSource({"a": Fraction(3, 2), "b": -HALF}), ValueError, "not negative"),
        (lambda: FiniteSource({"a": 0.5, "b": 0.5}), TypeError, "ints or Fractions"),
        (lambda: FiniteSource({"a": HALF, b"b": HALF}), TypeError, "all str or all bytes"),
        (lambda: FiniteSource(["a"]), TypeError, "docs is a list"),
        (lambda: AB.prefix_mass(b"a"), TypeError, "str is needed"),
        (lambda: AB.next_char("c"), ValueError, "probability zero"),
        (lambda: AB.continuations("c"), ValueError, "probability zero"),
        (lambda: MaximalMunch([]), ValueError, "vocab is empty"),
        (lambda: MaximalMunch(["a", ""]), ValueError, "empty token"),
        (lambda: MaximalMunch(["a", "a"]), ValueError, "twice"),
        (lambda: MaximalMunch(["a", b"b"]), TypeError, "all str or all bytes"),
        (lambda: LETTERS.encode("abz"), ValueError, r"text\[2\]='z'"),
        (lambda: LETTERS.encode(b"ab"), TypeError, "str is needed"),
        (lambda: BytePairMerges([("a", "b"), ("a", "b")]), ValueError, "twice"),
        (lambda: BytePairMerges([("a", "")]), ValueError, "part ''"),
        (lambda: BytePairMerges([("a", b"b")]), TypeError, "all str or all bytes"),
        (lambda: BytePairMerges([("ab", "c")]), ValueError, "part 'ab'"),
        (lambda: BytePairMerges([("a", "b")], "a"), ValueError, "part 'b'"),
        (lambda: BytePairMerges([("a", "b")], ["a", "b", "cd"]), ValueError, "single characters"),
        (lambda: BytePairMerges([("a", "b")]).encode("abz"), ValueError, r"text\[2\]='z'"),
        (lambda: UnigramViterbi({"a": HALF}), ValueError, "sum to 1/2"),
        (lambda: UnigramViterbi({"a": 1, "b": 0}), ValueError, "positive"),
        (lambda: UnigramViterbi({"a": 1.0}), TypeError, "ints or Fractions"),
        (lambda: UnigramViterbi(["a"]), TypeError, "probs is a list"),
        (lambda: UnigramViterbi({"a": HALF, "": HALF}), ValueError, "empty token"),
        (lambda: UnigramViterbi(TWO).encode("abz"), ValueError, r"text\[2\]='z'"),
        (lambda: IdealTokenLM.stochastic(AB, TWO, -1), ValueError, "not negative"),
        (lambda: IdealTokenLM.stochastic(AB, TWO, math.nan), ValueError, "alpha=nan"),
        (lambda: IdealTokenLM.stochastic(AB, TWO, math.inf), ValueError, "finite"),
        (lambda: IdealTokenLM.stochastic(AB, TWO, HALF), TypeError, "int or a float"),
        (lambda: IdealTokenLM.stochastic(AB, TWO, "1"), TypeError, "int or a float"),
        (lambda: IdealTokenLM.stochastic(AB, TWO, True), TypeError, "int or a float"),
        (
            lambda: IdealTokenLM.stochastic(AB, {"a": HALF, "b": Fraction(1, 4), "": Fraction(1, 4)}, 1),
            ValueError,
            "empty",
        ),
        (lambda: IdealTokenLM.stochastic(AB, {"a": 1}, 1), ValueError, "some segmentation"),
        (lambda: IdealTokenLM.stochastic(AB, {b"a": HALF, b"b": HALF}, 1), TypeError, "str is needed"),
        (lambda: IdealTokenLM.canonical(AB, MaximalMunch("a")), ValueError, "'b'"),
        (lambda: IdealTokenLM.canonical(AB, MaximalMunch([b"a", b"b"])), TypeError, "bytes is needed"),
        (lambda: IdealTokenLM().prefix_mass(()), NotImplementedError, "canonical or"),
        (lambda: IdealTokenLM().next_token(()), NotImplementedError, "canonical or"),
        (lambda: IdealTokenLM().continuations(()), NotImplementedError, "canonical or"),
        (lambda: MODEL.next_token(("b", "b")), ValueError, "mass 0"),
        (lambda: MODEL.continuations(("b", "b")), ValueError, "mass 0"),
        (lambda: IdealTokenLM.stochastic(AB, TWO, 1).next_token(("c",)), ValueError, "mass 0"),
        (lambda: IdealTokenLM.stochastic(AB, TWO, 1).continuations(("b", "b")), ValueError, "mass 0"),
        (lambda: naive_law(MODEL, LETTERS, "bb"), ValueError, "prompt has probability zero"),
        (lambda: backoff_law(MODEL, LETTERS, "bb", 1), ValueError, "prompt has probability zero"),
        (lambda: backoff_law(MODEL, LETTERS, "ab", 3), ValueError, r"k in 0\.\.2"),
        (lambda: backoff_law(MODEL, LETTERS, "ab", -1), ValueError, "k=-1"),
        (lambda: backoff_law(MODEL, LETTERS, "ab", True), TypeError, "k=True"),
        (lambda: local_mask_law(MODEL, LETTERS, "bb", 1), ValueError, "prompt has probability zero"),
        (lambda: local_mask_law(MODEL, LETTERS, "ab", 3), ValueError, "k=3"),
        (lambda: boundary_mass(AB, LETTERS, "ab", 3), ValueError, "i=3"),
        (lambda: boundary_mass(AB, LETTERS, "ab", -1), ValueError, "i=-1"),
        (lambda: boundary_mass(AB, LETTERS, "ab", 1.0), TypeError, "i=1.0"),
        (lambda: boundary_mass(AB, LETTERS, "bb", 0), ValueError, "prompt has probability zero"),
        (lambda: boundary_mass(AB, LETTERS, b"a", 0), TypeError, "str is needed"),
        (lambda: exact_next_char(MODEL, LETTERS, "bb"), ValueError, "prompt has probability zero"),
        (lambda: exact_next_char(MODEL, LETTERS, b"a"), TypeError, "str is needed"),
        (lambda: cover_prefix_mass(MODEL, LETTERS, "z"), ValueError, "'z'"),
        (lambda: cover_prefix_mass(MODEL, LETTERS, b""), TypeError, "str is needed"),
        (lambda: list(cover("a", ["a", ""])), ValueError, "empty token"),
        (lambda: list(cover("a", [])), ValueError, "vocab is empty"),
        (lambda: list(cover("a", [b"a"])), TypeError, "bytes is needed"),
        (lambda: list(cover("a", ["a", b"b"])), TypeError, "all str or all bytes"),
        (lambda: sample_text(MODEL, LETTERS, "bb", 1, 1, np.random.default_rng(0)), ValueError, "probability zero"),
        (lambda: sample_text(MODEL, LETTERS, "a", -1, 1, np.random.default_rng(0)), ValueError, "n_chars=-1"),
        (lambda: sample_text(MODEL, LETTERS, "a", 1, -1, np.random.default_rng(0)), ValueError, "size=-1"),
        (lambda: unstable_start("abz", ["a", "b"]), ValueError, "'z'"),
        (lambda: unstable_start("a", []), ValueError, "empty"),
        (lambda: bigram_prefix_mass(THIRD * 1.1, ["a", "b"], "a"), ValueError, "sums to"),
        (lambda: bigram_prefix_mass(THIRD - [0.4, 0, -0.4], ["a", "b"], "a"), ValueError, "not negative"),
        (lambda: bigram_prefix_mass(THIRD[:2], ["a", "b"], "a"), ValueError, "shape"),
        (lambda: bigram_prefix_mass(THIRD * np.nan, ["a", "b"], "a"), ValueError, "finite"),
        (lambda: bigram_prefix_mass(THIRD, ["a", "a"], "a"), ValueError, "twice"),
        (lambda: bigram_prefix_mass(THIRD, ["a", ""], "a"), ValueError, "empty token"),
        (lambda: bigram_prefix_mass(THIRD, ["a", "b"], "az"), ValueError, "'z'"),
        (lambda: bigram_prefix_mass(THIRD, ["a", b"b"], "a"), TypeError, "all str or all bytes"),
        (lambda: bigram_string_mass(THIRD, ["a", "b"], b"a"), TypeError, "str is needed"),
    ],
)
def test_bad_input_is_met_at_the_door(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_only_a_context_without_mass_gives_none():
    source, tok = FiniteSource({"abc": HALF, "abb": HALF}), MaximalMunch(["a", "b", "c", "ab"])
    lm = IdealTokenLM.canonical(source, tok)
    assert naive_law(lm, tok, "a") is None
    assert local_mask_law(lm, tok, "a", 0) == ({}, 1)
    assert backoff_law(lm, tok, "a", 1) == {"b": Fraction(1)}


def test_prompts_may_have_more_tokens_than_python_has_stack():
    x = "a" * 3000
    source, tok = FiniteSource({x: HALF, x + "b": HALF}), MaximalMunch("ab")
    lm = IdealTokenLM.canonical(source, tok)
    expected = {END: HALF, "b": HALF}
    assert backoff_law(lm, tok, x, 3000) == local_mask_law(lm, tok, x, 3000)[0] == expected
    assert exact_next_char(lm, tok, x) == expected
    assert len(list(cover(x, "ab"))) == 1


def test_inputs_stay_as_they_are():
    docs, merges, probs, vocab = {"ab": HALF, "b": HALF}, [("a", "b")], dict(TWO), ["a", "b"]
    kept = copy.deepcopy((docs, merges, probs, vocab))
    source = FiniteSource(docs)
    for tok in (BytePairMerges(merges), UnigramViterbi(probs), MaximalMunch(vocab)):
        lm = IdealTokenLM.canonical(source, tok)
        exact_next_char(lm, tok, "a")
        sample_text(lm, tok, "", 3, 5, np.random.default_rng(0))
    IdealTokenLM.stochastic(source, probs, 1)
    list(cover("ab", vocab))
    assert (docs, merges, probs, vocab) == kept
    with pytest.raises(TypeError):
        source.docs["c"] = HALF
