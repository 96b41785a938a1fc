/** A session of `WS /v1/live`: samples go out as they come, moments come back, and at the end a reading of it all. */

import type { Schema } from "../api/client";
import { sentence } from "../api/client";

export type LiveMoment = Schema["LiveMoment"];
export type LiveReading = Schema["LiveReading"];

export interface Listener {
  ready: () => void;
  moment: (moment: LiveMoment) => void;
  reading: (reading: LiveReading) => void;
  /** It ended before it was ended; why, and what to do. */
  lost: (why: string) => void;
}

export interface Session {
  send: (block: Float32Array) => void;
  /** No more will come. */
  end: () => void;
  close: () => void;
}

export const UNREACHED = "Kelly cannot be reached: check that `kelly studio` still runs, then try again.";
const PATIENCE = 15_000; // milliseconds for the reading at the end

/** Begin a session for so many samples a second. */
export function beginSession(rate: number, listener: Listener, open = opened): Session {
  const socket = open();
  let [done, ready] = [false, false];
  let patience: ReturnType<typeof setTimeout> | undefined;

  function close() {
    done = true;
    clearTimeout(patience);
    socket.close();
  }

  function lost(why: string) {
    if (done) return;
    close();
    listener.lost(why);
  }

  socket.onopen = () => socket.send(JSON.stringify({ rate, format: "f32le" }));
  socket.onclose = ({ code, reason }) => lost(whyClosed(code, reason, ready));
  socket.onmessage = ({ data }: MessageEvent<string>) => {
    if (done) return;
    const told = JSON.parse(data) as { ready: true } | LiveMoment | LiveReading;
    if ("ready" in told) {
      ready = true;
      listener.ready();
    } else if ("end" in told) {
      close();
      listener.reading(told);
    } else listener.moment(told);
  };

  return {
    send: (block) => {
      if (ready && socket.readyState === WebSocket.OPEN) socket.send(block as Float32Array<ArrayBuffer>);
    },
    end: () => {
      if (!ready || socket.readyState !== WebSocket.OPEN) return lost(whyClosed(1006, "", ready));
      socket.send(JSON.stringify({ end: true }));
      patience = setTimeout(() => lost("Kelly took too long to say what it heard: try again."), PATIENCE);
    },
    close,
  };
}

function opened(): WebSocket {
  return new WebSocket(`${window.location.origin.replace(/^http/, "ws")}/v1/live`);
}

/** Why a session was closed, and what to do, by the code of its closing. */
export function whyClosed(code: number, reason: string, ready: boolean): string {
  switch (code) {
    case 1001:
      return "Kelly is being stopped: start it again, then listen again.";
    case 1006:
      return ready ? "The connection to Kelly was lost: check that it still runs, then listen again." : UNREACHED;
    case 1013:
      return "As many as Kelly can follow listen already: try again in a minute.";
    case 1011:
      return "Something went wrong in Kelly that is not your fault: try again.";
    default:
      return `Kelly stopped listening: ${sentence(reason || `it gave the code ${code}`)} Try again.`;
  }
}
