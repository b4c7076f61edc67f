/** One turn of a conversation, as a model sees it. */
export interface Turn {
  role: 'user' | 'assistant';
  content: string;
}

/** Something that answers: built in, or an upstream that speaks the OpenAI protocol. */
export interface ChatModel {
  /** How many of the newest turns it wants to see, the one to answer included. */
  readonly historyLimit: number;
  /**
   * Answers the last turn, piece by piece.
   *
   * @param signal aborts the answer, for instance because the person has gone
   */
  reply(history: Turn[], signal: AbortSignal): AsyncIterable<string>;
}
