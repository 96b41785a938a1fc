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

export interface Work {
  job: Job | undefined;
  error: string | undefined;
  /** Begin a job, or follow one that runs already; what it makes is given to `made`. */
  begin: (asked: () => Promise<Job>) => void;
  cancel: () => void;
}

/**
 * One job at a time: a new one takes the place of the one before. A page that is loaded again goes on with it.
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

  const begin = useCallback(
    (asked: () => Promise<Job>) => {
      here.current?.abort();
      const control = new AbortController();
      here.current = control;
      setError(undefined);
      setJob(undefined);
      void (async () => {
        try {
          const begun = await asked();
          sessionStorage.setItem(key, begun.id);
          if (!control.signal.aborted) setJob(begun);
          const ended = await followed(begun.id, setJob, control.signal);
          sessionStorage.removeItem(key);
          setJob(undefined);
          if (ended.state === "done" && ended.song !== null) done.current(ended.song);
          if (ended.state === "failed") setError(sentence(ended.problem?.detail ?? "it could not be made"));
        } catch (reason) {
          if (control.signal.aborted) return;
          sessionStorage.removeItem(key);
          setJob(undefined);
          setError(reason instanceof Error ? reason.message : String(reason));
        }
      })();
    },
    [key],
  );

  useEffect(() => {
    const left = sessionStorage.getItem(key);
    if (left !== null) begin(() => given(api.GET("/v1/jobs/{name}", { params: { path: { name: left } } })));
    return () => here.current?.abort();
  }, [key, begin]);

  const cancel = useCallback(() => {
    if (job === undefined) return;
    void given(api.DELETE("/v1/jobs/{name}", { params: { path: { name: job.id } } })).catch((reason: Error) =>
      setError(reason.message),
    );
  }, [job]);

  return { job, error, begin, cancel };
}
