// What the tools print: plain lines, and on a terminal one live line beneath them that is rewritten in place.
import { styleText } from "node:util";

const terminal = process.stdout.isTTY === true;
const coloured = terminal && !process.env.NO_COLOR;

/** Without a terminal a long activity says that it is still alive this often, in seconds. */
const REMINDER_SECONDS = 30;

let live = "";
let ended = false;

/** @param {string} text */
function show(text) {
  if (ended) return;
  live = text;
  if (terminal) process.stdout.write(`\r\x1b[K${text.slice(0, (process.stdout.columns ?? 80) - 1)}`);
}

/** Takes the live line away for good: the script is ending. */
export function endLive() {
  if (terminal && live !== "") process.stdout.write("\r\x1b[K");
  live = "";
  ended = true;
}

/**
 * Prints one line (or several), above the live line if there is one.
 * @param {string} [text]
 */
export function say(text = "") {
  if (terminal && live !== "") process.stdout.write("\r\x1b[K");
  process.stdout.write(`${text}\n`);
  if (live !== "") show(live);
}

/**
 * Colours a text when a person is looking.
 * @param {"bold" | "dim" | "green" | "red" | "yellow" | "cyan"} format
 * @param {string} text
 */
export function style(format, text) {
  return coloured ? styleText(format, text) : text;
}

/**
 * A duration as people say it.
 * @param {number} milliseconds
 */
export function seconds(milliseconds) {
  if (milliseconds < 9_950) return `${(milliseconds / 1000).toFixed(1)} s`;
  const whole = Math.round(milliseconds / 1000);
  return whole < 120 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/**
 * Announces something that takes a while. On a terminal its elapsed time and what is going on are shown live;
 * elsewhere a line is printed when it begins and every half minute.
 * @param {string} title
 */
export function begin(title) {
  const started = performance.now();
  let doing = "";
  const line = () => `${title} … ${seconds(performance.now() - started)}${doing === "" ? "" : `  ${doing}`}`;
  if (!terminal) say(`${title} …`);
  const timer = terminal
    ? setInterval(() => show(line()), 200)
    : setInterval(() => say(`  ${line()}`), REMINDER_SECONDS * 1000);
  timer.unref();
  const end = () => {
    clearInterval(timer);
    if (terminal && live !== "") process.stdout.write("\r\x1b[K");
    live = "";
    return seconds(performance.now() - started);
  };
  return {
    /** @param {string} text what is going on right now */
    doing(text) {
      doing = text;
    },
    /**
     * Ends it, and says how it went: `✓ {result} (12 s)`.
     * @param {string} result
     */
    done(result) {
      const took = end();
      say(`${style("green", "✓")} ${result} (${took})`);
    },
    /** Ends it without a word: the error that follows says enough. */
    drop() {
      end();
    },
  };
}
