"""The description of the service, as the page takes its types from it."""

import importlib.util
import json


def test_the_page_knows_the_service_as_it_is(root):
    found = importlib.util.spec_from_file_location("describe", root / "studio/describe.py")
    describe = importlib.util.module_from_spec(found)
    found.loader.exec_module(describe)
    kept = json.loads(describe.FILE.read_text(encoding="utf-8"))
    assert kept == json.loads(json.dumps(describe.described())), "python studio/describe.py writes it anew"
