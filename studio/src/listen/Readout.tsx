/** What was felt at one moment, in words and numbers; it says too which line is which. */

import { useGround } from "../app/theme";
import { colourOf } from "../feeling/colours";
import { clockOf, numberOf, type Point } from "./course";

export function Readout({ felt }: { felt: Point }) {
  const ground = useGround();
  const { place } = felt;
  return (
    <div className="readout">
      <span className="when">{clockOf(felt.second)}</span>
      <span className="name">
        <i aria-hidden="true" style={{ background: place === undefined ? "none" : colourOf(place, ground) }} />
        {place === undefined ? "nothing to hear" : (felt.name ?? " ")}
      </span>
      <span className="axis">
        <Stroke className="valence" />
        Valence <b>{place === undefined ? "–" : numberOf(place.valence, true)}</b>
      </span>
      <span className="axis">
        <Stroke className="arousal" />
        Arousal <b>{place === undefined ? "–" : numberOf(place.arousal)}</b>
      </span>
    </div>
  );
}

function Stroke({ className }: { className: string }) {
  return (
    <svg viewBox="0 0 26 8" width={26} height={8} aria-hidden="true">
      <path className={className} d="M1 4L25 4" />
    </svg>
  );
}

/** The same, for who hears it read out. */
export function toldOf({ second, place, name }: Point): string {
  if (place === undefined) return `${clockOf(second)}, nothing to hear`;
  return `${clockOf(second)}, ${name ?? ""}, valence ${numberOf(place.valence)}, arousal ${numberOf(place.arousal)}`;
}
