/** A rollout that failed, when the usual sentence (the release before goes on serving) is not enough. */
export class RolloutError extends Error {
  /** Says which release serves now; `undefined` for the usual sentence. */
  readonly aftermath: string | undefined;

  constructor(message: string, aftermath: string | undefined, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RolloutError';
    this.aftermath = aftermath;
  }
}
