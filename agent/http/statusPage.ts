/** `/`: the state of the agent for a person. Plain HTML without a script. */

import type { DestinationJson, StatusJson } from "./statusJson";
import {
  type CleanLines,
  cleanText,
  type CleanText,
  composed,
  escapeHtml,
  joined,
  sentence,
} from "../../provider/text";

/** On a narrow screen each destination is a block, and each of its values has the name of its column. */
const STYLE = joined(
  [
    composed`:root{color-scheme:light dark}body{background:#fff;color:#111;font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem}`,
    composed`table{border-collapse:collapse;width:100%}`,
    composed`th,td{text-align:left;padding:.5rem 1rem .5rem 0;vertical-align:top}tbody{border-top:1px solid #8888}`,
    composed`time,.state{white-space:nowrap}small,.error td,td:first-child{overflow-wrap:anywhere}td:first-child{min-width:12rem}`,
    composed`small{opacity:.75}.error td{padding-top:0}`,
    composed`@media(max-width:48rem){thead{display:none}tbody,tr,td{display:block}tbody{padding:.5rem 0}td{padding:.1rem 0}`,
    composed`td[data-label]{padding-left:6.5rem;position:relative}`,
    composed`td[data-label]::before{content:attr(data-label);position:absolute;left:0;font-size:.85em;color:CanvasText;opacity:.75}}`,
    composed`.bad{color:#b00020}.good{color:#1b6e3c}@media(prefers-color-scheme:dark){body{background:#111;color:#eee}a{color:#8ab4f8}.bad{color:#ff8a80}.good{color:#81c995}}`,
  ],
  "",
);

/** The browser asks again after this many seconds. */
const REFRESH_SECONDS = 60;

/** @param now - the current time, to which ages refer */
export function statusPage(status: StatusJson, now: Date): CleanLines {
  const role = status.leader
    ? composed`This agent has led since`
    : status.standby
      ? composed`Another agent leads; this one has waited since`
      : composed`This agent has had no leadership since`;
  return composed`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta http-equiv="refresh" content="${REFRESH_SECONDS}"><title>Consul snapshots</title><style>${STYLE}</style></head>
<body>
<h1>Consul snapshots</h1>
<p>${role} ${timeOf(status.since)}. ${summaryOf(status.destinations)}</p>
<table>
<thead><tr><th>Destination</th><th>State</th><th>Newest snapshot</th><th>Next snapshot</th></tr></thead>
${joined(
  status.destinations.map((each) => rowsOf(each, now)),
  "\n",
)}
</table>
<p><a href="/health">health</a> · <a href="/status">status</a> · <a href="/metrics">metrics</a> · <small>${escaped(status.version)}, ${timeOf(now.toISOString())}</small></p>
</body>
</html>
`;
}

/** How many destinations fail, as a sentence; empty while no snapshot has been tried. */
function summaryOf(destinations: readonly DestinationJson[]): CleanLines {
  const failing = destinations.filter(({ last_snapshot_error: error }) => error !== null).length;
  if (failing > 0) {
    const [verb, all] = [failing === 1 ? composed`fails` : composed`fail`, destinations.length];
    return composed`<strong class="bad">${failing} of ${all} destinations ${verb}.</strong>`;
  }
  const isComplete = destinations.every(({ last_snapshot_end: end }) => end !== null);
  if (!isComplete || destinations.length === 0) return composed``;
  return composed`<span class="good">${destinations.length === 1 ? composed`The destination has` : composed`All destinations have`} received the last snapshot.</span>`;
}

/** The table rows of one destination: one row, and another one for its failure. */
function rowsOf(destination: DestinationJson, now: Date): CleanLines {
  const { last_snapshot_success: success, last_snapshot_url: url, last_snapshot_error: error } = destination;
  const { consecutive_errors: errors, last_snapshot_end: end, next_snapshot_start: next } = destination;
  const newest =
    success === null
      ? composed`none by this agent since it started`
      : composed`${timeOf(success)}, ${ageOf(success, now)} ago${url === null ? composed`` : composed`<br><small>${escaped(url)}</small>`}`;
  const [state, mark] =
    error !== null
      ? [errors === 1 ? composed`1 failure` : composed`${errors} failures in a row`, composed`bad`]
      : end === null
        ? [composed`waiting`, composed``]
        : [composed`ok`, composed`good`];
  const cells = [
    composed`<td data-label="Destination">${escaped(destination.name)}</td>`,
    composed`<td data-label="State" class="state ${mark}">${state}</td>`,
    composed`<td data-label="Newest">${newest}</td>`,
    composed`<td data-label="Next">${next === null ? composed`` : timeOf(next)}</td>`,
  ];
  const failure =
    error === null ? composed`` : composed`<tr class="error"><td class="bad" colspan="4">${escaped(error)}</td></tr>`;
  return composed`<tbody><tr>${joined(cells, "")}</tr>${failure}</tbody>`;
}

/** @param time - the time in its JSON form */
function timeOf(time: string): CleanLines {
  return composed`<time datetime="${escaped(time)}">${escaped(time.replace("T", " ").replace(/\.\d+Z$/, " UTC"))}</time>`;
}

function ageOf(time: string, now: Date): CleanText {
  const minutes = Math.max(0, Math.floor((now.getTime() - Date.parse(time)) / 60_000));
  if (minutes < 60) return sentence`${minutes} min`;
  return minutes < 48 * 60 ? sentence`${Math.floor(minutes / 60)} h` : sentence`${Math.floor(minutes / 1440)} d`;
}

/** What is shown of a location or an error, in characters. */
const LONGEST = 4096;

function escaped(text: string): CleanText {
  return escapeHtml(cleanText(text, LONGEST));
}
