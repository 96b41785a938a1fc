import { expect, test } from "vitest";
import { parsed } from "./prometheus";
import { kept, looked, rates, rows } from "./traffic";

function look(at: number, songs: number, wrong = 0, began = 1) {
  return looked(
    parsed(`kelly_requests_total{method="GET",route="/metrics",status="200"} ${at}
kelly_requests_total{method="GET",route="/v1/songs",status="200"} ${songs}
kelly_requests_total{method="GET",route="/v1/songs",status="503"} ${wrong}
kelly_request_seconds_bucket{le="0.1",route="/v1/songs"} ${songs}
kelly_request_seconds_bucket{le="+Inf",route="/v1/songs"} ${songs + wrong}
kelly_request_seconds_bucket{le="+Inf",route="/metrics"} ${at}
kelly_refused_total{status="503"} ${wrong}
kelly_process_start_time_seconds ${began}
kelly_workers_busy 2`),
    at,
  );
}

test("what the page asks itself is no traffic", () => {
  const { requests, failed, routes, busy, turnedAway } = look(100, 7, 2);
  expect({ requests, failed, busy }).toEqual({ requests: 9, failed: 2, busy: 2 });
  expect([...routes.keys()]).toEqual(["/v1/songs"]);
  expect([...turnedAway]).toEqual([["503", 2]]);
});

test("rates are told between looks, and not where nobody looked", () => {
  const told = rates([look(100, 0), look(102, 4, 1), look(200, 90), look(202, 90)]);
  expect(told.requests).toEqual([null, 2.5, null, 0]);
  expect(told.failed).toEqual([null, 0.5, null, 0]);
});

test("ten minutes are kept, and a service that began anew begins anew", () => {
  const looks = [look(0, 1), look(500, 2)];
  expect(kept(looks, look(700, 3)).map((one) => one.at)).toEqual([500, 700]);
  expect(kept(looks, look(502, 0, 0, 500)).map((one) => one.at)).toEqual([502]);
});

test("routes are told since the service began, and since an earlier look", () => {
  const [before, now] = [look(100, 10), look(102, 14, 2)];
  expect(rows(now)).toEqual([
    { route: "/v1/songs", requests: 16, failed: 2, times: [expect.closeTo(0.057), 0.1, 0.1] },
  ]);
  expect(rows(now, before)[0]).toMatchObject({ requests: 6, failed: 2 });
  expect(rows(now, now)).toEqual([]);
});
