import { expect, test } from "vitest";
import { leftOf } from "./jobs";

test("what was asked for when the page was left is read again", () => {
  const left = { ask: { body: { feeling: { text: "joy" } } }, id: "1-2" };
  expect(leftOf(JSON.stringify(left))).toEqual(left);
});

test("what the tab remembers wrongly is as if it remembered nothing", () => {
  for (const text of [
    null,
    "",
    "{oops",
    "null",
    "7",
    '"text"',
    "[]",
    "{}",
    '{"id":"1"}',
    '{"id":1,"ask":{}}',
    '{"id":"1","ask":null}',
  ]) {
    expect(leftOf(text)).toBeUndefined();
  }
});
