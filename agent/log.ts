/** The agent's log: lines as HashiCorp's agent prints them, or JSON. */

import { cleanMessage } from "../provider/text";
import type { Level, LogConfig } from "./config/config";
import { LEVELS } from "./config/config";

/** The fields of a line: ids, names, codes. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Log {
  trace(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** Receives whole lines, each without its line break. */
export type WriteLine = (line: string, level: Level) => void;

/** @param now - the clock */
export function makeLog(config: LogConfig, write: WriteLine, now: () => Date): Log {
  const least = LEVELS.indexOf(config.level);
  const at =
    (level: Level) =>
    (message: string, fields: LogFields = {}): void => {
      if (LEVELS.indexOf(level) < least) return;
      // Each event is exactly one line.
      const text = cleanMessage(message).replaceAll(/\s*\n\s*/g, "; ");
      write(
        config.format === "json" ? jsonLine(now(), level, text, fields) : textLine(now(), level, text, fields),
        level,
      );
    };
  return { trace: at("TRACE"), debug: at("DEBUG"), info: at("INFO"), warn: at("WARN"), error: at("ERROR") };
}

/** Such as `2023/11/16 21:21:13 [INFO] Saved snapshot: id=1613079399661741730`. */
function textLine(time: Date, level: Level, message: string, fields: LogFields): string {
  const pairs = known(fields).map(([name, value]) => `${name}=${quoted(String(value))}`);
  return `${goTime(time)} [${level}] ${message}${pairs.length === 0 ? "" : `: ${pairs.join(" ")}`}`;
}

function jsonLine(time: Date, level: Level, message: string, fields: LogFields): string {
  const cleaned = known(fields).map(([name, value]) => [name, typeof value === "string" ? cleanMessage(value) : value]);
  return JSON.stringify({
    "@timestamp": time.toISOString(),
    "@level": level.toLowerCase(),
    "@message": message,
    ...(Object.fromEntries(cleaned) as LogFields),
  });
}

function known(fields: LogFields): [string, string | number | boolean][] {
  return Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
}

function quoted(value: string): string {
  const text = cleanMessage(value).replaceAll(/\s*\n\s*/g, "; ");
  return /^[^\s"=]+$/.test(text) ? text : JSON.stringify(text);
}

/** In local time, as Go's `log` package writes it. */
function goTime(time: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${time.getFullYear()}/${two(time.getMonth() + 1)}/${two(time.getDate())}`;
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}
