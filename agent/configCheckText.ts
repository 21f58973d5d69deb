/** What `-check-config` prints: lines for a person, or one document for programs. */

import { cleanJson, cleanText, type CleanText, onOneLine, remark } from "../provider/text";
import type { CheckedDestination, ConfigCheck, Tried } from "./checkConfig";

export function configCheckLines({ tried, schedule, destinations, notices }: ConfigCheck): readonly CleanText[] {
  return [
    ...tried.map(describeTried),
    remark`Schedule: ${schedule}`,
    ...destinations.flatMap(describeDestination),
    ...notices.map((notice) => remark`Note: ${notice}`),
  ];
}

/** On one line, in the form of docs/reference/command.md. */
export function configCheckJson(check: ConfigCheck): CleanText {
  return onOneLine(cleanJson(check, 0), " ");
}

function describeTried({ what, name = "", message }: Tried): CleanText {
  switch (what) {
    case "consul":
      return remark`Consul ${name}: ${message}`;
    case "login":
      return remark`Login at ${cleanText(name)}: ${message}`;
    case "datacenter":
      return remark`Datacenter: ${message}`;
    case "temporaryFiles":
      return remark`Temporary files: ${message}`;
    case "http":
      return remark`HTTP: ${message}`;
  }
}

function describeDestination({ name, message, names, encrypted, keeps, schedule }: CheckedDestination): CleanText[] {
  return [
    remark`Destination ${name}: ${message}`,
    remark`  names: ${names}${encrypted ? ", encrypted" : ""}`,
    remark`  keeps: ${keeps}`,
    ...(schedule === undefined ? [] : [remark`  schedule: ${schedule}`]),
  ];
}
