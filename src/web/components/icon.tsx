/** Line drawings of 20 × 20, in the colour of the text. */
const PATHS = {
  pause: 'M7 4.5v11M13 4.5v11',
  play: 'M6.5 4v12l9-6z',
  copy: 'M7.5 7.5h8v9h-8zM12 7V3.5H4v9h3',
  check: 'M4 10.5l4 4 8-9',
  search: 'M9 3.5a5.5 5.5 0 110 11 5.5 5.5 0 010-11zM13 13l4 4',
  file: 'M5.5 2.5h6l3.5 3.5v11.5h-9.5zM11 2.5V6.5h4',
  sun: 'M10 6.5a3.5 3.5 0 110 7 3.5 3.5 0 010-7zM10 1.5v2M10 16.5v2M1.5 10h2M16.5 10h2M4 4l1.4 1.4M14.6 14.6L16 16M16 4l-1.4 1.4M5.4 14.6L4 16',
  moon: 'M16 11.8A6.6 6.6 0 118.2 4a5.3 5.3 0 007.8 7.8z',
  chain: 'M2 7h5v6H2zM13 7h5v6h-5zM7 10h6',
  pool: 'M3 6h14M3 10h10M3 14h6',
  peers:
    'M10 4.2v5M9 11l-4 3.5M11 11l4 3.5M10 2.5a1.7 1.7 0 110 3.4 1.7 1.7 0 010-3.4zM4 13.5a1.7 1.7 0 110 3.4 1.7 1.7 0 010-3.4zM16 13.5a1.7 1.7 0 110 3.4 1.7 1.7 0 010-3.4z',
  network: 'M3 16.5l4.5-6 3.5 3 6-9',
  nodes: 'M3 5h14M3 10h14M3 15h14M6 3.6v2.8M11 8.6v2.8M11 3.6v2.8M15 13.6v2.8M6 13.6v2.8',
  scissors:
    'M5 3.5l8.5 10M15 3.5L6.5 13.5M5 13a2.2 2.2 0 110 4.4A2.2 2.2 0 015 13zM15 13a2.2 2.2 0 110 4.4 2.2 2.2 0 010-4.4z',
  wallet: 'M3.5 5.5h11.5v3M3.5 5.5v10h13v-7h-13M13 12h1',
  verify: 'M10 2.5l6.5 2.5v5c0 4-2.7 6.5-6.5 7.8C6.2 16.5 3.5 14 3.5 10V5zM7 10l2.2 2.2 4-4.4',
  arrow: 'M4 10h12M11 5l5 5-5 5',
  back: 'M16 10H4M9 5l-5 5 5 5',
  close: 'M5 5l10 10M15 5L5 15',
} as const;

export function Icon({ name }: { readonly name: keyof typeof PATHS }) {
  return (
    <svg class="icon" width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
