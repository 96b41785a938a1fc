/** Jobs: what is asked for and not made at once; followed as the service tells of them. */

import { useCallback, useEffect, useRef, useState } from "react";
import { api, given, type Schema, ServiceError, sentence } from "./client";

export type Job = Schema["JobView"];

const ENDED: ReadonlySet<Job["state"]> = new Set(["done", "failed", "cancelled"]);
const STATES: readonly Job["state"][] = ["queued", "running", "done", "failed", "cancelled"];

/** The job's last state; each state on the way is told. Throws ServiceError where it cannot be followed. */
export function followed(id: string, told: (job: Job) => void, signal: AbortSignal): Promise<Job> {
  return new Promise((resolve, reject) => {
    const events = new EventSource(`/v1/jobs/${id}/events`);
    const end = () => events.close();
    const stop = () => {
      end();
      reject(signal.reason);
    };
    signal.addEventListener("abort", stop, { once: true });
    const heard = (event: MessageEvent<string>) => {
      const job = JSON.parse(event.data) as Job;
      told(job);
      if (!ENDED.has(job.state)) return;
      end();
      signal.removeEventListener("abort", stop);
      resolve(job);
    };
    for (const state of STATES) events.addEventListener(state, heard);
    events.onerror = () => {
      if (events.readyState !== EventSource.CLOSED) return; // it tries again by itself
      signal.removeEventListener("abort", stop);
      reject(new ServiceError("Kelly lost sight of the work. Reload the page to look again.", 0));
    };
  });
}

/** What is asked for: a song, or what is to be made of one. */
export type Ask = { body: Schema["Wanted"] } | { of: string; body: Schema["Variation"] };

/** The job of what is asked for; asked again under the same key it is the same job. Throws ServiceError. */
function begun(ask: Ask, key: string): Promise<Job> {
  const header = { "Idempotency-Key": key };
  if (!("of" in ask)) return given(api.POST("/v1/songs", { params: { header }, body: ask.body }));
  const params = { path: { name: ask.of }, header };
  return given(api.POST("/v1/songs/{name}/variations", { params, body: ask.body }));
}

export interface Work {
  job: Job | undefined;
  error: string | undefined;
  /** Begin a job; the song that it makes is given to `made`. */
  begin: (ask: Ask) => void;
  cancel: () => void;
  /** Whether work is under way, or was when the page was loaded. */
  pending: () => boolean;
}

/**
 * One job at a time: a new one takes the place of the one before. A page that is loaded again goes on with it: what was
 * asked for is kept in the memory of the tab, before it is asked, and asked again under the same key.
 *
 * @param name what the work is called in the memory of this tab
 */
export function useWork(name: string, made: (song: string) => void): Work {
  const [job, setJob] = useState<Job>();
  const [error, setError] = useState<string>();
  const here = useRef<AbortController>(undefined);
  const done = useRef(made);
  done.current = made;

  const key = `kelly-work-${name}`;

  const follow = useCallback(
    (ask: Ask, id: string) => {
      here.current?.abort();
      const control = new AbortController();
      here.current = control;
      setError(undefined);
      setJob(undefined);
      void (async () => {
        try {
          const job = await begun(ask, id);
          if (control.signal.aborted) return;
          setJob(job);
          const ended = await followed(job.id, setJob, control.signal);
          sessionStorage.removeItem(key);
          setJob(undefined);
          if (ended.state === "done" && ended.song !== null) done.current(ended.song);
          if (ended.state === "failed") setError(sentence(ended.problem?.detail ?? "it could not be made"));
        } catch (reason) {
          if (control.signal.aborted) return;
          // What was only lost sight of, as when the page is left, goes on when it is loaded again.
          if (!(reason instanceof ServiceError && reason.status === 0)) sessionStorage.removeItem(key);
          setJob(undefined);
          setError(reason instanceof Error ? reason.message : String(reason));
        }
      })();
    },
    [key],
  );

  const begin = useCallback(
    (ask: Ask) => {
      const id = crypto.getRandomValues(new Uint32Array(4)).join("-");
      sessionStorage.setItem(key, JSON.stringify({ ask, id }));
      follow(ask, id);
    },
    [key, follow],
  );

  useEffect(() => {
    const left = sessionStorage.getItem(key);
    if (left !== null) {
      const { ask, id } = JSON.parse(left) as { ask: Ask; id: string };
      follow(ask, id);
    }
    return () => here.current?.abort();
  }, [key, follow]);

  const cancel = useCallback(() => {
    if (job === undefined) return;
    void given(api.DELETE("/v1/jobs/{name}", { params: { path: { name: job.id } } })).catch((reason: Error) =>
      setError(reason.message),
    );
  }, [job]);

  const pending = useCallback(() => sessionStorage.getItem(key) !== null, [key]);

  return { job, error, begin, cancel, pending };
}
