import { expect, test } from "vitest";
import { fieldOf, plainly, settingsOf } from "./settings";

test("settings are read line by line", () => {
  const text = `
    # shorter
    recipe.epochs: 10
    recipe.mixed: no
    songs: all
    corpora: [asap, "pop909", 3]
    begin:`;
  expect(settingsOf(text)).toEqual({
    recipe: { epochs: 10, mixed: false },
    songs: "all",
    corpora: ["asap", "pop909", 3],
    begin: null,
  });
  expect(settingsOf("  \n")).toEqual({});
});

test("what is no setting is told by its line", () => {
  expect(() => settingsOf("recipe.epochs: 10\nfaster please")).toThrow("Line 2 is no setting");
  expect(() => settingsOf("recipe.a.b: 10")).toThrow("Line 1");
  expect(() => settingsOf("recipe: usual\nrecipe.epochs: 3")).toThrow("Line 2 gives a part");
});

test("a refusal is shown at the field that it speaks of", () => {
  const fields = ["data", "seed"] as const;
  expect(fieldOf("Data must be a folder of this machine, by its absolute path.", fields)).toBe("data");
  expect(fieldOf("/body/seed: Input should be greater than or equal to 0.", fields)).toBe("seed");
  expect(fieldOf("1 of at most 1 trainings run already.", fields)).toBeUndefined();
  expect(plainly("/body/seed: Input should be whole.")).toBe("Seed: input should be whole.");
  expect(plainly("Too many.")).toBe("Too many.");
});
