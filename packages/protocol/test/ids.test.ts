import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ConversationIdSchema,
  DeviceIdSchema,
  directConversationId,
  directMembers,
  makeDeviceId,
  makeOperationId,
  makeRoomId,
  makeToken,
  makeUserId,
  OperationIdSchema,
  RoomIdSchema,
  UserIdSchema,
} from '../src/index.ts';
import { systemClock, systemRandom } from '../src/environment.ts';
import { operationId, userId } from './arbitraries.ts';

const operationAt = (wallMs: number) => makeOperationId({ ...systemClock, wallMs: () => wallMs }, systemRandom);

describe('ids', () => {
  it('fit their own schemas and no other', () => {
    const made = [makeUserId, makeRoomId, makeDeviceId].map((make) => make(systemRandom));
    const schemas = [UserIdSchema, RoomIdSchema, DeviceIdSchema];
    for (const [at, id] of made.entries())
      expect(schemas.map((schema) => schema.safeParse(id).success)).toEqual(schemas.map((_, other) => other === at));
    fc.assert(fc.property(operationId, (id) => OperationIdSchema.safeParse(id).success));
    expect(OperationIdSchema.safeParse(makeOperationId(systemClock, systemRandom)).success).toBe(true);
  });

  it('writes 128 bits as base64url does', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (noise) => {
        expect(makeToken({ float: () => 0, bytes: () => noise })).toBe(Buffer.from(noise).toString('base64url'));
      }),
    );
  });

  it('operation ids sort by the time they were made', () => {
    fc.assert(
      fc.property(fc.nat({ max: 4e12 }), fc.integer({ min: 1, max: 1e12 }), (wallMs, later) => {
        expect(operationAt(wallMs) < operationAt(wallMs + later)).toBe(true);
      }),
    );
  });

  it.each([
    ['upper case', '0192F0A0-7B1C-7D3E-8F4A-0123456789AB'],
    ['another version', '0192f0a0-7b1c-4d3e-8f4a-0123456789ab'],
    ['another variant', '0192f0a0-7b1c-7d3e-cf4a-0123456789ab'],
    ['braces', '{0192f0a0-7b1c-7d3e-8f4a-0123456789ab}'],
    ['a line break at the end', '0192f0a0-7b1c-7d3e-8f4a-0123456789ab\n'],
  ])('R7: an operation id in %s is refused', (_, id) => expect(OperationIdSchema.safeParse(id).success).toBe(false));

  it('R7: both users of a direct conversation derive the same id, from which both can be read', () => {
    fc.assert(
      fc.property(userId, userId, (one, other) => {
        const conversation = directConversationId(one, other);
        expect(directConversationId(other, one)).toBe(conversation);
        expect(new Set(directMembers(conversation))).toEqual(new Set([one, other]));
        expect(ConversationIdSchema.safeParse(conversation).success).toBe(true);
      }),
    );
  });

  it('R7: the two in the other order are no second conversation', () => {
    fc.assert(
      fc.property(userId, userId, (one, other) => {
        fc.pre(one !== other);
        const conversation = directConversationId(one, other);
        const turned = `d_${conversation.slice(24)}${conversation.slice(2, 24)}`;
        expect(ConversationIdSchema.safeParse(turned).success).toBe(false);
      }),
    );
  });

  it('a room has no two members to be read from its id', () => {
    expect(directMembers(makeRoomId(systemRandom))).toBeUndefined();
  });
});
