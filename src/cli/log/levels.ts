/** How much a daemon logs, and for whom. Apart from the log itself, which is slow to load. */
export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** `pretty`: a line of words an event, for people. `json`: a JSON object a line, for machines. */
export const LOG_FORMATS = ['pretty', 'json'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];
