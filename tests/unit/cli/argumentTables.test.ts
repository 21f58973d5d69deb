import { expect } from "chai";
import { COMMANDS } from "../../../cli/commands";
import { CONNECTION } from "../../../provider/args/tables/connection";
import { DECRYPTION } from "../../../provider/args/tables/decryption";
import { ENCRYPTION } from "../../../provider/args/tables/encryption";
import { RESTORE, SAFETY_SNAPSHOT } from "../../../provider/args/tables/restore";
import { RETENTION } from "../../../provider/args/tables/retention";
import type { Table } from "../../../provider/args/tables/row";
import { optionFlag } from "../../../provider/optionFlag";

const TABLES: Readonly<Record<string, Table>> = {
  connection: CONNECTION,
  decryption: DECRYPTION,
  encryption: ENCRYPTION,
  retention: RETENTION,
  safetySnapshot: SAFETY_SNAPSHOT,
  restore: RESTORE,
};

describe("options and arguments", () => {
  it("have one name and one environment variable for the same thing", () => {
    // The agent's flags are those of another program.
    const ours = COMMANDS.filter(({ readsOwnArguments }) => readsOwnArguments !== true);
    const options = ours.flatMap((command) => Object.entries(command.options));
    const byFlag = new Map(options.map(([name, option]) => [optionFlag(name), option]));
    const rows = Object.entries(TABLES).flatMap(([noun, table]) =>
      Object.entries(table).flatMap(([name, row]) => (row.option === undefined ? [] : [{ noun, name, row }])),
    );
    expect(rows.length).to.be.greaterThan(15);
    for (const { noun, name, row } of rows) {
      const option = byFlag.get(row.option ?? "");
      expect(option, `${noun}.${name}: ${row.option ?? ""}`).to.not.equal(undefined);
      if (noun === "connection" || noun === "retention") expect(option?.argument).to.equal(`${noun}.${name}`);
      expect(option?.environment, row.option).to.equal(row.environment?.variable);
      expect(option?.list === true, row.option).to.equal(row.kind.type === "list");
    }
  });
});
