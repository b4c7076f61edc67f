import * as z from 'zod';
import { text, timestamp, uuid } from '../http/schema.ts';

/** Flat on purpose: these are a client's settings, no document store. */
const preferences = z
  .record(
    z
      .string()
      .regex(
        /^[a-zA-Z][\w.-]{0,63}$/,
        'must start with a letter and hold letters, digits, ., _ or -',
      ),
    z.union([text(0, 1_000), z.number(), z.boolean(), z.null()]),
  )
  .refine((value) => Object.keys(value).length <= 64, 'must have at most 64 entries');

export const user = z
  .object({
    id: uuid,
    handle: z.string(),
    email: z.string(),
    displayName: z.string(),
    role: z.enum(['member', 'admin']),
    preferences,
    createdAt: timestamp,
    updatedAt: timestamp,
  })
  .meta({ id: 'User' });

export const updateUserBody = z
  .strictObject({ displayName: text(1, 80).optional(), preferences: preferences.optional() })
  .refine((value) => Object.keys(value).length > 0, 'must change something');
