/** Names of daemons as a list in a sentence; a name is not broken. */

const list = new Intl.ListFormat('en-GB');

export function NodeNames({ names }: { readonly names: readonly string[] }) {
  return (
    <>
      {list.formatToParts(names).map(({ type, value }, index) =>
        type === 'element' ? (
          <span key={value} class="node-name">
            {value}
          </span>
        ) : (
          <span key={index}>{value}</span>
        ),
      )}
    </>
  );
}
