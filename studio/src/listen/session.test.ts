import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { beginSession, type Listener, whyClosed } from "./session";

/** A socket whose other end is the test. */
class Socket {
  readyState = 1;
  sent: unknown[] = [];
  closed = false;
  onopen = () => undefined as unknown;
  onclose = (_: { code: number; reason: string }) => undefined as unknown;
  onmessage = (_: { data: string }) => undefined as unknown;
  send = (data: unknown) => this.sent.push(data);
  close = () => {
    this.closed = true;
  };
  tell = (message: unknown) => this.onmessage({ data: JSON.stringify(message) });
}

function begun() {
  const socket = new Socket();
  const listener = { ready: vi.fn(), moment: vi.fn(), reading: vi.fn(), lost: vi.fn() } satisfies Listener;
  const session = beginSession(48_000, listener, () => socket as unknown as WebSocket);
  socket.onopen();
  return { socket, listener, session };
}

describe("a session", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("WebSocket", { OPEN: 1 });
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  test("says first what it sends, sends once that is taken, and ends with a reading", () => {
    const { socket, listener, session } = begun();
    const block = new Float32Array(4);
    session.send(block); // too early: nobody waits for it
    expect(socket.sent).toEqual(['{"rate":48000,"format":"f32le"}']);
    socket.tell({ ready: true, rate: 48_000, format: "f32le" });
    session.send(block);
    socket.tell({ time: 0.1, valence: null, arousal: null, dominance: null, confidence: 0, name: null });
    session.end();
    expect(socket.sent.slice(1)).toEqual([block, '{"end":true}']);
    socket.tell({ end: true, seconds: 1 });
    expect(listener.moment).toHaveBeenCalledOnce();
    expect(listener.reading).toHaveBeenCalledWith({ end: true, seconds: 1 });
    expect(socket.closed).toBe(true);
    socket.onclose({ code: 1000, reason: "" });
    vi.runAllTimers();
    expect(listener.lost).not.toHaveBeenCalled();
  });

  test("that is closed before its reading is lost, once, with why", () => {
    const { socket, listener } = begun();
    socket.onclose({ code: 1013, reason: "too many listen live" });
    socket.onclose({ code: 1006, reason: "" });
    expect(listener.lost.mock.calls).toEqual([[expect.stringMatching(/try again in a minute/)]]);
  });

  test("whose reading does not come is given up", () => {
    const { socket, listener, session } = begun();
    socket.tell({ ready: true });
    session.end();
    vi.advanceTimersByTime(20_000);
    expect(listener.lost).toHaveBeenCalledWith(expect.stringMatching(/too long/));
  });
});

test("each way to be closed has its own advice", () => {
  expect(whyClosed(1006, "", true)).not.toBe(whyClosed(1006, "", false));
  expect(whyClosed(1008, "nothing came for 30 seconds", true)).toBe(
    "Kelly stopped listening: Nothing came for 30 seconds. Try again.",
  );
  expect(whyClosed(4000, "", true)).toMatch(/code 4000/);
});
