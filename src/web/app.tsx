/** The frame around every page: name, ways to the pages, search, the state of the connection. */
import { useEffect } from 'preact/hooks';
import { Announcer } from './components/announcer.tsx';
import { ConnectionBadge } from './components/connection-badge.tsx';
import { DaemonDialog } from './components/daemon-dialog.tsx';
import { FileDrop } from './components/file-drop.tsx';
import { Icon } from './components/icon.tsx';
import { Later } from './components/later.tsx';
import { NodeSwitcher } from './components/node-switcher.tsx';
import { SearchBox } from './components/search-box.tsx';
import { AddressPage } from './pages/address.tsx';
import { BlockPage } from './pages/block.tsx';
import { FilePage } from './pages/file.tsx';
import { HomePage } from './pages/home.tsx';
import { NetworkPage } from './pages/network.tsx';
import { NotFoundPage } from './pages/not-found.tsx';
import { PeersPage } from './pages/peers.tsx';
import { PoolPage } from './pages/pool.tsx';
import { SearchPage } from './pages/search.tsx';
import { TransactionPage } from './pages/transaction.tsx';
import { type Route, route } from './routing.ts';
import { apiUrl, hasNodes } from './state/daemon.ts';
import { status } from './state/status.ts';
import { theme, toggleTheme } from './state/theme.ts';

const WAYS = [
  { page: '', name: 'Chain', icon: 'chain' },
  { page: 'pool', name: 'Pool', icon: 'pool' },
  { page: 'peers', name: 'Peers', icon: 'peers' },
  { page: 'network', name: 'Network', icon: 'network' },
  ...(hasNodes ? [{ page: 'nodes', name: 'Nodes', icon: 'nodes' } as const] : []),
  { page: 'wallet', name: 'Wallet', icon: 'wallet' },
  { page: 'verify', name: 'Verify', icon: 'verify' },
] as const;

const loadForks = async () => (await import('./forks/forks-page.tsx')).ForksPage;
const loadFork = async () => (await import('./forks/fork-page.tsx')).ForkPage;
const loadWallet = async () => (await import('./wallet/wallet-page.tsx')).WalletPage;
const loadNodes = async () => (await import('./pages/nodes.tsx')).NodesPage;
const loadVerify = async () => (await import('./receipt/verify-page.tsx')).VerifyPage;

export function App() {
  const { page } = route.value;
  const title = titleOf(route.value);
  const name = status.value?.name;
  useEffect(() => {
    document.title = `${title} · ${name === undefined ? '' : `${name} · `}Tallystick`;
  }, [title, name]);
  return (
    <>
      {/* biome-ignore lint/a11y/useValidAnchor: it leads to a part of this page */}
      <a class="skip" href="#main" onClick={skipToMain}>
        Skip to the content
      </a>
      <header class="bar">
        {/* The first of the ways leads there, too: one stop of the keyboard is enough. */}
        <a class="brand" href="#/" tabIndex={-1}>
          <Logo />
          <span class="brand-name">Tallystick</span>
          {status.value !== undefined && <span class="network-name">{status.value.network}</span>}
        </a>
        <nav class="ways" aria-label="Pages">
          {WAYS.map((way) => (
            <a key={way.page} href={`#/${way.page}`} aria-current={way.page === page ? 'page' : undefined}>
              <Icon name={way.icon} />
              {way.name}
            </a>
          ))}
        </nav>
        <SearchBox />
        <NodeSwitcher />
        <ConnectionBadge />
        <button
          type="button"
          class="plain theme-switch"
          onClick={toggleTheme}
          aria-label={theme.value === 'dark' ? 'Use light colours' : 'Use dark colours'}
        >
          <Icon name={theme.value === 'dark' ? 'sun' : 'moon'} />
        </button>
      </header>
      <main id="main" tabIndex={-1}>
        <Page {...route.value} />
      </main>
      <footer class="end">
        <span>One ledger, kept by every machine that runs it.</span>
        <a href={`${apiUrl.value}/openapi.json`}>API</a>
      </footer>
      <DaemonDialog />
      <FileDrop />
      <Announcer />
    </>
  );
}

function Page({ argument, page }: Route) {
  switch (page) {
    case '':
      return <HomePage />;
    case 'block':
      return <BlockPage name={argument} />;
    case 'transaction':
      return <TransactionPage id={argument} />;
    case 'address':
      return <AddressPage address={argument} />;
    case 'pool':
      return <PoolPage />;
    case 'peers':
      return <PeersPage />;
    case 'network':
      return <NetworkPage />;
    case 'forks':
      return <Later key="forks" load={loadForks} argument={argument} />;
    case 'fork':
      return <Later key="fork" load={loadFork} argument={argument} />;
    case 'nodes':
      return <Later key="nodes" load={loadNodes} argument={argument} />;
    case 'search':
      return <SearchPage text={argument} />;
    case 'file':
      return <FilePage digest={argument} />;
    case 'wallet':
      return <Later key="wallet" load={loadWallet} argument={argument} />;
    case 'verify':
      return <Later key="verify" load={loadVerify} argument={argument} />;
    default:
      return <NotFoundPage />;
  }
}

function titleOf({ argument, page }: Route): string {
  switch (page) {
    case '':
      return 'Chain';
    case 'block':
      return /^[0-9]+$/.test(argument) ? `Block ${argument}` : `Block …${argument.slice(-6)}`;
    case 'transaction':
      return `Transaction …${argument.slice(-6)}`;
    case 'address':
      return `Address …${argument.slice(-6)}`;
    case 'file':
      return 'File';
    case 'forks':
      return 'Forks';
    case 'fork':
      return `Fork …${argument.slice(-6)}`;
    default:
      return WAYS.find((way) => way.page === page)?.name ?? 'Search';
  }
}

/** The address behind `#` names the page; a link to a part of it must not. */
function skipToMain(event: Event): void {
  event.preventDefault();
  document.getElementById('main')?.focus();
}

/** A notched stick. */
function Logo() {
  return (
    <svg class="logo" width="34" height="24" viewBox="0 0 34 24" aria-hidden="true">
      <rect x="1" y="6" width="32" height="13" rx="3.5" />
      <path d="M8 6v6M13 6v9M18 6v6M23 6v6M28 6v9" />
    </svg>
  );
}
