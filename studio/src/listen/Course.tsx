/** The course of a feeling under what plays: point at it, or move along it by keys, and it says what was felt there. */

import { type KeyboardEvent, type PointerEvent, type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { Curves } from "./Curves";
import { feltAt, type Point } from "./course";
import { Readout, toldOf } from "./Readout";

interface Props {
  label: string;
  points: readonly Point[];
  seconds: number;
  /** Seconds along the box, 0..1, and back. */
  along: (second: number) => number;
  secondAt: (share: number) => number;
  /** Where it plays, in seconds; asked for at every frame. */
  second: () => number;
  onSeek: (second: number) => void;
  onToggle: () => void;
  /** What lies above in the same scale of time. */
  children?: ReactNode;
}

const TOLD = 100; // milliseconds between two readings of what plays
const STEPS: Record<string, number> = {
  ArrowRight: 1,
  ArrowUp: 1,
  ArrowLeft: -1,
  ArrowDown: -1,
  PageUp: 10,
  PageDown: -10,
};

export function Course({ label, points, seconds, along, secondAt, second, onSeek, onToggle, children }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const needle = useRef<HTMLDivElement>(null);
  const [now, setNow] = useState(0);
  const [pointed, setPointed] = useState<number>();
  const [pressed, setPressed] = useState(false);
  const felt = useMemo(() => feltAt(points, pointed ?? now), [points, pointed, now]);
  const here = useMemo(() => feltAt(points, now), [points, now]);

  useEffect(() => {
    let [drawn, shown, told] = [Number.NaN, Number.NaN, 0];
    let next = requestAnimationFrame(function look(time) {
      const at = second();
      if (at !== drawn && needle.current !== null) needle.current.style.left = `${100 * along(at)}%`;
      drawn = at;
      if (at !== shown && time - told >= TOLD) {
        told = time;
        shown = at;
        setNow(at);
      }
      next = requestAnimationFrame(look);
    });
    return () => cancelAnimationFrame(next);
  }, [second, along]);

  function at(event: PointerEvent): number {
    const { left, width } = (box.current as HTMLDivElement).getBoundingClientRect();
    return secondAt(Math.max(0, Math.min(1, (event.clientX - left) / width)));
  }

  function sought(to: number) {
    onSeek(Math.max(0, Math.min(seconds, to)));
  }

  function keyed(event: KeyboardEvent) {
    if (event.altKey || event.ctrlKey || event.metaKey) return; // the browser's own, such as back
    const step = Math.max(0.5, seconds / 100);
    const by = STEPS[event.key];
    if (by !== undefined) sought(second() + by * step);
    else if (event.key === "Home") sought(0);
    else if (event.key === "End") sought(seconds);
    else if (event.key === " ") onToggle();
    else return;
    event.preventDefault();
  }

  return (
    <div className="course">
      <div
        ref={box}
        className="along"
        role="slider"
        tabIndex={0}
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={Math.round(seconds * 10) / 10}
        aria-valuenow={Math.round(now * 10) / 10}
        aria-valuetext={toldOf(here)}
        onKeyDown={keyed}
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          setPressed(true);
          sought(at(event));
        }}
        onPointerMove={(event) => {
          setPointed(at(event));
          if (pressed) sought(at(event));
        }}
        onPointerUp={() => setPressed(false)}
        onPointerCancel={() => setPressed(false)}
        onPointerLeave={() => setPointed(undefined)}
      >
        {children}
        <Curves points={points} seconds={seconds} along={along} />
        <div ref={needle} className="needle" />
        {pointed !== undefined && <div className="needle pointed" style={{ left: `${100 * along(pointed)}%` }} />}
      </div>
      <Readout felt={felt} />
    </div>
  );
}
