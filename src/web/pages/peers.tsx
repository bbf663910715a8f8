/** Who this daemon is connected to. */
import { useState } from 'preact/hooks';
import type { PeerJson } from '../../client/contract.ts';
import { Said, useAction } from '../components/action.tsx';
import { Age } from '../components/age.tsx';
import { Button } from '../components/button.tsx';
import { Empty, Waiting } from '../components/notices.tsx';
import { PeerGraph } from '../components/peer-graph.tsx';
import { activity } from '../state/activity.ts';
import { now } from '../state/clock.ts';
import { client } from '../state/daemon.ts';
import { useLoaded } from '../state/loaded.ts';
import { status } from '../state/status.ts';

const REFRESH_EVERY_MS = 4_000;

export function PeersPage() {
  const lastChange = activity.value.find(({ kind }) => kind === 'peer')?.key;
  const { value } = useLoaded(
    async (api, signal) => (await api.call('peers', {}, { signal })).peers,
    'peers',
    Math.floor(now.value / REFRESH_EVERY_MS),
    lastChange,
  );
  return (
    <div class="page">
      <header class="page-head">
        <div>
          <p class="kicker">Peers</p>
          <h1>
            {value === undefined
              ? 'Who we are connected to'
              : value.length === 0
                ? 'No peer yet'
                : `${value.length} connected`}
          </h1>
        </div>
        <Resolve />
      </header>
      {value === undefined ? (
        <Waiting />
      ) : value.length === 0 ? (
        <section class="panel">
          <Empty>
            Daemons on one local network find each other by themselves. One elsewhere is named below.
          </Empty>
        </section>
      ) : (
        <>
          <PeerGraph peers={value} self={status.value?.peerId ?? ''} />
          <PeerTable peers={value} />
        </>
      )}
      <AddPeer />
      <Addresses />
    </div>
  );
}

function PeerTable({ peers }: { readonly peers: readonly PeerJson[] }) {
  return (
    <section class="panel">
      <h2>Connections</h2>
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Peer</th>
            <th scope="col" class="wide-only">
              Address
            </th>
            <th scope="col" class="roomy-only">
              Dialled by
            </th>
            <th scope="col" class="number">
              Height
            </th>
            <th scope="col" class="number">
              Round trip
            </th>
            <th scope="col" class="number wide-only">
              Score
            </th>
            <th scope="col" class="number wide-only">
              Since
            </th>
          </tr>
        </thead>
        <tbody>
          {peers.map((peer) => (
            <tr key={peer.id}>
              <td title={peer.id}>
                {peer.name} <span class="muted">…{peer.id.slice(-8)}</span>
              </td>
              <td class="wide-only wrapping">
                <code>{peer.address.replace(/\/p2p\/.*$/, '')}</code>
              </td>
              <td class="roomy-only">{peer.direction === 'inbound' ? 'them' : 'us'}</td>
              <td class="number">{peer.height?.toLocaleString('en') ?? '–'}</td>
              <td class="number">
                {peer.roundTripMs === undefined ? '–' : `${Math.max(1, Math.round(peer.roundTripMs))} ms`}
              </td>
              <td class="number wide-only">{Math.round(peer.score)}</td>
              <td class="number wide-only">
                <Age ms={Date.parse(peer.connectedAt)} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Addresses() {
  const known = status.value;
  if (known === undefined) return null;
  return (
    <section class="panel">
      <h2>This daemon</h2>
      <p class="muted">Others reach it at</p>
      <ul class="plain-list">
        {known.addresses.map((address) => (
          <li key={address}>
            <code class="breaking">{address}</code>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Asks every peer now whether it has more work: what happens all the time, for those who want to see it happen. */
function Resolve() {
  const { isBusy, run, said } = useAction();
  const resolve = () =>
    run(async () => {
      const { height, replaced } = await client.value.call('chainResolve');
      if (replaced) return `A better chain: height ${height.toLocaleString('en')}`;
      const { peers } = await client.value.call('status');
      return peers === 0
        ? 'There is no peer to ask. Add one below, or start another daemon of this network nearby.'
        : 'Nobody has more work than we do.';
    });
  return (
    <div class="action">
      <Button isBusy={isBusy} onClick={resolve}>
        Ask all peers now
      </Button>
      <Said text={said} />
    </div>
  );
}

/** Across networks nobody is found by himself. */
function AddPeer() {
  const [address, setAddress] = useState('');
  const { isBusy, run, said } = useAction();
  const add = () =>
    run(async () => {
      const { peers } = await client.value.call('addPeers', { body: { addresses: [address.trim()] } });
      setAddress('');
      return `Connected to …${peers[0]?.id.slice(-8)}, and remembered.`;
    });
  return (
    <section class="panel">
      <h2>Add a peer</h2>
      <form
        class="one-line"
        onSubmit={(event) => {
          event.preventDefault();
          add();
        }}
      >
        <label class="field">
          <span class="hidden">Its address</span>
          <input
            required
            spellcheck={false}
            autoComplete="off"
            placeholder="/ip4/192.0.2.7/tcp/4141"
            value={address}
            onInput={(event) => setAddress(event.currentTarget.value)}
          />
        </label>
        <Button type="submit" isBusy={isBusy}>
          {isBusy ? 'Dialling…' : 'Add'}
        </Button>
      </form>
      <Said text={said} />
      <p class="muted">
        Daemons on one local network find each other by themselves. Another one says its addresses on this
        page, too.
      </p>
    </section>
  );
}
