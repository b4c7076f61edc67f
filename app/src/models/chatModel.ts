/** One turn of a conversation, as a model sees it. */
export interface Turn {
  role: 'user' | 'assistant';
  content: string;
}

/** A model that answers: built in, or an upstream that speaks the OpenAI protocol. */
export interface ChatModel {
  /** The number of newest turns the model wants to see, including the one to answer. */
  readonly historyLimit: number;
  /**
   * Answers the last turn, piece by piece.
   *
   * @param signal aborts the answer, for example when the client has disconnected
   */
  reply(history: Turn[], signal: AbortSignal): AsyncIterable<string>;
}
