/** Focus that is not lost with what had it. */

import { type RefObject, useEffect } from "react";

/**
 * What has the focus may go away, or take no more clicks, once it was used: then the place that it stood in has the
 * focus, so that keys and screen readers go on from there. The place has `tabIndex={-1}`.
 */
export function useHeldFocus(place: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const here = place.current;
    if (here === null) return;
    let last: Element | undefined;
    const noted = ({ target }: FocusEvent) => {
      last = target instanceof Element ? target : undefined;
    };
    const observer = new MutationObserver(() => {
      if (last === undefined || (last.isConnected && !last.matches(":disabled"))) return;
      const had = document.activeElement;
      if (had === document.body || had === last) here.focus({ preventScroll: true });
      last = undefined;
    });
    here.addEventListener("focusin", noted);
    observer.observe(here, { childList: true, subtree: true, attributeFilter: ["disabled"] });
    return () => {
      here.removeEventListener("focusin", noted);
      observer.disconnect();
    };
  }, [place]);
}
