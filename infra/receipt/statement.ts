/** Source: github.com/in-toto/attestation, `spec/v1/statement.md`. */
export const statementType = 'https://in-toto.io/Statement/v1';

/** @param id `sha256:…` */
export const digestOf = (id: string): { sha256: string } => ({
  sha256: id.replace(/^sha256:/, ''),
});
