/** What the browser keeps for the page. Where it does not let a page keep anything, or has no room, nothing is kept. */

type Place = "localStorage" | "sessionStorage";

export function kept(place: Place, key: string): string | null {
  try {
    return window[place].getItem(key);
  } catch {
    return null;
  }
}

/** Keep a text under a key; null forgets it. */
export function keep(place: Place, key: string, text: string | null): void {
  try {
    if (text === null) window[place].removeItem(key);
    else window[place].setItem(key, text);
  } catch {
    // the page works without
  }
}
