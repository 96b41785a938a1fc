/** What was heard last, and what is being heard: one file at a time, a new one in the place of the one before. */

import { useCallback, useEffect, useRef, useState } from "react";
import { type Heard, heardIn } from "./hear";

export interface Hearing {
  heard: Heard | undefined;
  /** The name of the file that is being heard. */
  busy: string | undefined;
  error: string | undefined;
  /** Hear a file; `done` is called once that is heard, and not where it cannot be. */
  hear: (file: File, done?: () => void) => void;
  /** Show what was heard elsewhere; nothing where it is undefined. */
  show: (heard: Heard | undefined) => void;
  cancel: () => void;
  complain: (error: string | undefined) => void;
}

let last: Heard | undefined; // which stays while one looks at another page

export function useHearing(): Hearing {
  const [heard, setHeard] = useState(last);
  const [busy, setBusy] = useState<string>();
  const [error, complain] = useState<string>();
  const here = useRef<AbortController>(undefined);

  const cancel = useCallback(() => {
    here.current?.abort();
    setBusy(undefined);
  }, []);

  const show = useCallback(
    (one: Heard | undefined) => {
      cancel();
      complain(undefined);
      last = one;
      setHeard(one);
    },
    [cancel],
  );

  const hear = useCallback(
    (file: File, done?: () => void) => {
      cancel();
      const control = new AbortController();
      here.current = control;
      complain(undefined);
      setBusy(file.name);
      heardIn(file, control.signal)
        .then((one) => {
          if (control.signal.aborted) return;
          show(one);
          done?.();
        })
        .catch((reason: Error) => {
          if (control.signal.aborted) return;
          setBusy(undefined);
          complain(reason.message);
        });
    },
    [cancel, show],
  );

  useEffect(() => () => here.current?.abort(), []);

  return { heard, busy, error, hear, show, cancel, complain };
}
