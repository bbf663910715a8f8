/** Who stays: whoever introduces itself, and then asks what every node asks. */
import type { Connection, PeerId as Libp2pPeerId } from '@libp2p/interface';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { NetworkId } from '../../src/core/identifiers.ts';
import type { PeerId } from '../../src/node/ports.ts';
import { Admission } from '../../src/p2p/admission.ts';
import { protocolId } from '../../src/p2p/protocols.ts';

const network = 'deadbeef'.repeat(8) as NetworkId;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function setUp(direction: 'inbound' | 'outbound') {
  const connection = {
    remotePeer: { toString: () => 'stranger' } as Libp2pPeerId,
    remoteAddr: { toString: () => '/ip4/203.0.113.7/tcp/1' },
    direction,
  } as Connection;
  const farewells: string[] = [];
  const log: string[] = [];
  const admission = new Admission({
    network,
    log: (_, message) => log.push(message),
    connections: () => [connection],
    hangUp: (_, reason) => farewells.push(reason),
    connected: () => undefined,
    named: () => undefined,
    disconnected: () => undefined,
  });
  admission.opened(connection.remotePeer);
  const introduce = (...protocols: string[]) => admission.introduced(connection, protocols, undefined);
  return { admission, farewells, introduce, log };
}

describe('a stranger', () => {
  it('that introduces itself and then asks nothing gives its place back within 30 s', () => {
    const { farewells, introduce } = setUp('inbound');
    introduce(protocolId(network, 'status'));
    vi.advanceTimersByTime(10_000);
    expect(farewells).toEqual([]);
    vi.advanceTimersByTime(20_000);
    expect(farewells).toEqual(['it came and asked nothing']);
  });

  it('that asks something stays', () => {
    const { admission, farewells, introduce } = setUp('inbound');
    introduce(protocolId(network, 'status'));
    admission.asked('stranger' as PeerId);
    vi.advanceTimersByTime(3_600_000);
    expect(farewells).toEqual([]);
  });

  it('that asks before it is introduced stays', () => {
    const { admission, farewells, introduce } = setUp('inbound');
    admission.asked('stranger' as PeerId);
    introduce(protocolId(network, 'status'));
    vi.advanceTimersByTime(3_600_000);
    expect(farewells).toEqual([]);
  });

  it('that this node dialled stays', () => {
    const { farewells, introduce } = setUp('outbound');
    introduce(protocolId(network, 'status'));
    vi.advanceTimersByTime(3_600_000);
    expect(farewells).toEqual([]);
  });

  it('cannot write into our log with what it says it speaks', () => {
    const { farewells, introduce, log } = setUp('inbound');
    introduce(
      '/tallystick/x\r\n{"level":"error"}/status/1',
      ...Array.from({ length: 10_000 }, (_, i) => `/tallystick/${i.toString(16)}/status/1`),
    );
    expect(farewells).toHaveLength(1);
    expect(log.join()).not.toMatch(/[\r\n]/);
    expect(log.join().length).toBeLessThan(200);
  });
});
