import * as z from 'zod';
import { text } from '../http/schema.ts';

const email = z.email('must be an e-mail address').max(254).meta({ example: 'ada@example.com' });

export const registerBody = z.strictObject({
  email,
  handle: z
    .string()
    .regex(
      /^[a-z0-9](?:[a-z0-9_-]{1,30})[a-z0-9]$/,
      'must be 3 to 32 lower-case letters, digits, _ or -',
    )
    .meta({ example: 'ada' }),
  // Long passwords are good, but hashing them costs time.
  password: text(8, 256).meta({ example: 'correct horse battery' }),
  displayName: text(1, 80).optional(),
});

export const loginBody = z.strictObject({
  email: text(1, 254).meta({ example: 'ada@example.com' }),
  password: text(1, 256).meta({ example: 'correct horse battery' }),
});

export const refreshBody = z.strictObject({
  refreshToken: z.string().regex(/^[\w-]{43}$/, 'is not a refresh token'),
});

export const tokenPair = z
  .object({
    accessToken: z.string(),
    refreshToken: z
      .string()
      .meta({ description: 'Good for one use: each refresh returns the next.' }),
    tokenType: z.literal('Bearer'),
    expiresIn: z.number().int().meta({ description: 'Seconds until the access token expires.' }),
  })
  .meta({ id: 'TokenPair' });

export type RegisterBody = z.output<typeof registerBody>;
export type LoginBody = z.output<typeof loginBody>;
