// What can be checked of an executable that this machine cannot run: its header, and that the program is inside.
import { FUSE } from "./executable.mjs";

/** Of each architecture, the number in a header of ELF, Mach-O and PE. */
const MACHINES = {
  amd64: { linux: 0x3e, darwin: 0x01000007, windows: 0x8664 },
  arm64: { linux: 0xb7, darwin: 0x0100000c, windows: 0xaa64 },
};
/** `LC_CODE_SIGNATURE` of Mach-O. */
const CODE_SIGNATURE = 0x1d;

/**
 * What is wrong with an executable, nothing if all is as it must be.
 * @param {Buffer} bytes of the executable
 * @param {Pick<import("./targets.mjs").Target, "os" | "arch">} target
 * @param {Buffer} blob what was injected
 * @returns {string | undefined}
 */
export function structureProblem(bytes, { os, arch }, blob) {
  if (machineOf(bytes, os) !== MACHINES[arch][os]) return `its header is not that of ${os} on ${arch}`;
  const fuse = bytes.indexOf(FUSE);
  if (fuse < 0 || bytes.indexOf(FUSE, fuse + 1) >= 0) return "the mark of Node.js is not in it once";
  if (bytes.toString("latin1", fuse + FUSE.length, fuse + FUSE.length + 2) !== ":1") return "it would run as Node.js";
  if (!bytes.includes(blob)) return "the program is not in it";
  // A signature of Node.js's own would be a wrong one: macOS refuses that even after it has been signed again.
  if (os === "darwin" && commandsOf(bytes).includes(CODE_SIGNATURE)) return "it has the signature of Node.js";
  return undefined;
}

/**
 * The machine that a header names, if it is a header of this system.
 * @param {Buffer} bytes
 * @param {import("./targets.mjs").Target["os"]} os
 */
function machineOf(bytes, os) {
  switch (os) {
    case "linux":
      return bytes.toString("latin1", 0, 4) === "\x7fELF" ? bytes.readUInt16LE(18) : undefined;
    case "darwin":
      return bytes.readUInt32LE(0) === 0xfeedfacf ? bytes.readUInt32LE(4) : undefined;
    case "windows": {
      const header = bytes.readUInt32LE(0x3c);
      return bytes.toString("latin1", header, header + 4) === "PE\0\0" ? bytes.readUInt16LE(header + 4) : undefined;
    }
  }
}

/**
 * The kinds of the load commands of Mach-O.
 * @param {Buffer} bytes
 */
function commandsOf(bytes) {
  const kinds = [];
  for (let left = bytes.readUInt32LE(16), at = 32; left > 0; left--, at += bytes.readUInt32LE(at + 4)) {
    kinds.push(bytes.readUInt32LE(at));
  }
  return kinds;
}
