/** Jobs: what is asked for and not made at once; followed as the service tells of them. */

import { useCallback, useEffect, useRef, useState } from "react";
import { keep, kept } from "../app/kept";
import { api, given, type Schema, ServiceError, sentence } from "./client";

export type Job = Schema["JobView"];

const ENDED: ReadonlySet<Job["state"]> = new Set(["done", "failed", "cancelled"]);
const STATES: readonly Job["state"][] = ["queued", "running", "done", "failed", "cancelled"];

/**
 * The job's last state; each state on the way is told, and that the service is away. Throws ServiceError where it cannot
 * be followed.
 */
export function followed(id: string, told: (job: Job | undefined) => void, signal: AbortSignal): Promise<Job> {
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
      if (events.readyState !== EventSource.CLOSED) {
        told(undefined); // it tries again by itself
        return;
      }
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
  /** Whether something is being made, from when it is asked for until it is there. */
  busy: boolean;
  /** Its job, once the service has taken it on. */
  job: Job | undefined;
  /** Whether the service cannot be reached just now. */
  away: boolean;
  error: string | undefined;
  /** Begin a job; the song that it makes is given to `made`. */
  begin: (ask: Ask) => void;
  cancel: () => void;
  /** Whether work is under way at this moment, or was when the page was loaded. */
  pending: () => boolean;
}

interface Left {
  ask: Ask;
  /** The key under which it was asked for. */
  id: string;
}

/**
 * One job at a time: a new one takes the place of the one before. A page that is loaded again goes on with it: what was
 * asked for is kept in the memory of the tab, before it is asked, and asked again under the same key.
 *
 * @param name what the work is called in the memory of this tab
 */
export function useWork(name: string, made: (song: string) => void): Work {
  const [busy, setBusy] = useState(false);
  const [job, setJob] = useState<Job>();
  const [away, setAway] = useState(false);
  const [error, setError] = useState<string>();
  const here = useRef<AbortController>(undefined); // of the work that is under way
  const done = useRef(made);
  done.current = made;

  const key = `kelly-work-${name}`;

  const rest = useCallback(() => {
    here.current = undefined;
    setBusy(false);
    setAway(false);
    setJob(undefined);
  }, []);

  const follow = useCallback(
    ({ ask, id }: Left) => {
      here.current?.abort();
      const control = new AbortController();
      here.current = control;
      setError(undefined);
      setJob(undefined);
      setBusy(true);
      void (async () => {
        try {
          const job = await begun(ask, id);
          if (control.signal.reason === CANCELLED) await ended(job);
          if (control.signal.aborted) return;
          setJob(job);
          const told = (one: Job | undefined) => {
            setAway(one === undefined);
            if (one !== undefined) setJob(one);
          };
          const last = await followed(job.id, told, control.signal);
          keep("sessionStorage", key, null);
          rest();
          if (last.state === "done" && last.song !== null) done.current(last.song);
          if (last.state === "failed") setError(sentence(last.problem?.detail ?? "it could not be made"));
        } catch (reason) {
          if (control.signal.aborted) return;
          // What was only lost sight of, as when the page is left, goes on when it is loaded again.
          if (!(reason instanceof ServiceError && reason.status === 0)) keep("sessionStorage", key, null);
          rest();
          setError(reason instanceof Error ? reason.message : String(reason));
        }
      })();
    },
    [key, rest],
  );

  const begin = useCallback(
    (ask: Ask) => {
      const id = crypto.getRandomValues(new Uint32Array(4)).join("-");
      keep("sessionStorage", key, JSON.stringify({ ask, id }));
      follow({ ask, id });
    },
    [key, follow],
  );

  useEffect(() => {
    const left = leftOf(kept("sessionStorage", key));
    if (left !== undefined) follow(left);
    return () => {
      here.current?.abort();
      here.current = undefined;
    };
  }, [key, follow]);

  const cancel = useCallback(() => {
    if (job !== undefined) {
      ended(job).catch((reason: Error) => {
        if (!(reason instanceof ServiceError && reason.status === 0)) return setError(reason.message);
        here.current?.abort(); // nobody can be told: what it makes will be among the songs
        keep("sessionStorage", key, null);
        rest();
      });
      return;
    }
    here.current?.abort(CANCELLED); // its job is ended when it is known
    keep("sessionStorage", key, null);
    rest();
  }, [job, key, rest]);

  const pending = useCallback(() => here.current !== undefined, []);

  return { busy, job, away, error, begin, cancel, pending };
}

const CANCELLED = "cancelled";

/** End a job; one that has ended already is as good. Throws ServiceError. */
async function ended({ id }: Job): Promise<void> {
  try {
    await given(api.DELETE("/v1/jobs/{name}", { params: { path: { name: id } } }));
  } catch (error) {
    if (!(error instanceof ServiceError && error.status === 409)) throw error;
  }
}

/** What was asked for when the page was left; undefined of what cannot be read. */
export function leftOf(text: string | null): Left | undefined {
  try {
    const { ask, id } = JSON.parse(text ?? "{}") as Partial<Left>;
    return typeof id === "string" && typeof ask === "object" && ask !== null ? { ask, id } : undefined;
  } catch {
    return undefined;
  }
}
