/** Something a person can put right: a sentence, and what to do about it. Printed without a stack trace. */
export class Failure extends Error {
  /**
   * @param {string} message
   * @param {string} [hint]
   */
  constructor(message, hint) {
    super(message);
    this.hint = hint;
  }
}
