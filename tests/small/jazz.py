"""Jazz Chord Progressions Corpus in small: four tunes, two of them of one title."""

HEAD = "Title = {title}\nComposedBy = {composer}\nDBKeySig = {key}\nTimeSig = {meter}\nBars = {bars}\n"
TUNES = {
    "Songs[#,A-G]/AutumnLeaves": HEAD.format(title="Autumn Leaves", composer="Kosma", key="Bb", meter="4 4", bars=8)
    + " Cm7 | F7 | BbM7 | EbM7 |\n Am7b5 | D7alt | Gm6 | Gm6 |\n",
    "Songs[H-O]/JitterbugWaltz": HEAD.format(
        title="The Jitterbug Waltz", composer='Thomas "Fats" Waller', key="Db", meter="3 4", bars=4
    )
    + " DbM7 | Gb7 Ebm7/Ab Ab7 |\n DbM7 | NC |\n",
    "Songs[H-O]/JitterbugWaltz2": HEAD.format(title="Jitterbug Waltz", composer="Waller", key="C", meter="3 4", bars=1)
    + " C |\n",
    "Songs[H-O]/NatureBoy": HEAD.format(title="Nature Boy", composer="Eden Ahbez", key="C", meter="4 4", bars=4)
    + " Dm | Em7b5 A7 | Dm7 | Dm6 |\n",
}


def write(root, tunes=tuple(TUNES)):
    """Write the corpus below a root folder and give its folder."""
    place = root / "jazz"
    for name in tunes:
        path = place / "SongDB" / f"{name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(TUNES[name])
    return place
