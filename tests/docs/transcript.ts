/** What a command printed, as a page shows it: our rows, and everything that differs from run to run made the same. */

const ROW = "pulumi-nodejs:dynamic/consul:";

/** Pulumi's own rows, its progress, and steps that it has not made up its mind about. */
const LEFT_OUT = [
  /^@ /,
  /pulumi:pulumi:Stack/,
  /from \$PATH/,
  /^Duration:/,
  /^View (Live|in Browser)/,
  /ing( replacement| original)? \(\d/,
  new RegExp(`^ {4}${ROW}`),
];

/** An archive's name; a page gives each another, of one day after the other, in the order in which they appear. */
const ARCHIVE = /consul-dc1-\d{8}T\d{6}Z-\d+-[0-9a-f]{4}(?=\.snap)/g;

/** @param folder - the program's, which the page calls `/srv/shop` */
export function transcripts(folder: string): (printed: string) => string {
  const archives = new Map<string, string>();
  const renamed = (name: string): string => {
    const day = archives.size + 1;
    const known =
      archives.get(name) ??
      `consul-dc1-202611${String(day).padStart(2, "0")}T020000Z-${1000 + 20 * day}-a${day}f${day}`;
    archives.set(name, known);
    return known;
  };
  return (printed) =>
    printed
      .split("\n")
      .map((line) => line.trimEnd())
      .filter((line) => !LEFT_OUT.some((pattern) => pattern.test(line)))
      .join("\n")
      .replaceAll(/^Diagnostics:\n+(?=\S)/gm, "")
      .replaceAll(/^Diagnostics:\n+/gm, "Diagnostics:\n")
      .replaceAll(/\n{3,}/g, "\n\n")
      .replaceAll(folder, "/srv/shop")
      .replaceAll(ARCHIVE, renamed)
      .replaceAll(/127\.0\.0\.1:\d+/g, "127.0.0.1:8500")
      .replaceAll(/\(\d+(\.\d+)?s\)/g, "(0.1s)")
      .replaceAll(/[\d.]+ kB verified and saved in [\d.]+ s/g, "3.0 kB verified and saved in 0.1 s")
      .trim();
}
