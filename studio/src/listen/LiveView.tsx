/** Listening live: how loud it is, where the feeling is now, and how it has gone so far. */

import { useEffect, useMemo, useRef } from "react";
import { MIDDLE, useEmotions } from "../feeling/emotions";
import { FeelingMap } from "../feeling/Map";
import { Curves } from "./Curves";
import { pointsOf } from "./course";
import { Readout } from "./Readout";
import { capital, percent } from "./said";
import type { Live } from "./useLive";

const LEAST = 20; // seconds that the curve has room for at the beginning
const QUIET = 25; // moments without a sound after which that is said
const TRAIL = 40; // moments whose way is shown on the map

export default function LiveView({ live }: { live: Live }) {
  const { phase, moments, level, stop, cancel } = live;
  const names = useEmotions();
  const last = moments.at(-1);
  const points = useMemo(() => pointsOf(moments, names), [moments, names]);
  const felt = points.at(-1) ?? { second: 0, place: undefined, name: undefined };
  const room = Math.max(LEAST, felt.second);
  const along = useMemo(() => (at: number) => Math.min(1, at / room), [room]);
  const sounding = useMemo(() => points.flatMap(({ place }) => place ?? []), [points]);
  const silent = moments.length > QUIET && moments.slice(-QUIET).every((one) => one.valence === null);

  return (
    <>
      <div className="answer">
        <div className="summary">
          <h2>
            {phase === "opening"
              ? "Asking for the microphone"
              : phase === "ending"
                ? "Thinking it over"
                : "Hearing now"}
          </h2>
          <p className="feeling">{capital(felt.name ?? "…")}</p>
          <p className="sure">
            {silent
              ? "It is silent: is the microphone muted, or another one chosen?"
              : last === undefined || last.valence === null
                ? "Play, sing or speak."
                : `Confidence ${percent(last.confidence)}`}
          </p>
          <div className="loud">
            <span aria-hidden="true">Loudness</span>
            <Level level={level} />
          </div>
          <div className="go">
            <button type="button" className="main" disabled={phase !== "on" || moments.length === 0} onClick={stop}>
              Stop
            </button>
            <button type="button" onClick={cancel}>
              Cancel
            </button>
          </div>
          <p className="quiet-line">Kelly keeps nothing of what it hears live.</p>
        </div>
        <div className="place">
          <FeelingMap place={sounding.at(-1) ?? MIDDLE} names={names} way={sounding.slice(-TRAIL)} />
        </div>
      </div>
      <div className="shown">
        <section className="track" aria-label="Live">
          <div className="course">
            <Curves points={points} seconds={felt.second} along={along} />
            <Readout felt={felt} />
          </div>
        </section>
      </div>
    </>
  );
}

function Level({ level }: { level: () => number }) {
  const bar = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let next = requestAnimationFrame(function look() {
      const now = level();
      if (bar.current !== null) {
        bar.current.style.setProperty("--level", now.toFixed(3));
        bar.current.ariaValueNow = String(Math.round(100 * now));
      }
      next = requestAnimationFrame(look);
    });
    return () => cancelAnimationFrame(next);
  }, [level]);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a meter is drawn by each browser in its own way
    <div
      ref={bar}
      className="level"
      role="meter"
      aria-label="Loudness"
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={0}
    >
      <div />
    </div>
  );
}
