/** Listen: bring sound or notes along, or let it hear, and see what that feels like. */

import { lazy, Suspense, useCallback, useRef } from "react";
import { useHeldFocus } from "../ui/focus";
import { ACCEPTED, type Heard } from "./hear";
import LiveView from "./LiveView";
import { Names, Summary } from "./Summary";
import { useDropped } from "./useDropped";
import { type Hearing, useHearing } from "./useHearing";
import { type Live, useLive } from "./useLive";
import "./listen.css";

// What plays is large, and wanted only once something is there; listening live must work at once.
const SoundView = lazy(() => import("./SoundView"));
const ScoreView = lazy(() => import("./ScoreView"));

export default function ListenPage() {
  const hearing = useHearing();
  const live = useLive(hearing.show);
  const chooser = useRef<HTMLInputElement>(null);
  const page = useRef<HTMLElement>(null);
  useHeldFocus(page);
  const { hear, complain } = hearing;
  const { cancel } = live;

  const brought = useCallback(
    (files: readonly File[]) => {
      const [first, second] = files;
      if (first === undefined) return complain("There is no file in that: drop a recording or a MIDI file.");
      if (second !== undefined) return complain("Kelly hears one file at a time: drop one of them.");
      cancel();
      hear(first);
    },
    [hear, complain, cancel],
  );
  const over = useDropped(brought);
  const on = live.phase !== "off";
  const started = on || hearing.heard !== undefined;

  return (
    <main ref={page} tabIndex={-1} className="listen" data-started={started || undefined} data-over={over || undefined}>
      <div className="bring">
        {started ? (
          <h1 className="unseen">What it feels like</h1>
        ) : (
          <>
            <h1>What does it feel like?</h1>
            <p>Drop a recording or a MIDI file anywhere on this page.</p>
          </>
        )}
        {!on && (
          <div className="ways">
            <button type="button" className={started ? "" : "main"} onClick={() => chooser.current?.click()}>
              {started ? "Another file" : "Choose a file"}
            </button>
            <button type="button" onClick={() => listen(hearing, live)}>
              {started ? "Microphone" : "Use the microphone"}
            </button>
          </div>
        )}
        <input
          ref={chooser}
          type="file"
          accept={ACCEPTED}
          hidden
          aria-label="File"
          onChange={(event) => {
            brought([...(event.target.files ?? [])]);
            event.target.value = ""; // so that the same may be chosen again
          }}
        />
        <Busy hearing={hearing} />
        <Wrong hearing={hearing} live={live} />
        {!started && (
          <p className="quiet-line">
            WAV, FLAC, Ogg, MP3, AIFF, M4A or MIDI, up to 15 minutes. Of what it hears live, Kelly keeps nothing.
          </p>
        )}
      </div>
      {started && (
        <Suspense fallback={<div aria-busy="true" />}>
          {on ? <LiveView live={live} /> : hearing.heard !== undefined && <Result heard={hearing.heard} />}
        </Suspense>
      )}
      {over && (
        <div className="over" aria-hidden="true">
          Let go to listen
        </div>
      )}
    </main>
  );
}

function listen(hearing: Hearing, live: Live) {
  hearing.cancel();
  hearing.complain(undefined);
  live.start();
}

function Busy({ hearing: { busy, cancel } }: { hearing: Hearing }) {
  if (busy === undefined) return null;
  return (
    <div className="work" role="status">
      <progress aria-label={`Listening to ${busy}`} />
      <span>{`Listening to “${busy}”`}</span>
      <button type="button" className="quiet" onClick={cancel}>
        Cancel
      </button>
    </div>
  );
}

function Wrong({ hearing, live }: { hearing: Hearing; live: Live }) {
  const { left, cancel } = live;
  const error = hearing.error ?? live.error;
  if (error === undefined || hearing.busy !== undefined) return null;
  return (
    <div className="wrong">
      <p role="alert">{error}</p>
      {left !== undefined && (
        <button type="button" onClick={() => hearing.hear(left, cancel)}>
          Hear what was recorded until then
        </button>
      )}
    </div>
  );
}

function Result({ heard }: { heard: Heard }) {
  return (
    <>
      <div className="answer">
        <Summary told={heard.told} />
      </div>
      <div className="shown">
        {heard.form === "sound" ? <SoundView heard={heard} /> : <ScoreView key={heard.song} heard={heard} />}
        <Names told={heard.told} />
      </div>
    </>
  );
}
