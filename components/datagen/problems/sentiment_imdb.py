"""IMDb: 50,000 film reviews, positive or negative, half of them for test.

Reference: Maas et al. 2011, https://aclanthology.org/P11-1015. The archive has a file a review; dev is
cut from train.

    in   Bromwell High is a cartoon comedy. It ran at the same time as some other programs ...
    out  pos
"""

from collections.abc import Iterator

from components.datagen.problem import Cut, Problem, Rows

ADDRESS = "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz"
# As public code has it for this address; not checked here against the server.
SHA256 = "c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe"
LABELS = ("neg", "pos")


def rows(split: str, seed: int, *, archive: str) -> Iterator[dict[str, list[str]]]:
    """`text` and `label` of a split, by the names of the files, as archives differ in their order.

    archive: path or address of the tar file.
    """
    from components.datagen.sources.own import located
    from components.datagen.sources.whole_files import read_all

    sha256 = SHA256 if archive == ADDRESS else ""
    for label in LABELS:
        entry = located(archive, sha256=sha256, member=f"aclImdb/{split}/{label}/*.txt")
        found = sorted((file.name, read_all(file)) for file in entry.files())
        texts = [" ".join(text.decode("utf-8").split()) for _, text in found]
        yield {"text": texts, "label": [label] * len(texts)}


MADE = Rows("components.datagen.problems.sentiment_imdb:rows", {"archive": ADDRESS})

PROBLEM = Problem(
    task="text_classification",
    train=MADE,
    dev=Cut("train", 2500),
    test=MADE,
    format="tsv",
    columns={"label": 1, "text": 2},
    vocabulary_size=16_000,
    character_coverage=0.9995,
    drop=("too_long",),
    max_length=1024,
    licence="none stated; the authors ask to cite the paper: research use",
    expected="accuracy 0.889: word vectors and bag of words (Maas et al. 2011, Table 2)",
)
