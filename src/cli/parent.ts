/** A daemon that must not outlive the process that started it is told so by this variable, beside a channel to that. */
const VARIABLE = 'TALLY_WITH_PARENT';

/** For the environment of such a daemon. */
export const WITH_PARENT: Readonly<Record<string, string>> = { [VARIABLE]: '1' };

/** Its parent was gone before this process could hear of it. */
export function isOrphan(): boolean {
  return process.env[VARIABLE] !== undefined && !process.connected;
}
