/** Where this room tells what operators may want to know; the daemon makes log lines of it. */
export type Log = (level: 'debug' | 'info' | 'warn', message: string, data: Record<string, unknown>) => void;
