/** Valence and arousal as lines over time, and below them the colours and the names of what was felt. */

import { useLayoutEffect, useMemo, useRef, useState } from "react";
import { useGround } from "../app/theme";
import { colourOf } from "../feeling/colours";
import { feltAt, lineOf, type Point, stretchesOf, thinned } from "./course";
import "./course.css";

interface Props {
  points: readonly Point[];
  /** How long it is so far. */
  seconds: number;
  /** How far a second lies along the box, 0..1. */
  along: (second: number) => number;
}

const [WIDTH, HEIGHT] = [1000, 100];
const PATCHES = 160; // of colour
const LETTER = 6.6; // pixels of a name, on the average
const EDGE = 0.04; // of the height, so that no line is cut

const within = (share: number) => EDGE + share * (1 - 2 * EDGE);

export function Curves({ points, seconds, along }: Props) {
  const ground = useGround();
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const lines = useMemo(() => {
    const seen = thinned(points);
    const of = (high: Parameters<typeof lineOf>[3]) => lineOf(seen, seconds, along, high, WIDTH, HEIGHT);
    return { valence: of((one) => within((one.valence + 1) / 2)), arousal: of((one) => within(one.arousal)) };
  }, [points, seconds, along]);

  const patches = useMemo(
    () =>
      Array.from({ length: points.length === 0 ? 0 : PATCHES }, (_, at) => {
        const placed = (patch: number) => feltAt(points, ((patch + 0.5) / PATCHES) * seconds).place;
        const [place, joined] = [placed(at), at + 1 < PATCHES && placed(at + 1) !== undefined];
        // Each reaches under the next, so that no seam is seen.
        const [from, to] = [at, at + (joined ? 2 : 1)].map((patch) => along((patch / PATCHES) * seconds));
        return { at, from: from as number, to: to as number, colour: place && colourOf(place, ground) };
      }),
    [points, seconds, along, ground],
  );

  const names = useMemo(
    () =>
      stretchesOf(points, seconds)
        .map(({ from, to, name }) => ({ name, left: along(from), room: (along(to) - along(from)) * width }))
        .filter(({ name, room }) => room > LETTER * name.length + 12),
    [points, seconds, along, width],
  );

  return (
    <div ref={box} className="curves" aria-hidden="true">
      <div className="plot">
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none">
          <title>Valence and arousal over time</title>
          <line className="middle" x1={0} x2={WIDTH} y1={HEIGHT / 2} y2={HEIGHT / 2} />
          <path className="arousal" d={lines.arousal} />
          <path className="valence" d={lines.valence} />
        </svg>
        <span className="end top">pleasant, frantic</span>
        <span className="end bottom">unpleasant, asleep</span>
      </div>
      <svg className="ribbon" viewBox={`0 0 ${WIDTH} 10`} preserveAspectRatio="none">
        <title>Colours of what was felt</title>
        {patches.map(
          ({ at, from, to, colour }) =>
            colour !== undefined && (
              <rect key={at} x={WIDTH * from} width={WIDTH * (to - from)} height={10} fill={colour} />
            ),
        )}
      </svg>
      <div className="stretches">
        {names.map(({ name, left }) => (
          <span key={left} style={{ left: `${100 * left}%` }}>
            {name}
          </span>
        ))}
      </div>
    </div>
  );
}
