/**
 * Puts a counter at the beginning of every branch of a module's source. Nothing moves to another line, so stacks of
 * errors stay right; types stay where they are, for Node strips them afterwards.
 */
import { parseSync } from 'vite';
import type { Token } from './coverage.ts';

const COUNTER_URL = new URL('./coverage.ts', import.meta.url).href;
const HIT = '$hit';
/** Longer literals are words for people. */
const MAX_TOKEN_LENGTH = 40;

/** A node of the ESTree syntax tree. */
interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

/** @param firstEdge is told how many edges and which literals the module has, and gives the number of its first edge */
export function instrument(
  path: string,
  code: string,
  firstEdge: (edges: number, tokens: readonly Token[]) => number,
): string {
  const places = new Places();
  const { errors, program } = parseSync(path, code, { lang: path.endsWith('.ts') ? 'ts' : 'js' });
  if (errors.length > 0) throw new Error(`${path} cannot be instrumented: ${errors[0]?.message}`);
  visit(program as unknown as SyntaxNode, places);
  return places.write(code, firstEdge(places.edges, [...places.tokens]));
}

interface Insertion {
  readonly at: number;
  readonly text: (firstEdge: number) => string;
}

/** Where something is put in, and what the code compares with. */
class Places {
  readonly tokens = new Set<Token>();
  readonly #openings: Insertion[] = [];
  readonly #closings: Insertion[] = [];
  edges = 0;

  /** A statement that may be a block. */
  statement(node: SyntaxNode): void {
    const edge = this.edges++;
    if (node.type === 'BlockStatement') {
      this.#insert(node.start + 1, (first) => `${HIT}(${first + edge});`);
      return;
    }
    this.#insert(node.start, (first) => `{${HIT}(${first + edge});`);
    this.#closings.push({ at: node.end, text: () => '}' });
  }

  /** Behind the only statement of an `if`. */
  otherwise(consequent: SyntaxNode): void {
    const edge = this.edges++;
    this.#closings.push({ at: consequent.end, text: (first) => `else{${HIT}(${first + edge});}` });
  }

  before(node: SyntaxNode): void {
    const edge = this.edges++;
    this.#insert(node.start, (first) => `${HIT}(${first + edge});`);
  }

  expression(node: SyntaxNode): void {
    const edge = this.edges++;
    this.#insert(node.start, (first) => `(${HIT}(${first + edge}),`);
    this.#closings.push({ at: node.end, text: () => ')' });
  }

  token(node: unknown): void {
    const value = isNode(node) && node.type === 'Literal' ? node.value : undefined;
    if (typeof value === 'string' && value.length > 0 && value.length <= MAX_TOKEN_LENGTH)
      this.tokens.add(value);
    if (Number.isSafeInteger(value) && Number(value) > 1) this.tokens.add(Number(value));
  }

  write(code: string, firstEdge: number): string {
    // At the same place, what is around opens first and closes last. Sorting keeps the order of equals.
    const insertions = [...this.#closings.toReversed(), ...this.#openings].sort((a, b) => a.at - b.at);
    let written = `import { hit as ${HIT} } from ${JSON.stringify(COUNTER_URL)};`;
    let from = 0;
    for (const { at, text } of insertions) {
      written += code.slice(from, at) + text(firstEdge);
      from = at;
    }
    return written + code.slice(from);
  }

  #insert(at: number, text: (firstEdge: number) => string): void {
    this.#openings.push({ at, text });
  }
}

function visit(node: SyntaxNode, places: Places): void {
  mark(node, places);
  for (const [name, field] of Object.entries(node)) {
    // Of types nothing is left when the code runs.
    if (
      name === 'typeAnnotation' ||
      name === 'returnType' ||
      name === 'typeParameters' ||
      name === 'typeArguments'
    )
      continue;
    for (const child of Array.isArray(field) ? field : [field]) {
      if (isNode(child) && !isType(child)) visit(child, places);
    }
  }
}

/** Types, declarations of them, and signatures without a body; `as`, `satisfies` and `!` stand around code. */
function isType({ type }: SyntaxNode): boolean {
  return (
    type.startsWith('TS') &&
    !['TSAsExpression', 'TSSatisfiesExpression', 'TSNonNullExpression'].includes(type)
  );
}

function mark(node: SyntaxNode, places: Places): void {
  switch (node.type) {
    case 'FunctionDeclaration':
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
      if (isNode(node.body)) markBody(node.body, places);
      break;
    case 'IfStatement':
      // What is passed over counts too: what follows is another way then.
      if (!isNode(node.alternate)) places.otherwise(node.consequent as SyntaxNode);
      markStatement(node.consequent, places);
      // `else if` is marked as the statement it is.
      markStatement(node.alternate, places);
      break;
    case 'ForStatement':
    case 'ForInStatement':
    case 'ForOfStatement':
    case 'WhileStatement':
    case 'DoWhileStatement':
      markStatement(node.body, places);
      break;
    case 'CatchClause':
      markStatement(node.body, places);
      break;
    case 'SwitchCase': {
      places.token(node.test);
      const [first] = node.consequent as SyntaxNode[];
      if (first !== undefined) places.before(first);
      break;
    }
    case 'ConditionalExpression':
      places.expression(node.consequent as SyntaxNode);
      places.expression(node.alternate as SyntaxNode);
      break;
    case 'LogicalExpression':
      places.expression(node.right as SyntaxNode);
      break;
    case 'BinaryExpression':
      if (/^([!=]==?|[<>]=?)$/.test(String(node.operator))) {
        places.token(node.left);
        places.token(node.right);
      }
      break;
    case 'Property':
      // Names of fields.
      if (isNode(node.key) && node.key.type === 'Identifier' && node.computed !== true) {
        places.tokens.add(String(node.key.name));
      }
      break;
  }
}

function markBody(body: SyntaxNode, places: Places): void {
  if (body.type !== 'BlockStatement') places.expression(body);
  else places.statement(body);
}

function markStatement(statement: unknown, places: Places): void {
  if (isNode(statement)) places.statement(statement);
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}
