/**
 * What a daemon calls itself, for people: the name of its machine, or what its operator chose. It travels in libp2p's
 * `identify` as the comment of the agent version, `tallystick/0.1.0 (node-1)`; who says none has none.
 *
 * A name is a claim, no identity: two peers may say the same one. It is never used to decide anything.
 */
import packageJson from '../../package.json' with { type: 'json' };

/** Enough for a host's name, and short enough for a column of a log. */
export const MAX_NAME_CHARACTERS = 32;

/** Letters, digits and what joins them; nothing that moves a cursor, ends a line, or is there without being seen. */
const NAME =
  /^(?!.*(?:\p{Default_Ignorable_Code_Point}|\p{M}{3}))[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}._ -]*[\p{L}\p{M}\p{N}])?$/u;
const AGENT = /^tallystick\/\S{1,32} \((.*)\)$/su;

/** Whether people can be shown this as a peer's name. */
export function isPeerName(text: string): boolean {
  return text.length <= MAX_NAME_CHARACTERS && NAME.test(text);
}

/** @param name undefined: the daemon says none */
export function agentVersion(name: string | undefined): string {
  const agent = `tallystick/${packageJson.version}`;
  return name === undefined ? agent : `${agent} (${name})`;
}

/** The name in a peer's agent version; undefined if it says none, or one that is no name. */
export function nameOfAgent(agent: string | undefined): string | undefined {
  const name = AGENT.exec(agent ?? '')?.[1];
  return name !== undefined && isPeerName(name) ? name : undefined;
}
