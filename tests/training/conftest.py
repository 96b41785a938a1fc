"""Small corpora in their official layouts, made up here: enough to read, to train a step on and to measure."""

import csv

import pytest

SENTENCES = [
    ("I lost my mother and the house is silent", (1.6, 2.2, 2.2)),
    ("What a glorious morning, everything sings", (4.5, 3.6, 3.6)),
    ("He slammed the door and shouted at me", (1.8, 4.1, 2.8)),
    ("The report was filed on Tuesday", (3.0, 2.9, 3.0)),
    ("We sat by the lake and said nothing", (3.6, 2.1, 3.1)),
    ("They cheated us out of everything we had", (1.7, 3.5, 2.3)),
    ("I am proud of what we have built here", (4.2, 3.3, 3.9)),
    ("Nobody came to the party after all", (2.0, 2.5, 2.4)),
]
GOEMOTIONS = ["I am so grateful\t15", "This makes me furious\t2", "What do you mean?\t6,7", "It is a chair\t27"]
EMOTIONS = (
    *("anger", "anticipation", "disgust", "fear", "joy", "love", "optimism", "pessimism", "sadness", "surprise"),
    "trust",
)


@pytest.fixture(scope="module")
def one_thread():
    """Small products are slower in several threads, by far where the cores are busy."""
    torch = pytest.importorskip("torch", reason="the workbench needs the extra `train`")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def corpora(tmp_path):
    """The folder of the four corpora that the word model learns from."""
    root = tmp_path / "text"
    _emobank(root / "emobank/corpus")
    _goemotions(root / "goemotions")
    _semeval(root / "semeval2018_task1")
    _warriner(root / "warriner")
    return root


def write(path, rows, delimiter=","):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=delimiter, lineterminator="\n").writerows(rows)


def _emobank(place):
    split = lambda i: "dev" if i % 4 == 3 else "train"  # noqa: E731 - one line's worth
    rows = [(f"s{i}", split(i), *rating, text) for i, (text, rating) in enumerate(SENTENCES)]
    write(place / "emobank.csv", [("id", "split", "V", "A", "D", "text"), *rows])
    for name in ("reader", "writer"):
        single = [(row[0], *(round(x) for x in row[2:5])) for row in rows for _ in range(3)]
        write(place / f"individual_{name}_ratings.csv", [("id", "V", "A", "D"), *single])


def _goemotions(place):
    place.mkdir(parents=True)
    for split in ("train", "dev"):
        told = [line.replace("\t", f" ({split})\t", 1) for line in GOEMOTIONS * 2]
        lines = [f"{line}\t{split}{i}" for i, line in enumerate(told)]
        (place / f"{split}.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _semeval(place):
    for split in ("train", "dev"):
        tweets = [(f"2017-En-{i}", f"{split} day {i} #happy", i) for i in range(6)]
        valence = [(name, text, "valence", i / 10, "") for name, text, i in tweets]
        head = ("ID", "Tweet", "Affect Dimension", "Intensity Score")
        write(place / "V-reg" / f"Valence-reg-En-{split}.txt", [head, *(row[:4] for row in valence)], "\t")
        fear = [(name, text, "fear", 1 - i / 10) for name, text, i in tweets]
        write(place / "EI-reg" / f"EI-reg-En-fear-{split}.txt", [head, *fear], "\t")
        flags = [(name, text, *((i + j) % 3 == 0 for j in range(11))) for name, text, i in tweets]
        flags = [(*row[:2], *(int(flag) for flag in row[2:])) for row in flags]
        write(place / "E-c" / f"E-c-En-{split}.txt", [("ID", "Tweet", *EMOTIONS), *flags], "\t")


def _warriner(place):
    kinds = ("Mean.Sum", "SD.Sum", "Rat.Sum")
    head = ("", "Word", *(f"{axis}.{kind}" for axis in "VAD" for kind in kinds))
    words = [
        "abandon",
        "abandonment",
        "calm",
        "calmness",
        "grief",
        "joy",
        "rage",
        "table",
        "lake",
        "storm",
        "hug",
        "war",
    ]
    rows = [
        (i, word, *((1 + (i * 7 + j) % 8, 1.5, 20)[k] for j in range(3) for k in range(3)))
        for i, word in enumerate(words)
    ]
    write(place / "Ratings_Warriner_et_al.csv", [head, *rows])
