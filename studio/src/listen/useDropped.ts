/** Files that are dropped anywhere on the page. */

import { useEffect, useRef, useState } from "react";

/** Whether something is held over the page; `dropped` is given the files that were let go there. */
export function useDropped(dropped: (files: readonly File[]) => void): boolean {
  const [over, setOver] = useState(false);
  const give = useRef(dropped);
  give.current = dropped;

  useEffect(() => {
    let depth = 0; // an element is entered before the one around it is left
    const leave = () => {
      depth = 0;
      setOver(false);
    };
    const bring = (event: DragEvent) => event.dataTransfer?.types.includes("Files") === true;
    const handlers = {
      dragenter: (event: DragEvent) => {
        if (!bring(event)) return;
        depth++;
        setOver(true);
      },
      dragover: (event: DragEvent) => {
        if (bring(event)) event.preventDefault(); // else the browser would open the file
      },
      dragleave: () => {
        depth = Math.max(0, depth - 1);
        if (depth === 0) setOver(false);
      },
      drop: (event: DragEvent) => {
        event.preventDefault();
        leave();
        give.current([...(event.dataTransfer?.files ?? [])]);
      },
    };
    for (const [name, handler] of Object.entries(handlers)) window.addEventListener(name, handler as EventListener);
    return () => {
      for (const [name, handler] of Object.entries(handlers))
        window.removeEventListener(name, handler as EventListener);
    };
  }, []);

  return over;
}
