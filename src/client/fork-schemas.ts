/** The branches beside the chain as JSON. */
import { type Static, Type } from 'typebox';
import { AddressText, CLOSED, Count, Id, Time, Work } from './schemas.ts';

const ForkBlockSchema = Type.Object(
  { id: Id, height: Count, timestamp: Time, miner: AddressText, work: Work },
  CLOSED,
);

const ForkSideSchema = Type.Object(
  {
    blocks: Type.Integer({ ...Count, description: 'after the common ancestor' }),
    first: Type.Optional(ForkBlockSchema),
    last: ForkBlockSchema,
    miners: Type.Array(Type.Object({ address: AddressText, blocks: Count }, CLOSED), {
      description: 'who mined how many of its first 64 blocks',
    }),
  },
  CLOSED,
);
/** One side of a fork: the blocks of a branch, or those of the chain beside it. @interface */
export type ForkSideJson = Static<typeof ForkSideSchema>;

export const ForkSchema = Type.Object(
  {
    id: Type.String({ ...Id, description: "of the branch's last block: what names the fork" }),
    state: Type.Union(
      [Type.Literal('open'), Type.Literal('lost'), Type.Literal('headers'), Type.Literal('invalid')],
      {
        description:
          'the chain has no more work than the branch, or has; not all of its bodies are here, or a block of it ' +
          'broke a rule',
      },
    ),
    ancestor: ForkBlockSchema,
    branch: ForkSideSchema,
    chain: Type.Object(ForkSideSchema.properties, {
      ...CLOSED,
      description: 'up to the first block with which it has more work than the branch, or to the tip',
    }),
    decided: Type.Boolean({ description: 'the chain has more work than the branch' }),
    leftChain: Type.Integer({
      ...Count,
      description: 'so many blocks of the branch were on the chain here, and left it in a reorganisation',
    }),
    returned: Type.Optional(
      Type.Integer({
        ...Count,
        description:
          'so many transactions of the blocks that left had to be mined again; absent if there are too many to look at',
      }),
    ),
  },
  CLOSED,
);
/** A branch that parted from the chain, and what became of it. @interface */
export type ForkJson = Static<typeof ForkSchema>;

export const ForksSchema = Type.Object(
  {
    forks: Type.Array(ForkSchema, { description: 'those first whose last block came last' }),
    next: Type.Optional(
      Type.Integer({
        ...Count,
        description:
          '`before` of the next page; absent on the last. A page may have fewer forks than asked for, even none, ' +
          'where there are many blocks and few forks.',
      }),
    ),
  },
  CLOSED,
);
