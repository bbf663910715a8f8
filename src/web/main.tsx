/**
 * The explorer: the ledger as a page. It talks to a daemon by the HTTP API alone.
 *
 * `state/` is what the page knows of the daemon, `chain-view/` the live picture of the chain, `forks/` the branches
 * beside it, `pages/` one file for each page, `wallet/` and `receipt/` what one does in the page and what is only
 * fetched then, `components/` what several of them show, `style/` how all of it looks.
 */
import { render } from 'preact';
import { App } from './app.tsx';
import { startFocus } from './focus.ts';
import { startLive } from './state/live.ts';
import { startNodes } from './state/nodes.ts';
import { startTheme } from './state/theme.ts';
import './style/tokens.css';
import './style/base.css';
import './style/shell.css';
import './style/components.css';
import './style/chain-view.css';
import './style/pages.css';
import './style/doing.css';

startTheme();
startFocus();
startLive();
startNodes();
const root = document.getElementById('explorer');
if (root !== null) render(<App />, root);
