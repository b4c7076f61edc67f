import type { PoolClient } from 'pg';
import { v5 as uuidv5 } from 'uuid';
import { builtinModels } from '../models/builtinModels.ts';

interface SeedContext {
  client: PoolClient;
  demo: { email: string; passwordHash: string };
}

export interface Seed {
  /** Raise it when the data changes. The database remembers the versions that ran. */
  version: number;
  name: string;
  run: (context: SeedContext) => Promise<void>;
}

/** The same name gives the same id in every database: a repeated seed finds the earlier rows. */
const idOf = (name: string): string => uuidv5(name, '6f6b3b0e-0a52-4c6f-9f1e-3f3c8a3d2b11');

const models: Seed = {
  version: 1,
  name: 'models',
  async run({ client }) {
    // The migrations made the built-in models. Their texts stay: a person may have changed them.
    await client.query('UPDATE models SET enabled = true WHERE id = ANY($1)', [
      Object.keys(builtinModels),
    ]);
  },
};

const demoUser: Seed = {
  version: 2,
  name: 'demo user',
  async run({ client, demo }) {
    await client.query(
      `INSERT INTO users (id, handle, email, display_name, password_hash) VALUES ($1, 'demo', $2, 'Demo', $3)
       ON CONFLICT DO NOTHING`,
      [idOf('user demo'), demo.email, demo.passwordHash],
    );
  },
};

const sampleConversation: Seed = {
  version: 3,
  name: 'sample conversation',
  async run({ client, demo }) {
    const id = idOf('conversation welcome');
    const turns = [
      ['user', 'Hello!'],
      [
        'assistant',
        'Hello! I am the model built into Slipway. Ask me about migrations, releases or models.',
      ],
      ['user', 'What happens when a migration fails?'],
      [
        'assistant',
        'Its file is rolled back whole, the release stops, and the old version keeps serving.',
      ],
    ] as const;
    await client.query(
      `INSERT INTO conversations (id, title, model_id, last_seq) VALUES ($1, 'Welcome to Slipway', 'slipway-guide', $2)
       ON CONFLICT DO NOTHING`,
      [id, turns.length],
    );
    await client.query(
      `INSERT INTO conversation_members (user_id, conversation_id, role)
       SELECT id, $1, 'owner' FROM users WHERE lower(email) = lower($2) ON CONFLICT DO NOTHING`,
      [id, demo.email],
    );
    for (const [index, [role, content]] of turns.entries()) {
      await client.query(
        `INSERT INTO messages (id, conversation_id, seq, role, author_id, model_id, content, reply_to)
         SELECT $1, $2, $3, $4, CASE WHEN $4 = 'user' THEN u.id END, CASE WHEN $4 = 'assistant' THEN 'slipway-guide' END, $5, $6
           FROM users u WHERE lower(u.email) = lower($7)
         ON CONFLICT DO NOTHING`,
        [
          idOf(`welcome ${index}`),
          id,
          index + 1,
          role,
          content,
          role === 'assistant' ? idOf(`welcome ${index - 1}`) : null,
          demo.email,
        ],
      );
    }
  },
};

/** In the order in which they run. A seed may rely on the ones before it. */
export const seeds: Seed[] = [models, demoUser, sampleConversation];
