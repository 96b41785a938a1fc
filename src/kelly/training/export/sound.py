"""Exporting what hears sound: waves in, what the heads tell out, with all that lies between in one ONNX file.

Conventions: inputs are `waves`, float32 (batch, samples) at the rate of the definitions, and `lengths`, int64 (batch,),
how many of the samples are real; batch and time are of any size. (What hears the mood set's spectrograms has `levels`,
float32 (batch, frames, bands), in their place, and lengths in frames.) Outputs are named after the heads: probabilities
of classes, their logits divided by a temperature first, or ratings in the corpus's own terms, (batch, numbers). Large
matrices are kept in 8 bits (`kelly.training.export.quantising`). Before anything is written, the file is read back and
must tell what torch tells with the same rounded weights, to 1e-4.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import torch
from torch import Tensor, nn

from kelly.errors import FileError, UsageError
from kelly.listening.sound import music_sources, music_units
from kelly.models.ears import Ear
from kelly.models.sessions import opened
from kelly.sound.features import EVEN, FRAMES, SOFTEST
from kelly.training.data.registry import reader
from kelly.training.data.sounds import FULL, TASKS, Sound, sounds
from kelly.training.evaluation.calibration import temperature
from kelly.training.evaluation.listeners import by_fold, listeners, together
from kelly.training.export.put import put
from kelly.training.export.quantising import packed, round_matrices
from kelly.training.networks.front import Front
from kelly.training.networks.hearing import Hearing
from kelly.training.networks.movement import Movement
from kelly.training.tasks import notes
from kelly.training.tasks.context import Context
from kelly.training.tasks.sound import Settings, trained

__all__ = ["Listening", "encoded", "write"]

OPSET = 17
TOLERANCE = 1e-4
_ALIKE = 1e-6  # deviation of what is told alike of all sounds
_ASKED = 400  # sounds that tell the units of heads


class Listening(nn.Module):
    """Networks that are heard together, with what stands before and after them.

    Parameters: hearings, whose definitions begin alike; temperatures, by the name of a head of classes (1 where it has
    none).
    """

    def __init__(self, hearings: Sequence[Hearing | Movement], temperatures: Mapping[str, float]) -> None:
        super().__init__()
        self.hearings, self.temperatures = nn.ModuleList(hearings), dict(temperatures)
        self.mels = max((one.mels for one in hearings), key=len)
        self.front = Front(self.mels) if self.sounding else None

    @property
    def sounding(self) -> bool:
        """Whether it hears waves; else spectrograms."""
        return self.mels[0] != FRAMES

    @property
    def heads(self) -> list[str]:
        """The names of what it tells, in order."""
        return list(dict.fromkeys(name for one in self.hearings for name in one.heads))  # type: ignore[union-attr]

    def forward(self, heard: Tensor, lengths: Tensor) -> tuple[Tensor, ...]:
        """What each head tells, of waves (batch, samples) or levels (batch, frames, bands)."""
        if self.front is None:
            levels, counts, loudness = [heard], lengths, torch.zeros_like(lengths, dtype=heard.dtype)
        else:
            waves, loudness = self._evened(heard, lengths)
            levels, counts = list(self.front(waves)), 1 + lengths // self.mels[0].hop
        real = torch.arange(levels[0].shape[1], device=heard.device)[None] < counts[:, None]
        known = [one * real[..., None] for one in levels]
        said = [one(known[: len(one.mels)], real, loudness) for one in self.hearings]  # type: ignore[arg-type]
        return tuple(self._told(name, [one[name] for one in said if name in one]) for name in self.heads)

    def _evened(self, waves: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """`kelly.sound.features.evened` of waves, each of its own length; and how loud (batch,) they were in dB."""
        real = torch.arange(waves.shape[1], device=waves.device)[None] < lengths[:, None]
        waves = torch.where(real, waves, torch.zeros_like(waves))
        rms = (waves.square().sum(1) / lengths).sqrt().clamp_min(SOFTEST)
        return waves * (EVEN / rms)[:, None], 20 * rms.log10()

    def _told(self, name: str, said: Sequence[Tensor]) -> Tensor:
        """The mean of ratings; of classes that of log probabilities, at the head's temperature."""
        asked = TASKS[name]
        if not asked.classes:
            return torch.stack(list(said)).mean(0) * asked.unit
        logs = torch.stack([torch.log_softmax(one, 1) for one in said]).mean(0)
        return torch.softmax(logs / self.temperatures.get(name, 1.0), 1)


def write(runs: Sequence[Path], root: Path, out: Path, context: Context) -> list[Path]:
    """Write finished runs as Kelly ships them, heard together: `model.onnx` and `config.json`.

    Parameters: runs; those that left out a fold are not written: they tell by what temperature probabilities are to be
    divided (none: by 1), those of one fold heard together; root, of the corpora; out, the folder, made where it is
    missing; context.
    Returns: the files written.
    Raises: FileError, a run is not finished, or the export is not its equal; UsageError, all runs left out a fold, or
    they cannot be heard together; as `sounds` and `by_fold`; FileError, one reads notes and the run of these is gone.
    """
    known = [(run, *trained(run)) for run in runs]
    shipped = [one for one in known if not one[1].folds]
    if not shipped:
        raise UsageError(f"at least one run must be of all data, without --fold; got {', '.join(map(str, runs))}")
    _check_alike({str(run): hearing for run, _, hearing in known})
    for _, _, hearing in shipped:
        round_matrices(hearing)
    tasks = list(dict.fromkeys(name for _, settings, _ in shipped for name in settings.tasks))
    temperatures = _temperatures([run for run, settings, _ in known if settings.folds], tasks, root, context)
    listening = Listening([hearing for _, _, hearing in shipped], temperatures).eval()
    files = {"model.onnx": encoded(listening)}
    config = {
        "format": 1,
        **_sources([settings for _, settings, _ in shipped]),
        "runs": [run.name for run, _, _ in shipped],
        "rate": listening.mels[0].rate,
        "heads": {name: list(TASKS[name].names) for name in listening.heads},
        "temperatures": temperatures,
        **_scaled(files["model.onnx"], listening.heads, listening.mels[0].rate, root, context),
    }
    return put(files, config, out)


def _sources(known: Sequence[Settings]) -> dict[str, Any]:
    """What runs learned from and began with, the licence of all that together, and the SoundFonts they heard."""
    learned = {one for asked in known for name in asked.tasks for one in (TASKS[name].corpus, *TASKS[name].beside)}
    before = [notes.made_by(Path(asked.begin)) for asked in known if asked.trunk == "notes" and asked.begin]
    learned |= {one for asked in before for one in asked.corpora}
    fonts = {Path(font).stem for told in [one.fonts for one in known] + [one.fonts for one in before] for font in told}
    corpora = [reader(one).CORPUS for one in sorted(learned)]
    begun = dict.fromkeys(_BEGUN[asked.trunk] for asked in known if asked.begin and asked.trunk in _BEGUN)
    licences = {one.licence for one in corpora} | {licence for _, licence in begun}
    return {
        "licence": "; ".join(sorted(licences)),
        "corpora": [one.title for one in corpora] + [title for title, _ in begun],
        "fonts": sorted(fonts),
    }


def _check_alike(hearings: Mapping[str, Hearing | Movement]) -> None:
    """One front hears for all, and each takes as many of its definitions as it knows. Raises: UsageError."""
    longest = max(hearings, key=lambda name: len(hearings[name].mels))
    for name, one in hearings.items():
        if one.mels != hearings[longest].mels[: len(one.mels)]:
            raise UsageError(
                f"runs that are heard together must hear by the same definitions; {name} and {longest} differ"
            )


def _temperatures(folds: Sequence[Path], tasks: Sequence[str], root: Path, context: Context) -> dict[str, float]:
    """The temperature of each head of classes, by what runs say of the folds that they left out."""
    heard = listeners(folds)
    told = {}
    for name in [name for name in tasks if TASKS[name].classes]:
        knowing = [one for one in heard if name in one.tasks]
        found = _judged(name, knowing[0].settings, root, context) if knowing else []
        gold: list[int] = []
        said: list[npt.NDArray[np.float64]] = []
        for same in by_fold(knowing, TASKS[name].corpus, {one.key for one in found}):
            held = same[0].parted(found, "dev")[1]
            gold += [int(sound.told.argmax()) for sound in held]
            rows = zip(*(one(name, held) for one in same), strict=True)
            said += [together(row, classes=True) for row in rows]
        told[name] = round(temperature(np.array(gold), np.log(np.array(said))), 4) if said else 1.0
    return told


def _judged(name: str, settings: Settings, root: Path, context: Context) -> list[Sound]:
    """The sounds of a task as a run's settings have them."""
    return sounds(root, context, [name], [Path(font) for font in settings.fonts], settings.sample_rate)


def _scaled(data: bytes, heads: Sequence[str], rate: int, root: Path, context: Context) -> dict[str, Any]:
    """What the ear for music takes as the middle and the unit of each head, over Emotify's tracks; of others nothing.

    These are what people hear: recordings of several kinds. Two of three heads learned from scores that were played,
    and what they say of a recording lies lower; so that no recording is sad for being one, each head's middle is that
    of recordings.
    """
    if not set(heads) >= {"gems", "vgmidi", "emopia"}:
        return {}
    ear = Ear(data, {"rate": rate, "heads": {name: list(TASKS[name].names) for name in heads}})
    known = [one for one in sounds(root, context, ["gems"], rate=rate) if one.split != "test"]
    rows = [ear.hear([one.wave[: 5 * rate] / np.float32(FULL)]) for one in known[:: max(1, len(known) // _ASKED)]]
    told = {head: np.concatenate([row[head] for row in rows]) for head in heads}
    scale: dict[str, Any] = {
        name: {"mean": source.mean(0).tolist(), "deviation": source.std(0).clip(_ALIKE).tolist()}
        for name, source in music_sources(told).items()
    }
    units = music_units(told, scale)
    return {"scale": scale | {"together": units.std(0).clip(_ALIKE).tolist()}}


_BEGUN = {
    **dict.fromkeys(
        ("transformer", "layers"),
        ("Whisper tiny's encoder as Smart Turn v3 has it", "begun from weights under MIT and BSD-2-Clause"),
    ),
    **dict.fromkeys(
        ("multiscale", "kernels"), ("musicnn (MagnaTagATune)", "begun from weights trained on CC BY-NC-SA 3.0")
    ),
}


def encoded(module: Listening) -> bytes:
    """The ONNX file of a module whose matrices are rounded. Raises: FileError, it does not tell what torch tells."""
    written = io.BytesIO()
    heard, name = ("waves", "samples") if module.sounding else ("levels", "frames")
    heads = module.heads
    torch.onnx.export(
        module,
        _example(module, 2, 1.5),
        written,  # type: ignore[arg-type] # it takes buffers too
        input_names=[heard, "lengths"],
        output_names=heads,
        dynamic_axes={heard: {0: "batch", 1: name}, "lengths": {0: "batch"}, **{head: {0: "batch"} for head in heads}},
        opset_version=OPSET,
        do_constant_folding=False,  # onnxruntime folds when it loads, and the file stays small
        dynamo=False,
    )
    data = packed(onnx.load_from_string(written.getvalue()), dict(module.hearings.named_parameters()))
    _compare(module, data)
    return data


def _example(module: Listening, batch: int, seconds: float) -> tuple[Tensor, Tensor]:
    mel = module.mels[0]
    torch.manual_seed(0)
    count = round(seconds * (mel.rate if module.sounding else mel.frames_a_second))
    lengths = torch.tensor([count - row * (count // 5) for row in range(batch)])
    if module.sounding:
        return 0.05 * torch.randn(batch, count), lengths
    return 8 * torch.rand(batch, count, mel.bands), lengths


def _compare(module: Listening, data: bytes) -> None:
    """See that the file tells what torch tells, of batches and lengths other than it was traced with."""
    session = opened(data)
    for batch, seconds in ((1, 0.7), (3, 5.0), (2, 9.3)):
        heard, lengths = _example(module, batch, seconds)
        with torch.no_grad():
            wanted = module(heard, lengths)
        names = [one.name for one in session.get_inputs()]
        told = session.run(None, dict(zip(names, (heard.numpy(), lengths.numpy()), strict=True)))
        off = max(float(np.abs(one - other.numpy()).max()) for one, other in zip(told, wanted, strict=True))
        if not off <= TOLERANCE:
            raise FileError(f"the ONNX file must tell what torch tells within {TOLERANCE:g}; it is {off:.2g} off")
