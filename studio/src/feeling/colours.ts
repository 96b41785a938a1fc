/** Colours of feelings, as `kelly show` paints them: valence turns the hue from blue over rose to gold, arousal glows. */

export interface Place {
  valence: number;
  arousal: number;
}

export type Ground = "dark" | "light";

const BLUE = 258;
const GOLD = 447;

/**
 * The colour of a feeling as CSS has it. Blue and gold differ for every common kind of colour blindness; lightness
 * carries arousal on a dark ground, and depth of colour on a light one.
 */
export function colourOf({ valence, arousal }: Place, ground: Ground = "dark"): string {
  const hue = (BLUE + ((GOLD - BLUE) * (valence + 1)) / 2) % 360;
  const chroma = (0.05 + 0.14 * arousal) * (0.75 + 0.25 * Math.abs(valence));
  const lightness =
    ground === "dark"
      ? 0.59 + (0.15 + 0.06 * valence) * arousal + 0.03 * valence
      : 0.62 - 0.08 * arousal + 0.05 * valence;
  return `oklch(${lightness.toFixed(3)} ${chroma.toFixed(3)} ${hue.toFixed(1)})`;
}
