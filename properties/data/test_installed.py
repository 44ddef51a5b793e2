"""What is installed and what is not: finding files, fingerprints, and the words that install what is missing."""

import hashlib
import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from types import SimpleNamespace

import pytest

from verify.data import (
    NotInstalled,
    bpe_merges,
    byte_pair_encoder,
    english_text_sha256,
    fingerprints,
    vocabulary,
    word_counts,
    word_vectors,
    write_stand_ins,
)
from verify.data.locate import DICTIONARY, TOKENIZER, WEIGHTS, locate

LOADERS = {
    word_vectors: WEIGHTS,
    vocabulary: TOKENIZER,
    bpe_merges: TOKENIZER,
    byte_pair_encoder: TOKENIZER,
    word_counts: DICTIONARY,
}
loaders = pytest.mark.parametrize(("loader", "wanted"), LOADERS.items(), ids=[loader.__name__ for loader in LOADERS])


@pytest.fixture
def bare(monkeypatch):
    """A Python in which no package is installed."""

    def distribution(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr("verify.data.locate.distribution", distribution)


@pytest.fixture
def hollow(monkeypatch, tmp_path):
    """A Python whose packages are installed without their files."""
    package = SimpleNamespace(version="0.1", locate_file=lambda file: tmp_path / file)
    monkeypatch.setattr("verify.data.locate.distribution", lambda name: package)


@loaders
def test_without_the_extra_a_loader_says_what_is_missing_and_what_installs_it(bare, loader, wanted):
    with pytest.raises(NotInstalled) as missing:
        loader()
    message = str(missing.value)
    assert wanted.file in message
    assert message.endswith(": pip install 'kexue-verify[real]'")
    assert "\n" not in message


@loaders
def test_a_package_without_its_file_is_told_from_no_package(hollow, loader, wanted):
    with pytest.raises(NotInstalled) as missing:
        loader()
    assert f"{wanted.package} 0.1 is installed without {wanted.file}" in str(missing.value)
    assert str(missing.value).endswith(": pip install --force-reinstall 'kexue-verify[real]'")


@loaders
def test_a_folder_needs_no_extra(bare, tmp_path, loader, wanted):
    write_stand_ins(tmp_path)
    assert loader(folder=tmp_path)
    assert loader(folder=str(tmp_path))


@loaders
def test_an_empty_folder_is_no_missing_extra(tmp_path, loader, wanted):
    with pytest.raises(FileNotFoundError, match="No such file"):
        loader(folder=tmp_path)


def test_fingerprints_are_the_digests_of_the_files_in_the_order_of_their_names():
    assert fingerprints() == {
        "bpe_merges": digest(TOKENIZER),
        "english_text": english_text_sha256(),
        "word_counts": digest(DICTIONARY),
        "word_vectors": digest(WEIGHTS),
    }
    assert list(fingerprints()) == sorted(fingerprints())


def test_fingerprints_leave_out_what_is_not_installed(bare):
    assert fingerprints() == {"english_text": english_text_sha256()}


def digest(wanted):
    return hashlib.sha256(locate(wanted).read_bytes()).hexdigest()


WATCH = """
import sys
opened = []
sys.addaudithook(lambda event, args: event == "open" and opened.append(str(args[0])))
import verify.data
assert not any(path.endswith(tuple({names})) for path in opened), opened
verify.data.word_vectors(), verify.data.byte_pair_encoder(), verify.data.word_counts(), verify.data.fingerprints()
assert all(any(path.endswith(name) for path in opened) for name in {names}), opened
heavy = {{"wordllama", "jieba", "tokenizers", "safetensors", "torch"}} & set(sys.modules)
assert not heavy, heavy
"""


def test_importing_reads_no_data_and_loading_imports_no_package_that_carries_it():
    script = WATCH.format(names=[WEIGHTS.name, TOKENIZER.name, DICTIONARY.name])
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
