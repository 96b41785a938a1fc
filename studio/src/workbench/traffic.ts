/** The traffic of the service: what its counters said at each look, and what came between two looks. */

import { type Buckets, counted, histograms, type Metric, quantile, since, sum } from "./prometheus";

export const EVERY = 2; // seconds between two looks
export const KEPT = 600; // seconds that are remembered
const GAP = 4 * EVERY; // who looked away so long sees a gap
const OWN = new Set(["/metrics", "/readyz"]); // what this page asks itself

/** What the counters said at a time (seconds since 1970). */
export interface Look {
  at: number;
  requests: number;
  refused: number;
  failed: number;
  routes: ReadonlyMap<string, Route>;
  turnedAway: ReadonlyMap<string, number>;
  underway: number;
  waiting: number;
  busy: number;
  live: number;
  memory: number | undefined;
  began: number | undefined;
}

interface Route {
  buckets: Buckets;
  failed: number;
}

/** How a route did: how many asked, how many it failed, and in how many seconds most were answered. */
export interface Row {
  route: string;
  requests: number;
  failed: number;
  times: readonly (number | undefined)[];
}

export const SHARES = [0.5, 0.95, 0.99] as const;

/** What is told by the counters, without what this page asks itself. */
export function looked(metrics: readonly Metric[], at: number): Look {
  const status = (digit: string) => (labels: Metric["labels"]) =>
    !OWN.has(labels.route ?? "") && (labels.status ?? "").startsWith(digit);
  const alone = (name: string) => metrics.find((one) => one.name === name)?.value;
  const of = "kelly_requests_total";
  const routes = [...histograms(metrics, "kelly_request_seconds", "route")]
    .filter(([route]) => !OWN.has(route))
    .map(([route, buckets]): [string, Route] => {
      const failed = sum(metrics, of, (labels) => labels.route === route && status("5")(labels));
      return [route, { buckets, failed }];
    });
  const turned = metrics.filter((one) => one.name === "kelly_refused_total");
  return {
    at,
    requests: sum(metrics, of, status("")),
    refused: sum(metrics, of, status("4")),
    failed: sum(metrics, of, status("5")),
    routes: new Map(routes),
    turnedAway: new Map(turned.map(({ labels, value }) => [labels.status ?? "", value])),
    underway: alone("kelly_requests_underway") ?? 0,
    waiting: alone("kelly_jobs_waiting") ?? 0,
    busy: alone("kelly_workers_busy") ?? 0,
    live: alone("kelly_live") ?? 0,
    memory: alone("kelly_process_resident_memory_bytes"),
    began: alone("kelly_process_start_time_seconds"),
  };
}

/** The looks that are kept, one more at their end; a service that began anew begins them anew. */
export function kept(looks: readonly Look[], now: Look): readonly Look[] {
  const last = looks.at(-1);
  const anew = last !== undefined && (now.requests < last.requests || now.began !== last.began);
  return [...(anew ? [] : looks.filter((one) => one.at >= now.at - KEPT)), now];
}

/** What happened a second between each two looks; nothing is told where nobody looked for a while. */
export function rates(looks: readonly Look[]) {
  const told = { at: [] as number[], requests: [] as Points, refused: [] as Points, failed: [] as Points };
  for (const [place, now] of looks.entries()) {
    const before = looks[place - 1];
    const seconds = before === undefined ? 0 : now.at - before.at;
    const seen = before !== undefined && seconds > 0 && seconds <= GAP;
    told.at.push(now.at);
    for (const name of ["requests", "refused", "failed"] as const) {
      told[name].push(seen ? Math.max(0, now[name] - before[name]) / seconds : null);
    }
  }
  return told;
}

type Points = (number | null)[];

/** How the routes did, the busiest first: since the service began, or since an earlier look. */
export function rows(now: Look, before?: Look): Row[] {
  return [...now.routes]
    .map(([route, { buckets, failed }]) => {
      const earlier = before?.routes.get(route);
      const came = since(buckets, earlier?.buckets);
      return {
        route,
        requests: counted(came),
        failed: failed - (earlier?.failed ?? 0),
        times: SHARES.map((share) => quantile(share, came)),
      };
    })
    .filter((row) => row.requests > 0)
    .sort((one, other) => other.requests - one.requests || one.route.localeCompare(other.route));
}
