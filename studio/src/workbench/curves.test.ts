import { expect, test } from "vitest";
import { along, beside, epochs, flat, measures, ticks } from "./curves";

const LONG = [
  { epoch: 1, loss: 3, dev_loss: 4 },
  { epoch: 2, loss: 2, dev_loss: null },
  { epoch: 3, loss: 1, dev_loss: 2, pitch: 0.5 },
];
const THIN = [{ epoch: 2, loss: 9 }, { epoch: 4 }];

test("curves of different lengths share one row of epochs", () => {
  const at = epochs([LONG, THIN]);
  expect(at).toEqual([1, 2, 3, 4]);
  expect(along(LONG, "dev_loss", at)).toEqual([4, null, 2, null]);
  expect(along(THIN, "loss", at)).toEqual([null, 9, null, null]);
  expect(measures([LONG, THIN])).toEqual(["pitch"]);
});

test("settings within settings are told by their whole names", () => {
  const told = flat({ recipe: { epochs: 10, mixed: false }, fonts: [], heads: ["a", 2], begin: "", none: null });
  expect(told).toEqual([
    ["recipe.epochs", "10"],
    ["recipe.mixed", "no"],
    ["fonts", "–"],
    ["heads", "a, 2"],
    ["begin", "–"],
    ["none", "–"],
  ]);
});

test("what differs between runs is pointed out, also what one of them has not", () => {
  expect(beside([{ rate: 0.1, epochs: 3 }, { rate: 0.2, epochs: 3, fold: 0 }, null]).map((one) => one.differs)).toEqual(
    [true, true, true],
  );
  const [epochs_, fold, rate] = beside([
    { rate: 0.1, epochs: 3 },
    { rate: 0.1, epochs: 3, fold: 0 },
  ]);
  expect([epochs_?.differs, fold?.differs, rate?.differs]).toEqual([false, true, false]);
  expect(fold?.values).toEqual([undefined, "0"]);
});

test("a logarithmic axis has ticks whatever it spans", () => {
  expect(ticks(0.01, 100)).toEqual([0.01, 0.1, 1, 10, 100].map((tick) => expect.closeTo(tick)));
  expect(ticks(0.3, 0.8).length).toBeGreaterThan(2);
  expect(ticks(0.61, 0.62)).toHaveLength(5);
});
