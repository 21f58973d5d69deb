/** What to change in the settings of a connection: each hint names the place that the value came from, and works there. */

import type { Connection } from "./connection";
import type { SettingName } from "./settingsLookup";

/** The place that sets a setting; where none does, those that may: empty where the front end has none. */
export function placeOf({ labels }: Connection, name: SettingName): string {
  return labels.set[name] ?? labels.places[name];
}

/** What is said about the place of a setting, where the front end has one. */
export function wherePlaced(connection: Connection, name: SettingName, say: (place: string) => string): string {
  const place = placeOf(connection, name);
  return place === "" ? "" : say(place);
}

/** What a snapshot of a cluster without a leader can do. */
export function afterElection({ vocabulary }: Connection): string {
  const stale = vocabulary.assignment("consistency", "stale");
  return `After an election, run it again.${stale === undefined ? "" : ` If quorum is lost, ${stale} takes what this one server has.`}`;
}

/** How to reach the same address with the other scheme. */
export function changeScheme({ labels, url }: Connection, scheme: "http" | "https"): string {
  const changes = labels.scheme.map(({ label, kind }) => {
    const values = {
      address: url.replace(/^https?:/, `${scheme}:`),
      scheme,
      variable: String(scheme === "https"),
    };
    return `set ${label} to "${values[kind]}"`;
  });
  const port = scheme === "http" ? "https, 8501 by convention" : "http, 8500 by convention";
  const sentence = `${changes.join(" and ")}, or use the port for ${port}.`;
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}

/** How to present a client certificate. */
export function setClientCertificate(connection: Connection): string {
  return `Set its file (${placeOf(connection, "certFile")}) and that of its key (${placeOf(connection, "keyFile")}).`;
}
