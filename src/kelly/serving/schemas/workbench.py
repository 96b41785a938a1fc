"""The workbench: trainings, runs and checks of corpora.

Conventions: paths are of the service's machine and absolute; they come in and never go out.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator
from typing_extensions import TypeAliasType

from kelly.models.trainable import DEVICES, MODELS
from kelly.serving.schemas.common import Asked, Id, Page, Told

__all__ = [
    "CheckedCorpus",
    "CorporaChecked",
    "CorporaQuestion",
    "Epoch",
    "RunState",
    "RunView",
    "Runs",
    "Trained",
    "TrainingQuestion",
    "TrainingState",
    "TrainingView",
]


def _model(name: str) -> str:
    if name not in MODELS:
        raise ValueError(f"model must be one of {', '.join(MODELS)}")
    return name


def _device(name: str) -> str:
    if name not in DEVICES:
        raise ValueError(f"device must be one of {', '.join(DEVICES)}")
    return name


Place = Annotated[str, StringConstraints(min_length=1, max_length=4096)]
Corpus = Annotated[str, StringConstraints(pattern="^[A-Za-z][A-Za-z0-9 _-]{0,79}$")]
Word = Annotated[str, StringConstraints(max_length=1000)]
Single = bool | Annotated[int, Field(ge=-(2**53), le=2**53)] | float | Word | None
Several = Annotated[list[Single], Field(max_length=256)]
Setting = Single | Several | dict[Word, Single | Several]
TrainingState = TypeAliasType("TrainingState", Literal["running", "done", "stopped", "failed"])
RunState = TypeAliasType("RunState", Literal["done", "unfinished", "damaged"])


class TrainingQuestion(Asked):
    """A model to be trained, or a training that ended early to go on."""

    model: Annotated[str, AfterValidator(_model), Field(json_schema_extra={"enum": list(MODELS)})] | None = None
    data: Place | None = Field(default=None, description="The folder of the corpora, by its absolute path.")
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    settings: Annotated[dict[Word, Setting], Field(max_length=256)] = Field(
        default={}, description="Settings other than the usual ones, as `kelly train --config` takes them."
    )
    labels: Place | None = Field(default=None, description="The feelings of songs, from `kelly label`.")
    device: Annotated[str, AfterValidator(_device), Field(json_schema_extra={"enum": list(DEVICES)})] = "auto"
    run: Id | None = Field(default=None, description="A training that stopped or failed, to go on; then nothing else.")

    @model_validator(mode="after")
    def _either(self) -> TrainingQuestion:
        if self.run is not None and self.model_fields_set != {"run"}:
            raise ValueError("a training goes on as it began: give run and nothing else")
        if self.run is None and (self.model is None or self.data is None):
            raise ValueError("give model and data, or run")
        return self


class Epoch(Told):
    """What an epoch came to; a model may measure more than its loss."""

    model_config = ConfigDict(extra="allow")

    epoch: int
    loss: float | None = None
    dev_loss: float | None = None


class TrainingView(Told):
    """A training."""

    id: str
    created: float
    model: str
    seed: int
    device: str
    settings: dict[str, Any]
    state: TrainingState = Field(
        description="stopped: it can go on; so can one that failed, once what was wrong is mended."
    )
    stopping: bool = Field(description="Whether it was told to end.")
    epoch: int = Field(description="Epochs that are done.")
    epochs: int | None = Field(description="How many there are at most; not known while data are prepared.")
    loss: float | None = Field(description="Of the last epoch, on what it learns from.")
    dev_loss: float | None = Field(description="Of the last epoch, on what it does not learn from.")
    best: float | None = Field(description="The lowest dev loss.")
    seconds: float = Field(description="How long it has worked.")
    eta: float | None = Field(description="Seconds to the last epoch; fewer where it ends early.")
    said: str | None = Field(description="The last line of its log.")
    code: int | None = Field(description="Its exit code.")
    detail: str | None = Field(description="Why it failed.")
    ended: float | None
    curve: list[Epoch] = Field(
        description="An entry an epoch; of more than 1000 (200 in a page), every second or third and so on."
    )
    links: dict[str, str]


class Trained(Page):
    """A page of trainings, the newest first."""

    trainings: list[TrainingView]


class RunView(Told):
    """A run: a folder that a training left."""

    id: str
    name: str = Field(description="What its folder is called.")
    created: float = Field(description="When it was begun, or went on last.")
    state: RunState
    training: str | None = Field(description="The training of this service that made it.")
    network: str | None
    seed: int | None
    settings: dict[str, Any] | None
    epochs: int | None = Field(description="How many there are at most.")
    best: float | None = Field(description="The lowest dev loss.")
    curve: list[Epoch] = Field(description="An entry an epoch; of more than 200, every second or third and so on.")


class Runs(Page):
    """A page of runs, the newest first."""

    runs: list[RunView]


class CorporaQuestion(Asked):
    """A folder of corpora to be checked."""

    root: Place = Field(description="A folder of corpora, or one of them, by its absolute path.")
    corpora: Annotated[list[Corpus], Field(max_length=64)] = Field(
        default=[], description="The names of those to check; all that are found when left out."
    )


class CheckedCorpus(Told):
    """What was found of a corpus: records and groups by split, files that were looked at, and what is wrong."""

    name: str
    title: str
    licence: str
    folder: str = Field(description="Its folder below the root.")
    group: str = Field(description="What stays on one side of a split, such as a drummer.")
    counts: dict[str, int] = Field(description="Records by split.")
    known_counts: dict[str, int] = Field(description="What the corpus has when it is whole.")
    groups: dict[str, int] = Field(description="Groups by split.")
    files: int
    sums: Literal["verified", "wrong", "written", ""] = Field(description="Checksums; empty where there are none.")
    faults: list[str]
    warnings: list[str]
    remarks: list[str]


class CorporaChecked(Told):
    """What was found: a row for each corpus."""

    corpora: list[CheckedCorpus]
