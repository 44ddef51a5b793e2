"""Where the real inputs lie: files of installed packages, found without importing the packages."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution
from os import PathLike
from pathlib import Path
from typing import NamedTuple

from verify.data.missing import NotInstalled

Folder = str | PathLike[str]


class Input(NamedTuple):
    """A real input: what it is, the package that carries it, and its file in that package."""

    what: str
    package: str
    file: str

    @property
    def name(self) -> str:
        """The last part of the file's path: what the file is called in a folder of stand-ins."""
        return self.file.rpartition("/")[2]


# These two belong together: wordllama's configuration "l2_supercat" names this tokenizer file, and weights are called
# after the configuration and their dimension. The wheel carries no other weights and no other tokenizer.
WEIGHTS = Input("the word vectors", "wordllama", "wordllama/weights/l2_supercat_256.safetensors")
TOKENIZER = Input("the vocabulary", "wordllama", "wordllama/tokenizers/l2_supercat_tokenizer_config.json")
DICTIONARY = Input("the Chinese dictionary", "jieba", "jieba/dict.txt")


def locate(wanted: Input, folder: Folder | None = None) -> Path:
    """The path of `wanted` in its installed package; with `folder`, of the file of that name there, present or not.

    NotInstalled: the package, or the file in it, is absent.
    """
    if folder is not None:
        return Path(folder) / wanted.name
    try:
        package = distribution(wanted.package)
    except PackageNotFoundError:
        raise NotInstalled(
            f"{wanted.what} ({wanted.file} of the package {wanted.package}) is not installed: "
            "pip install 'kexue-verify[real]'"
        ) from None
    path = Path(str(package.locate_file(wanted.file)))
    if not path.is_file():
        raise NotInstalled(
            f"{wanted.what} is missing: {wanted.package} {package.version} is installed without {wanted.file}: "
            "pip install --force-reinstall 'kexue-verify[real]'"
        )
    return path
