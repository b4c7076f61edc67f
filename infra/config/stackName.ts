/** The names that a stack may have. A stack's file and its labels carry the name. */
export const stackName = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
