"""A run: the same bytes for any number of workers, and every way to go wrong costs one trial."""

import pytest

from verify.claims.catalogue import UnknownName
from verify.engine.run import BadRequest, run
from verify.engine.subject import BadSubject


def test_one_two_or_no_workers_give_the_same_bytes(toys, settled):
    runs = [settled(run(modules=toys, jobs=jobs)) for jobs in (0, 1, 2)]
    assert runs[0] == runs[1] == runs[2]


def test_a_subset_has_the_same_trials_as_the_whole(toys):
    whole = {t.claim: t for t in run(modules=toys, jobs=0).trials if t.case == ""}
    for id, trial in whole.items():
        assert run(id, modules=toys, jobs=0).trials == (trial,)


def test_only_samples_follow_the_seed(toys):
    zero, one = (run(modules=toys, jobs=0, seed=seed, mutants=False) for seed in (0, 1))
    moved = {a.claim for a, b in zip(zero.trials, one.trials, strict=True) if a.digest != b.digest}
    assert moved == {"toy.square-hits"}


def test_the_toys_hold_and_all_mutants_are_caught(toys):
    result = run(modules=toys, jobs=0)
    assert result.exit_code == 0
    assert result.summary == (
        "4 claims, 5 trials planned, 5 settled, 0 skipped, 0 errors, 2 mutants, all caught, risk 1.0e-09"
    )
    assert [f.title for f in result.figures] == ["Squares"]
    assert result.figures[0].field.z[0][0] is None
    assert [t.rows for t in result.tables] == [((1, 1.0), (2, 4.0))]
    assert all(not e.rejected_by for e in result.equivalents)


def test_what_goes_wrong_is_an_error_with_a_reason_and_costs_nothing_else(broken):
    result = run(modules=broken, jobs=2, limit=2.0, mutants=False)
    said = {t.claim.partition(".")[2]: (t.verdict, t.reason) for t in result.trials}
    assert said.pop("holds") == ("holds", "")
    assert said.pop("undecided") == ("undecided", "")
    assert said.pop("skipped") == ("skipped", "the words that install it")
    assert {verdict for verdict, _ in said.values()} == {"error"}
    assert said["raises"][1] == "RuntimeError: the measurement broke"
    assert said["hangs"][1] == "took longer than the limit of 2 s"
    assert said["exits"][1] == "its process died with exit code 7"
    assert said["segfaults"][1] == "its process died with signal 11"
    assert said["vacuous"][1] == "vacuous: no instance is interesting"
    assert said["ignores-its-subject"][1] == "never called its subject for broken.identity"
    assert said["float-made"][1] == "says certified, but rests on floating point"
    assert said["overspends"][1].startswith("spent risk 0.001")
    assert said["measures-nothing"][1] == "measured nothing"
    assert result.exit_code == 3
    c = result.counts
    assert c.planned == c.settled + c.skipped + c.errors == 12


@pytest.mark.parametrize(
    ("claim", "code"),
    [("broken.holds", 0), ("broken.undecided", 1), ("broken.raises", 3), ("broken.skipped", 0), ("no-such-*", 3)],
)
def test_exit_codes(broken, claim, code):
    assert run(claim, modules=broken, jobs=0, mutants=False).exit_code == code


def test_a_subject_that_answers_nan_fails_every_claim(toys):
    result = run(modules=toys, subjects={"toy.square": lambda x: x * float("nan")})
    assert {claim.verdict for claim in result.claims if "toy.square" in claim.roles} == {"fails"}


def test_a_wrong_subject_fails_and_one_that_raises_fails_every_claim(toys):
    def raises(x):
        raise ArithmeticError("no")

    assert run(modules=toys, subjects={"toy.square": lambda x: 2 * x}).exit_code == 1
    result = run(modules=toys, subjects={"toy.square": raises})
    assert {c.verdict for c in result.claims} == {"fails"}
    assert all(t.reason == "the subject raised ArithmeticError: no" for t in result.trials)
    assert result.counts.mutants == 0


def test_a_nan_is_a_wrong_answer(toys):
    result = run("toy.square-of-a-float", modules=toys, subjects={"toy.square": lambda x: x * float("nan")})
    assert result.trials[0].verdict == "fails"
    assert result.trials[0].enclosure.low == "inf"


@pytest.mark.parametrize(
    ("request_", "error", "words"),
    [
        ({"select": "toy.sqare-rate"}, UnknownName, "did you mean 'toy.square-rate'"),
        ({"profile": "slow"}, BadRequest, "quick or full"),
        ({"seed": -1}, BadRequest, "seed=-1"),
        ({"case": {"n": "4"}}, BadRequest, "n=3; n=5"),
        ({"subjects": {"toy.sqare": abs}}, UnknownName, "did you mean 'toy.square'"),
        ({"subjects": {"toy.square": "nowhere:f"}}, BadSubject, "cannot import nowhere"),
        ({"subjects": {"toy.square": "math:nothing"}}, BadSubject, "no function 'nothing'"),
        ({"subjects": {"toy.square": "math"}}, BadSubject, "MODULE:NAME"),
        ({"subjects": {"toy.square": 3}}, BadRequest, "MODULE:NAME"),
    ],
)
def test_a_bad_request_says_what_to_type(toys, request_, error, words):
    with pytest.raises(error, match=words):
        run(modules=toys, jobs=0, **request_)
