/** What the machine may lack, whatever it was asked for: no bug of ours, and the operator can mend it. */

const ADVICE: Readonly<Record<string, string>> = {
  EMFILE: 'this process may open no more files: raise its limit (ulimit -n)',
  ENFILE: 'this machine may open no more files: close some programs',
  ENOSPC: 'no room is left on the disk: free some and start again',
  EDQUOT: "this user's share of the disk is full: free some and start again",
  EROFS: 'the disk can only be read: choose another folder with --data',
  EIO: 'the disk may be failing',
  ENOMEM: 'no memory is left: close some programs',
  EAGAIN: 'this user may start no more processes or threads: raise the limit (ulimit -u)',
};

/** @returns what to try; undefined if the machine is not at fault */
export function adviceFor(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    const code = 'code' in at && typeof at.code === 'string' ? at.code : '';
    // A worker that does not start says it in its own words.
    const advice = ADVICE[code] ?? ADVICE[/\b(?:EAGAIN|EMFILE|ENOMEM)\b/.exec(at.message)?.[0] ?? ''];
    if (advice !== undefined) return advice;
  }
  return undefined;
}

/** What went wrong, and what to try if the machine is at fault. One line. */
export function failureText(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const advice = adviceFor(error);
  return advice === undefined || message.includes(advice) ? message : `${message}: ${advice}`;
}
