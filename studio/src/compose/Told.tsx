/** What is heard in the words, in words: other ways to read them can be chosen, and a point that was moved taken back. */

import type { Schema } from "../api/client";
import type { Named, Vad } from "../feeling/emotions";

interface Props {
  error: Error | null;
  reading: Schema["FeelingReading"] | undefined;
  /** The name that is nearest to where somebody has put the point. */
  moved: Named | undefined;
  onPlace: (place: Vad) => void;
  /** Go back to what was read; none where nothing was, or nothing was moved. */
  onWords: (() => void) | undefined;
}

export function Told({ error, reading, moved, onPlace, onWords }: Props) {
  return (
    <p className="told" aria-live="polite">
      {error !== null ? error.message : moved !== undefined ? `Nearest name: ${moved.name}.` : heard(reading, onPlace)}
      {onWords !== undefined && (
        <button type="button" className="quiet" onClick={onWords}>
          Back to your words
        </button>
      )}
    </p>
  );
}

function heard(reading: Props["reading"], onPlace: Props["onPlace"]) {
  if (reading === undefined) return "\u00a0";
  const { name } = reading.emotion;
  const others = reading.readings.filter(
    (one, at) => one.name !== name && reading.readings.findIndex((other) => other.name === one.name) === at,
  );
  if (others.length === 0) return `Heard as ${name}.`;
  return (
    <>
      {`Heard as ${name}, or `}
      {others.map((one, at) => (
        <span key={one.name}>
          {at > 0 && " or "}
          <button
            type="button"
            className="other"
            title={`Take it for ${one.name}`}
            onClick={() => onPlace({ valence: one.valence, arousal: one.arousal, dominance: one.dominance })}
          >
            {one.name}
          </button>
        </span>
      ))}
      .
    </>
  );
}
