import type { Command } from 'commander';
import type { LiveEvent, TallyClient } from '../../client/tally-client.ts';
import { connect } from '../connect.ts';
import { complain } from '../errors.ts';
import { describeEvent } from '../event-text.ts';
import { type ApiOptions, withApi } from '../options.ts';
import { colours, print, printJsonLine } from '../output.ts';
import { printable } from '../printable.ts';
import { isToldAlready } from '../watch/model.ts';
import { namesOf, type WatchedNames } from '../watch/names.ts';

interface WatchOptions extends ApiOptions {
  readonly lines?: boolean;
}

export function addWatch(program: Command): void {
  withApi(
    program
      .command('watch')
      .description('what happens at the daemon, live, until q or Ctrl-C')
      .option('--lines', 'a line for each event, also on a terminal'),
  ).action(watch);
}

async function watch(options: WatchOptions): Promise<void> {
  const client = connect(options);
  const onTerminal = process.stdout.isTTY === true && process.env.TERM !== 'dumb';
  if (!onTerminal || options.lines === true || options.json === true) return printEvents(client, options);
  const { showView } = await import('../watch/view.ts');
  await showView(client);
}

async function printEvents(client: TallyClient, { json }: WatchOptions): Promise<void> {
  const { network, height } = await client.call('status');
  const names = await namesOf(client);
  if (json !== true)
    print(`watching ${printable(network)} at ${client.url}, the tip is #${printable(height)}`);
  let lost = false;
  const events = client.events({
    resume: true,
    onConnection: (state) => {
      if (!state.connected && !lost) complain(`${state.error.message}: trying again`);
      lost = !state.connected;
    },
  });
  for await (const event of events) {
    names.hear(event);
    if (json === true) printJsonLine({ id: event.id, type: event.type, ...event.data });
    else if (event.type === 'missed' || !isToldAlready(event.data)) print(inWords(event, names));
  }
}

function inWords({ type, data }: LiveEvent, names: WatchedNames): string {
  if (type === 'missed') return colours.yellow('some events in between are no longer kept');
  const line = `${colours.dim(new Date(data.at).toLocaleTimeString('en-GB'))}  ${printable(describeEvent(data, names.of))}`;
  return type === 'reorganisation' ? colours.yellow(line) : line;
}
