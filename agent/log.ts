/** The agent's log: lines as HashiCorp's agent prints them, or JSON. */

import {
  cleanJson,
  cleanMessage,
  cleanText,
  type CleanLines,
  type CleanText,
  composed,
  joined,
  onOneLine,
} from "../provider/text";
import type { Level, LogConfig } from "./config/config";
import { LEVELS } from "./config/config";

/** The fields of a line: ids, names, codes. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Log {
  trace(message: CleanLines, fields?: LogFields): void;
  debug(message: CleanLines, fields?: LogFields): void;
  info(message: CleanLines, fields?: LogFields): void;
  warn(message: CleanLines, fields?: LogFields): void;
  error(message: CleanLines, fields?: LogFields): void;
}

/** Receives whole lines, each without its line break. */
export type WriteLine = (line: CleanText, level: Level) => void;

/** @param now - the clock */
export function makeLog(config: LogConfig, write: WriteLine, now: () => Date): Log {
  const least = LEVELS.indexOf(config.level);
  const at =
    (level: Level) =>
    (message: CleanLines, fields: LogFields = {}): void => {
      if (LEVELS.indexOf(level) < least) return;
      // Each event is exactly one line.
      const text = onOneLine(message, "; ");
      write(
        config.format === "json" ? jsonLine(now(), level, text, fields) : textLine(now(), level, text, fields),
        level,
      );
    };
  return { trace: at("TRACE"), debug: at("DEBUG"), info: at("INFO"), warn: at("WARN"), error: at("ERROR") };
}

/** Such as `2023/11/16 21:21:13 [INFO] Saved snapshot: id=1613079399661741730`. */
function textLine(time: Date, level: Level, message: CleanText, fields: LogFields): CleanText {
  const pairs = known(fields).map(([name, value]) => composed`${cleanText(name)}=${quoted(String(value))}`);
  const text = composed`${cleanText(goTime(time))} [${cleanText(level)}] ${message}`;
  return onOneLine(pairs.length === 0 ? text : composed`${text}: ${joined(pairs, " ")}`, "; ");
}

function jsonLine(time: Date, level: Level, message: CleanText, fields: LogFields): CleanText {
  const head = { "@timestamp": time.toISOString(), "@level": level.toLowerCase(), "@message": message };
  return onOneLine(cleanJson({ ...head, ...fields }, 0), " ");
}

function known(fields: LogFields): [string, string | number | boolean][] {
  return Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
}

function quoted(value: string): CleanText {
  const text = onOneLine(cleanMessage(value), "; ");
  return /^[^\s"=]+$/.test(text) ? text : onOneLine(cleanJson(text, 0), " ");
}

/** In local time, as Go's `log` package writes it. */
function goTime(time: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${time.getFullYear()}/${two(time.getMonth() + 1)}/${two(time.getDate())}`;
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}
