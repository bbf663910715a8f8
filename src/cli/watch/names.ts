/** What the daemon's peers are called: those that are there when one begins to watch, and those that come. */
import type { LiveEvent, TallyClient } from '../../client/tally-client.ts';
import { PeerNames } from '../log/peer-names.ts';

export interface WatchedNames extends Pick<PeerNames, 'of'> {
  hear(event: LiveEvent): void;
}

export async function namesOf(client: TallyClient): Promise<WatchedNames> {
  const [status, { peers }] = await Promise.all([client.call('status'), client.call('peers')]);
  const names = new PeerNames(status.name);
  for (const { id, name } of peers) if (name !== undefined) names.learn(id, name);
  return {
    of: names.of,
    hear: ({ type, data }) => {
      if (type === 'missed') return;
      if (data.event === 'peer.named') names.learn(data.peer, data.name);
      if (data.event === 'peer.disconnected') names.left(data.peer);
    },
  };
}
