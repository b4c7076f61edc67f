import * as z from 'zod';
import { pageQuery, text, timestamp, uuid } from '../http/schema.ts';

const content = text(1, 32_000)
  .refine((value) => value.trim() !== '', 'must not be blank')
  .meta({ example: 'Hello!' });

export const message = z
  .object({
    id: uuid,
    conversationId: uuid,
    seq: z.number().int().meta({
      description: 'Grows along the conversation, in the order in which messages became visible.',
    }),
    role: z.enum(['user', 'assistant']),
    authorId: uuid.nullable(),
    modelId: z.string().nullable(),
    content: z.string(),
    status: z
      .enum(['complete', 'partial'])
      .meta({ description: 'partial: the model stopped in the middle.' }),
    replyTo: uuid.nullable(),
    createdAt: timestamp,
  })
  .meta({ id: 'Message' });

export const postMessageBody = z.strictObject({ content });

export const exchange = z.object({ message, answer: message });

export const messageQuery = pageQuery.extend({
  order: z.enum(['asc', 'desc']).default('desc').meta({ description: 'desc: newest first.' }),
});

export const idempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/, 'must be 1 to 255 visible ASCII characters')
  .optional()
  .meta({
    description:
      'Repeating a request with the same key stores nothing twice and returns the first answer.',
  });

export type MessageQuery = z.output<typeof messageQuery>;
