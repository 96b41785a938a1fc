"""Pages that follow from the package, so that they cannot fall behind it: the Python reference and the emotions.

Used by mkdocs as a hook (`hooks` in mkdocs.yml).
"""

import ast
import csv
from collections.abc import Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

PACKAGE = Path(__file__).parents[1] / "src/kelly"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages to the written ones."""
    pages = {"python": python(), "emotions": emotions(), "http": http()}
    for page, text in ((f"reference/{name}.md", text) for name, text in pages.items()):
        files.append(File.generated(config, page, content=text))
    return files


def python() -> str:
    """A page with an entry for every name of the public API."""
    entries = "\n\n".join(f"::: kelly.{name}" for name in public())
    return f"# Python\n\nAll that is public stands on this page; everything else may move.\n\n{entries}\n"


def public() -> list[str]:
    """The names in `kelly.__all__`, read without importing Kelly."""
    for node in ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return [name for name in ast.literal_eval(node.value) if not name.startswith("__")]
    return []


def http() -> str:
    """A page with the routes of the service, from its own description."""
    from kelly.serving.app import application
    from kelly.serving.settings import Settings

    described = application(Settings(folder=Path())).openapi()
    rows: dict[str, list[str]] = {}
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            takes = ", ".join(f"`{kind}`" for kind in operation.get("requestBody", {}).get("content", {}))
            answers = ", ".join(status for status in operation["responses"] if status < "4")
            said = operation["description"].partition("\n")[0]
            row = f"| `{method.upper()} {path}` | {said} | {takes} | {answers} |"
            rows.setdefault(operation["tags"][0], []).append(row)
    head = "| route | what it does | takes | answers |\n|---|---|---|---|\n"
    tables = "\n\n".join(f"## {tag.capitalize()}\n\n{head}" + "\n".join(lines) for tag, lines in rows.items())
    return (
        "# HTTP\n\nThe routes of `kelly serve`. A running service describes every field at `/openapi.json`; "
        "`WS /v1/live` stands in [Listen live](../how-to/listen-live.md). "
        f"What goes wrong is answered as problem details, with status 400 and above.\n\n{tables}\n"
    )


def emotions() -> str:
    """A page with the 72 names by category, and the blends."""
    names = "\n".join(table("thesaurus.csv", ("name", "category", "valence", "arousal", "dominance")))
    blends = "\n".join(table("blends.csv", ("name", "category", "valence", "arousal", "dominance", "intensity")))
    return (
        "# Emotions\n\nWhat `--emotion` takes. Each name also comes in the tiers `mid` and `low` (`grief:low`), "
        "which lie at .6 and .3 of its distance from neutral (valence 0, arousal .3, dominance .5).\n\n"
        f"## Names\n\n{names}\n\n## Blends\n\nMixed feelings, with an intensity of their own.\n\n{blends}\n"
    )


def table(file: str, columns: tuple[str, ...]) -> Iterator[str]:
    """The lines of a Markdown table with some columns of a CSV file of the emotion folder."""
    yield f"| {' | '.join(columns)} |"
    yield "|---" * len(columns) + "|"
    with (PACKAGE / "emotion" / file).open(encoding="utf-8", newline="") as rows:
        yield from (f"| {' | '.join(row[column] for column in columns)} |" for row in csv.DictReader(rows))
