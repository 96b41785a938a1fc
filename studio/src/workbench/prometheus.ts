/** What Prometheus reads: numbers by name and labels, as text; and quantiles of its histograms. */

export interface Metric {
  name: string;
  labels: Readonly<Record<string, string>>;
  value: number;
}

/** A histogram: for each bound (the last infinite) how many were at most that long. */
export interface Buckets {
  bounds: readonly number[];
  counts: readonly number[];
}

const LINE = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+-?\d+)?$/;
const LABEL = /([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"/g;
const SIGNS: Record<string, string> = { n: "\n" };

/** The numbers of a text; what is no number of Prometheus's is passed over. */
export function parsed(text: string): Metric[] {
  return text.split("\n").flatMap((line) => {
    const found = line.startsWith("#") ? null : LINE.exec(line.trim());
    if (found === null) return [];
    const value = numberOf(found[3] ?? "");
    return value === undefined ? [] : [{ name: found[1] ?? "", labels: labelsOf(found[2] ?? ""), value }];
  });
}

function labelsOf(text: string): Record<string, string> {
  const pairs = [...text.matchAll(LABEL)].map(([, name = "", value = ""]) => [
    name,
    value.replace(/\\(.)/g, (_, sign: string) => SIGNS[sign] ?? sign),
  ]);
  return Object.fromEntries(pairs);
}

function numberOf(text: string): number | undefined {
  if (/^[+-]?Inf$/i.test(text)) return text.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  const number = Number(text);
  return Number.isNaN(number) ? undefined : number;
}

/** The sum of the numbers of a name, of those whose labels fit. */
export function sum(
  metrics: readonly Metric[],
  name: string,
  fits: (labels: Metric["labels"]) => boolean = () => true,
) {
  return metrics.reduce((total, one) => (one.name === name && fits(one.labels) ? total + one.value : total), 0);
}

/** The histograms of a name, by what a label of theirs says. */
export function histograms(metrics: readonly Metric[], name: string, label: string): Map<string, Buckets> {
  const rows = new Map<string, [number, number][]>();
  for (const { name: here, labels, value } of metrics) {
    const bound = here === `${name}_bucket` ? numberOf(labels.le ?? "") : undefined;
    if (bound === undefined) continue;
    const key = labels[label] ?? "";
    rows.set(key, [...(rows.get(key) ?? []), [bound, value]]);
  }
  const told = [...rows].map(([key, row]): [string, Buckets] => {
    row.sort(([one], [other]) => one - other);
    return [key, { bounds: row.map(([bound]) => bound), counts: row.map(([, count]) => count) }];
  });
  return new Map(told);
}

/** What a histogram counted after an earlier look at it. */
export function since(now: Buckets, before: Buckets | undefined): Buckets {
  if (before === undefined || before.counts.length !== now.counts.length) return now;
  return { bounds: now.bounds, counts: now.counts.map((count, at) => Math.max(0, count - (before.counts[at] ?? 0))) };
}

/** How many a histogram counted. */
export function counted(buckets: Buckets): number {
  return buckets.counts.at(-1) ?? 0;
}

/**
 * A quantile (0..1), as Prometheus reckons it: what lies between two bounds is taken to lie evenly there, and what lies
 * beyond the last finite bound is told as that bound. Undefined where nothing was counted.
 */
export function quantile(share: number, { bounds, counts }: Buckets): number | undefined {
  const all = counts.at(-1) ?? 0;
  if (all <= 0) return undefined;
  const rank = share * all;
  const at = counts.findIndex((count) => count >= rank);
  const upper = bounds[at] ?? Number.POSITIVE_INFINITY;
  const [lower, below] = at > 0 ? [bounds[at - 1] ?? 0, counts[at - 1] ?? 0] : [0, 0];
  if (!Number.isFinite(upper)) return lower;
  const within = (counts[at] ?? 0) - below;
  return within <= 0 ? upper : lower + ((upper - lower) * (rank - below)) / within;
}
