/** Converts an option's name in the code to the option of the command. */

/** `--keep-last` of `keepLast`. */
export function optionFlag(name: string): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
