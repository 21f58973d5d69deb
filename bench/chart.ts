/** A bar chart of times as SVG, for light and dark pages. */

export interface Bar {
  readonly label: string;
  /** In their order, each in milliseconds. */
  readonly parts: readonly { readonly kind: Kind; readonly ms: number }[];
}

export type Kind = "server" | "network" | "verification" | "store";

const KINDS: Readonly<Record<Kind, string>> = {
  server: "server: Consul makes the snapshot",
  network: "network",
  verification: "verification",
  store: "store",
};
const WIDTH = 790;
const LEFT = 190;
const RIGHT = 70;
const TOP = 58;
const ROW = 44;
const BAR = 24;

/** @param title - what is shown; the description repeats all figures */
export function barChart(title: string, bars: readonly Bar[]): string {
  const totals = bars.map(({ parts }) => parts.reduce((sum, part) => sum + part.ms, 0));
  const scale = (WIDTH - LEFT - RIGHT) / Math.max(...totals);
  const height = TOP + bars.length * ROW + 8;
  const rows = bars.map(({ label, parts }, row) => {
    const y = TOP + row * ROW;
    let x = LEFT;
    const rectangles = parts.map(({ kind, ms }) => {
      const width = ms * scale;
      const rectangle = `  <rect class="${kind}" x="${x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${BAR}"/>`;
      x += width;
      return rectangle;
    });
    const total = totals[row] ?? 0;
    return [
      `  <text class="end" x="${LEFT - 10}" y="${y + 17}">${label}</text>`,
      ...rectangles,
      `  <text x="${(x + 8).toFixed(1)}" y="${y + 17}">${seconds(total)}</text>`,
    ].join("\n");
  });
  let at = LEFT;
  const legend = Object.entries(KINDS).map(([kind, text]) => {
    const entry = `  <rect class="${kind}" x="${at}" y="18" width="12" height="12"/>\n  <text class="small" x="${at + 18}" y="28">${text}</text>`;
    at += 36 + text.length * 6.3;
    return entry;
  });
  const figures = bars.map(
    ({ label, parts }) => `${label}: ${parts.map(({ kind, ms }) => `${kind} ${seconds(ms)}`).join(", ")}`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">
  <title>${title}</title>
  <desc>${figures.join(". ")}.</desc>
  <style>
    text { font: 13px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: #24292f; }
    .small { font-size: 11.5px; fill: #57606a; }
    .end { text-anchor: end; }
    .server { fill: #afb8c1; }
    .network { fill: #54aeff; }
    .verification { fill: #4ac26b; }
    .store { fill: #d4a72c; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; }
      .small { fill: #9da7b3; }
      .server { fill: #6e7681; }
      .network { fill: #4493f8; }
      .verification { fill: #3fb950; }
      .store { fill: #bb8009; }
    }
  </style>
${[...legend, ...rows].join("\n")}
</svg>
`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}
