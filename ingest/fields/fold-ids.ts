import type { IdRule } from '../../domain/settings.ts';

/** Replaces an id. */
const ID = '{id}';

/**
 * The form of an id, by the name of its rule in the settings. No letter or digit may stand directly before or after an
 * id.
 */
const shapes: Readonly<Record<IdRule, string>> = {
  uuid: '[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}',
  hex: '(?=[a-fA-F]*[0-9])[0-9a-fA-F]{16,}',
  number: '[0-9]{6,}',
  // The suffix that Kubernetes adds to the name of a deployment. Its alphabet has no vowels, so that it spells no
  // words.
  pod: '(?=[a-z0-9-]*[0-9])[bcdfghjklmnpqrstvwxz2456789]{8,10}-[bcdfghjklmnpqrstvwxz2456789]{5}$',
};

/**
 * Forms of path parts that name one object rather than an operation. They match more texts than `shapes`, the forms of
 * ids within names.
 */
const paths: Readonly<Record<IdRule, string>> = {
  uuid: '[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}',
  hex: '[0-9a-fA-F]{16,}|[a-z]{2,12}[-_](?=[A-Za-z0-9_-]*[0-9])[A-Za-z0-9_-]{10,}',
  number: '[0-9]{4,}',
  pod: shapes.pod,
};

/**
 * Replaces ids within a name, such as `session-3f2a…`, by `{id}`. A name that is only an id stays, because it
 * identifies a client; the cap of names limits how many such names are counted. Pure, so that a record gives the same
 * name each time it is read.
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
