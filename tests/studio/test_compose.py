"""Composing in the browser: from words to a song that is heard, changed, compared and taken along."""

import json
import re
import zipfile

import pytest

import kelly
from kelly.score import midi
from studio.conftest import PHONE, TABLET, WIDE, sync_api

expect = sync_api.expect
SAD = "I miss my grandmother so much"


def written(page, text):
    """Write a feeling, and wait until it is read."""
    page.get_by_label("What do you feel?").fill(text)
    expect(page.locator(".told")).to_contain_text("Heard as")


def made(page):
    """Wait for a song, and give its id."""
    expect(page.locator("section.song canvas").first).to_be_visible()
    page.wait_for_url(re.compile(r"song=[0-9a-f]{24}"))
    return page.url.rpartition("song=")[2]


def composed(page, text=SAD, bars="8 bars"):
    """Compose a short song from words, and give its id."""
    written(page, text)
    if bars:
        page.get_by_text("How it should be played").click()
        page.get_by_label("Length").select_option(label=bars)
    page.get_by_role("button", name="Compose", exact=True).click()
    return made(page)


def changed(page, before):
    """Wait for another song than one, and give its id."""
    page.wait_for_function("song => !location.href.includes(song)", arg=before)
    return made(page)


def notes(studio, song):
    """The notes of a song, as the service tells them."""
    with studio.caller() as caller:
        return caller.get(f"/v1/songs/{song}/notes").json()


def struck(told):
    """What each part strikes, and when; not for how long: what is held into bars that are written anew ends there."""
    return [{(note["onset"], note["pitch"]) for note in part["notes"]} for part in told["parts"]]


def playhead(page):
    """Play, and wait until the playhead has moved."""
    page.get_by_role("button", name="Play", exact=True).click()
    canvas = page.locator(".roll canvas").nth(1)
    before = canvas.evaluate("one => one.toDataURL()")
    page.wait_for_function("([one, before]) => one.toDataURL() !== before", arg=[canvas.element_handle(), before])


def dragged(page, place, begin, end):
    """Drag from one spot of a place to another, each told as shares of its width and height."""
    box = page.locator(place).bounding_box()
    at = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in (begin, end)]
    page.mouse.move(*at[0])
    page.mouse.down()
    page.mouse.move(*at[1], steps=5)
    page.mouse.up()


def test_words_become_a_song_that_plays(opened, axe):
    page = opened(sound=True)
    assert axe(page) == []
    written(page, SAD)
    expect(page.locator(".words mark").first).to_have_text(re.compile("miss|grandmother"))
    composed(page)
    expect(page.locator(".strip")).to_contain_text("Heard")
    playhead(page)
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_enabled()
    assert axe(page) == []


def test_the_point_can_be_dragged_and_composed_again(opened, studio):
    page = opened()
    first = composed(page)
    dragged(page, ".map svg", (0.45, 0.6), (0.9, 0.12))
    expect(page.locator(".told")).to_contain_text("Nearest name")
    page.get_by_role("button", name="Compose", exact=True).click()
    second = changed(page, first)
    with studio.caller() as caller:
        sad, glad = (caller.get(f"/v1/songs/{song}").json()["emotion"] for song in (first, second))
    assert glad["valence"] > 0.7 > sad["valence"]
    assert glad["arousal"] > 0.8


def test_again_is_another_song_of_the_same_feeling_and_one_of_two_is_nearer(opened, studio, axe):
    page = opened()
    first = composed(page)
    page.get_by_role("button", name="Again, another way").click()
    second = changed(page, first)
    assert notes(studio, first)["parts"] != notes(studio, second)["parts"]
    takes = page.get_by_role("region", name="Two takes")
    takes.get_by_role("button", name="Take A").click()
    page.wait_for_url(re.compile(first))
    takes.get_by_role("button", name="Take B").click()
    page.wait_for_url(re.compile(second))
    assert axe(page) == []
    takes.get_by_role("button", name="B is nearer").click()
    expect(takes).to_contain_text("Kelly keeps that")
    with studio.caller() as caller:
        kept = caller.get("/v1/preferences").json()["preferences"][0]
    assert (kept["first"], kept["second"], kept["nearer"]) == (first, second, "second")
    assert kept["asked"]["valence"] < 0


def test_selected_bars_are_varied_written_anew_and_performed_again(opened, studio):
    page = opened()
    song = composed(page)
    before = notes(studio, song)
    for deed in ("Vary", "Write all parts anew", "Play it as"):
        expect(page.get_by_role("button", name="Play", exact=True)).to_be_enabled()
        dragged(page, ".roll", (0.27, 0.5), (0.48, 0.5))  # bars 3 and 4 of 8
        region = page.get_by_role("region", name="Change it")
        expect(region).to_contain_text("Bars 3–4")
        region.get_by_role("button", name=re.compile(deed)).click()
        new = changed(page, song)
        after = notes(studio, new)
        differing = [
            onset
            for one, other in zip(struck(before), struck(after), strict=True)
            for onset, _ in one ^ other
            if onset < 31
        ]
        assert differing, deed
        assert all(7.5 <= onset < 16.5 for onset in differing), (deed, differing)
        page.goto(f"/#/compose?song={song}")
        page.reload()
    with studio.caller() as caller:
        kinds = [one["kind"] for one in caller.get("/v1/songs").json()["songs"][:3]]
    assert kinds == ["reperform", "infill", "vary"]


def test_what_plays_stays_in_sight_when_one_looks_closer(opened):
    page = opened()
    composed(page)
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_enabled()
    roll = page.locator(".roll")
    roll.focus()
    for _ in range(6):
        page.keyboard.press("+")
    drawn = "one => one.getContext('2d').getImageData(0, 0, one.width, one.height).data.some(value => value > 0)"
    for _ in range(6):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(100)
        page.wait_for_function(f"() => ({drawn})(document.querySelectorAll('.roll canvas')[1])")
    before = roll.locator("canvas").first.evaluate("one => one.toDataURL()")
    page.keyboard.press("Home")
    page.wait_for_function("before => document.querySelector('.roll canvas').toDataURL() !== before", arg=before)


def test_what_is_varied_keeps_its_sections_and_its_chords(opened, studio):
    page = opened()
    song = composed(page)
    page.get_by_role("button", name="Vary").click()
    other = changed(page, song)
    one, two = (notes(studio, name)["sections"] for name in (song, other))
    assert [row["role"] for row in one] == [row["role"] for row in two]
    assert [row["chords"] for row in one] == [row["chords"] for row in two]
    expect(page.locator(".strip")).to_contain_text("Asked")


def test_a_journey_is_drawn_over_the_sections(opened, studio):
    page = opened()
    written(page, SAD)
    page.get_by_label("Let the feeling change over the song").check()
    dragged(page, ".journey svg", (0.05, 0.9), (0.95, 0.1))
    page.get_by_text("How it should be played").click()
    page.get_by_label("Length").select_option(label="48 bars")
    page.get_by_role("button", name="Compose", exact=True).click()
    song = made(page)
    asked = [row["emotion"]["valence"] for row in notes(studio, song)["sections"]]
    assert asked == sorted(asked)
    assert asked[-1] - asked[0] > 1


def test_a_journey_can_be_moved_by_keys(opened):
    page = opened()
    written(page, SAD)
    page.get_by_label("Let the feeling change over the song").check()
    page.get_by_label("arousal", exact=True).check()
    end = page.get_by_label("arousal at 100 % of the song")
    end.focus()
    page.keyboard.press("End")
    expect(end).to_have_value("1")


def test_a_link_plays_the_same_song_elsewhere_and_says_nothing_of_the_words(opened, studio):
    page = opened("", permissions=["clipboard-read", "clipboard-write"])
    song = composed(page)
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    assert "grandmother" not in link
    with studio.caller() as caller:
        data = caller.get(f"/v1/songs/{song}.mid").content
        assert caller.delete(f"/v1/songs/{song}").status_code == 204  # as on a machine that never had it
    other = opened(link.partition("/")[2].partition("/")[2].partition("/")[2])
    again = made(other)
    assert again != song
    with studio.caller() as caller:
        assert caller.get(f"/v1/songs/{again}.mid").content == data


def test_a_song_is_taken_along_in_four_forms(opened, studio, tmp_path):
    page = opened(sound=True)
    song = composed(page, bars="8 bars")
    found = {}
    for name in ("MIDI", "WAV", "Stems", "MusicXML"):
        with page.expect_download() as download:
            page.get_by_role("link", name=name, exact=True).click()
        found[name] = tmp_path / download.value.suggested_filename
        download.value.save_as(found[name])
    score = midi.read(found["MIDI"])
    assert [len(part.notes) for part in score.parts] == [len(part["notes"]) for part in notes(studio, song)["parts"]]
    assert found["WAV"].read_bytes()[:4] == b"RIFF"
    assert len(zipfile.ZipFile(found["Stems"]).namelist()) == sum(bool(part.notes) for part in score.parts)
    assert "score-partwise" in found["MusicXML"].read_text(encoding="utf-8")[:500]


def test_a_part_is_silenced_and_another_heard_alone(opened):
    page = opened(sound=True)
    composed(page)
    page.get_by_role("button", name="Solo Melody").click()
    expect(page.locator(".mixer [data-silent]").first).to_be_visible()
    expect(page.locator(".parting")).to_have_text("")
    playhead(page)
    page.get_by_role("button", name="Mute Melody").click()
    expect(page.get_by_role("button", name="Mute Melody")).to_have_attribute("aria-pressed", "true")
    page.get_by_label("Volume of Melody").press("Home")
    expect(page.get_by_label("Volume of Melody")).to_have_value("-30")


def test_a_page_that_is_loaded_again_goes_on_with_its_work(opened):
    page = opened()
    written(page, SAD)
    page.get_by_text("How it should be played").click()
    page.get_by_role("slider", name="Networks").press("End")
    with page.expect_response(re.compile("/v1/songs$")):
        page.get_by_role("button", name="Compose", exact=True).click()
    page.reload()
    song = made(page)
    page.reload()
    assert made(page) == song


def test_work_can_be_cancelled(opened):
    page = opened()
    written(page, SAD)
    page.get_by_text("How it should be played").click()
    page.get_by_role("slider", name="Improvised").press("End")
    page.get_by_role("button", name="Compose", exact=True).click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".work")).to_be_empty()
    expect(page.get_by_role("button", name="Compose", exact=True)).to_be_enabled()
    expect(page.locator(".empty")).to_be_visible()


def test_everything_is_reached_by_keys(opened):
    page = opened(sound=True)
    page.get_by_label("What do you feel?").focus()
    page.keyboard.type("joy")
    expect(page.locator(".told")).to_contain_text("Heard as")
    page.get_by_label("Valence, from").press("ArrowRight")
    expect(page.locator(".told")).to_contain_text("Nearest name")
    page.get_by_text("How it should be played").press("Enter")
    page.get_by_label("Length").select_option(label="8 bars")
    page.get_by_label("What do you feel?").press("Control+Enter")
    made(page)
    roll = page.locator(".roll")
    roll.focus()
    for key in ("ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight"):
        page.keyboard.press(key)
    expect(page.get_by_role("region", name="Change it")).to_contain_text(re.compile("Bars? "))
    page.keyboard.press("Escape")
    expect(page.get_by_role("region", name="Change it")).to_contain_text("Whole song")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_enabled()
    page.keyboard.press(" ")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()


def test_what_was_made_earlier_is_opened_again_and_forgotten(opened, studio):
    page = opened()
    song = composed(page)
    page.goto("/#/compose")
    page.reload()
    expect(page.locator(".empty")).to_be_visible()
    page.locator(f".history a[href$='{song}']").click()
    assert made(page) == song
    expect(page.locator(".told")).to_contain_text("Nearest name")
    page.locator(f".history li:has(a[href$='{song}']) button").click()
    expect(page.locator(".empty")).to_be_visible()
    with studio.caller() as caller:
        assert caller.get(f"/v1/songs/{song}").status_code == 404


def failing(status, detail, **headers):
    """Answers every request so."""
    body = json.dumps({"type": "about:blank", "title": "x", "status": status, "detail": detail})
    return lambda route: route.fulfill(
        status=status, body=body, headers={"content-type": "application/problem+json"} | headers
    )


@pytest.mark.parametrize(
    ("path", "answer", "told"),
    [
        ("**/v1/songs", failing(429, "too many jobs wait", **{"retry-after": "5"}), "Try again in 5 s"),
        ("**/v1/songs", failing(503, "the service is about to end"), "The service is about to end."),
        ("**/v1/songs", lambda route: route.abort(), "Is `kelly studio` still running?"),
        ("**/v1/jobs/*/events", failing(500, "oh"), "Reload the page"),
    ],
)
def test_what_goes_wrong_is_told_in_a_sentence_that_says_what_to_do(opened, path, answer, told):
    page = opened()
    written(page, SAD)
    page.route(
        path, lambda route: answer(route) if route.request.method == "POST" or "jobs" in path else route.continue_()
    )
    page.get_by_role("button", name="Compose", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text(told)
    expect(page.get_by_role("button", name="Compose", exact=True)).to_be_enabled()
    expect(page.get_by_label("What do you feel?")).to_have_value(SAD)


def test_a_reading_sound_or_song_that_cannot_be_had_is_told(opened):
    page = opened()
    page.route("**/v1/feelings", failing(503, "the service is about to end"))
    page.get_by_label("What do you feel?").fill(SAD)
    expect(page.locator(".told")).to_contain_text("The service is about to end.")
    page.unroute("**/v1/feelings")
    page.get_by_role("button", name="Compose", exact=True).click()  # which reads it once more
    made(page)
    page.goto("/")
    page.route("**/v1/songs/*.wav", failing(504, "it took longer than 60 seconds"))
    page.get_by_label("What do you feel?").fill("")
    expect(page.locator(".told")).not_to_contain_text("about to end")
    composed(page)
    expect(page.get_by_role("alert")).to_contain_text("It took longer than 60 seconds.")
    page.goto(f"/#/compose?song={'0' * 24}")
    expect(page.get_by_role("alert")).to_contain_text("There is no such song.")


def test_a_link_that_was_tampered_with_composes_nothing(opened):
    page = opened("#/compose?v=7&a=0.5&d=0.5&seed=1&genre=%3Cscript%3E")
    expect(page.locator(".empty")).to_be_visible()
    assert page.evaluate("sessionStorage.length") == 0


LINK = "#/compose?v=0.5&a=0.5&d=0.5&seed=1&bars=8"


def asked(page, path="/v1/songs"):
    """The requests that a page sends to make something, as they come."""
    kept = []
    page.on("request", lambda one: kept.append(one) if one.method == "POST" and one.url.endswith(path) else None)
    return kept


def test_a_link_that_cannot_be_composed_is_asked_for_once_and_said_so(opened):
    page = opened()
    posts = asked(page)
    page.goto(f"/{LINK}&genre=nonsense")
    expect(page.get_by_role("alert")).to_contain_text("Genre must be one of")
    page.get_by_label("What do you feel?").fill(SAD)  # which is left as it is written
    expect(page.locator(".told")).to_contain_text("Heard as")
    assert len(posts) == 1


@pytest.mark.long
def test_a_link_that_was_cancelled_stays_so(opened):
    page = opened()
    posts = asked(page)
    page.goto(f"/{LINK.replace('bars=8', 'bars=64')}&improvise=1")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".work")).to_be_empty()
    page.get_by_label("What do you feel?").fill(SAD)
    expect(page.locator(".told")).to_contain_text("Heard as")
    expect(page.locator(".work")).to_be_empty()
    assert len(posts) == 1


@pytest.mark.long
def test_who_composes_before_the_words_are_read_gets_what_is_written_now(opened, studio):
    page = opened()
    written(page, SAD)
    field = page.get_by_label("What do you feel?")
    field.fill("pure joy, I am so happy")
    field.press("Control+Enter")
    song = made(page)
    with studio.caller() as caller:
        assert caller.get(f"/v1/songs/{song}").json()["emotion"]["valence"] > 0.6


@pytest.mark.long
def test_a_double_click_composes_once(opened):
    page = opened()
    posts = asked(page)
    written(page, "double joy")
    page.get_by_role("button", name="Compose", exact=True).dblclick()
    made(page)
    assert len(posts) == 1


@pytest.mark.long
def test_a_preference_is_of_what_the_take_was_made_for(opened, studio):
    page = opened()
    first = composed(page)
    page.get_by_role("button", name="Again, another way").click()
    changed(page, first)
    written(page, "pure joy, I am so happy")
    page.get_by_role("button", name="Neither").click()
    expect(page.get_by_role("region", name="Two takes")).to_contain_text("Kelly keeps that")
    with studio.caller() as caller:
        assert caller.get("/v1/preferences").json()["preferences"][0]["asked"]["valence"] < 0


@pytest.mark.long
def test_the_same_variation_asked_for_again_is_another_take(opened):
    page = opened()
    song = composed(page)
    found = set()
    for _ in range(2):
        page.goto(f"/#/compose?song={song}")
        page.get_by_role("button", name="Vary").click()
        found.add(changed(page, song))
    assert len(found) == 2


@pytest.mark.long
def test_each_part_is_loaded_once_however_fast_one_clicks(opened):
    page = opened(sound=True)
    composed(page)
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_enabled()
    loads = []
    page.on("request", lambda one: loads.append(one) if one.url.endswith("stems.zip") else None)
    page.get_by_role("button", name="Solo Melody").click()
    page.get_by_role("button", name="Mute Melody").click()
    page.get_by_role("button", name="Solo Melody").click()
    expect(page.locator(".parting")).not_to_be_empty()
    expect(page.locator(".parting")).to_be_empty()
    assert len(loads) == 1
    page.get_by_role("button", name="Play", exact=True).dblclick()
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)


@pytest.mark.long
def test_a_browser_that_keeps_nothing_or_kept_it_wrongly_can_compose(opened):
    page = opened()
    page.evaluate("sessionStorage.setItem('kelly-work-compose', '{oops'); localStorage.setItem('kelly-theme', 'pink')")
    page.reload()
    expect(page.get_by_label("What do you feel?")).to_be_visible()
    page.add_init_script(
        "for (const name of ['localStorage', 'sessionStorage'])"
        "Object.defineProperty(window, name, {get() {throw new DOMException('no', 'SecurityError')}})"
    )
    page.reload()
    page.get_by_role("button", name="Dark").click()
    expect(page.get_by_role("button", name="Light")).to_be_visible()
    composed(page)


@pytest.mark.long
def test_a_page_that_cannot_be_loaded_says_so_and_the_others_go_on(opened):
    page = opened()
    page.get_by_label("What do you feel?").fill(SAD)
    page.route("**/assets/ListenPage*.js", lambda route: route.abort())
    page.evaluate("console.error = () => undefined")  # where React tells of it
    page.get_by_role("link", name="Listen").click()
    expect(page.get_by_role("alert")).to_contain_text("Load it again")
    page.get_by_role("link", name="Compose", exact=True).click()
    expect(page.get_by_label("What do you feel?")).to_have_value(SAD)
    page.unroute("**/assets/ListenPage*.js")
    page.get_by_role("link", name="Listen").click()
    page.get_by_role("button", name="Load again").click()
    expect(page).to_have_title("Listen · Kelly Studio")
    expect(page.get_by_role("alert")).to_have_count(0)


@pytest.mark.long
def test_a_link_can_be_taken_where_there_is_no_clipboard(opened):
    page = opened()
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page.reload()
    composed(page)
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_label("The link")).to_have_value(re.compile("v=.*&seed="))


@pytest.mark.long
def test_the_song_and_the_words_are_there_when_one_comes_back_from_another_page(opened):
    page = opened()
    song = composed(page)
    page.get_by_role("link", name="Listen").click()
    expect(page).to_have_title("Listen · Kelly Studio")
    page.get_by_role("link", name="Compose", exact=True).click()
    assert made(page) == song
    expect(page.get_by_label("What do you feel?")).to_have_value(SAD)


@pytest.mark.long
def test_keys_of_the_browser_stay_the_browsers(opened):
    page = opened()
    composed(page)
    pressed = (
        "(one, init) => one.dispatchEvent(new KeyboardEvent('keydown', {...init, bubbles: true, cancelable: true}))"
    )
    roll = page.locator(".roll")
    assert not roll.evaluate(pressed, {"key": "ArrowLeft"})
    assert roll.evaluate(pressed, {"key": "ArrowLeft", "altKey": True})  # back
    assert roll.evaluate(pressed, {"key": "+", "ctrlKey": True})  # larger


@pytest.mark.long
def test_the_focus_stays_among_the_songs_when_one_is_forgotten(opened):
    page = opened()
    first = composed(page, bars="16 bars")
    page.get_by_role("button", name="Again, another way").click()
    song = changed(page, first)
    page.locator(f".history li:has(a[href$='{song}']) button").press("Enter")
    expect(page.locator(".history a:focus")).to_have_count(1)
    expect(page.locator(".empty")).to_be_visible()


@pytest.mark.long
@pytest.mark.parametrize("called", ["", "x", "../../metrics%3F"])
def test_an_address_that_names_no_song_is_told_in_plain_words(opened, called):
    page = opened(f"#/compose?song={called}")
    expect(page.get_by_role("alert")).to_contain_text("The address names no song.")


@pytest.mark.parametrize(
    ("size", "theme"),
    [
        (WIDE, "light"),
        (PHONE, "dark"),
        pytest.param(WIDE, "dark", marks=pytest.mark.long),
        pytest.param(TABLET, "light", marks=pytest.mark.long),
        pytest.param(TABLET, "dark", marks=pytest.mark.long),
        pytest.param(PHONE, "light", marks=pytest.mark.long),
    ],
    ids=lambda one: one if isinstance(one, str) else str(one["width"]),
)
def test_it_fits_the_screen_and_bars_nobody(opened, axe, shots, size, theme):
    page = opened("", viewport=size, color_scheme=theme)
    composed(page, "I am grateful, and a little afraid", "16 bars")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert axe(page) == []
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_enabled()
    shots(page, f"compose-{size['width']}-{theme}")


def test_a_song_composed_by_the_page_is_that_of_the_package(opened, studio):
    page = opened()
    song = composed(page)
    with studio.caller() as caller:
        told = caller.get(f"/v1/songs/{song}").json()
        data = caller.get(f"/v1/songs/{song}.mid").content
    place = [round(told["emotion"][axis], 4) for axis in ("valence", "arousal", "dominance")]
    assert midi.to_bytes(kelly.compose(kelly.Emotion(*place), bars=8, seed=0).score) == data


def test_another_reading_is_chosen_by_a_click_and_the_words_are_come_back_to(opened):
    page = opened()
    written(page, "I miss my grandmother, and I am grateful for every summer")
    told = page.locator(".told")
    other = told.get_by_role("button").first
    name = other.inner_text()
    other.click()
    expect(told).to_contain_text("Nearest name")
    expect(page.locator(".words .ink")).to_have_attribute("data-faded", "true")
    told.get_by_role("button", name="Back to your words").click()
    expect(told).to_contain_text(name)
    expect(told).to_contain_text("Heard as")


@pytest.mark.long
def test_takes_are_compared_at_the_same_place(opened):
    page = opened()
    first = composed(page)
    page.get_by_role("button", name="Again, another way").click()
    changed(page, first)
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_enabled()
    page.locator(".roll").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="Play", exact=True).click()
    page.get_by_role("button", name="Take A").click()
    page.wait_for_url(re.compile(first))
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(page.locator(".elapsed")).to_have_text(re.compile(r"0:(0[5-9]|1\d) /"))


@pytest.mark.long
def test_what_was_made_anew_stays_chosen_and_is_heard_from_there(opened):
    page = opened()
    song = composed(page)
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_enabled()
    dragged(page, ".roll", (0.52, 0.5), (0.73, 0.5))
    page.get_by_role("button", name="Vary the").click()
    changed(page, song)
    expect(page.get_by_role("region", name="Change it")).to_contain_text("Bars 5–6")
    expect(page.locator(".elapsed")).to_have_text(re.compile(r"0:(0[6-9]|1\d) /"))


def test_work_goes_on_when_the_service_is_back_and_can_be_given_up_while_it_is_away(opened):
    page = opened()
    page.route("**/v1/jobs/*/events", lambda route: route.abort())
    written(page, SAD)
    page.get_by_role("button", name="Compose", exact=True).click()
    away = page.locator(".work")
    expect(away).to_contain_text("Kelly cannot be reached")
    page.route("**/v1/jobs/*", lambda route: route.abort())
    page.get_by_role("button", name="Cancel").click()
    expect(away).to_be_empty()
    expect(page.get_by_role("button", name="Compose", exact=True)).to_be_enabled()
    page.unroute("**/v1/jobs/*/events")
    page.unroute("**/v1/jobs/*")
    page.get_by_role("button", name="Compose", exact=True).click()
    made(page)


def test_a_file_that_takes_a_while_says_so_and_one_that_cannot_be_made_why(opened):
    page = opened()
    composed(page)
    page.route("**/stems.zip", failing(504, "it took longer than 60 seconds"))
    page.get_by_role("link", name="Stems").click()
    expect(page.locator(".take").get_by_role("alert")).to_contain_text("The service answered 504.")
    page.unroute("**/stems.zip")
    with page.expect_download():
        page.get_by_role("link", name="Stems").click()
        expect(page.get_by_role("link", name="Stems…")).to_be_visible()
    expect(page.get_by_role("link", name="Stems", exact=True)).to_be_visible()
