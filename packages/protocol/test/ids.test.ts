import { describe, expect, it } from 'vitest';
import {
  directConversationId,
  directMembers,
  makeOperationId,
  makeUserId,
  OperationIdSchema,
  UserIdSchema,
} from '../src/index.ts';
import { systemClock, systemRandom } from '../src/environment.ts';

describe('ids', () => {
  it('makes user ids and operation ids that fit their own schemas', () => {
    for (let round = 0; round < 200; round += 1) {
      expect(UserIdSchema.safeParse(makeUserId(systemRandom)).success).toBe(true);
      expect(OperationIdSchema.safeParse(makeOperationId(systemClock, systemRandom)).success).toBe(true);
    }
  });

  it('gives both users of a direct conversation the same id, from which both can be read', () => {
    const [one, other] = [makeUserId(systemRandom), makeUserId(systemRandom)];
    const conversation = directConversationId(one, other);
    expect(directConversationId(other, one)).toBe(conversation);
    expect(new Set(directMembers(conversation))).toEqual(new Set([one, other]));
  });
});
