/** Where an address is, and who shares it. */
import { describe, expect, it } from 'vitest';
import { classOf, hostOf, networkOf } from '../../src/node/address-group.ts';

describe('the class of an address', () => {
  it.each([
    ['/ip4/127.0.0.1/tcp/4141', 'loopback'],
    ['/ip4/127.9.9.9/tcp/4141', 'loopback'],
    ['/ip4/0.0.0.0/tcp/4141', 'loopback'],
    ['/ip6/::1/tcp/4141', 'loopback'],
    ['/ip6/::/tcp/4141', 'loopback'],
    ['/ip6/::ffff:127.0.0.1/tcp/4141', 'loopback'],
    ['/ip4/10.77.0.1/tcp/4141', 'private'],
    ['/ip4/172.16.0.1/tcp/4141', 'private'],
    ['/ip4/172.31.255.1/tcp/4141', 'private'],
    ['/ip4/192.168.1.1/tcp/4141', 'private'],
    ['/ip4/169.254.1.1/tcp/4141', 'private'],
    ['/ip4/100.64.0.1/tcp/4141', 'private'],
    ['/ip6/fe80::1/tcp/4141', 'private'],
    ['/ip6/fd00:1::1/tcp/4141', 'private'],
    ['/ip6/::ffff:10.0.0.1/tcp/4141', 'private'],
    ['/ip6/::ffff:a00:1/tcp/4141', 'private'],
    ['/ip4/172.32.0.1/tcp/4141', 'public'],
    ['/ip4/203.0.113.7/tcp/4141', 'public'],
    ['/ip6/2001:db8::7/tcp/4141', 'public'],
    ['/dns4/node-2/tcp/4141', 'named'],
    ['/dnsaddr/example.org', 'named'],
    ['/memory/a/p2p/a', 'other'],
    ['/ip4/999.1.1.1/tcp/1', 'other'],
    ['/ip6/1::2::3/tcp/1', 'other'],
    ['/ip6/1:2:3/tcp/1', 'other'],
    ['', 'other'],
  ])('%s is %s', (address, expected) => {
    expect(classOf(address)).toBe(expected);
  });
});

describe('one party', () => {
  it('has an IPv4 address, or the /48 of an IPv6 one, in which a site has 65,536 networks', () => {
    expect(hostOf('/ip4/203.0.113.7/tcp/1')).toBe(hostOf('/ip4/203.0.113.7/tcp/2/p2p/b'));
    expect(hostOf('/ip4/203.0.113.7/tcp/1')).not.toBe(hostOf('/ip4/203.0.113.8/tcp/1'));
    expect(hostOf('/ip6/::ffff:203.0.113.7/tcp/1')).toBe(hostOf('/ip4/203.0.113.7/tcp/1'));
    expect(hostOf('/ip6/2001:db8:0:1::7/tcp/1')).toBe(hostOf('/ip6/2001:db8:0:1:9::/tcp/1'));
    expect(hostOf('/ip6/2001:db8:0:1::7/tcp/1')).toBe(hostOf('/ip6/2001:db8:0:2::7/tcp/1'));
    expect(hostOf('/ip6/2001:db8:1::7/tcp/1')).not.toBe(hostOf('/ip6/2001:db8:2::7/tcp/1'));
    expect(hostOf('/dns4/node-2/tcp/1')).toBe(hostOf('/dns4/node-2/tcp/2'));
    expect(hostOf('/memory/a/p2p/a')).not.toBe(hostOf('/memory/b/p2p/b'));
  });

  it('is in a network: the /24 of an IPv4 address, the /32 of an IPv6 one', () => {
    expect(networkOf('/ip6/2001:db8:1::7/tcp/1')).toBe(networkOf('/ip6/2001:db8:2::7/tcp/1'));
    expect(networkOf('/ip6/2001:db8:1::7/tcp/1')).not.toBe(networkOf('/ip6/2001:db9:1::7/tcp/1'));
    expect(networkOf('/ip4/203.0.113.7/tcp/1')).toBe(networkOf('/ip4/203.0.113.8/tcp/1'));
    expect(networkOf('/ip4/203.0.113.7/tcp/1')).not.toBe(networkOf('/ip4/203.0.114.7/tcp/1'));
  });
});
