"""JSB Chorales in small: three chorales a split at most; the last voice of one is silent for a step."""

import json

CHORALE = [[74, 70, 65, 58], [74, 70, 65, 58], [75, 70, 58, 55], [75, 70, 60, -1]]
CHORALES = {"train": [CHORALE, CHORALE[:2], CHORALE[2:]], "valid": [CHORALE[1:]], "test": [CHORALE]}


def write(root, splits=tuple(CHORALES)):
    """Write the corpus below a root folder and give its folder."""
    place = root / "jsb"
    place.mkdir()
    (place / "Jsb16thSeparated.json").write_text(json.dumps({split: CHORALES[split] for split in splits}))
    return place
