/** `/`: the state of the agent for a person. Plain HTML without a script. */

import type { DestinationJson, StatusJson } from "./statusJson";

const STYLE =
  ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem}" +
  "div{overflow-x:auto}table{border-collapse:collapse;width:100%}" +
  "th,td{text-align:left;padding:.5rem 1rem .5rem 0;vertical-align:top}tbody{border-top:1px solid #8888}" +
  "time,.state{white-space:nowrap}small{opacity:.75;overflow-wrap:anywhere}.error td{padding-top:0;overflow-wrap:anywhere}" +
  ".bad{color:#b00020}.good{color:#1b6e3c}@media(prefers-color-scheme:dark){body{background:#111;color:#eee}a{color:#8ab4f8}.bad{color:#ff8a80}.good{color:#81c995}}";

/** @param now - the current time, to which ages refer */
export function statusPage(status: StatusJson, now: Date): string {
  const role = status.leader
    ? "This agent has led since"
    : status.standby
      ? "Another agent leads; this one has waited since"
      : "This agent has had no leadership since";
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Consul snapshots</title><style>${STYLE}</style></head>
<body>
<h1>Consul snapshots</h1>
<p>${role} ${timeOf(status.since)}.</p>
<div><table>
<thead><tr><th>Destination</th><th>Newest snapshot</th><th>Next snapshot</th><th>State</th></tr></thead>
${status.destinations.map((each) => rowsOf(each, now)).join("\n")}
</table></div>
<p><a href="/health">health</a> · <a href="/status">status</a> · <a href="/metrics">metrics</a> · <small>${escaped(status.version)}</small></p>
</body>
</html>
`;
}

/** The table rows of one destination: one row, and another one for its failure. */
function rowsOf(destination: DestinationJson, now: Date): string {
  const { last_snapshot_success: success, last_snapshot_url: url, last_snapshot_error: error } = destination;
  const { consecutive_errors: errors, next_snapshot_start: next } = destination;
  const newest =
    success === null
      ? "none since the agent started"
      : `${timeOf(success)}, ${ageOf(success, now)} ago<br><small>${escaped(url ?? "")}</small>`;
  const [state, mark] =
    error === null
      ? [success === null ? "waiting" : "ok", "good"]
      : [errors === 1 ? "1 failure" : `${errors} failures in a row`, "bad"];
  const cells = [
    `<td>${escaped(destination.name)}</td>`,
    `<td>${newest}</td>`,
    `<td>${next === null ? "" : timeOf(next)}</td>`,
    `<td class="state ${mark}">${state}</td>`,
  ];
  const failure = error === null ? "" : `<tr class="error"><td class="bad" colspan="4">${escaped(error)}</td></tr>`;
  return `<tbody><tr>${cells.join("")}</tr>${failure}</tbody>`;
}

/** @param time - the time in its JSON form */
function timeOf(time: string): string {
  return `<time datetime="${escaped(time)}">${escaped(time.replace("T", " ").replace(/\.\d+Z$/, " UTC"))}</time>`;
}

function ageOf(time: string, now: Date): string {
  const minutes = Math.max(0, Math.floor((now.getTime() - Date.parse(time)) / 60_000));
  if (minutes < 60) return `${minutes} min`;
  return minutes < 48 * 60 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1440)} d`;
}

function escaped(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? "");
}
