"""Real inputs, from the wheels of two packages and from Python itself, and small generated ones in their place.

    word_vectors()            32,000 tokens x 256 dimensions of the Llama 2 vocabulary       (wordllama)
    bpe_merges()              the 61,249 merges of that vocabulary, in rank order            (wordllama)
    byte_pair_encoder()       text to tokens, as the package tokenizers does it              (wordllama)
    word_counts()             349,045 Chinese words with their counts                        (jieba)
    english_text()            the topics of Python's own manual, about 460 kB                (this Python)
    fingerprints()            the SHA-256 of each of them that is installed

Nothing is read before a loader is called, nothing is downloaded, and neither wordllama nor jieba is ever imported:
their files are found through the metadata of the installed packages. A loader whose file is absent raises
`NotInstalled` with the words that install it. What is read is cached and read-only. With `folder=`, loaders read files
of the same names from there, anew at each call; `write_stand_ins` fills such a folder.
"""

from verify.data.bpe import BytePairEncoder, byte_pair_encoder
from verify.data.fingerprint import fingerprints
from verify.data.generated import write_stand_ins
from verify.data.missing import NotInstalled
from verify.data.text import english_text, english_text_sha256
from verify.data.tokenizer import Vocabulary, bpe_merges, vocabulary
from verify.data.vectors import WordVectors, word_vectors
from verify.data.words import word_counts

__all__ = [
    "BytePairEncoder",
    "NotInstalled",
    "Vocabulary",
    "WordVectors",
    "bpe_merges",
    "byte_pair_encoder",
    "english_text",
    "english_text_sha256",
    "fingerprints",
    "vocabulary",
    "word_counts",
    "word_vectors",
    "write_stand_ins",
]
