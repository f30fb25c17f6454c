import { execFileSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';

/** One commit: its subject, body and the files that it changes. */
export interface Commit {
  id: string;
  subject: string;
  body: string;
  files: readonly string[];
}

/** Folders whose changes users can notice. */
const product = /^(?:domain|store|ingest|analyzers|dashboards|simulate|cli|deploy)\/(?!.*\.test\.ts$)/;
const subject = /^(?:[a-z][a-z0-9 ,/-]*: \S|Merge )/;

/**
 * Lists faults of the commits since the last release, one line each: a subject that is not `area: what changes`, and
 * changes of the product without an entry in CHANGELOG.md. A commit that users cannot notice says `Changelog: none`.
 * Pure.
 */
export function checkHistory(commits: readonly Commit[]): string[] {
  const subjects = commits
    .filter((commit) => !subject.test(commit.subject))
    .map(
      ({ id, subject: text }) => `${id.slice(0, 9)} "${text}": write the subject as \`area: what changes\``,
    );
  const isLogged = commits.some(({ files }) => files.includes('CHANGELOG.md'));
  const noticed = commits.find(
    ({ body, files }) => !/^Changelog: none$/m.test(body) && files.some((file) => product.test(file)),
  );
  if (isLogged || noticed === undefined) return subjects;
  return [
    ...subjects,
    `${noticed.id.slice(0, 9)} "${noticed.subject}": CHANGELOG.md has no entry since the last release; add one, or write \`Changelog: none\` into the commit`,
  ];
}

/**
 * The commits after the last release, newest first. Without a release: the commits after the commit that added this
 * check.
 */
function readCommits(): Commit[] {
  const git = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8' });
  const release = git('tag', '--list', 'v*', '--sort=-creatordate').split('\n')[0] ?? '';
  const first = git('log', '--diff-filter=A', '--format=%H', '--', 'scripts/check-history.ts').trim();
  const since = release === '' ? (first.split('\n').at(-1) ?? '') : release;
  if (since === '') return [];
  const text = git('log', '--format=%x00%H%n%s%n%b%x01', '--name-only', `${since}..HEAD`);
  return text
    .split('\0')
    .slice(1)
    .map((part) => {
      const [head = '', files = ''] = part.split('\u0001');
      const [id = '', title = '', ...body] = head.split('\n');
      return {
        id,
        subject: title,
        body: body.join('\n'),
        files: files.split('\n').filter((file) => file !== ''),
      };
    });
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const problems = checkHistory(readCommits());
  for (const problem of problems) console.error(problem);
  process.exit(problems.length === 0 ? 0 : 1);
}
