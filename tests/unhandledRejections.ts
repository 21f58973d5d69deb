/**
 * Fails the test during which a promise is rejected that nothing handles. Mocha listens to this event, so that Node.js does not
 * end the process, and then ignores the rejection. `.mocharc.json` loads this file.
 */

/** An output of Pulumi has promises that no program can handle: Pulumi ends the program with the first that is rejected. */
function isOfOutput(reason: unknown): boolean {
  // As `RunError.isInstance` does, without loading Pulumi.
  return reason instanceof Error && "__pulumiRunError" in reason;
}

process.on("unhandledRejection", (reason) => {
  if (!isOfOutput(reason)) throw new Error("a promise was rejected, and nothing handles that", { cause: reason });
});
