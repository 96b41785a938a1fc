/** The map: valence to the right, arousal upwards, the names where they lie, and a point that can be dragged. */

import { type PointerEvent, useId, useMemo, useRef, useState } from "react";
import { useGround } from "../app/theme";
import { colourOf } from "./colours";
import { clamped, type Named, nearest, type Vad } from "./emotions";
import "./map.css";

export interface Spread {
  valence: number | null;
  arousal: number | null;
}

interface Props {
  place: Vad;
  spread?: Spread | undefined;
  names: readonly Named[];
  /** What the place is called, where that is known otherwise than by the nearest name. */
  name?: string | undefined;
  onMove?: ((place: Vad) => void) | undefined;
  /** Places on the way through a song, drawn as a line. */
  way?: readonly Vad[] | undefined;
}

const WIDTH = 320;
const HEIGHT = 264;
const EDGE = 20;
const STEP = 0.02;

const x = (valence: number) => EDGE + ((valence + 1) / 2) * (WIDTH - 2 * EDGE);
const y = (arousal: number) => HEIGHT - EDGE - arousal * (HEIGHT - 2 * EDGE);

export function FeelingMap({ place, spread, names, name, onMove, way }: Props) {
  const id = useId();
  const ground = useGround();
  const svg = useRef<SVGSVGElement>(null);
  const [dragged, setDragged] = useState(false);
  const near = useMemo(() => names.find((one) => one.name === name) ?? nearest(place, names), [place, names, name]);
  const radius = 7 + 9 * place.dominance;

  function moved(event: PointerEvent) {
    const box = svg.current?.getBoundingClientRect();
    if (box === undefined || onMove === undefined) return;
    const [right, down] = [
      ((event.clientX - box.left) * WIDTH) / box.width,
      ((event.clientY - box.top) * HEIGHT) / box.height,
    ];
    onMove(
      clamped({
        valence: (2 * (right - EDGE)) / (WIDTH - 2 * EDGE) - 1,
        arousal: (HEIGHT - EDGE - down) / (HEIGHT - 2 * EDGE),
        dominance: place.dominance,
      }),
    );
  }

  return (
    <div className="map" data-dragged={dragged || undefined}>
      <svg
        ref={svg}
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-labelledby={`${id}-title`}
        onPointerDown={(event) => {
          if (onMove === undefined || event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          setDragged(true);
          moved(event);
        }}
        onPointerMove={(event) => dragged && moved(event)}
        onPointerUp={() => setDragged(false)}
        onPointerCancel={() => setDragged(false)}
      >
        <title id={`${id}-title`}>{`Map of feelings: ${near?.name ?? "no name yet"}`}</title>
        <line className="axis" x1={x(-1)} x2={x(1)} y1={y(0.5)} y2={y(0.5)} />
        <line className="axis" x1={x(0)} x2={x(0)} y1={y(0)} y2={y(1)} />
        <g className="ends">
          <text x={x(-1)} y={y(0.5) - 6}>
            unpleasant
          </text>
          <text x={x(1)} y={y(0.5) - 6} textAnchor="end">
            pleasant
          </text>
          <text x={x(0) + 6} y={y(1) - 6}>
            frantic
          </text>
          <text x={x(0) + 6} y={y(0) + 14}>
            asleep
          </text>
        </g>
        {names.map((one) => (
          <circle
            key={one.name}
            className="name"
            cx={x(one.valence)}
            cy={y(one.arousal)}
            r={one === near ? 4 : 2.5}
            fill={colourOf(one, ground)}
          >
            <title>{one.name}</title>
          </circle>
        ))}
        {way !== undefined && way.length > 1 && (
          <polyline className="way" points={way.map((one) => `${x(one.valence)},${y(one.arousal)}`).join(" ")} />
        )}
        {spread?.valence != null && spread.arousal != null && (
          <ellipse
            className="spread"
            cx={x(place.valence)}
            cy={y(place.arousal)}
            rx={(spread.valence * (WIDTH - 2 * EDGE)) / 2}
            ry={spread.arousal * (HEIGHT - 2 * EDGE)}
          />
        )}
        <circle
          className="point"
          cx={x(place.valence)}
          cy={y(place.arousal)}
          r={radius}
          fill={colourOf(place, ground)}
        />
        {near !== undefined && (
          <text
            className="near"
            x={x(place.valence)}
            y={y(place.arousal) + (place.arousal > 0.85 ? radius + 16 : -radius - 7)}
            textAnchor={place.valence < -0.6 ? "start" : place.valence > 0.6 ? "end" : "middle"}
          >
            {near.name}
          </text>
        )}
      </svg>
      {onMove !== undefined && (
        <div className="hidden-sliders">
          <label>
            Valence, from unpleasant to pleasant
            <input
              type="range"
              min={-1}
              max={1}
              step={STEP}
              value={place.valence}
              onChange={(event) => onMove({ ...place, valence: event.target.valueAsNumber })}
            />
          </label>
          <label>
            Arousal, from asleep to frantic
            <input
              type="range"
              min={0}
              max={1}
              step={STEP}
              value={place.arousal}
              onChange={(event) => onMove({ ...place, arousal: event.target.valueAsNumber })}
            />
          </label>
        </div>
      )}
    </div>
  );
}
