// Builds labextension/ from the sources and writes which sources it was built from.
//
//     npm ci && npm run build
//
// The built bundle is kept beside its sources, so that an installation needs no Node to build anything.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const run = (...words) => execFileSync(process.execPath, words, { cwd: here, stdio: 'inherit' });

// One line a file, as sha256sum prints it: the sources and what was built from them. `sha256sum -c SOURCE.sha256`
// checks it, and so does the test suite.
function files() {
  const below = folder =>
    readdirSync(join(here, folder), { withFileTypes: true }).flatMap(entry =>
      entry.isDirectory() ? below(`${folder}/${entry.name}`) : [`${folder}/${entry.name}`]
    );
  const names = ['labextension', 'schema', 'src', 'style'].flatMap(below);
  const all = [...names, 'build.mjs', 'package.json', 'package-lock.json', 'tsconfig.json'].sort();
  const line = name => `${createHash('sha256').update(readFileSync(join(here, name))).digest('hex')}  ${name}\n`;
  return all.map(line).join('');
}

rmSync(join(here, 'lib'), { recursive: true, force: true });
rmSync(join(here, 'labextension'), { recursive: true, force: true });
run('node_modules/typescript/bin/tsc');
run('node_modules/@jupyter/builder/lib/build-labextension.js', '--core-package-file', 'node_modules/@jupyterlab/core-meta/core.package.json', here);
writeFileSync(join(here, 'SOURCE.sha256'), files());
