/** Two takes side by side: hear one, then the other, and say which is nearer to what was meant. */

import { useMutation } from "@tanstack/react-query";
import { api, given, type Schema } from "../api/client";
import type { Vad } from "../feeling/emotions";

export type Nearer = Schema["Nearer"];

interface Props {
  /** The songs: the one before, and the one that came of it or after it. */
  takes: readonly [string, string];
  shown: string;
  onShow: (song: string) => void;
  /** What was meant, where that is known. */
  asked: Vad | undefined;
  /** Whether both were meant to be the same. */
  alike: boolean;
  answer: Nearer | undefined;
  onAnswer: (nearer: Nearer) => void;
}

const ANSWERS: readonly [Nearer, string][] = [
  ["first", "A is nearer"],
  ["second", "B is nearer"],
  ["neither", "Neither"],
];

const SAID: Record<Nearer, string> = { first: "A is nearer", second: "B is nearer", neither: "neither is near" };

export function Takes({ takes, shown, onShow, asked, alike, answer, onAnswer }: Props) {
  const told = useMutation({
    mutationFn: (nearer: Nearer) => {
      const body = { first: takes[0], second: takes[1], nearer, asked: asked === undefined ? null : pointOf(asked) };
      return given(api.POST("/v1/preferences", { body }));
    },
    onSuccess: (kept) => onAnswer(kept.nearer),
  });
  return (
    <section className="takes" aria-label="Two takes">
      <fieldset className="ab">
        <legend className="unseen">Which take is shown</legend>
        {takes.map((song, at) => (
          <button key={song} type="button" aria-pressed={song === shown} onClick={() => onShow(song)}>
            {`Take ${"AB"[at]}`}
          </button>
        ))}
      </fieldset>
      {answer !== undefined && <p role="status">{`Kelly keeps that beside both songs: ${SAID[answer]}.`}</p>}
      {answer === undefined && alike && (
        <div className="nearer">
          <span>Which is nearer to what you meant?</span>
          {ANSWERS.map(([nearer, label]) => (
            <button key={nearer} type="button" disabled={told.isPending} onClick={() => told.mutate(nearer)}>
              {label}
            </button>
          ))}
        </div>
      )}
      {told.error !== null && <p role="alert">{told.error.message}</p>}
    </section>
  );
}

/** The three numbers alone, of what may be a reading that says more. */
function pointOf({ valence, arousal, dominance }: Vad): Vad {
  return { valence, arousal, dominance };
}
