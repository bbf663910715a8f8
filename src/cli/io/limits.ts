/** How much commands take of what they read. */

/** Read at once: larger pieces are no faster. */
export const READ_BYTES = 1_024 * 1_024;
/** A pipe of which nothing comes for so long: the program that writes it may ask a person meanwhile, but not for ever. */
export const PIPE_WAIT_MS = 60_000;
/** 24 words, twice over. */
export const MAX_WORDS_BYTES = 4_096;
/** A page of text: a longer file is another one. */
export const MAX_PASSPHRASE_BYTES = 4_096;
/** 64 hex digits with the end of a line, and then some. */
export const MAX_SEED_BYTES = 128;
/** A pre-shared key: 95 characters and what editors add. */
export const MAX_SHARED_KEY_BYTES = 256;
/** A network file with 1,024 allocations has 130 kB. */
export const MAX_NETWORK_FILE_BYTES = 512 * 1_024;
/** A scenario or its faults. */
export const MAX_SCENARIO_BYTES = 1_024 * 1_024;
