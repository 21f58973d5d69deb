import { resolve } from "node:path";
import { expect } from "chai";

interface Target {
  readonly os: "linux" | "darwin" | "windows";
  readonly arch: "amd64" | "arm64";
}
type StructureProblem = (bytes: Buffer, target: Target, blob: Buffer) => string | undefined;

const FUSE = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2";
const BLOB = Buffer.from("the program");
const CODE_SIGNATURE = 0x1d;
const SYMBOL_TABLE = 0x2;

/** An executable with nothing but what is looked at: the header, the mark of Node.js, and the program. */
function executable(header: Buffer, rest = `${FUSE}:1 ${BLOB.toString()}`): Buffer {
  return Buffer.concat([header, Buffer.alloc(64), Buffer.from(rest)]);
}

function elf(machine: number): Buffer {
  const header = Buffer.alloc(64);
  header.write("\x7fELF", "latin1");
  header.writeUInt16LE(machine, 18);
  return header;
}

function macho(machine: number, commands: readonly number[]): Buffer {
  const header = Buffer.alloc(32 + commands.length * 16);
  header.writeUInt32LE(0xfeedfacf, 0);
  header.writeUInt32LE(machine, 4);
  header.writeUInt32LE(commands.length, 16);
  commands.forEach((kind, number) => {
    header.writeUInt32LE(kind, 32 + number * 16);
    header.writeUInt32LE(16, 36 + number * 16);
  });
  return header;
}

function pe(machine: number): Buffer {
  const header = Buffer.alloc(0x88);
  header.write("MZ");
  header.writeUInt32LE(0x80, 0x3c);
  header.write("PE\0\0", 0x80);
  header.writeUInt16LE(machine, 0x84);
  return header;
}

const HEADERS: readonly (readonly [Target, Buffer])[] = [
  [{ os: "linux", arch: "amd64" }, elf(62)],
  [{ os: "linux", arch: "arm64" }, elf(183)],
  [{ os: "darwin", arch: "amd64" }, macho(0x0100_0007, [SYMBOL_TABLE])],
  [{ os: "darwin", arch: "arm64" }, macho(0x0100_000c, [SYMBOL_TABLE, SYMBOL_TABLE])],
  [{ os: "windows", arch: "amd64" }, pe(0x8664)],
  [{ os: "windows", arch: "arm64" }, pe(0xaa64)],
];

describe("the structure of an executable that cannot be run here", () => {
  let structureProblem: StructureProblem;
  before(async () => {
    const path = resolve("tools/lib/release/structure.mjs");
    ({ structureProblem } = (await import(path)) as { structureProblem: StructureProblem });
  });

  for (const [target, header] of HEADERS) {
    it(`${target.os} on ${target.arch} is that of no other system`, () => {
      const fitting = HEADERS.filter(([other]) => structureProblem(executable(header), other, BLOB) === undefined);
      expect(fitting.map(([other]) => other)).to.deep.equal([target]);
    });

    it(`${target.os} on ${target.arch} contains the program, and the mark that starts it, once`, () => {
      const problem = (rest: string): string | undefined => structureProblem(executable(header, rest), target, BLOB);
      expect(problem(`${FUSE}:1 another program`)).to.equal("the program is not in it");
      expect(problem(`${FUSE}:0 ${BLOB.toString()}`)).to.equal("it would run as Node.js");
      expect(problem(BLOB.toString())).to.include("mark of Node.js");
      expect(problem(`${FUSE}:1 ${FUSE}:1 ${BLOB.toString()}`)).to.include("mark of Node.js");
    });
  }

  it("has no signature on macOS that is not its own", () => {
    const signed = executable(macho(0x0100_000c, [SYMBOL_TABLE, CODE_SIGNATURE]));
    expect(structureProblem(signed, { os: "darwin", arch: "arm64" }, BLOB)).to.include("signature of Node.js");
  });
});
