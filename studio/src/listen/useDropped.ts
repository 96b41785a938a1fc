/** Files that are dropped anywhere on the page. */

import { useEffect, useRef, useState } from "react";

/** Whether something is held over the page; `dropped` is given the files that were let go there. */
export function useDropped(dropped: (files: readonly File[]) => void): boolean {
  const [over, setOver] = useState(false);
  const give = useRef(dropped);
  give.current = dropped;

  useEffect(() => {
    const bring = (event: DragEvent) => event.dataTransfer?.types.includes("Files") === true;
    const handlers = {
      dragover: (event: DragEvent) => {
        if (!bring(event)) return;
        event.preventDefault(); // else the browser would open the file
        setOver(true);
      },
      dragleave: (event: DragEvent) => {
        if (event.relatedTarget === null) setOver(false); // else only an element was left for another
      },
      drop: (event: DragEvent) => {
        event.preventDefault();
        setOver(false);
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
