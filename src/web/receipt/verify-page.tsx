/** Checks a receipt in this browser: whatever the daemon says, it has no part in it but to name its network. */
import { useEffect, useState } from 'preact/hooks';
import { type ProvenReceipt, ReceiptError, verifyReceipt } from '../../client/verify-receipt.ts';
import { messageOf } from '../components/action.tsx';
import { FileChoice } from '../components/file-choice.tsx';
import { useDroppedFiles } from '../state/file-drop.ts';
import { sha256Of } from '../state/fingerprint.ts';
import { network } from '../state/status.ts';
import { type Role, readWhole, roleOf } from './dropped.ts';
import { Proved } from './proved.tsx';

type Given = Partial<Record<Role, File>>;

type Outcome =
  | { readonly kind: 'none' }
  | { readonly kind: 'checking' }
  | { readonly kind: 'proved'; readonly proved: ProvenReceipt }
  | { readonly kind: 'refused'; readonly code: string | undefined; readonly reason: string };

export function VerifyPage() {
  const [given, setGiven] = useState<Given>({});
  const take = (role: Role, file: File) => setGiven((before) => ({ ...before, [role]: file }));
  useDroppedFiles('Let go to check it. It stays on this machine.', (files) => {
    for (const file of files) void roleOf(file).then((role) => take(role, file));
  });
  const outcome = useOutcome(given);
  const definition = network.value;
  return (
    <div class="page verify">
      <header class="page-head">
        <div>
          <p class="kicker">Verify</p>
          <h1>Is this receipt good?</h1>
        </div>
      </header>
      <p class="lead">
        Drop a receipt here, and the file it is said to be of. Both are checked in this browser and go
        nowhere; the daemon is not asked.
      </p>
      <div class="file-choices">
        <FileChoice
          label={given.receipt?.name ?? 'The receipt'}
          isChosen={given.receipt !== undefined}
          onChoose={(file) => take('receipt', file)}
        >
          {given.receipt === undefined ? 'of either form' : 'the receipt'}
        </FileChoice>
        <FileChoice
          label={given.file?.name ?? 'The file'}
          isChosen={given.file !== undefined}
          onChoose={(file) => take('file', file)}
        >
          {given.file === undefined ? 'if it is the receipt of one' : 'the file'}
        </FileChoice>
        <FileChoice
          label={given.network?.name ?? `Network ${definition?.params.name ?? ''}`}
          isChosen={given.network !== undefined || definition !== undefined}
          accept=".json"
          onChoose={(file) => take('network', file)}
        >
          {given.network === undefined
            ? 'its parameters as this daemon has them; to trust nobody, choose a network file you know'
            : 'its parameters, from this file'}
        </FileChoice>
      </div>
      <div aria-live="polite">
        <Result outcome={outcome} given={given} />
      </div>
    </div>
  );
}

function Result({ given, outcome }: { readonly given: Given; readonly outcome: Outcome }) {
  switch (outcome.kind) {
    case 'none':
      return given.file === undefined ? null : (
        <p class="muted">Now the receipt of {given.file.name}: it ends in .receipt.json or .receipt.</p>
      );
    case 'checking':
      return <p class="muted">Checking…</p>;
    case 'proved':
      return <Proved proved={outcome.proved} file={given.file?.name} networkFile={given.network?.name} />;
    case 'refused':
      return (
        <section class="panel verdict bad">
          <h2>Refused: it proves nothing</h2>
          <p>{outcome.reason}</p>
          {outcome.code !== undefined && (
            <p class="muted">
              The fault is called <code>{outcome.code}</code>. There may be another receipt that is good.
            </p>
          )}
        </section>
      );
  }
}

/** Checked again whenever one of the files is another. */
function useOutcome({ file, network: networkFile, receipt }: Given): Outcome {
  const [outcome, setOutcome] = useState<Outcome>({ kind: 'none' });
  const known = network.value;
  useEffect(() => {
    if (receipt === undefined || (networkFile === undefined && known === undefined)) return;
    let isWanted = true;
    setOutcome({ kind: 'checking' });
    const check = async () => {
      const params =
        networkFile === undefined
          ? known?.params
          : JSON.parse(new TextDecoder().decode(await readWhole(networkFile)));
      const fileSha256 =
        file === undefined
          ? undefined
          : await sha256Of(
              file,
              () => {},
              () => isWanted,
            );
      return await verifyReceipt(
        await readWhole(receipt),
        params as Parameters<typeof verifyReceipt>[1],
        fileSha256 === undefined ? {} : { fileSha256 },
      );
    };
    check().then(
      (proved) => isWanted && setOutcome({ kind: 'proved', proved }),
      (error: unknown) =>
        isWanted &&
        setOutcome({
          kind: 'refused',
          code: error instanceof ReceiptError ? error.code : undefined,
          reason: messageOf(error),
        }),
    );
    return () => {
      isWanted = false;
    };
  }, [file, networkFile, receipt, known?.id]);
  return outcome;
}
