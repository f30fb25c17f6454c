/** A node of a parsed statement. */
export interface TreeNode {
  kind: string;
  /** The text after the kind, without the alias and the count of children. */
  name: string;
  alias: string;
  rest: string;
  depth: number;
  /** Index among the children of its parent, from 0. */
  index: number;
  parent: TreeNode | null;
}

/** Reads the answer to EXPLAIN AST: one node per line, each child indented by one more space. Pure. */
export function readTree(tree: string): TreeNode[] {
  const path: { node: TreeNode; children: number }[] = [];
  return tree
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const depth = line.length - line.trimStart().length;
      const written = line.slice(depth);
      const [kind = ''] = written.split(' ', 1);
      const rest = written.slice(kind.length + 1);
      const { name, alias } = kind === 'Literal' ? { name: '', alias: '' } : readName(rest);
      path.length = Math.min(path.length, depth);
      const above = path[depth - 1];
      const node: TreeNode = {
        kind,
        name,
        alias,
        rest,
        depth,
        index: above?.children ?? 0,
        parent: above?.node ?? null,
      };
      if (above !== undefined) above.children += 1;
      path[depth] = { node, children: 0 };
      return node;
    });
}

/** `name (alias other) (children 2)` */
function readName(rest: string): { name: string; alias: string } {
  const head = rest.replace(/ ?\(children \d+\)$/, '');
  const at = head.indexOf(mark);
  return at === -1
    ? { name: head, alias: '' }
    : { name: head.slice(0, at), alias: head.slice(at + mark.length, -1) };
}

const mark = ' (alias ';
