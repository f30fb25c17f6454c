import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

interface Root {
  optionalDependencies?: Record<string, string>;
}

/** A package.json or package-lock.json, as far as it matters here. */
export interface PackageFile extends Root {
  packages?: Record<string, Root & Record<string, unknown>>;
}

const engine = /^(node_modules\/)?(chdb|@chdb\/.+)$/;

/**
 * The same file without the embedded ClickHouse, which an image that talks to a server does not need (543 MB).
 * `npm ci --omit=optional` would do it too, but would also leave out the native parts of snappy and lz4, which are
 * optional dependencies of theirs, and so the worker could not read such topics.
 */
export function withoutEmbeddedEngine(file: PackageFile): PackageFile {
  const packages = file.packages;
  if (packages === undefined) return stripped(file);
  const kept = Object.entries(packages).filter(([name]) => !engine.test(name));
  const root = packages[''];
  return {
    ...stripped(file),
    packages: { ...Object.fromEntries(kept), ...(root === undefined ? {} : { '': stripped(root) }) },
  };
}

function stripped<R extends Root>(root: R): R {
  if (root.optionalDependencies === undefined) return root;
  const kept = Object.entries(root.optionalDependencies).filter(([name]) => !engine.test(name));
  return { ...root, optionalDependencies: Object.fromEntries(kept) };
}

// Run in the image's build, in the folder that holds both files.
if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const name of ['package.json', 'package-lock.json']) {
    const file = JSON.parse(readFileSync(name, 'utf8')) as PackageFile;
    writeFileSync(name, `${JSON.stringify(withoutEmbeddedEngine(file), null, 2)}\n`);
  }
}
