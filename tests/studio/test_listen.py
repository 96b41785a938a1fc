"""Listen: what a recording, notes or a microphone feel like, on the page."""

import base64
import json
import re

import numpy as np
import pytest
import soundfile

from serving.conftest import Jobs
from studio.conftest import PHONE, sync_api

expect = sync_api.expect
expect.set_options(timeout=20_000)

RATE = 16_000
AWAY = """() => { AudioWorklet.prototype.addModule = async () => { throw new DOMException('', 'AbortError') } }"""
DENIED = "(name) => { navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', name) } }"


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """Seven seconds of chords, plucked one after another."""
    times = np.arange(RATE) / RATE
    fall = np.exp(-3 * times)
    chords = [[220, 262, 330], [175, 220, 262], [196, 247, 294], [220, 262, 330], [147, 175, 220], [165, 208, 247]]
    bars = [fall * sum(np.sin(2 * np.pi * tone * times) for tone in chord) for chord in [*chords, chords[0]]]
    path = tmp_path_factory.mktemp("listen") / "chords.wav"
    soundfile.write(path, 0.2 * np.concatenate(bars), RATE)
    return path


@pytest.fixture(scope="module")
def notes(studio, tmp_path_factory):
    """A song as a MIDI file."""
    path = tmp_path_factory.mktemp("listen") / "song.mid"
    with studio.caller() as caller:
        path.write_bytes(caller.get(f"/v1/songs/{Jobs(caller).song(seed=1)}.mid").content)
    return path


@pytest.fixture
def page(opened):
    """The page where one listens."""
    page = opened("#/listen")
    expect(page.get_by_role("button", name="Choose a file")).to_be_visible()
    return page


def bring(page, file, content=b""):
    """Choose a file: one that is there, or one of this name with this content."""
    given = {"name": file, "mimeType": "", "buffer": content} if isinstance(file, str) else file
    page.get_by_label("File", exact=True).set_input_files(given)


def drop(page, path):
    """Let a file fall on the page."""
    data = base64.b64encode(path.read_bytes()).decode()
    script = """([name, data]) => {
        const held = new DataTransfer();
        held.items.add(new File([Uint8Array.from(atob(data), (one) => one.charCodeAt(0))], name));
        return held;
    }"""
    held = page.evaluate_handle(script, [path.name, data])
    for event in ("dragenter", "dragover", "drop"):
        page.dispatch_event("main", event, {"dataTransfer": held})


def heard(page):
    """What it was heard as, once that is told."""
    feeling = page.locator(".answer").get_by_role("status")
    expect(feeling).to_be_visible()
    return feeling.inner_text().lower()


def course(page):
    """The course of the feeling, which can be moved along."""
    return page.get_by_role("slider", name=re.compile("^Course of"))


def sideways(page):
    """Whether the page is wider than the screen."""
    return page.evaluate("document.documentElement.scrollWidth > window.innerWidth")


def test_a_recording_that_is_dropped_shows_its_sound_its_course_and_its_names(page, recording, studio, axe, shots):
    drop(page, recording)
    name = heard(page)
    with studio.caller() as caller:
        told = caller.post("/v1/analyses", files={"file": recording.read_bytes()}).json()
    assert name == told["emotion"]["name"]
    expect(page.get_by_role("heading", name="chords.wav")).to_be_visible()
    expect(page.locator(".wave[data-ready] canvas").first).to_be_visible()
    names = page.locator(".called li")
    expect(names.first).to_contain_text(name)
    assert names.count() > 1
    assert page.locator("path.valence").first.get_attribute("d") != page.locator("path.arousal").first.get_attribute(
        "d"
    )
    box = course(page).bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20)
    expect(page.locator(".readout")).to_contain_text(
        re.compile(r"0:03.*Valence [+−]?\d\.\d\d\s*Arousal \d\.\d\d", re.DOTALL)
    )
    shots(page, "listen")
    assert not axe(page)


def test_compose_like_this_leads_to_where_that_feeling_is_composed_and_back(page, recording, studio):
    bring(page, recording)
    with studio.caller() as caller:
        place = caller.post("/v1/analyses", files={"file": recording.read_bytes()}).json()["emotion"]
    page.get_by_role("link", name="Compose like this").click()
    expect(page.get_by_role("button", name="Compose", exact=True)).to_be_enabled()
    for axis in ("valence", "arousal", "dominance"):
        shown = page.get_by_label(re.compile(f"^{axis}", re.IGNORECASE)).first.input_value()
        assert float(shown) == pytest.approx(place[axis], abs=0.011)
    page.go_back()
    assert heard(page) == place["name"]
    expect(page.get_by_role("button", name="Play")).to_be_enabled()
    page.reload()
    expect(page.get_by_role("button", name="Choose a file")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_recording_is_played_and_moved_along_by_keys_alone(page, recording):
    page.on("filechooser", lambda chooser: chooser.set_files(recording))
    choose = page.get_by_role("button", name="Choose a file")
    choose.focus()
    expect(choose).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Play")).to_be_enabled()
    course(page).focus()
    page.keyboard.press("End")
    expect(course(page)).to_have_attribute("aria-valuetext", re.compile("^0:0[67], .*, valence .*, arousal"))
    page.keyboard.press("Home")
    page.keyboard.press("PageUp")
    expect(course(page)).to_have_attribute("aria-valuenow", "5")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".needle").first).to_have_attribute("style", "left: 0%;")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(course(page)).not_to_have_attribute("aria-valuenow", "0")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Play")).to_be_visible()


def test_notes_that_are_dropped_show_their_roll_and_the_course_under_it(page, notes, axe, shots):
    drop(page, notes)
    assert heard(page)
    expect(page.get_by_role("group", name=re.compile("^Piano roll of .*: 4 bars"))).to_be_visible()
    expect(page.get_by_role("button", name="Play")).to_be_enabled()
    expect(page.locator(".called li").first).to_be_visible()
    expect(page.locator(".readout")).to_contain_text("Valence")
    shots(page, "listen-notes")
    assert not axe(page)


def test_what_cannot_be_heard_says_what_to_do_and_takes_nothing_away(page, recording, notes, tmp_path, axe):
    bring(page, recording)
    name = heard(page)
    long = tmp_path / "long.flac"
    soundfile.write(long, np.zeros(8_000 * 901, np.int16), 8_000)
    whole = notes.read_bytes()
    cases = [
        ("note.txt", b"just some words", "not sound, nor notes: bring WAV"),
        ("empty.wav", b"", "is empty: choose another file"),
        ("cut.mid", whole[: len(whole) // 2], "damaged.* export it again"),
        ("damaged.wav", b"RIFF\0\0\0\0WAVE" + bytes(range(256)), "damaged.* save or export it again"),
        ("long.flac", long.read_bytes(), "too long: Kelly hears up to 15 minutes. Cut it"),
    ]
    for file, content, said in cases:
        bring(page, file, content)
        expect(page.get_by_role("alert")).to_contain_text(re.compile(said))
        expect(page.get_by_role("alert")).to_contain_text(file)
        assert heard(page) == name
        expect(page.get_by_role("heading", name="chords.wav")).to_be_visible()
    assert not axe(page)
    bring(page, notes)
    expect(page.get_by_role("group", name=re.compile("^Piano roll"))).to_be_visible()
    expect(page.get_by_role("heading", name="chords.wav")).to_have_count(0)
    expect(page.get_by_role("alert")).to_have_count(0)


@pytest.mark.long
def test_the_course_of_notes_is_moved_along_before_they_sound(page, notes):
    held = []
    page.route("**/*.wav", lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks what it calls
    bring(page, notes)
    course(page).focus()
    page.keyboard.press("PageUp")
    expect(course(page)).to_have_attribute("aria-valuetext", re.compile("^0:0[1-9]"))
    there = course(page).get_attribute("aria-valuenow")
    held[0].continue_()
    expect(page.get_by_role("button", name="Play")).to_be_enabled()
    expect(course(page)).to_have_attribute("aria-valuenow", there)


@pytest.mark.long
def test_what_the_service_refuses_for_its_size_says_how_much_it_takes(page, recording):
    problem = {"type": "urn:kelly:problem:too-large", "title": "", "status": 413}
    problem["detail"] = "a request here may have 67,108,864 bytes"
    body = json.dumps(problem)
    page.route("**/v1/analyses", lambda route: route.fulfill(status=413, content_type="application/json", body=body))
    bring(page, recording)
    expect(page.get_by_role("alert")).to_contain_text("Kelly takes 64 MB at a time. Cut it shorter")
    expect(page.get_by_role("button", name="Choose a file")).to_be_visible()


def test_listening_to_a_file_can_be_cancelled(page, recording, axe):
    page.route("**/v1/analyses", lambda _: None)  # which never ends
    bring(page, recording)
    expect(page.get_by_role("progressbar", name="Listening to chords.wav")).to_be_visible()
    assert not axe(page)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("progressbar")).to_have_count(0)
    expect(page.get_by_role("alert")).to_have_count(0)
    page.unroute("**/v1/analyses")
    bring(page, recording)
    assert heard(page)


@pytest.mark.long
def test_what_the_browser_cannot_play_is_heard_all_the_same(page, recording, tmp_path):
    soundfile.write(tmp_path / "chords.aiff", *soundfile.read(recording))
    bring(page, tmp_path / "chords.aiff")
    expect(page.get_by_text("This browser cannot play it")).to_be_visible()
    course(page).focus()
    page.keyboard.press("PageUp")
    expect(course(page)).to_have_attribute("aria-valuetext", re.compile("^0:05, .*, valence"))


@pytest.mark.long
def test_of_silence_nothing_is_said(page, tmp_path):
    soundfile.write(tmp_path / "silence.wav", np.zeros(2 * RATE), RATE)
    bring(page, tmp_path / "silence.wav")
    expect(page.get_by_text("It is silent, or too short to say")).to_be_visible()
    expect(page.get_by_role("link", name="Compose like this")).to_have_count(0)


def test_the_microphone_is_heard_live_and_at_the_end_as_a_recording(page, axe, shots):
    page.get_by_role("button", name="Use the microphone").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile("^Confidence [1-9]"))).to_be_visible()
    expect(page.get_by_role("main")).to_be_focused()  # and not the top of the page, though that button is gone
    expect(page.get_by_text("Kelly keeps nothing of what it hears live.")).to_be_visible()
    line = page.locator("path.valence").first
    first = line.get_attribute("d")
    expect(line).not_to_have_attribute("d", first)
    expect(page.locator(".readout")).to_contain_text("0:03")
    assert not axe(page)
    shots(page, "listen-live")
    page.get_by_role("button", name="Stop").click()
    assert heard(page)
    expect(page.get_by_role("heading", name="Recording")).to_be_visible()
    expect(page.get_by_role("link", name="Compose like this")).to_be_visible()
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    assert not axe(page)


@pytest.mark.long
def test_what_was_heard_before_comes_back_where_listening_live_is_cancelled(page, recording):
    bring(page, recording)
    name = heard(page)
    page.get_by_role("button", name="Microphone").click()
    expect(page.get_by_text("Hearing now")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    assert heard(page) == name


def test_where_it_cannot_listen_live_the_page_says_what_to_do(page):
    use, alert = page.get_by_role("button", name="Use the microphone"), page.get_by_role("alert")
    page.route_web_socket("**/v1/live", lambda socket: socket.close(code=1013, reason="too many listen live"))
    use.click()
    expect(alert).to_contain_text("try again in a minute")
    page.evaluate(AWAY)
    use.click()
    expect(alert).to_contain_text("check that `kelly studio` still runs")
    cases = {
        "NotAllowedError": "may not use the microphone: allow it in the browser",
        "NotFoundError": "There is no microphone: connect one",
        "NotReadableError": "busy or broken: close what else uses it",
    }
    for error, said in cases.items():
        page.evaluate(DENIED, error)
        use.click()
        expect(alert).to_contain_text(said)
        expect(use).to_be_enabled()


@pytest.mark.long
def test_what_was_recorded_is_not_lost_with_the_connection(page):
    lost = []

    def cut(socket):
        server = socket.connect_to_server()
        server.on_message(lambda message: (socket.send(message), lost or socket_cut(socket, message)))

    def socket_cut(socket, message):
        if json.loads(message).get("time", 0) > 1:
            lost.append(True)
            socket.close(code=1001, reason="the service is about to end")

    page.route_web_socket("**/v1/live", cut)
    page.get_by_role("button", name="Use the microphone").click()
    expect(page.get_by_role("alert")).to_contain_text("start it again")
    hear = page.get_by_role("button", name="Hear what was recorded until then")
    page.route("**/v1/analyses", lambda route: route.abort())
    hear.click()
    expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
    page.unroute("**/v1/analyses")
    hear.click()
    expect(page.get_by_role("heading", name="Recording.wav")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_on_a_phone_nothing_hangs_over_the_side(opened, recording, notes, axe, shots):
    page = opened("#/listen", viewport=PHONE, color_scheme="dark")
    expect(page.get_by_role("button", name="Choose a file")).to_be_visible()
    assert not sideways(page)
    assert not axe(page)
    long = f"{'long' * 50} تسجيل 🎻.wav"
    bring(page, long, recording.read_bytes())
    expect(page.get_by_role("heading", name=long)).to_be_visible()
    assert not sideways(page)
    for file, shown in ((recording, "chords.wav"), (notes, re.compile("Grief", re.IGNORECASE))):
        bring(page, file)
        expect(page.get_by_role("heading", name=shown).last).to_be_visible()
        expect(page.get_by_role("button", name="Play")).to_be_enabled()
        assert not sideways(page)
        assert not axe(page)
    shots(page, "listen-phone")
    page.get_by_role("button", name="Microphone").click()
    expect(page.get_by_text(re.compile("^Confidence"))).to_be_visible()
    assert not sideways(page)
