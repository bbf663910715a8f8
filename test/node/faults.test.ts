/** The border: what a peer did wrong ends there and has its price; all else goes on to stop the node. */
import { describe, expect, it } from 'vitest';
import { UnknownParentError } from '../../src/chain/errors.ts';
import { PolicyError } from '../../src/chain/policy.ts';
import { InvariantError, RuleError } from '../../src/core/errors.ts';
import type { BlockId } from '../../src/core/identifiers.ts';
import { Conduct, OFFENCES } from '../../src/node/conduct.ts';
import { answering, BrokenPromise, border, runInBackground } from '../../src/node/faults.ts';
import { type PeerId, RequestError, RequestRefused } from '../../src/node/ports.ts';
import { VirtualClock } from '../support/virtual-clock.ts';
import { VirtualHub } from '../support/virtual-network.ts';

const PEER = 'peer' as PeerId;

function setUp() {
  const clock = new VirtualClock();
  const conduct = new Conduct(new VirtualHub(clock).join('self'), clock, () => {});
  return { conduct, during: border(conduct) };
}

const throwing = (error: Error) => () => Promise.reject(error);

describe('what a peer does wrong', () => {
  it.each([
    ['bytes that are no message', 'blocks', new RuleError('malformed-encoding'), 'malformed-message'],
    ['a header against the rules', 'headers', new RuleError('wrong-bits'), 'invalid-header'],
    ['a header passed on against the rules', 'block', new RuleError('wrong-height'), 'invalid-header'],
    ['a body against the rules', 'blocks', new RuleError('invalid-signature'), 'invalid-block'],
    ['a part of such a body', 'block-transactions', new RuleError('oversized-block'), 'invalid-block'],
    [
      'a transaction against the rules',
      'transactions',
      new RuleError('invalid-signature'),
      'invalid-transaction',
    ],
    ['headers that do not follow', 'headers', new UnknownParentError('00' as BlockId), 'broken-promise'],
    ['a promise it does not keep', 'headers', new BrokenPromise(''), 'broken-promise'],
    ['silence', 'status', new RequestError('timeout', ''), 'too-slow'],
    ['an answer out of all form', 'pool', new RequestError('malformed', ''), 'malformed-message'],
  ] as const)('has its price: %s', async (_, what, error, offence) => {
    const { conduct, during } = setUp();
    expect(await during(PEER, what, throwing(error))).toBeUndefined();
    expect(conduct.score(PEER)).toBe(OFFENCES[offence] === 100 ? 0 : OFFENCES[offence]);
  });

  it.each([
    ['a connection that broke', new RequestError('disconnected', '')],
    ['a peer that says no', new RequestError('refused', '')],
    ['a peer of another kind', new RequestError('unsupported', '')],
    ['a transaction this node does not want', new PolicyError('fee-too-low', '')],
  ] as const)('costs nothing if it is no fault: %s', async (_, error) => {
    const { conduct, during } = setUp();
    expect(await during(PEER, 'transactions', throwing(error))).toBeUndefined();
    expect(conduct.score(PEER)).toBe(0);
  });

  it('is told of before it is paid for', async () => {
    const { during } = setUp();
    const told: string[] = [];
    const refused = ({ code }: RuleError): void => void told.push(code);
    await during(PEER, 'block', throwing(new RuleError('wrong-bits')), refused);
    await during(PEER, 'block', throwing(new BrokenPromise('')), refused);
    expect(told).toEqual(['wrong-bits']);
  });
});

describe('what is no fault of a peer', () => {
  it.each([new TypeError('a bug'), new InvariantError('a bug'), new Error('a broken disk')])(
    'stops the node: %s',
    async (error) => {
      const { conduct, during } = setUp();
      const failures: unknown[] = [];
      const work = during(PEER, 'blocks', throwing(error));
      runInBackground((failure) => failures.push(failure))(work);
      await expect(work).rejects.toBe(error);
      expect(failures).toEqual([error]);
      expect(conduct.score(PEER)).toBe(0);
    },
  );

  it('comes through as it is', async () => {
    expect(await setUp().during(PEER, 'status', () => 7)).toBe(7);
  });
});

describe('an answer to a peer', () => {
  async function answer(thrown: Error): Promise<{ failures: unknown[]; told: unknown }> {
    const clock = new VirtualClock();
    const hub = new VirtualHub(clock);
    const [self, peer] = [hub.join('self'), hub.join('peer')];
    const failures: unknown[] = [];
    const handle = answering(
      self,
      runInBackground((failure) => failures.push(failure)),
    );
    handle('pool', 10, () => {
      throw thrown;
    });
    const told = await self.answer(peer.self, 'pool', new Uint8Array(0)).catch((error: unknown) => error);
    return { failures, told };
  }

  it.each([new RequestRefused('busy', ''), new RuleError('malformed-encoding')])(
    'that is refused is no failure of ours: %s',
    async (refusal) => {
      const { failures, told } = await answer(refusal);
      expect(told).toBeInstanceOf(RequestError);
      expect(failures).toEqual([]);
    },
  );

  it('stops the node if what is broken is here', async () => {
    const broken = new Error('a broken disk');
    const { failures, told } = await answer(broken);
    expect(told).toBeInstanceOf(RequestError);
    expect(failures).toEqual([broken]);
  });
});
