/** A file that the user has specified is none that can be read whole; the message is a sentence about it. */
export class UnsuitableFile extends Error {
  override readonly name = "UnsuitableFile";
}
