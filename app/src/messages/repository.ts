import type { Pool } from 'pg';
import { foldPage, type PageRows } from '../http/page.ts';
import type { Turn } from '../models/chatModel.ts';

const asJson = `json_build_object('id', id, 'conversationId', conversation_id, 'seq', seq, 'role', role, 'authorId', author_id,
  'modelId', model_id, 'content', content, 'status', status, 'replyTo', reply_to, 'createdAt', created_at)`;

/** A stored question, with the values that an answer needs. */
export interface Question {
  id: string;
  seq: string;
  content: string;
  /** The model of the conversation. */
  modelId: string;
  json: string;
}

export interface NewAnswer {
  id: string;
  conversationId: string;
  modelId: string;
  content: string;
  status: 'complete' | 'partial';
  replyTo: string;
}

export class MessageRepository {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /**
   * Stores a person's message under the conversation's next number.
   *
   * @returns undefined when the user is not a member, `duplicate` when the idempotency key was used
   *   before
   */
  async addQuestion(
    userId: string,
    conversationId: string,
    id: string,
    content: string,
    key: string | undefined,
  ): Promise<Question | 'duplicate' | undefined> {
    try {
      const { rows } = await this.#pool.query<Question>({
        text: `WITH c AS (
                 UPDATE conversations SET last_seq = last_seq + 1, updated_at = now()
                  WHERE id = $2 AND EXISTS (SELECT FROM conversation_members WHERE user_id = $1 AND conversation_id = $2)
                 RETURNING id, last_seq, model_id),
               stored AS (
                 INSERT INTO messages (id, conversation_id, seq, role, author_id, content, idempotency_key)
                 SELECT $3, c.id, c.last_seq, 'user', $1, $4, $5 FROM c RETURNING *)
               SELECT id, seq, content, (SELECT c.model_id FROM c) AS "modelId", ${asJson}::text AS json FROM stored`,
        values: [userId, conversationId, id, content, key ?? null],
      });
      return rows[0];
    } catch (error) {
      if ((error as { constraint?: string }).constraint === 'messages_idempotency_key')
        return 'duplicate';
      throw error;
    }
  }

  /** The message that an earlier request with the same key stored. */
  async findByKey(
    userId: string,
    conversationId: string,
    key: string,
  ): Promise<Question | undefined> {
    const { rows } = await this.#pool.query<Question>({
      text: `SELECT id, seq, content, (SELECT model_id FROM conversations WHERE id = $2) AS "modelId", ${asJson}::text AS json
               FROM messages WHERE conversation_id = $2 AND author_id = $1 AND idempotency_key = $3
                AND EXISTS (SELECT FROM conversation_members WHERE user_id = $1 AND conversation_id = $2)`,
      values: [userId, conversationId, key],
    });
    return rows[0];
  }

  /** Stores an answer, unless the question has one already. @returns the stored answer */
  async addAnswer(answer: NewAnswer): Promise<string | undefined> {
    const { rows } = await this.#pool.query<{ json: string }>({
      text: `WITH c AS (UPDATE conversations SET last_seq = last_seq + 1, updated_at = now() WHERE id = $2 RETURNING id, last_seq)
             INSERT INTO messages (id, conversation_id, seq, role, model_id, content, status, reply_to)
             SELECT $1, c.id, c.last_seq, 'assistant', $3, $4, $5, $6 FROM c
             ON CONFLICT (reply_to) DO NOTHING RETURNING ${asJson}::text AS json`,
      values: [
        answer.id,
        answer.conversationId,
        answer.modelId,
        answer.content,
        answer.status,
        answer.replyTo,
      ],
    });
    return rows[0]?.json ?? this.findAnswer(answer.replyTo);
  }

  async findAnswer(questionId: string): Promise<string | undefined> {
    const { rows } = await this.#pool.query<{ json: string }>({
      text: `SELECT ${asJson}::text AS json FROM messages WHERE reply_to = $1`,
      values: [questionId],
    });
    return rows[0]?.json;
  }

  /** The newest turns up to number `seq`, oldest first. @param limit the most turns to return */
  async history(conversationId: string, seq: string, limit: number): Promise<Turn[]> {
    const { rows } = await this.#pool.query<Turn>({
      text: `SELECT role, content FROM messages WHERE conversation_id = $1 AND seq <= $2 ORDER BY seq DESC LIMIT $3`,
      values: [conversationId, seq, limit],
    });
    return rows.reverse();
  }

  /** @returns undefined when the user is not a member */
  async list(
    userId: string,
    conversationId: string,
    order: 'asc' | 'desc',
    from: string | undefined,
    limit: number,
  ): Promise<PageRows | undefined> {
    const { rows } = await this.#pool.query<PageRows & { found: boolean }>({
      text: `WITH access AS (SELECT FROM conversation_members WHERE user_id = $1 AND conversation_id = $2),
                  page AS (
                    SELECT ${asJson} AS json, seq AS key, row_number() OVER (ORDER BY seq ${order}) AS n FROM messages
                     WHERE conversation_id = $2 AND EXISTS (SELECT FROM access) AND ${beyond[order]}
                     ORDER BY seq ${order} LIMIT $4::int + 1)
             SELECT EXISTS (SELECT FROM access) AS found, ${foldPage('$4::int')} FROM page`,
      values: [userId, conversationId, from ?? null, limit],
    });
    return rows[0]?.found ? rows[0] : undefined;
  }
}

// coalesce, not `$3 IS NULL OR`: then the primary key can serve the condition.
const beyond = {
  asc: 'seq > coalesce($3::bigint, 0)',
  desc: 'seq < coalesce($3::bigint, 9223372036854775807)',
} as const;
