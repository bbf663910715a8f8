import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { ConnectionError, type LiveEvent, type TallyClient } from '../../client/tally-client.ts';
import { connect } from '../connect.ts';
import { complain } from '../errors.ts';
import { describeEvent } from '../event-text.ts';
import { type ApiOptions, withApi } from '../options.ts';
import { colours, print } from '../output.ts';

const RETRY_MS = 1_000;

export function addWatch(program: Command): void {
  withApi(program.command('watch').description('events of the daemon as they happen, until Ctrl-C')).action(
    async (options: ApiOptions) => {
      const client = connect(options);
      const { network, height } = await client.call('status');
      if (options.json !== true) print(`watching ${network} at ${client.url}, the tip is #${height}`);
      await follow(client, (event) => print(options.json === true ? asJson(event) : inWords(event)));
    },
  );
}

/** Goes on where it was after a lost connection. */
async function follow(client: TallyClient, tell: (event: LiveEvent) => void): Promise<never> {
  let after: string | undefined;
  let lost = false;
  for (;;) {
    try {
      for await (const event of client.events(after === undefined ? {} : { after })) {
        lost = false;
        after = event.id;
        tell(event);
      }
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      if (!lost) complain(`${error.message}: trying again`);
      lost = true;
    }
    await delay(RETRY_MS);
  }
}

function asJson({ id, type, data }: LiveEvent): string {
  return JSON.stringify({ id, type, ...data });
}

function inWords({ type, data }: LiveEvent): string {
  if (type === 'missed') return colours.yellow('some events in between are no longer kept');
  const line = `${colours.dim(new Date(data.at).toLocaleTimeString('en-GB'))}  ${describeEvent(data)}`;
  return type === 'reorganisation' ? colours.yellow(line) : line;
}
