"""The workbench: trainings begun and watched in the page, runs and models compared, corpora checked, traffic seen.

Trainings and checks are those of the stand-in of tests/serving/workbench, as fast as a test lets them.
"""

import json
import re
from types import SimpleNamespace

import pytest
from playwright.sync_api import expect

from kelly.serving.routes.studio import PAGE
from serving.conftest import wait
from serving.workbench.bench import allow, bench
from studio.conftest import PHONE

VIEWS = ("runs", "trainings", "models", "corpora", "service")
CARD = """# The ear for tests

<script>document.title = "taken"</script>

A <b onclick="x()">bold</b> card of [another](../voice/card.md),
[a file](../../secret.md) and [a trap](javascript:alert(1)).

| reliability of speech | confidence, as it comes | right | records | confidence, scaled | right | records |
|---|--:|--:|--:|--:|--:|--:|
| .3 .. .4 | .35 | .30 | 20 | .36 | .35 | 20 |
| .8 .. .9 | .85 | .95 | 40 | .86 | .85 | 40 |
"""
FAULTY = {
    "name": "groove",
    "title": "Groove MIDI Dataset",
    "licence": "CC BY 4.0",
    "group": "drummer",
    "counts": {"train": 890, "test": 129},
    "known_counts": {"train": 897, "test": 129},
    "groups": {"train": 8, "test": 5},
    "files": 1019,
    "sums": "wrong",
    "faults": ["drummer1/session1/5.mid: cannot be read"],
    "warnings": ["drummer1 plays in train and in test"],
    "remarks": [],
}
WHOLE = FAULTY | {
    "name": "pop909",
    "title": "POP909",
    "counts": {"train": 743},
    "known_counts": {"train": 743},
    "groups": {"train": 743},
    "sums": "verified",
    "faults": [],
    "warnings": [],
}


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    """A service that answers the page, and whose trainings are the stand-in's; it has two runs already."""
    if not (PAGE / "index.html").is_file():
        pytest.skip("the page is not built: make studio")
    place = tmp_path_factory.mktemp("corpora")
    allow(place, 99)
    with bench(tmp_path_factory.mktemp("workbench")) as served:
        recipes = {41: {"epochs": 5, "rate": 0.001, "warmup": 0.1}, 42: {"epochs": 3, "rate": 0.001, "warmup": 0.2}}
        begun = [served.begin(place, seed=seed, settings={"recipe": one}) for seed, one in recipes.items()]
        for training in begun:
            served.until(training)
        yield SimpleNamespace(url=str(served.calling.base_url).rstrip("/"), bench=served)


@pytest.fixture
def corpora(tmp_path):
    """A folder of corpora of which nothing is learned until the test allows it."""
    allow(tmp_path, 0)
    yield tmp_path
    allow(tmp_path, 1000)


def start(page, corpora, **told):
    page.get_by_label("Folder of the corpora").fill(str(corpora))
    for label, value in told.items():
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_role("button", name="Start training").click()


def at(view, **more):
    return f"#/workbench?view={view}" + "".join(f"&{name}={value}" for name, value in more.items())


ALL = [at(view) for view in VIEWS]
ALL += [at("models", model="words"), at("models", model="judge", **{"with": "symbolic"})]


def shown(page):
    """Waits until a view is there as a whole."""
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_text("…")).to_have_count(0)


def test_a_training_is_begun_watched_stopped_and_gone_on_with(opened, corpora, shots):
    page = opened(at("trainings"))
    page.get_by_text("Settings, labels and device").click()
    start(page, corpora, Seed="7", Settings="recipe.epochs: 4")
    expect(page.get_by_role("heading", name="groove, seed 7")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_be_visible()
    allow(corpora, 1)
    expect(page.get_by_text("Epoch 1 of 4.")).to_be_visible()
    allow(corpora, 2)
    expect(page.get_by_text("Epoch 2 of 4.")).to_be_visible()
    expect(page.get_by_text("epoch 2 of 4: loss 4.0000, dev loss 4.5000")).to_be_visible()
    shots(page, "training")
    page.reload()
    expect(page.get_by_text("Epoch 2 of 4.")).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("dev loss: 9.000 at first, 4.500 at epoch 2"))).to_be_visible()
    page.get_by_role("button", name="Stop").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Stopped after 2 of 4 epochs. It can go on from there.")).to_be_visible()
    expect(page.locator(".view")).to_be_focused()  # and not the top of the page, though that button is gone
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Go on")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    allow(corpora, 9)
    expect(page.get_by_text("Done after 4 of 4 epochs.")).to_be_visible()
    page.get_by_role("button", name="As a table").click()
    expect(page.get_by_role("row")).to_have_count(5)
    page.get_by_role("link", name="Trainings").first.click()
    expect(page.get_by_role("row", name=re.compile("groove, seed 7.*done.*4 of 4"))).to_be_visible()


def test_what_cannot_be_trained_is_told_at_its_field(opened, corpora):
    page = opened(at("trainings"))
    folder = page.get_by_label("Folder of the corpora")
    page.get_by_role("button", name="Start training").click()
    expect(folder).to_have_accessible_description(re.compile("Say where the corpora lie"))
    start(page, corpora / "nowhere")
    expect(folder).to_have_accessible_description(re.compile("must be a folder of this machine, by its absolute path"))
    expect(folder).to_have_attribute("aria-invalid", "true")
    page.get_by_text("Settings, labels and device").click()
    start(page, corpora, Settings="faster, please")
    expect(page.get_by_role("alert")).to_have_text("Line 1 is no setting: write it as recipe.epochs: 10.")
    start(page, corpora, Settings="", Labels="labels.npz")
    expect(page.get_by_label("Labels")).to_have_accessible_description(re.compile("must be a file of this machine"))


@pytest.mark.long
def test_a_training_that_fails_says_why_and_goes_on_once_that_is_mended(opened, corpora):
    (corpora / "fails").write_text("kelly: this command needs the extra `train` (torch is missing): pip install torch")
    page = opened(at("trainings"))
    start(page, corpora)
    expect(page.get_by_role("alert")).to_contain_text("needs the extra `train`")
    (corpora / "fails").unlink()
    allow(corpora, 9)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("Done after 3 of 3 epochs.")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)


@pytest.mark.long
def test_who_went_elsewhere_while_a_training_is_begun_stays_there(opened, studio, corpora):
    page, held = opened(at("trainings")), []
    page.route(
        "**/v1/trainings", lambda route: held.append(route) if route.request.method == "POST" else route.continue_()
    )
    start(page, corpora)
    page.get_by_role("link", name="Corpora").click()
    with page.expect_response(lambda answer: answer.request.method == "POST") as begun:
        held[0].continue_()
    training = begun.value.json()["links"]["self"]
    expect(page.get_by_role("heading", name="Corpora", level=1)).to_be_visible()
    expect(page).to_have_url(re.compile("view=corpora$"))
    allow(corpora, 9)
    studio.bench.until(training)


@pytest.mark.long
def test_no_more_trainings_run_than_there_is_room_for(opened, studio, corpora):
    begun = [studio.bench.begin(corpora, seed=seed) for seed in range(2)]
    page = opened(at("trainings"))
    start(page, corpora)
    expect(page.get_by_role("alert")).to_have_text("2 of at most 2 trainings run already. Try again in 60 s.")
    allow(corpora, 9)
    expect(page.get_by_role("row", name=re.compile("running"))).to_have_count(0)
    for one in begun:
        studio.bench.until(one)


@pytest.mark.long
def test_who_loses_sight_of_a_training_sees_it_again(opened, studio, corpora):
    training = studio.bench.begin(corpora)
    page = opened()
    page.clock.install()
    page.route("**/events", lambda route: route.fulfill(status=503))
    page.goto(f"/{at('trainings', training=training.rpartition('/')[2])}")
    expect(page.get_by_role("alert")).to_contain_text("cannot be reached just now")
    page.unroute("**/events")
    page.clock.fast_forward(2000)
    allow(corpora, 1)
    expect(page.get_by_text("Epoch 1 of 3.")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    allow(corpora, 9)
    studio.bench.until(training)


def test_runs_are_compared_and_what_differs_is_pointed_out(opened, shots):
    page = opened(at("runs"))
    for seed in (41, 42):
        box = page.get_by_role("checkbox", name=re.compile(f"groove, seed {seed}"))
        if not box.is_checked():
            box.check()
    for box in page.get_by_role("checkbox").all():
        if box.is_checked() and not re.search("seed 4[12],", box.get_attribute("aria-label")):
            box.uncheck()
    # Of one that was begun here the folder is called after its id, which tells nobody anything.
    expect(page.get_by_role("row", name=re.compile("^Show groove, seed 41"))).not_to_contain_text(
        re.compile("[0-9a-f]{24}")
    )
    expect(page.get_by_role("heading", name="2 settings differ")).to_be_visible()
    differing = page.get_by_label("Settings that differ")
    expect(differing.get_by_role("row", name=re.compile("epochs (3 5|5 3)"))).to_be_visible()
    expect(differing.get_by_role("row", name=re.compile("warmup"))).to_be_visible()
    expect(differing.get_by_role("row", name=re.compile("rate"))).to_have_count(0)
    expect(page.get_by_role("img", name=re.compile("1: dev loss: .*2: dev loss: "))).to_be_visible()
    shots(page, "runs")
    page.get_by_role("button", name="Logarithmic").click()
    expect(page.locator("canvas")).to_be_visible()
    page.get_by_role("button", name="As a table").click()
    expect(page.get_by_label("Runs compared, as a table").get_by_role("row")).to_have_count(6)
    link = page.url
    page.get_by_role("link", name="groove, seed 41").click()
    expect(page.get_by_role("heading", name="groove, seed 41")).to_be_visible()
    page.go_back()
    expect(page).to_have_url(link)
    expect(page.get_by_role("heading", name="2 settings differ")).to_be_visible()


@pytest.mark.long
def test_a_link_to_a_run_that_is_gone_asks_no_more_than_once_where_that_fails(opened):
    page, asked = opened(), []

    def answer(route):
        asked.append(route.request.url)
        if "before=" in route.request.url:
            route.fulfill(status=503, json={"detail": "the service is about to end"})
        else:
            route.fulfill(json=route.fetch().json() | {"next": "1"})

    page.route("**/v1/runs?*", answer)
    page.goto(f"/{at('runs', run='gone')}")
    expect(page.get_by_role("alert")).to_contain_text("about to end")
    page.get_by_role("button", name="Older runs").click()
    expect(page.get_by_role("button", name="Older runs")).to_be_enabled()
    assert len(asked) < 5


def test_a_model_shows_its_card_and_how_sure_it_is(opened, shots):
    page = opened(at("models"))
    row = page.get_by_role("row", name=re.compile("^voice"))
    expect(row).to_contain_text("RAVDESS")
    expect(row).to_contain_text("whole")
    page.get_by_role("link", name="voice").click()
    expect(page.get_by_role("heading", name="The ear for voices")).to_be_visible()
    expect(page.get_by_role("img", name=re.compile(r"speech as it comes 0\.047"))).to_be_visible()
    page.goto(f"/{at('models', model='words')}")
    expect(page.get_by_role("img", name=re.compile(r"Aimed at 0\.8\. EmoBank: valence 0\.761"))).to_be_visible()
    shots(page, "model")


def test_a_card_is_text_and_draws_its_reliability(opened):
    page = opened()
    about = {"name": "test", "licence": "CC0", "corpora": [], "size": 1000, "damaged": ["model.onnx"]}
    answer = json.dumps(about | {"card": CARD})
    page.route("**/v1/models/test", lambda route: route.fulfill(body=answer, content_type="application/json"))
    page.goto(f"/{at('models', model='test')}")
    card = page.get_by_role("article", name="test")
    expect(card).to_contain_text('<script>document.title = "taken"</script>')
    expect(card).to_contain_text("A <b onclick")
    expect(card).to_contain_text("damaged: model.onnx")
    assert page.title().endswith("Kelly Studio")
    assert [link.get_attribute("href") for link in card.get_by_role("link").all()] == [at("models", model="voice")]
    expect(page.get_by_role("img", name=re.compile(r"reliability of speech.*sure 0\.85, right 0\.95"))).to_be_visible()


def test_two_models_are_put_beside_each_other(opened, shots):
    page = opened(at("models", model="symbolic"))
    page.get_by_label("Compare with").select_option("judge")
    row = page.get_by_role("row", name=re.compile("EMOPIA quadrant")).first
    expect(row).to_contain_text(".725 ± .006")
    expect(row).to_contain_text(".661")
    expect(page.get_by_role("article")).to_have_count(2)
    shots(page, "models-compared")
    page.get_by_label("Compare with").select_option("groove")
    expect(page.get_by_text("Their cards measure nothing in common")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="symbolic beside judge")).to_be_visible()


def test_corpora_are_checked_and_their_faults_named(opened, corpora, shots):
    told = [one | {"folder": str(corpora / one["name"])} for one in (FAULTY, WHOLE)]
    (corpora / "answer").write_text(json.dumps({"corpora": told}))
    page = opened(at("corpora"))
    page.get_by_label("Folder of the corpora").fill(str(corpora))
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_text("2 corpora checked: 1 fault.")).to_be_visible()
    faulty = page.get_by_role("article", name="Groove MIDI Dataset")
    expect(faulty.get_by_role("region", name="Faults")).to_contain_text("drummer1/session1/5.mid: cannot be read")
    expect(faulty.get_by_role("row", name="train 890 897 (−7) 8")).to_be_visible()
    expect(faulty).to_contain_text("checksums wrong")
    expect(page.get_by_role("article", name="POP909")).to_contain_text("✓ whole")
    shots(page, "corpora")
    page.get_by_role("link", name="Service").click()
    page.go_back()
    expect(page.get_by_text("2 corpora checked: 1 fault.")).to_be_visible()


def test_a_check_is_cancelled(opened, studio, corpora):
    (corpora / "slow").touch()
    (corpora / "answer").write_text('{"corpora": []}')
    page = opened(at("corpora"))
    page.get_by_label("Folder of the corpora").fill(str(corpora))
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    page.get_by_role("link", name="Models").click()
    page.get_by_role("link", name="Corpora").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("The check was cancelled.")).to_be_visible()
    (corpora / "slow").unlink()
    asked = {"root": str(corpora)}
    wait(lambda: studio.bench.calling.post("/v1/corpora/checks", json=asked).status_code == 200)


def test_what_cannot_be_checked_is_told_at_its_field(opened, corpora):
    page = opened(at("corpora"))
    folder, only, check = page.get_by_label("Folder of the corpora"), page.get_by_label("Only these"), "Check"
    folder.fill("corpora")
    page.get_by_role("button", name=check).click()
    expect(folder).to_have_accessible_description(re.compile("must be a folder of this machine"))
    folder.fill(str(corpora))
    only.fill("groove; rm -rf")
    page.get_by_role("button", name=check).click()
    expect(only).to_have_accessible_description(re.compile("letters, digits"))
    (corpora / "fails").write_text("kelly: this command needs the extra `train` (torch is missing): pip install torch")
    only.fill("")
    page.get_by_role("button", name=check).click()
    expect(page.get_by_role("alert")).to_contain_text("needs the extra `train`")


def test_the_traffic_of_the_service_is_seen(opened, studio, shots):
    page = opened()
    page.clock.install()
    page.goto(f"/{at('service')}")
    expect(page.get_by_text(re.compile("^. (Healthy|Busy)"))).to_be_visible()
    expect(page.get_by_text("Requests a second").first).to_be_visible()
    page.get_by_label(re.compile("in the last")).check()
    for _ in range(20):
        studio.bench.calling.get("/v1/emotions")
    studio.bench.calling.get("/v1/emotions", headers={"Origin": "https://elsewhere.example"})
    page.clock.fast_forward(2000)
    row = page.get_by_role("row", name=re.compile(r"emotions \d+ 0 .* m?s"))
    expect(row).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("^403"))).to_contain_text("from another site")
    expect(page.get_by_role("row", name=re.compile("metrics"))).to_have_count(0)
    page.get_by_label("since it began").check()
    expect(row).to_be_visible()
    shots(page, "service")
    page.route("**/metrics", lambda route: route.abort())
    page.clock.fast_forward(2000)
    expect(page.get_by_role("alert")).to_contain_text("Kelly cannot be reached")


def test_the_workbench_bars_nobody_and_reaches_beyond_no_edge(opened, axe):
    page = opened(ALL[0])
    faint = "axe.run(document, {runOnly: ['color-contrast']}).then((told) => told.violations)"
    told, wide = {}, page.viewport_size
    for hash_ in ALL:
        page.goto(f"/{hash_}")
        shown(page)
        told[hash_] = axe(page)
        page.emulate_media(color_scheme="dark")
        told[hash_] += page.evaluate(faint)
        page.emulate_media(color_scheme="light")
        for width in (1024, PHONE["width"]):
            page.set_viewport_size(PHONE | {"width": width})
            page.wait_for_function("document.documentElement.scrollWidth <= window.innerWidth")
        page.set_viewport_size(wide)
    assert not any(told.values()), told


def test_the_workbench_is_walked_by_keys(opened):
    page = opened(at("runs"))
    expect(page.get_by_role("checkbox").first).to_be_visible()
    page.get_by_role("navigation", name="Workbench").get_by_role("link", name="Models").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="dynamics")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Models", exact=True)).to_be_focused()  # a table that may scroll
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="dynamics", level=1)).to_be_visible()
    page.go_back()
    page.go_back()
    expect(page.get_by_role("heading", name="Runs", level=1)).to_be_visible()
