import * as z from 'zod';

export const modelId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'is not the id of a model')
  .meta({ example: 'slipway-guide' });

export const model = z
  .object({
    id: modelId,
    name: z.string(),
    description: z.string(),
    provider: z.enum(['builtin', 'openai']),
    active: z.boolean().meta({ description: 'Whether new conversations of the caller use it.' }),
  })
  .meta({ id: 'Model' });

export const modelList = z.object({ items: z.array(model), next: z.null() });

export const switchBody = z.strictObject({ modelId });
