"""McGill Billboard in small: three songs, two of them entries of one, with all that the format can say."""

HEAD = "# title: {title}\n# artist: {artist}\n# metre: {metre}\n# tonic: {tonic}\n\n"
SONGS = {
    "0003": HEAD.format(title="I Don't Mind", artist="James Brown", metre="6/8", tonic="A")
    + "0.0\tsilence\n"
    + "7.3469387e-2\tA, intro, | A:min | A:min . | C:maj | C:maj |, (voice\n"
    + "8.714013605\tB, verse, | F:maj | G:7 A:min | x2, voice)\n"
    + "20.5\tZ, applause\n"
    + "22.0\tend\n",
    "0010": HEAD.format(title="Bluebirds", artist="The Band", metre="4/4", tonic="C")
    + "0.1\tA, chorus, | C:maj . F:maj G:7 | C:maj | -> , (guitar\n"
    + "4.0\t| (2/4) G:sus4(b7,9) | N | &pause | * | A:1 |\n"
    + "# tonic: D\n# metre: 3/4\n"
    + "9.0\tfadeout, | D:maj/5 | . B:min |\n"
    + "11.0\tend\n",
    "0021": HEAD.format(title="I Dont mind", artist="James  Brown", metre="4/4", tonic="C")
    + "0.1\tA', verse, | C:maj | F:maj |\n",
}


def write(root, songs=tuple(SONGS)):
    """Write the corpus below a root folder and give its folder."""
    place = root / "billboard"
    for name in songs:
        folder = place / "billboard-2.0-salami_chords" / name
        folder.mkdir(parents=True)
        (folder / "salami_chords.txt").write_text(SONGS[name])
    return place
