/** What can be made of a song, or of the bars of it that are selected: a part anew, bars anew, another feeling, more. */

import { useState } from "react";
import type { Schema } from "../api/client";
import type { Named, Vad } from "../feeling/emotions";
import type { Bars } from "../song/roll";
import { useNotes } from "../song/SongView";

type Variation = Schema["Variation"];

interface Props {
  song: string;
  bars: Bars | undefined;
  onBars: (bars: Bars | undefined) => void;
  /** The feeling that the map points at. */
  place: Vad;
  name: Named | undefined;
  busy: boolean;
  onVary: (asked: Variation) => void;
}

export function Variations({ song, bars, onBars, place, name, busy, onVary }: Props) {
  const { data: notes } = useNotes(song);
  const [part, setPart] = useState("");
  if (notes === undefined) return null;
  const parts = notes.parts.filter((one) => one.notes.length > 0).map((one) => one.name);
  const chosen = parts.includes(part) ? part : (parts.find((one) => one === "Melody") ?? parts[0]);

  function vary(asked: Omit<Variation, "seed">) {
    const seed = crypto.getRandomValues(new Uint32Array(1))[0]; // so that the same again is another take
    onVary({ ...asked, ...(bars ?? {}), seed } as Variation);
  }

  return (
    <section className="variations" aria-label="Change it">
      <p className="span" aria-live="polite">
        {bars === undefined
          ? "Whole song"
          : bars.first === bars.last
            ? `Bar ${bars.first}`
            : `Bars ${bars.first}–${bars.last}`}
        {bars === undefined ? (
          <small>Drag over the roll to choose bars</small>
        ) : (
          <button type="button" className="quiet" onClick={() => onBars(undefined)}>
            Choose none
          </button>
        )}
      </p>
      <div className="deeds">
        <span className="joined">
          <button
            type="button"
            disabled={busy || chosen === undefined}
            onClick={() => vary({ kind: "vary", part: chosen as string })}
          >
            Vary the
          </button>
          <select aria-label="Part to vary" value={chosen} onChange={(event) => setPart(event.target.value)}>
            {[...new Set(parts)].map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </span>
        <button
          type="button"
          disabled={busy || bars === undefined}
          title={
            bars === undefined
              ? "Choose bars in the roll first"
              : "Every part of these bars, between what stands around them"
          }
          onClick={() => vary({ kind: "infill" })}
        >
          Write all parts anew
        </button>
        <button
          type="button"
          disabled={busy}
          title="Melody and chords stay, played in the feeling that the map points at"
          onClick={() => vary({ kind: "reperform", feeling: { vad: place } })}
        >
          {`Play it as ${name?.name ?? "the map says"}`}
        </button>
        <button
          type="button"
          disabled={busy || bars !== undefined}
          title="Eight more bars after the last"
          onClick={() => vary({ kind: "continue", bars: 8 })}
        >
          Go on for 8 bars
        </button>
      </div>
    </section>
  );
}
