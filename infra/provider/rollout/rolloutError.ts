/** A rollout that failed, where more is to be said than that the release before goes on serving. */
export class RolloutError extends Error {
  /** What serves now, in place of the usual sentence; `undefined` for that one. */
  readonly aftermath: string | undefined;

  constructor(message: string, aftermath: string | undefined, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RolloutError';
    this.aftermath = aftermath;
  }
}
