import type { Pool } from 'pg';
import { foldPage, type PageRows } from '../http/page.ts';
import type { Turn } from '../models/chatModel.ts';

const asJson = `json_build_object('id', id, 'conversationId', conversation_id, 'seq', seq, 'role', role, 'authorId', author_id,
  'modelId', model_id, 'content', content, 'status', status, 'replyTo', reply_to, 'createdAt', created_at)`;

/**
 * How long one request may take to answer a question, seconds. When its instance dies, another one
 * may answer after this time.
 */
export const answerSeconds = 120;

/** A stored answer. */
export interface Answer {
  json: string;
  /** Whether the model was broken off: it can be asked again. */
  partial: boolean;
}

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
   * Stores a person's message under the conversation's next number, and claims to answer it.
   *
   * @returns undefined when the user is not a member or the conversation's model is switched off,
   *   `duplicate` when the idempotency key was used before
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
                    AND EXISTS (SELECT FROM models WHERE models.id = model_id AND enabled)
                 RETURNING id, last_seq, model_id),
               stored AS (
                 INSERT INTO messages (id, conversation_id, seq, role, author_id, content, idempotency_key, answering_until)
                 SELECT $3, c.id, c.last_seq, 'user', $1, $4, $5, now() + interval '${answerSeconds} s' FROM c RETURNING *)
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

  /** The model of a conversation that may not be used now; undefined where there is no such thing. */
  async switchedOffModel(userId: string, conversationId: string): Promise<string | undefined> {
    const { rows } = await this.#pool.query<{ id: string }>({
      text: `SELECT m.id FROM conversations c JOIN models m ON m.id = c.model_id AND NOT m.enabled
              WHERE c.id = $2 AND EXISTS (SELECT FROM conversation_members WHERE user_id = $1 AND conversation_id = $2)`,
      values: [userId, conversationId],
    });
    return rows[0]?.id;
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

  /**
   * Claims to answer a question that has no whole answer.
   *
   * @returns false while another request is at it
   */
  async claim(questionId: string): Promise<boolean> {
    const { rowCount } = await this.#pool.query({
      text: `UPDATE messages SET answering_until = now() + interval '${answerSeconds} s'
              WHERE id = $1 AND coalesce(answering_until < now(), true)`,
      values: [questionId],
    });
    return rowCount === 1;
  }

  /** Lets another request answer. */
  async release(questionId: string): Promise<void> {
    await this.#pool.query({
      text: 'UPDATE messages SET answering_until = NULL WHERE id = $1',
      values: [questionId],
    });
  }

  /**
   * Stores an answer, or makes a partial one whole. Of two that meet, the first counts.
   *
   * @returns the stored answer; undefined when the conversation is gone
   */
  async addAnswer(answer: NewAnswer): Promise<string | undefined> {
    const { id, conversationId, modelId, content, status, replyTo } = answer;
    try {
      const { rows } = await this.#pool.query<{ json: string }>({
        text: `WITH c AS (UPDATE conversations SET last_seq = last_seq + 1, updated_at = now() WHERE id = $2 RETURNING id, last_seq)
               INSERT INTO messages (id, conversation_id, seq, role, model_id, content, status, reply_to)
               SELECT $1, c.id, c.last_seq, 'assistant', $3, $4, $5, $6 FROM c RETURNING ${asJson}::text AS json`,
        values: [id, conversationId, modelId, content, status, replyTo],
      });
      return rows[0]?.json;
    } catch (error) {
      // The whole statement fails, so that no number of the conversation is lost.
      if ((error as { constraint?: string }).constraint !== 'messages_reply_to_key') throw error;
    }
    const { rows } = await this.#pool.query<{ json: string }>({
      text: `UPDATE messages SET content = $2, status = $3, model_id = $4
              WHERE reply_to = $1 AND status = 'partial' RETURNING ${asJson}::text AS json`,
      values: [replyTo, content, status, modelId],
    });
    return rows[0]?.json ?? (await this.findAnswer(replyTo))?.json;
  }

  async findAnswer(questionId: string): Promise<Answer | undefined> {
    const { rows } = await this.#pool.query<Answer>({
      text: `SELECT ${asJson}::text AS json, status = 'partial' AS partial FROM messages WHERE reply_to = $1`,
      values: [questionId],
    });
    return rows[0];
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
