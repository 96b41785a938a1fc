"""Corpora: what stands in the official files is what the workbench reads, and what does not fit is said in one line."""

import numpy as np
import pytest

pytest.importorskip("snowballstemmer", reason="the workbench needs the extra `train`")

from kelly.errors import CorpusError, MissingCorpusError
from kelly.training.data.corpora import emobank, goemotions, semeval, warriner


def test_an_emobank_sentence_has_its_gold_and_its_single_ratings(corpora):
    first = next(emobank.load(corpora))
    assert (first.id, first.split, first.gold) == ("s0", "train", (1.6, 2.2, 2.2))
    assert first.counts[0].tolist() == [0, 6, 0, 0, 0]  # three readers and three writers said 2


def test_without_single_raters_the_counts_still_give_the_mean(corpora):
    for name in ("reader", "writer"):
        (corpora / f"emobank/corpus/individual_{name}_ratings.csv").unlink()
    for one in emobank.load(corpora):
        assert one.counts @ np.arange(1, 6) == pytest.approx(one.gold, abs=1e-5)


def test_a_comment_keeps_all_its_labels(corpora):
    comments = list(goemotions.load(corpora))
    assert [goemotions.LABELS[i] for i in comments[2].labels] == ["confusion", "curiosity"]
    assert {comment.split for comment in comments} == {"train", "dev"}


def test_a_tweet_of_several_subtasks_is_one_record(corpora):
    tweet = next(tweet for tweet in semeval.load(corpora) if tweet.text == "train day 3 #happy")
    assert tweet.valence == 0.3
    assert tweet.intensities == {"fear": 0.7}
    assert tweet.emotions is not None
    assert len(tweet.emotions) == 11


def test_a_tweet_that_is_dev_anywhere_is_not_trained_on(corpora):
    path = corpora / "semeval2018_task1/V-reg/Valence-reg-En-dev.txt"
    path.write_text(path.read_text() + "2017-En-9\ttrain day 3 #happy\tvalence\t0.4\n")
    tweet = next(tweet for tweet in semeval.load(corpora) if tweet.text == "train day 3 #happy")
    assert tweet.split == "dev"


def test_words_of_one_stem_are_held_out_together(corpora):
    splits = {word.text: word.split for word in warriner.load(corpora)}
    assert splits["abandon"] == splits["abandonment"]
    assert splits["calm"] == splits["calmness"]


def test_the_folder_of_a_corpus_will_do_as_root(corpora):
    assert len(list(emobank.load(corpora / "emobank"))) == len(list(emobank.load(corpora.parent)))


@pytest.mark.parametrize("corpus", [emobank, goemotions, semeval, warriner])
def test_a_missing_corpus_says_what_is_expected_where(corpus, tmp_path):
    with pytest.raises(MissingCorpusError, match="expected"):
        list(corpus.load(tmp_path))


@pytest.mark.parametrize(
    ("corpus", "file", "old", "new"),
    [
        (emobank, "emobank/corpus/emobank.csv", "1.6", "6.1"),
        (emobank, "emobank/corpus/emobank.csv", "split", "part"),
        (goemotions, "goemotions/train.tsv", "\t2\t", "\t28\t"),
        (goemotions, "goemotions/train.tsv", "\t2\t", "\tangry\t"),
        (semeval, "semeval2018_task1/V-reg/Valence-reg-En-train.txt", "0.3", "1.3"),
        (semeval, "semeval2018_task1/E-c/E-c-En-train.txt", "\t1\t", "\tyes\t"),
        (warriner, "warriner/Ratings_Warriner_et_al.csv", "V.Mean.Sum", "V.Mean"),
    ],
)
def test_a_damaged_file_is_named(corpus, file, old, new, corpora):
    path = corpora / file
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(CorpusError, match=path.name):
        list(corpus.load(corpora))
