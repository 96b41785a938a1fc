/** Numbers, times and sizes, as people read them. */

const DATE = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const WHOLE = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });

/** A moment in seconds since 1970: 22 Nov, 07:34. */
export function date(seconds: number): string {
  return DATE.format(1000 * seconds);
}

/** The time of day of a moment. */
export function clock(seconds: number): string {
  return CLOCK.format(1000 * seconds);
}

/** A whole number with its thousands apart. */
export function whole(number: number): string {
  return WHOLE.format(number);
}

/** A number with four significant digits, or a dash where there is none. */
export function figure(number: number | null | undefined): string {
  if (number === null || number === undefined) return "–";
  if (number === 0) return "0";
  const size = Math.abs(number);
  if (size >= 1e6 || size < 1e-4) return number.toExponential(2);
  return size >= 1000 ? WHOLE.format(number) : number.toFixed(Math.max(0, 3 - Math.floor(Math.log10(size))));
}

/** How long: a moment, 40 s, 3 min, 2 h 5 min. */
export function long(seconds: number): string {
  if (seconds < 1) return "a moment";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.round(hours / 24)} days`;
}

/** How long an answer takes: 0.8 ms, 34 ms, 1.2 s. */
export function brief(seconds: number): string {
  const thousandths = 1000 * seconds;
  if (thousandths < 10) return `${thousandths.toFixed(1)} ms`;
  return thousandths < 1000 ? `${Math.round(thousandths)} ms` : `${seconds.toFixed(1)} s`;
}

/** A size in bytes: 178 kB, 26.1 MB. */
export function size(bytes: number): string {
  const [unit, name] = bytes >= 1e9 ? [1e9, "GB"] : bytes >= 1e6 ? [1e6, "MB"] : [1e3, "kB"];
  const number = bytes / unit;
  return `${number >= 100 ? number.toFixed(0) : number.toFixed(1)} ${name}`;
}

/** So many of something: 1 fault, 2 faults. */
export function many(number: number, one: string, several = `${one}s`): string {
  return `${whole(number)} ${number === 1 ? one : several}`;
}
