/** Where someone writes what they feel; words are coloured by where they moved the reading. */

import { type ReactNode, useId, useLayoutEffect, useMemo, useRef } from "react";
import type { Schema } from "../api/client";
import { useGround } from "../app/theme";
import { colourOf } from "./colours";
import "./words.css";

export type Reading = Schema["FeelingReading"];

interface Props {
  text: string;
  onText: (text: string) => void;
  reading: Reading | undefined;
  /** Whether what they moved does not count, since the point was put elsewhere. */
  faded: boolean;
  /** Whoever writes is done: Ctrl and Enter. */
  onDone: () => void;
}

const SEEN = 0.1; // what moves the reading by less is not coloured

interface Stretch {
  start: number;
  end: number;
  valence: number;
  arousal: number;
}

/** The stretches of a text that moved its reading, in order, none over another; none where it was read of another text. */
export function stretchesOf(reading: Reading | undefined, text: string): Stretch[] {
  if (reading === undefined) return [];
  const places = placesOf(text);
  const rows = reading.influences.length > 0 ? reading.influences : reading.words;
  const told: Stretch[] = [];
  for (const row of [...rows].sort((one, other) => one.start - other.start)) {
    const strength = Math.hypot(row.valence / 2, row.arousal);
    const last = told.at(-1);
    const [start, end] = [places[row.start], places[row.end]];
    if (strength < SEEN || start === undefined || end === undefined || (last !== undefined && start < last.end))
      continue;
    told.push({ start, end, valence: row.valence, arousal: row.arousal });
  }
  return told;
}

/** Where each character begins, and the last one ends: an emoji is one for the service, and two or more units here. */
function placesOf(text: string): number[] {
  const places = [0];
  let at = 0;
  for (const character of text) {
    at += character.length;
    places.push(at);
  }
  return places;
}

export function Words({ text, onText, reading, faded, onDone }: Props) {
  const id = useId();
  const ground = useGround();
  const field = useRef<HTMLTextAreaElement>(null);
  const ink = useRef<HTMLDivElement>(null);
  const stretches = useMemo(() => stretchesOf(reading, text), [reading, text]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: it is as high as its text
  useLayoutEffect(() => {
    const area = field.current;
    if (area === null) return;
    area.style.height = "auto";
    area.style.height = `${area.scrollHeight}px`;
  }, [text]);

  const shown: ReactNode[] = [];
  let at = 0;
  for (const one of stretches) {
    shown.push(text.slice(at, one.start));
    const colour = colourOf(
      { valence: Math.max(-1, Math.min(1, one.valence)), arousal: 0.5 + one.arousal / 2 },
      ground,
    );
    shown.push(
      <mark key={one.start} style={{ textDecorationColor: colour }}>
        {text.slice(one.start, one.end)}
      </mark>,
    );
    at = one.end;
  }
  shown.push(text.slice(at), "\n");

  return (
    <div className="words">
      <label htmlFor={id}>What do you feel?</label>
      <div className="paper">
        <div className="ink" data-faded={faded || undefined} ref={ink} aria-hidden="true">
          {shown}
        </div>
        <textarea
          ref={field}
          id={id}
          rows={3}
          maxLength={100_000}
          placeholder="I miss her so much…"
          value={text}
          onChange={(event) => onText(event.target.value)}
          onScroll={({ currentTarget }) => ink.current?.scrollTo(0, currentTarget.scrollTop)}
          onKeyDown={(event) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && onDone()}
          spellCheck={false}
        />
      </div>
    </div>
  );
}
