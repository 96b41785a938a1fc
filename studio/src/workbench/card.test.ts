import { describe, expect, test } from "vitest";
import judge from "../../../src/kelly/models/judge/card.md?raw";
import music from "../../../src/kelly/models/music/card.md?raw";
import symbolic from "../../../src/kelly/models/symbolic/card.md?raw";
import voice from "../../../src/kelly/models/voice/card.md?raw";
import words from "../../../src/kelly/models/words/card.md?raw";
import { diagrams } from "./calibration";
import { leads, measuresOf, shared } from "./card";

describe("a card", () => {
  test("tells its measures with all that stands beside them", () => {
    const [first] = measuresOf(words);
    expect(first?.name).toBe("EmoBank, r V");
    expect(first?.told.map((one) => one.of)).toEqual(["three students", "shipped", "bar", "lexicon", "linear"]);
  });

  test("shares with another what both measure, and no more", () => {
    const both = shared(symbolic, judge).map(([one]) => one.name);
    expect(both).toContain("EMOPIA quadrant");
    expect(both).toContain("VGMIDI r valence");
    expect(shared(words, voice)).toEqual([]);
  });

  test("finds the same measure under another spelling", () => {
    expect(shared(symbolic, music).map(([one, other]) => [one.name, other.name])).toContainEqual([
      "VGMIDI r valence",
      "VGMIDI, r of valence",
    ]);
  });

  test("leads to other cards and into the world, and to no file", () => {
    expect(leads("../symbolic/card.md")).toEqual({ card: "symbolic" });
    expect(leads("https://example.org/x")).toEqual({ world: "https://example.org/x" });
    expect(["../../docs/adr/1.md", "javascript:alert(1)", "data:text/html,x"].map(leads)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe("the calibration of a card", () => {
  test("of words is told by intervals and by how sure it is", () => {
    const [inside, sure] = diagrams(words);
    expect(inside).toMatchObject({ kind: "intervals", aim: 0.8 });
    expect(inside?.kind === "intervals" && inside.rows[0]).toMatchObject({
      name: "EmoBank",
      shares: [{ axis: "valence" }, { axis: "arousal" }, { axis: "dominance" }],
    });
    expect(sure?.kind === "sureness" && sure.rows.map((row) => row.errors.length)).toEqual([5, 5, 5]);
  });

  test("of voices is told by its error beside a perfect model's", () => {
    const told = diagrams(voice).find((one) => one.kind === "errors");
    expect(told?.rows.map((row) => [row.name, row.told.length, row.perfect !== undefined])).toEqual([
      ["speech", 2, true],
      ["song", 2, true],
    ]);
  });

  test("is a reliability diagram where there is a table of bins", () => {
    const card = `
| reliability of speech | confidence, as it comes | right | records | confidence, scaled | right | records |
|---|--:|--:|--:|--:|--:|--:|
| .0 .. .1 | | | 0 | | | 0 |
| .1 .. .2 | .182 | .000 | 1 | .19 | .25 | 4 |
| .9 .. 1 | .965 | .994 | 1,162 | | | 0 |
`;
    expect(diagrams(card)).toEqual([
      {
        kind: "reliability",
        title: "reliability of speech",
        series: [
          {
            name: "as it comes",
            points: [
              { confidence: 0.182, right: 0, count: 1 },
              { confidence: 0.965, right: 0.994, count: 1162 },
            ],
          },
          { name: "scaled", points: [{ confidence: 0.19, right: 0.25, count: 4 }] },
        ],
      },
    ]);
  });

  test("is told of no model whose card tells none", () => expect(diagrams(judge)).toEqual([]));
});
