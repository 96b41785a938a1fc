/** Listening live: the microphone's sound goes to the service, and what it hears comes back as it is heard. */

import { useCallback, useEffect, useRef, useState } from "react";
import type { Heard } from "./hear";
import { type Microphone, openMicrophone } from "./microphone";
import { beginSession, type LiveMoment, type LiveReading, type Session } from "./session";
import { sixteen, wavOf } from "./wav";

/** Off; asking for the microphone and the service; hearing; waiting for the reading of it all. */
export type Phase = "off" | "opening" | "on" | "ending";

export interface Live {
  phase: Phase;
  moments: readonly LiveMoment[];
  /** How loud it is now, 0..1. */
  level: () => number;
  error: string | undefined;
  /** What was heard before the connection was lost. */
  left: File | undefined;
  start: () => void;
  /** No more is to be heard: say what it was. */
  stop: () => void;
  /** Forget it all. */
  cancel: () => void;
}

const LONGEST = 900; // seconds, as of a file
const FLOOR = -60; // dB

/** What holds while it listens. */
interface Run {
  microphone?: Microphone;
  session?: Session;
  blocks: Int16Array[];
  moments: LiveMoment[];
  samples: number;
  level: number;
  on: boolean;
}

export function useLive(told: (heard: Heard) => void): Live {
  const run = useRef<Run>(undefined);
  const [phase, setPhase] = useState<Phase>("off");
  const [moments, setMoments] = useState<readonly LiveMoment[]>([]);
  const [error, setError] = useState<string>();
  const [left, setLeft] = useState<File>();
  const tell = useRef(told);
  tell.current = told;

  const quit = useCallback(() => {
    const { microphone, session } = run.current ?? {};
    run.current = undefined;
    microphone?.close();
    session?.close();
    setPhase("off");
  }, []);

  const cancel = useCallback(() => {
    quit();
    setError(undefined);
    setLeft(undefined);
    setMoments([]);
  }, [quit]);

  const stop = useCallback(() => {
    const here = run.current;
    if (here === undefined || !here.on) return;
    here.on = false;
    here.microphone?.close();
    setPhase("ending");
    here.session?.end();
  }, []);

  const start = useCallback(() => {
    cancel();
    const here: Run = { blocks: [], moments: [], samples: 0, level: 0, on: false };
    run.current = here;
    setPhase("opening");

    function failed(why: string) {
      if (run.current !== here) return;
      const { microphone, blocks } = here;
      quit();
      setError(why);
      if (microphone !== undefined && blocks.length > 0) {
        setLeft(new File([wavOf(blocks, microphone.rate)], "Recording.wav", { type: "audio/wav" }));
      }
    }

    function heard(block: Float32Array) {
      if (!here.on || here.microphone === undefined) return;
      here.level = loudness(block);
      here.session?.send(block);
      here.blocks.push(sixteen(block));
      here.samples += block.length;
      if (here.samples > LONGEST * here.microphone.rate) stop();
    }

    function begun(microphone: Microphone) {
      if (run.current !== here) return microphone.close();
      here.microphone = microphone;
      here.session = beginSession(microphone.rate, {
        ready: () => {
          here.on = true;
          setPhase("on");
        },
        moment: (moment) => {
          here.moments.push(moment);
          setMoments([...here.moments]);
        },
        reading: (reading) => {
          if (run.current !== here) return;
          quit();
          tell.current(heardLive(reading, here.moments, wavOf(here.blocks, microphone.rate)));
        },
        lost: failed,
      });
    }

    openMicrophone(heard, stop).then(begun, (reason: Error) => failed(reason.message));
  }, [cancel, quit, stop]);

  useEffect(() => quit, [quit]);

  const level = useCallback(() => run.current?.level ?? 0, []);
  return { phase, moments, level, error, left, start, stop, cancel };
}

function heardLive(reading: LiveReading, moments: readonly LiveMoment[], sound: Blob): Heard {
  const { emotion, names, spread, seconds } = reading;
  const unknown = { kind: "live" as const, kinds: null, scales: null, journey: [] };
  const told = { emotion, names, spread, seconds, timeline: moments, ...unknown };
  return { form: "sound", title: "Recording", sound, told };
}

/** How loud samples are, from 0 at -60 dB to 1 at full scale. */
export function loudness(block: Float32Array): number {
  const power = block.reduce((sum, one) => sum + one * one, 0) / Math.max(1, block.length);
  return Math.max(0, Math.min(1, 1 - (10 * Math.log10(power + 1e-12)) / FLOOR));
}
