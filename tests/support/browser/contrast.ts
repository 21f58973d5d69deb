/** Colors as a style computes them, and how well they can be distinguished: the formula of WCAG 2.1. */

export interface Color {
  readonly red: number;
  readonly green: number;
  readonly blue: number;
  /** From 0, transparent, to 1. */
  readonly alpha: number;
}

/** @param text - such as `rgb(1, 2, 3)`, `rgba(1, 2, 3, 0.5)` or `1,2,3` */
export function parseColor(text: string): Color {
  const [red = NaN, green = NaN, blue = NaN, alpha = 1] = (text.match(/[\d.]+/g) ?? []).map(Number);
  if (Number.isNaN(blue)) throw new Error(`not a color: ${text}`);
  return { red, green, blue, alpha };
}

/** The contrast of a color with an opaque one below it, from 1 to 21. */
export function contrast(above: Color, below: Color): number {
  const mixed = (one: number, other: number): number => one * above.alpha + other * (1 - above.alpha);
  const [lighter, darker] = [
    luminance(mixed(above.red, below.red), mixed(above.green, below.green), mixed(above.blue, below.blue)),
    luminance(below.red, below.green, below.blue),
  ].sort((a, b) => b - a) as [number, number];
  return (lighter + 0.05) / (darker + 0.05);
}

function luminance(red: number, green: number, blue: number): number {
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

function linear(value: number): number {
  const part = value / 255;
  return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
}
