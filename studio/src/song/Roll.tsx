/** The piano roll: lanes of parts, sections and chords above them, bars that can be selected, and where the music is. */

import {
  type KeyboardEvent,
  type PointerEvent,
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { useGround } from "../app/theme";
import { beatOf, HEAD, type Ink, pageOf, paintAbove, paintSong, type View, xOf } from "./paint";
import { type Bars, barAt, barsBetween, lanesOf, type SongNotes } from "./roll";
import { barLines, Clock } from "./time";
import "./roll.css";

interface Props {
  song: SongNotes;
  /** Where the music is, in seconds; asked for at every frame. */
  second: () => number;
  silent: ReadonlySet<number>;
  bars: Bars | undefined;
  onBars: (bars: Bars | undefined) => void;
  onSeek: (second: number) => void;
  /** Play or pause, by the space bar. */
  onPlay?: (() => void) | undefined;
}

export const HEIGHT = 380; // pixels of all lanes, unless they need more
const NEAREST = 64; // pixels a beat, at most
const NEAR = 0.01; // beats: a sound that is sent to a bar line may say that it stands just before it

export function Roll({ song, second, silent, bars, onBars, onSeek, onPlay }: Props) {
  const ground = useGround();
  const frame = useRef<HTMLDivElement>(null);
  const still = useRef<HTMLCanvasElement>(null);
  const above = useRef<HTMLCanvasElement>(null);
  const pressed = useRef<{ beat: number; x: number; moved: boolean } | undefined>(undefined);
  const shown = useRef<{ view: View; beat: number } | undefined>(undefined); // where the music was, in which view
  const [width, setWidth] = useState(0);
  const [zoom, setZoom] = useState({ from: 0, scale: 0 });

  const clock = useMemo(() => new Clock(song.tempos), [song]);
  const lines = useMemo(() => barLines(song.meters, song.beats), [song]);
  const lanes = useMemo(() => lanesOf(song, HEIGHT), [song]);
  const whole = lines.at(-1) ?? song.beats;
  const least = width / Math.max(1, whole);
  const scale = Math.min(Math.max(zoom.scale, least), Math.max(NEAREST, least));
  const from = Math.max(0, Math.min(zoom.from, whole - width / Math.max(scale, 1e-9)));
  const bottom = lanes.at(-1);
  const height = HEAD + (bottom === undefined ? HEIGHT : bottom.top + bottom.height);
  const view = useMemo<View>(() => ({ from, scale, width, height }), [from, scale, width, height]);

  const turn = useCallback((page: number | undefined) => {
    if (page !== undefined) setZoom(({ scale }) => ({ from: page, scale }));
  }, []);

  useLayoutEffect(() => {
    const box = frame.current;
    if (box === null) return;
    const observer = new ResizeObserver(() => setWidth(box.clientWidth));
    observer.observe(box);
    return () => observer.disconnect();
  }, []);

  useLayoutEffect(() => {
    const pen = still.current?.getContext("2d");
    if (pen == null || view.width === 0) return;
    sized(pen, view);
    paintSong(pen, view, song, lanes, lines, silent, inkOf(still.current as HTMLElement, ground));
  }, [song, lanes, lines, silent, view, ground]);

  useEffect(() => {
    const pen = above.current?.getContext("2d");
    if (pen == null || view.width === 0) return;
    sized(pen, view);
    const ink = inkOf(above.current as HTMLElement, ground);
    let last = Number.NaN;
    let next = requestAnimationFrame(function paint() {
      const now = second();
      if (now !== last) paintAbove(pen, view, lines, bars, now, clock, ink);
      last = now;
      if (pressed.current === undefined) {
        const beat = clock.beats(now);
        turn(pageOf(view, shown.current?.view === view ? shown.current.beat : Number.NaN, beat));
        shown.current = { view, beat };
      }
      next = requestAnimationFrame(paint);
    });
    return () => cancelAnimationFrame(next);
  }, [view, turn, lines, bars, clock, second, ground]);

  // React's own listener for the wheel is passive, so that a page could not keep from scrolling.
  useEffect(() => {
    const box = frame.current;
    if (box === null) return;
    const turned = (event: WheelEvent) => {
      if (event.ctrlKey || event.metaKey) {
        event.preventDefault();
        const at = event.clientX - box.getBoundingClientRect().left;
        setZoom(zoomed(view, at, Math.exp(-event.deltaY / 200)));
      } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        event.preventDefault();
        setZoom({ from: view.from + (event.deltaX || event.deltaY) / view.scale, scale: view.scale });
      }
    };
    box.addEventListener("wheel", turned, { passive: false });
    return () => box.removeEventListener("wheel", turned);
  }, [view]);

  function beat(event: PointerEvent): number {
    return beatOf(view, event.clientX - event.currentTarget.getBoundingClientRect().left);
  }

  function moved(event: PointerEvent) {
    const begun = pressed.current;
    if (begun === undefined) return;
    begun.moved ||= Math.abs(event.clientX - begun.x) > 4;
    if (begun.moved) onBars(barsBetween(lines, begun.beat, Math.max(0, Math.min(whole, beat(event)))));
  }

  function keyed(event: KeyboardEvent) {
    if (event.altKey || event.ctrlKey || event.metaKey) return; // the browser's own
    const here = barAt(lines, clock.beats(second()) + NEAR);
    const to = (bar: number) => {
      const line = lines[Math.max(0, Math.min(lines.length - 2, bar - 1))] ?? 0;
      onSeek(clock.seconds(line));
      turn(pageOf(view, view.from, line));
    };
    const grown = bars ?? { first: here, last: here };
    if (event.key === "ArrowRight" && event.shiftKey) {
      onBars({ first: grown.first, last: Math.min(lines.length - 1, grown.last + (bars === undefined ? 0 : 1)) });
    } else if (event.key === "ArrowLeft" && event.shiftKey) {
      onBars(grown.last > grown.first ? { first: grown.first, last: grown.last - 1 } : undefined);
    } else if (event.key === "ArrowRight") to(here + 1);
    else if (event.key === "ArrowLeft") to(here - 1);
    else if (event.key === "Home") to(1);
    else if (event.key === " " && onPlay !== undefined) onPlay();
    else if (event.key === "Escape") onBars(undefined);
    else if (event.key === "+" || event.key === "-") {
      const x = xOf(view, clock.beats(second()));
      const seen = x >= 0 && x <= view.width;
      setZoom(zoomed(view, seen ? x : view.width / 2, event.key === "+" ? 1.5 : 1 / 1.5));
    } else return;
    event.preventDefault();
  }

  return (
    // biome-ignore lint/a11y/useSemanticElements: no element of HTML is a roll of notes
    <div
      ref={frame}
      className="roll"
      role="group"
      aria-label={`Piano roll of ${song.title}: ${lines.length - 1} bars, ${lanes.length} parts`}
      aria-description="Space plays; arrows move by bars, with Shift they select bars; plus and minus zoom; Escape selects nothing."
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it is worked by keys
      tabIndex={0}
      style={{ height }}
      onKeyDown={keyed}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        pressed.current = { beat: Math.max(0, beat(event)), x: event.clientX, moved: false };
      }}
      onPointerMove={moved}
      onPointerUp={(event) => {
        if (pressed.current?.moved === false) {
          onBars(undefined);
          onSeek(clock.seconds(Math.max(0, beat(event))));
        }
        pressed.current = undefined;
      }}
      onPointerCancel={() => {
        pressed.current = undefined;
      }}
    >
      <canvas ref={still} />
      <canvas ref={above} />
      <ul className="names" aria-hidden="true">
        {lanes.map((lane) => (
          <li key={lane.part} style={{ top: HEAD + lane.top + 3 }} data-silent={silent.has(lane.part) || undefined}>
            {lane.name}
          </li>
        ))}
      </ul>
    </div>
  );
}

/** A view around a place that stays where it is. */
function zoomed(view: View, x: number, factor: number) {
  const scale = Math.min(Math.max(view.scale * factor, 0.01), NEAREST);
  return { from: beatOf(view, x) - x / scale, scale };
}

/** A canvas as sharp as the screen; setting its size clears it, so that is left out where it has it. */
function sized(pen: CanvasRenderingContext2D, { width, height }: View): void {
  const sharp = window.devicePixelRatio;
  const [wide, high] = [Math.round(width * sharp), Math.round(height * sharp)];
  if (pen.canvas.width !== wide || pen.canvas.height !== high) {
    pen.canvas.width = wide;
    pen.canvas.height = high;
  }
  pen.setTransform(sharp, 0, 0, sharp, 0, 0);
}

/** The colours of the page. A property that holds one is told as it is written; a colour that names it, as it is. */
function inkOf(element: HTMLElement, ground: Ink["ground"]): Ink {
  const of = (name: string) => {
    element.style.color = `var(--${name})`;
    return getComputedStyle(element).color;
  };
  return { text: of("text"), quiet: of("quiet"), line: of("line"), sunken: of("sunken"), accent: of("accent"), ground };
}
