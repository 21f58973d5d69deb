import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { type Archive, CLOCK_TOLERANCE_MS, clusterOf, decide, type Policy } from "../../../provider/retention/policy";

const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;
const NOW = new Date("2027-01-01T00:00:00Z");

/** Archives at these times, their indexes growing with them. */
function archivesAt(times: readonly string[]): Archive[] {
  const sorted = [...times].sort();
  return times.map((time) => archive({ takenAt: new Date(time), index: sorted.indexOf(time) }));
}

function archive(about: Partial<Archive> & { takenAt: Date }): Archive {
  return {
    location: `/backups/${about.takenAt.toISOString()}.snap`,
    series: "acme/shop/prod/backup",
    purpose: "backup",
    sha256: `sha256 of ${about.location ?? about.takenAt.toISOString()}`,
    index: about.takenAt.getTime(),
    datacenter: "dc1",
    serverIds: ["a", "b", "c"],
    intact: true,
    restorable: true,
    writtenAt: about.takenAt,
    ...about,
  };
}

function newestOf(archives: readonly Archive[]): Archive {
  return archives.reduce((newest, each) => (each.takenAt > newest.takenAt ? each : newest));
}

/** What stays and goes, by time, and why. */
function decided(archives: readonly Archive[], policy: Policy, fresh = newestOf(archives), now = NOW) {
  const { keep, remove, refusal } = decide(archives, fresh, policy, now, 0);
  return {
    keep: keep.map((verdict) => timeOf(verdict.archive)),
    remove: remove.map((verdict) => timeOf(verdict.archive)),
    reasons: Object.fromEntries(keep.map((verdict) => [timeOf(verdict.archive), verdict.reasons])),
    refusal,
  };
}

function timeOf({ takenAt }: Archive): string {
  return takenAt.toISOString().replace(".000Z", "Z");
}

describe("the retention policy, against restic", () => {
  // From restic's documentation, "Removing snapshots according to a policy".
  const documented = [
    ...["2025-04-21T11:00:00Z", "2025-04-22T11:00:00Z", "2025-04-23T11:00:00Z", "2025-04-24T11:00:00Z"],
    ...["2025-04-25T11:00:00Z", "2025-04-25T23:00:00Z", "2025-04-28T11:00:00Z", "2025-04-29T11:00:00Z"],
    ...["2025-05-01T11:00:00Z", "2025-05-02T11:00:00Z", "2025-05-02T23:00:00Z"],
  ];

  it("keeps what its documentation says for five daily ones", () => {
    const { keep } = decided(archivesAt(documented), { keepDaily: 5 });
    expect(keep).to.deep.equal([
      ...["2025-05-02T23:00:00Z", "2025-05-01T11:00:00Z", "2025-04-29T11:00:00Z", "2025-04-28T11:00:00Z"],
      "2025-04-25T23:00:00Z",
    ]);
  });

  it("keeps as many of 100 years of daily backups as its documentation says", () => {
    const first = Date.UTC(1926, 0, 1, 12);
    const days = Math.floor((Date.UTC(2026, 10, 22, 12) - first) / DAY);
    const archives = Array.from({ length: days + 1 }, (_, day) => archive({ takenAt: new Date(first + day * DAY) }));
    const { reasons, keep } = decided(archives, { keepDaily: 7, keepWeekly: 5, keepMonthly: 12, keepYearly: 75 });
    const by = (rule: string, ...already: string[]) =>
      keep.filter((time) => {
        const rules = reasons[time]!.map((reason) => reason.split(" ")[0]!);
        return rules.includes(rule) && !rules.some((other) => already.includes(other));
      });
    expect(by("daily")).to.have.length(7);
    expect(by("weekly", "daily")).to.have.length(4);
    expect(by("monthly", "daily", "weekly")).to.have.length(11);
    expect(by("yearly", "daily")).to.have.length(74);
  });

  // Times of our own, and what restic 0.19 (ApplyPolicy) keeps of them.
  const { times, cases } = JSON.parse(readFileSync(join(__dirname, "restic.json"), "utf8")) as {
    times: string[];
    cases: { policy: Policy & { keepWithinHours?: number }; keep: string[] }[];
  };
  for (const { policy, keep } of cases) {
    it(`keeps what restic keeps for ${JSON.stringify(policy)}`, () => {
      const { keepWithinHours, ...counts } = policy;
      const within = keepWithinHours === undefined ? {} : { keepWithinMs: keepWithinHours * HOUR };
      expect(decided(archivesAt(times), { ...counts, ...within }).keep).to.deep.equal(keep);
    });
  }
});

describe("the retention policy", () => {
  it("says why each stays and goes", () => {
    const archives = archivesAt([
      "2026-11-20T10:00:00Z",
      "2026-11-21T10:00:00Z",
      "2026-11-21T18:00:00Z",
      "2026-11-22T10:00:00Z",
    ]);
    const policy = { keepLast: 1, keepDaily: 2, keepWeekly: 1, keepWithinMs: 12 * HOUR };
    const { reasons, remove } = decided(archives, policy);
    expect(reasons).to.deep.equal({
      "2026-11-22T10:00:00Z": ["new", "last 1", "within 12h", "daily 2026-11-22", "weekly 2026-W47"],
      "2026-11-21T18:00:00Z": ["daily 2026-11-21"],
    });
    expect(remove).to.deep.equal(["2026-11-21T10:00:00Z", "2026-11-20T10:00:00Z"]);
  });

  const [oldest, older, newest] = ["2026-11-20T10:00:00Z", "2026-11-21T10:00:00Z", "2026-11-22T10:00:00Z"];
  const at = (time: string, location: string, about: Partial<Archive> = {}): Archive =>
    archive({ takenAt: new Date(time), location, ...about });
  const locationsOf = (verdicts: readonly { readonly archive: Archive }[]) =>
    verdicts.map((verdict) => verdict.archive.location);

  it("gives copies of an archive one place, and keeps or removes them together", () => {
    const fresh = at(newest, "new");
    const file = at(older, "file", { sha256: "b" });
    // The one that was written first is the original, although the other one comes first by name.
    const link = at(older, "link", { sha256: "b", writtenAt: new Date(newest) });
    const archives = [at(oldest, "old"), link, file, fresh];
    const { keep, remove } = decide(archives, fresh, { keepLast: 2 }, NOW, 0);
    expect(locationsOf(keep)).to.deep.equal(["new", "link", "file"]);
    expect(keep.map(({ reasons }) => reasons.join())).to.deep.equal([
      "new,last 1",
      "the same archive as file",
      "last 2",
    ]);
    expect(locationsOf(remove)).to.deep.equal(["old"]);
    expect(decide(archives, fresh, { keepLast: 1 }, NOW, 0).remove).to.have.length(3);
  });

  it("does not believe that an archive is a copy if its manifest gives it another index or time", () => {
    const fresh = at(newest, "new");
    const genuine = at(oldest, "genuine", { sha256: "a" });
    const others = [at(older, "other"), genuine, fresh];
    // No rule keeps the first: another archive of its day is newer. The others have a place of their own.
    for (const forged of [
      { takenAt: new Date("2026-11-21T09:59:59Z") },
      { takenAt: new Date("2026-11-20T09:59:59Z") },
      { index: genuine.index - 1 },
    ]) {
      const copy = { ...genuine, ...forged, location: "forged" };
      const decision = decide([...others, copy], fresh, { keepDaily: 3 }, NOW, 0);
      expect(locationsOf(decision.keep)).to.deep.equal(["new", "other", "genuine"]);
      expect(locationsOf(decision.remove)).to.deep.equal(["forged"]);
    }
  });

  it("keeps what is younger than the newest by less than the duration, to the millisecond", () => {
    const archives = archivesAt(["2026-11-21T10:00:00.000Z", "2026-11-21T10:00:00.001Z", "2026-11-22T10:00:00.000Z"]);
    expect(decided(archives, { keepWithinMs: DAY }).remove).to.deep.equal(["2026-11-21T10:00:00Z"]);
  });

  it("gives a week to the year of its Thursday", () => {
    const times = ["2024-12-29T12:00:00Z", "2024-12-30T12:00:00Z", "2026-01-01T12:00:00Z", "2026-12-31T12:00:00Z"];
    expect(decided(archivesAt(times), { keepWeekly: 9 }).reasons).to.deep.equal({
      "2024-12-29T12:00:00Z": ["weekly 2024-W52"],
      "2024-12-30T12:00:00Z": ["weekly 2025-W01"],
      "2026-01-01T12:00:00Z": ["weekly 2026-W01"],
      "2026-12-31T12:00:00Z": ["new", "weekly 2026-W53"],
    });
  });

  it("keeps the oldest while a rule has places left", () => {
    const archives = archivesAt(["2026-11-22T08:00:00Z", "2026-11-22T09:00:00Z", "2026-11-22T10:00:00Z"]);
    expect(decided(archives, { keepDaily: 2 })).to.deep.include({
      remove: ["2026-11-22T09:00:00Z"],
      reasons: {
        "2026-11-22T10:00:00Z": ["new", "daily 2026-11-22"],
        "2026-11-22T08:00:00Z": ["oldest daily 2026-11-22"],
      },
    });
  });

  it("without a rule keeps everything", () => {
    const archives = archivesAt(["2026-11-20T10:00:00Z", "2026-11-22T10:00:00Z"]);
    for (const policy of [{}, { keepLast: 0, keepWithinMs: 0 }]) {
      expect(decided(archives, policy)).to.deep.include({
        keep: ["2026-11-22T10:00:00Z", "2026-11-20T10:00:00Z"],
        remove: [],
      });
    }
  });

  const old = { takenAt: new Date("2026-11-01T10:00:00Z"), index: 1 };
  const fresh = archive({ takenAt: new Date("2026-11-22T10:00:00Z"), index: 100 });
  const strangers: readonly [string, Partial<Archive>][] = [
    ["of another series", { series: "rival/shop/prod/backup" }],
    ["of another datacenter", { datacenter: "dc2" }],
    ["of servers that are all others", { serverIds: ["x", "y"] }],
    ["of unknown servers", { serverIds: [] }],
    ["that are safety snapshots", { purpose: "safety" }],
  ];
  for (const [name, about] of strangers) {
    it(`neither keeps nor removes, nor counts, archives ${name}`, () => {
      const { keep, remove } = decide([archive({ ...old, ...about }), fresh], fresh, { keepLast: 1 }, NOW);
      expect(keep.map((verdict) => verdict.archive)).to.deep.equal([fresh]);
      expect(remove).to.be.empty;
      expect(decide([archive(old), fresh], fresh, { keepLast: 1 }, NOW).remove).to.have.length(1);
    });
  }

  it("knows a cluster by one server that stayed", () => {
    const replaced = archive({ ...old, serverIds: ["x", "c"] });
    expect(decide([replaced], fresh, { keepLast: 1 }, NOW).remove).to.have.length(1);
  });

  for (const [who, theirs, ours] of [
    ["the old one", undefined, "dc1"],
    ["the new one", "dc1", undefined],
    ["either", undefined, undefined],
  ] as const) {
    it(`knows a cluster by its servers where ${who} could not learn its datacenter`, () => {
      const known = (about: Archive, datacenter: string | undefined): Archive => {
        const entries = Object.entries({ ...about, datacenter });
        return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as unknown as Archive;
      };
      const newest = known(fresh, ours);
      const same = known(archive(old), theirs);
      const another = known(archive({ ...old, serverIds: ["x"] }), theirs);
      const unknown = known(archive({ ...old, serverIds: [] }), theirs);
      const { remove } = decide([same, another, unknown], newest, { keepLast: 1 }, NOW);
      expect(remove.map((verdict) => verdict.archive)).to.deep.equal([same]);
      expect([same, another, unknown].map((each) => clusterOf(each, newest))).to.deep.equal([
        "same",
        "another",
        "unknown",
      ]);
    });
  }

  it("never removes what is not what was saved, and lets it take no place of another", () => {
    const broken = archive({ takenAt: new Date("2026-11-21T12:00:00Z"), index: 50, intact: false });
    const good = archive({ takenAt: new Date("2026-11-21T10:00:00Z"), index: 49 });
    const { keep, remove } = decide([archive(old), good, broken], fresh, { keepLast: 2 }, NOW);
    expect(keep.map((verdict) => verdict.archive)).to.deep.equal([fresh, broken, good]);
    expect(remove.map((verdict) => verdict.archive.index)).to.deep.equal([1]);
  });

  it("keeps the newest that is intact when the new one is not", () => {
    const lost = { ...fresh, intact: false };
    const good = archive({ takenAt: new Date("2026-11-21T10:00:00Z"), index: 49 });
    const { keep, remove } = decide([archive(old), good], lost, { keepLast: 1 }, NOW);
    expect(keep.map((verdict) => verdict.archive)).to.deep.equal([lost, good]);
    expect(remove).to.have.length(1);
  });

  const refused: readonly [string, Archive, Archive, Date, RegExp][] = [
    ["an index fell", archive({ ...old, index: 101 }), fresh, NOW, /the index fell, from .*101.* to .*100/],
    [
      "a clock went back",
      archive({ takenAt: new Date("2026-11-23T10:00:00Z"), index: 99 }),
      fresh,
      NOW,
      /lower index and a later time.*clock skew/,
    ],
    [
      "an archive is from the future",
      archive({ takenAt: new Date("2026-11-25T10:00:00Z"), index: 101 }),
      fresh,
      new Date("2026-11-24T10:00:00Z"),
      /in the future: check for clock skew/,
    ],
    ["the new one is from the future", archive(old), fresh, new Date("2026-11-21T10:00:00Z"), /in the future/],
  ];
  for (const [name, other, newest, now, reason] of refused) {
    it(`removes nothing when ${name}`, () => {
      const third = archive({ takenAt: new Date("2026-10-01T10:00:00Z"), index: 0 });
      const { keep, remove, refusal } = decide([third, other], newest, { keepLast: 1 }, now);
      expect(refusal).to.match(reason);
      expect(keep).to.have.length(3);
      expect(remove).to.be.empty;
    });
  }

  it("does not take a server's clock that is a little ahead for one that is off", () => {
    const now = new Date(fresh.takenAt.getTime() - CLOCK_TOLERANCE_MS);
    expect(decide([archive(old)], fresh, { keepLast: 1 }, now).refusal).to.equal(undefined);
  });

  it("does not judge another cluster's index and time", () => {
    const rebuilt = archive({ ...old, index: 5000, serverIds: ["x"] });
    const future = archive({ takenAt: new Date("2030-01-01T00:00:00Z"), series: "rival" });
    expect(decide([rebuilt, future, archive(old)], fresh, { keepLast: 1 }, NOW).remove).to.have.length(1);
  });
});

describe("the retention policy, against losing what can be restored", () => {
  const day = (count: number) => new Date(NOW.getTime() - count * DAY);

  it("removes nothing after a save that no Consul could restore", () => {
    const fresh = archive({ takenAt: day(0), restorable: false });
    const { keep, remove, refusal } = decide([archive({ takenAt: day(1) })], fresh, { keepLast: 1 }, NOW);
    expect(refusal).to.match(/not restorable/);
    expect(remove).to.deep.equal([]);
    expect(keep).to.have.length(2);
  });

  it("lets an archive that is not restorable satisfy no rule, in whatever order they come", () => {
    const good = archive({ takenAt: day(3) });
    const bad = [archive({ takenAt: day(2), restorable: false }), archive({ takenAt: day(1), restorable: false })];
    for (const policy of [{ keepLast: 2 }, { keepDaily: 2 }, { keepHourly: 2 }, { keepYearly: 2 }] as Policy[]) {
      const { keep } = decide([good, ...bad], archive({ takenAt: day(0) }), policy, NOW);
      expect(keep.map(({ archive: { takenAt } }) => takenAt)).to.deep.equal([day(0), day(3)]);
    }
  });

  it("of two saves of one snapshot at once removes neither, and of any number never the last", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 2, maxLength: 6 }),
        fc.constantFrom<Policy>({ keepLast: 1 }, { keepDaily: 1 }, { keepWithinMs: 1 }),
        (names, policy) => {
          const all = names.map((location) => archive({ takenAt: day(0), location }));
          const removed = new Set(
            all.flatMap((own) => decide(all, own, policy, NOW, 0).remove.map(({ archive: gone }) => gone)),
          );
          expect(removed.size).to.be.below(all.length);
        },
      ),
    );
  });

  it("never removes what is newer than the new one", () => {
    const newer = archive({ takenAt: day(0) });
    expect(decide([newer], archive({ takenAt: day(1) }), { keepLast: 1 }, NOW).remove).to.deep.equal([]);
  });

  it("spares what was written less than ten minutes before the new one, by the store's clock", () => {
    const written = (minutes: number) => new Date(day(0).getTime() - minutes * 60_000);
    const fresh = archive({ takenAt: day(0) });
    const spared = archive({ takenAt: day(2), writtenAt: written(9) });
    const old = archive({ takenAt: day(3), writtenAt: written(10) });
    const { remove } = decide([spared, old], fresh, { keepLast: 1 }, NOW);
    expect(remove.map((verdict) => verdict.archive)).to.deep.equal([old]);
  });
});

describe("the retention policy, for any times", () => {
  const rules = ["keepLast", "keepHourly", "keepDaily", "keepWeekly", "keepMonthly", "keepYearly"] as const;
  const policies = fc.record(
    {
      ...Object.fromEntries(rules.map((rule) => [rule, fc.integer({ min: 0, max: 12 })])),
      keepWithinMs: fc.integer({ min: 0, max: 400 * DAY }),
    },
    { requiredKeys: [] },
  ) as fc.Arbitrary<Policy>;
  /** Ages that fall into the same hours, days and months often enough. */
  const ages = fc.oneof(
    fc.integer({ min: 0, max: 3 * DAY }),
    fc.integer({ min: 0, max: 60 * DAY }),
    fc.integer({ min: 0, max: 1500 * DAY }),
  );
  const series = fc
    .array(fc.record({ age: ages, intact: fc.boolean() }), { minLength: 1, maxLength: 60 })
    .map((found) =>
      found.map(({ age, intact }, at) =>
        archive({ takenAt: new Date(NOW.getTime() - age), intact, location: `/backups/${at}.snap` }),
      ),
    );

  function locations(verdicts: readonly { readonly archive: Archive }[]): string[] {
    return verdicts.map((verdict) => verdict.archive.location).sort();
  }

  it("every archive of the series is kept or removed, and never the new one nor the newest that is intact", () => {
    fc.assert(
      fc.property(series, policies, (archives, policy) => {
        const fresh = newestOf(archives);
        const { keep, remove } = decide(archives, fresh, policy, NOW, 0);
        expect(locations([...keep, ...remove])).to.deep.equal(archives.map((each) => each.location).sort());
        expect(locations(keep)).to.include(fresh.location);
        const intact = archives.filter((each) => each.intact);
        if (intact.length === 0) return;
        const newest = newestOf(intact).takenAt.getTime();
        expect(keep.some((verdict) => verdict.archive.intact && verdict.archive.takenAt.getTime() === newest)).to.equal(
          true,
        );
      }),
    );
  });

  it("a larger policy never removes more", () => {
    fc.assert(
      fc.property(
        series,
        policies,
        fc.constantFrom(...rules, "keepWithinMs" as const),
        fc.integer({ min: 1, max: 40 * DAY }),
        (archives, policy, rule, more) => {
          // No rule at all keeps everything, and so is the largest of all.
          const smaller = { keepLast: 1, ...policy };
          fc.pre(Object.values(smaller).some((value) => value > 0));
          const larger = {
            ...smaller,
            [rule]: (smaller[rule] ?? 0) + (rule === "keepWithinMs" ? more : 1 + (more % 5)),
          };
          const fresh = newestOf(archives);
          const before = locations(decide(archives, fresh, smaller, NOW, 0).remove);
          const after = locations(decide(archives, fresh, larger, NOW, 0).remove);
          expect(before).to.include.members(after);
        },
      ),
    );
  });

  it("a second pruning removes nothing", () => {
    fc.assert(
      fc.property(series, policies, (archives, policy) => {
        const fresh = newestOf(archives);
        const { keep } = decide(archives, fresh, policy, NOW, 0);
        const again = decide(
          keep.map((verdict) => verdict.archive),
          fresh,
          policy,
          NOW,
        );
        expect(again.remove).to.be.empty;
      }),
    );
  });

  it("the order in which a store lists does not matter", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(ages, { minLength: 1, maxLength: 40 }),
        policies,
        fc.infiniteStream(fc.nat()),
        (found, policy, order) => {
          const archives = found.map((age) => archive({ takenAt: new Date(NOW.getTime() - age) }));
          const shuffled = archives
            .map((each) => ({ each, at: order.next().value as number }))
            .sort((a, b) => a.at - b.at)
            .map(({ each }) => each);
          expect(decided(shuffled, policy)).to.deep.equal(decided(archives, policy));
        },
      ),
    );
  });
});
