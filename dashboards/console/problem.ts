/** The body of every answer that is no success. */
export interface Problem {
  error: {
    /** From a small set, for programs. */
    code: string;
    /** One line for people: what is wrong and what to do. */
    message: string;
  };
}

/** A `Problem` with this code and message. */
export function problem(code: string, message: string): Problem {
  return { error: { code, message } };
}
