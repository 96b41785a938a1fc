/** What was heard last, and what is being heard: one file at a time, a new one in the place of the one before. */

import { useCallback, useEffect, useRef, useState } from "react";
import { type Heard, heardIn } from "./hear";

export interface Hearing {
  heard: Heard | undefined;
  /** The name of the file that is being heard. */
  busy: string | undefined;
  error: string | undefined;
  hear: (file: File) => void;
  /** Show what was heard elsewhere; nothing where it is undefined. */
  show: (heard: Heard | undefined) => void;
  cancel: () => void;
  complain: (error: string | undefined) => void;
}

export function useHearing(): Hearing {
  const [heard, setHeard] = useState<Heard>();
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
      setHeard(one);
    },
    [cancel],
  );

  const hear = useCallback(
    (file: File) => {
      cancel();
      const control = new AbortController();
      here.current = control;
      complain(undefined);
      setBusy(file.name);
      heardIn(file, control.signal)
        .then((one) => {
          if (!control.signal.aborted) show(one);
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
