import { describe, expect, test } from "vitest";
import { counted, histograms, parsed, quantile, since, sum } from "./prometheus";

const TEXT = `# HELP kelly_requests_total Requests that were answered.
# TYPE kelly_requests_total counter
kelly_requests_total{method="GET",route="/v1/songs/{name}",status="200"} 7.0
kelly_requests_total{method="GET",route="a \\"b\\" \\\\ c\\nd",status="503"} 2 1795000000
kelly_live 0.0

kelly_odd{} +Inf
kelly_broken{route="x"} many
no number here
kelly_seconds_bucket{le="+Inf",route="/"} 10.0
kelly_seconds_bucket{le="0.1",route="/"} 5.0
kelly_seconds_bucket{le="0.5",route="/"} 9.0
kelly_seconds_count{route="/"} 10.0
`;

describe("the text of Prometheus", () => {
  test("is read with its labels, whatever they hold", () => {
    const found = parsed(TEXT);
    expect(found[0]).toEqual({
      name: "kelly_requests_total",
      labels: { method: "GET", route: "/v1/songs/{name}", status: "200" },
      value: 7,
    });
    expect(found[1]?.labels.route).toBe('a "b" \\ c\nd');
    expect(found.map((one) => one.value).slice(1, 4)).toEqual([2, 0, Number.POSITIVE_INFINITY]);
    expect(found.some((one) => one.name === "kelly_broken")).toBe(false);
  });

  test("adds up by name and label", () => {
    const found = parsed(TEXT);
    expect(sum(found, "kelly_requests_total")).toBe(9);
    expect(sum(found, "kelly_requests_total", ({ status }) => status === "503")).toBe(2);
    expect(sum(found, "kelly_nothing")).toBe(0);
  });

  test("of nothing is nothing", () => expect(parsed("")).toEqual([]));
});

describe("a histogram", () => {
  const buckets = histograms(parsed(TEXT), "kelly_seconds", "route").get("/");
  if (buckets === undefined) throw new Error("there is one");

  test("is put in the order of its bounds", () => {
    expect(buckets).toEqual({ bounds: [0.1, 0.5, Number.POSITIVE_INFINITY], counts: [5, 9, 10] });
    expect(counted(buckets)).toBe(10);
  });

  test("tells quantiles between its bounds", () => {
    expect(quantile(0.25, buckets)).toBeCloseTo(0.05);
    expect(quantile(0.5, buckets)).toBeCloseTo(0.1);
    expect(quantile(0.7, buckets)).toBeCloseTo(0.3);
    expect(quantile(0.99, buckets)).toBe(0.5); // and not more than it knows
  });

  test("of nothing tells none", () => {
    expect(quantile(0.5, { bounds: [1, Number.POSITIVE_INFINITY], counts: [0, 0] })).toBeUndefined();
    expect(quantile(0.5, { bounds: [], counts: [] })).toBeUndefined();
  });

  test("passes over bounds below which there is nothing", () => {
    const late = { bounds: [0.1, 0.2, 0.4, Number.POSITIVE_INFINITY], counts: [0, 0, 4, 4] };
    expect(quantile(0, late)).toBe(0.1);
    expect(quantile(0.5, late)).toBeCloseTo(0.3);
  });

  test("tells what came since an earlier look", () => {
    const earlier = { bounds: buckets.bounds, counts: [5, 8, 8] };
    expect(since(buckets, earlier).counts).toEqual([0, 1, 2]);
    expect(since(buckets, undefined)).toBe(buckets);
  });
});
