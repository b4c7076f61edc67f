import * as z from 'zod';
import { modelId } from '../models/schema.ts';
import { text, timestamp, uuid } from '../http/schema.ts';

const title = text(1, 200).meta({ example: 'Planning the launch' });

export const conversation = z
  .object({
    id: uuid,
    title,
    modelId,
    role: z.enum(['owner', 'member']).meta({ description: "The caller's part in it." }),
    createdAt: timestamp,
    updatedAt: timestamp,
  })
  .meta({ id: 'Conversation' });

export const createConversationBody = z.strictObject({
  title: title.optional(),
  modelId: modelId.optional(),
});

export const updateConversationBody = z
  .strictObject({ title: title.optional(), modelId: modelId.optional() })
  .refine((value) => Object.keys(value).length > 0, 'must change something');

export type CreateConversationBody = z.output<typeof createConversationBody>;
export type UpdateConversationBody = z.output<typeof updateConversationBody>;
