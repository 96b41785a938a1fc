/** The journey of a song, drawn as a curve over its sections: one axis at a time, or moved knot by knot with keys. */

import { type PointerEvent, useId, useRef, useState } from "react";
import { useGround } from "../app/theme";
import { colourOf } from "../feeling/colours";
import { AXES, type Axis, felt, type Knots, LEAST, stroked } from "./journey";
import "./journey.css";

interface Section {
  role: string;
  bars: number;
}

interface Props {
  knots: Knots;
  onKnots: (knots: Knots) => void;
  /** The stretches of the arc that is chosen; none where Kelly is to choose. */
  sections: readonly Section[];
}

const WIDTH = 400;
const HEIGHT = 156;
const SIDE = 8;
const TOP = 24; // below the names of the sections
const LETTER = 5.5; // width of a letter of these, about
const ENDS: Record<Axis, [string, string]> = {
  valence: ["unpleasant", "pleasant"],
  arousal: ["asleep", "frantic"],
  dominance: ["overwhelmed", "in control"],
};

export function Journey({ knots, onKnots, sections }: Props) {
  const id = useId();
  const ground = useGround();
  const svg = useRef<SVGSVGElement>(null);
  const before = useRef<[number, number] | undefined>(undefined);
  const [axis, setAxis] = useState<Axis>("valence");
  const least = LEAST[axis];
  const x = (at: number) => SIDE + at * (WIDTH - 2 * SIDE);
  const y = (value: number) => HEIGHT - SIDE - ((value - least) / (1 - least)) * (HEIGHT - SIDE - TOP);
  const bars = sections.reduce((sum, one) => sum + one.bars, 0);

  function place(event: PointerEvent): [number, number] {
    const box = (svg.current as SVGSVGElement).getBoundingClientRect();
    const right = ((event.clientX - box.left) / box.width) * WIDTH;
    const down = ((event.clientY - box.top) / box.height) * HEIGHT;
    const share = (HEIGHT - SIDE - down) / (HEIGHT - SIDE - TOP);
    return [(right - SIDE) / (WIDTH - 2 * SIDE), least + share * (1 - least)];
  }

  function drawn(event: PointerEvent) {
    const to = place(event);
    onKnots(stroked(knots, axis, before.current ?? to, to));
    before.current = to;
  }

  let begun = 0;
  return (
    <div className="journey">
      <div className="axes" role="radiogroup" aria-label="What is drawn">
        {AXES.map((one) => (
          <label key={one}>
            <input type="radio" name={id} checked={one === axis} onChange={() => setAxis(one)} />
            {one}
          </label>
        ))}
      </div>
      <svg
        ref={svg}
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={`The journey: ${axis} over the song. Draw it, or move its knots by keys.`}
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          before.current = undefined;
          drawn(event);
        }}
        onPointerMove={(event) => before.current !== undefined && drawn(event)}
        onPointerUp={() => {
          before.current = undefined;
        }}
        onPointerCancel={() => {
          before.current = undefined;
        }}
      >
        {sections.map((section) => {
          const left = begun / bars;
          begun += section.bars;
          return (
            <g key={left} className="section">
              <line x1={x(left)} x2={x(left)} y1={SIDE} y2={HEIGHT - SIDE} />
              {x(begun / bars) - x(left) > LETTER * section.role.length && (
                <text x={x(left) + 3} y={SIDE + 8}>
                  {section.role}
                </text>
              )}
            </g>
          );
        })}
        <text className="end" x={SIDE + 3} y={TOP + 8}>
          {ENDS[axis][1]}
        </text>
        <text className="end" x={SIDE + 3} y={HEIGHT - SIDE - 3}>
          {ENDS[axis][0]}
        </text>
        <polyline points={knots.map((one, knot) => `${x(knot / (knots.length - 1))},${y(one[axis])}`).join(" ")} />
        {knots.map((one, knot) => (
          <circle
            // biome-ignore lint/suspicious/noArrayIndexKey: a knot is its place in the row
            key={knot}
            cx={x(knot / (knots.length - 1))}
            cy={y(one[axis])}
            r={4}
            fill={colourOf(felt(knots, knot / (knots.length - 1)), ground)}
          />
        ))}
      </svg>
      <div className="hidden-sliders">
        {knots.map((one, knot) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a knot is its place in the row
          <label key={knot}>
            {`${axis} at ${Math.round((100 * knot) / (knots.length - 1))} % of the song`}
            <input
              type="range"
              min={least}
              max={1}
              step={0.05}
              value={one[axis]}
              onChange={(event) => {
                const at = knot / (knots.length - 1);
                const value = event.target.valueAsNumber;
                onKnots(stroked(knots, axis, [at, value], [at, value]));
              }}
            />
          </label>
        ))}
      </div>
    </div>
  );
}
