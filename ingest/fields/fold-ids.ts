import type { IdRule } from '../../domain/settings.ts';

/** What stands for an id. */
const ID = '{id}';

/** What an id looks like, by the rule of the settings; at the edges stands no letter and no digit. */
const shapes: Readonly<Record<IdRule, string>> = {
  uuid: '[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}',
  hex: '(?=[a-fA-F]*[0-9])[0-9a-fA-F]{16,}',
  number: '[0-9]{6,}',
  // What Kubernetes adds to the name of a deployment: its letters are no vowels, so that they make no words.
  pod: '(?=[a-z0-9-]*[0-9])[bcdfghjklmnpqrstvwxz2456789]{8,10}-[bcdfghjklmnpqrstvwxz2456789]{5}$',
};

/** Path parts that name one object rather than one kind of request, which is more than ids within a name. */
const paths: Readonly<Record<IdRule, string>> = {
  uuid: '[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}',
  hex: '[0-9a-fA-F]{16,}|[a-z]{2,12}[-_](?=[A-Za-z0-9_-]*[0-9])[A-Za-z0-9_-]{10,}',
  number: '[0-9]{4,}',
  pod: shapes.pod,
};

/**
 * Replaces ids within a name, such as `session-3f2a…`, by `{id}`. A name that is nothing but an id stays: it names somebody,
 * and the cap of names holds how many there may be. Pure, so that a record gives the same name each time it is read.
 */
export function idFolder(rules: readonly IdRule[]): (name: string) => string {
  if (rules.length === 0) return (name) => name;
  const shape = rules.map((rule) => shapes[rule]).join('|');
  const within = new RegExp(`(?<![A-Za-z0-9])(?:${shape})(?![A-Za-z0-9])`, 'g');
  return (name) => {
    const folded = name.replace(within, ID);
    return folded === ID ? name : folded;
  };
}

/** Whether a part of a path is an id. */
export function isIdOf(rules: readonly IdRule[]): (part: string) => boolean {
  if (rules.length === 0) return () => false;
  const whole = new RegExp(`^(?:${rules.map((rule) => paths[rule]).join('|')})$`);
  return (part) => whole.test(part);
}
