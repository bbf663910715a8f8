/** Numbers as people read them. */

/** Three digits, with commas. */
export function significant(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en', { maximumFractionDigits: 6 });
}

/** @param share 0 to 1 */
export function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

export function duration(ms: number): string {
  return ms < 1_000 ? `${significant(ms)} ms` : `${significant(ms / 1_000)} s`;
}
