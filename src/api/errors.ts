/** Every error as an HTTP status and `{ error: { code, message } }`. */
import { PolicyError } from '../chain/policy.ts';
import type { ErrorJson } from '../client/contract.ts';
import { parseAddress } from '../core/address.ts';
import { InvariantError, type RuleCode, RuleError } from '../core/errors.ts';
import type { Address } from '../core/identifiers.ts';
import { VerifierClosedError } from '../native/verifier.ts';
import { OperationError } from '../node/ports.ts';
import { StoreError } from '../store/errors.ts';
import { MAX_SCHEMA_ERRORS } from './limits.ts';

/** The request cannot be served as it stands. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly statusCode: number;
  readonly code: string;

  constructor(statusCode: number, code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.statusCode = statusCode;
    this.code = code;
  }
}

export function notFound(what: string): HttpError {
  return new HttpError(404, 'not-found', `${what} is not known here`);
}

export function badRequest(message: string, options?: ErrorOptions): HttpError {
  return new HttpError(400, 'invalid-request', message, options);
}

/** What a value's own conversion finds wrong is the caller's fault. @param where it stands in the request */
export function readable<T>(where: string, convert: () => T): T {
  try {
    return convert();
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) {
      throw badRequest(`${where}${error.message}`, { cause: error });
    }
    throw error;
  }
}

/** @param where it stands in the request */
export function readAddress(where: string, text: string): Address {
  return readable(`${where}: `, () => parseAddress(text));
}

/** Rules about bytes rather than about the ledger: the request is malformed, not refused. */
const MALFORMED: ReadonlySet<RuleCode> = new Set([
  'malformed-encoding',
  'oversized-transaction',
  'oversized-block',
]);

/** Words for Fastify's own refusals. */
const FASTIFY_CODES: Readonly<Record<string, string>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: 'malformed-json',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'malformed-json',
  FST_ERR_CTP_BODY_TOO_LARGE: 'body-too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported-media-type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'invalid-request',
  FST_ERR_BAD_URL: 'invalid-request',
};

export interface Refusal {
  readonly status: number;
  readonly body: ErrorJson;
}

const TOO_MANY_FILES = refusal(
  503,
  'too-many-files',
  'the daemon has as many files and connections open as the system lets it: raise the limit (ulimit -n) and start it again',
);
// Without the path: strangers may ask. The log has it.
const NO_ROOM = refusal(507, 'storage-full', "no room is left on the daemon's disk: free some");
const STORAGE_FAILED = refusal(503, 'storage-failed', "the daemon's disk failed: see its log");

/** What the machine cannot give, by the system's word for it. */
const SYSTEM: Readonly<Record<string, Refusal>> = {
  EMFILE: TOO_MANY_FILES,
  ENFILE: TOO_MANY_FILES,
  ENOSPC: NO_ROOM,
  EDQUOT: NO_ROOM,
};

/** @returns undefined if the error is nobody's fault but ours */
export function refusalOf(error: unknown): Refusal | undefined {
  if (error instanceof HttpError) return refusal(error.statusCode, error.code, error.message);
  if (error instanceof RuleError)
    return refusal(MALFORMED.has(error.code) ? 400 : 422, error.code, error.message);
  // Below the lowest fee it never goes in; the other policies depend on what else is waiting.
  if (error instanceof PolicyError)
    return refusal(error.code === 'fee-too-low' ? 422 : 409, error.code, error.message);
  // A submission that was being checked when the daemon was told to stop: nothing of it was acknowledged.
  if (error instanceof OperationError || error instanceof VerifierClosedError)
    return refusal(503, 'operation-failed', error.message);
  if (error instanceof StoreError && error.failure !== 'damaged')
    return error.failure === 'full' ? NO_ROOM : STORAGE_FAILED;
  if (error instanceof InvariantError || !(error instanceof Error)) return undefined;
  const code = 'code' in error ? String(error.code) : '';
  const known = SYSTEM[code];
  if (known !== undefined) return known;
  if ('validation' in error && error.validation !== undefined) {
    return refusal(400, 'invalid-request', error.message);
  }
  const status = 'statusCode' in error ? error.statusCode : undefined;
  if (typeof status !== 'number' || status < 400 || status > 499) return undefined;
  // JSON that parses but names `__proto__` comes as a plain SyntaxError.
  return refusal(
    status,
    FASTIFY_CODES[code] ?? (error instanceof SyntaxError ? 'malformed-json' : 'invalid-request'),
    error.message,
  );
}

function refusal(status: number, code: string, message: string): Refusal {
  return { status, body: { error: { code, message } } };
}

interface SchemaError {
  readonly instancePath: string;
  readonly schemaPath: string;
  readonly message?: string;
}

const UNKNOWN_FIELD = 'schema is false';

/**
 * What a request's `part` should have been. Of a choice between schemas, only the one that knows most of the
 * fields given is spoken of.
 */
export function describeInvalid(errors: readonly SchemaError[], part: string): string {
  const branches = Map.groupBy(errors, ({ schemaPath }) => /\/anyOf\/[0-9]+/.exec(schemaPath)?.[0]);
  if (branches.size > 1) branches.delete(undefined);
  const [likeliest = []] = [...branches.values()].sort((a, b) => unknownFields(a) - unknownFields(b));
  return likeliest
    .filter(({ message }) => message !== 'must not have additional properties')
    .slice(0, MAX_SCHEMA_ERRORS)
    .map(
      ({ instancePath, message }) =>
        `${part}${instancePath} ${message === UNKNOWN_FIELD ? 'is no field known here' : message}`,
    )
    .join(', ');
}

function unknownFields(errors: readonly SchemaError[]): number {
  return errors.filter(
    ({ message, instancePath }) => message === UNKNOWN_FIELD && instancePath.lastIndexOf('/') === 0,
  ).length;
}
