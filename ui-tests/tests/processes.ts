import * as fs from 'fs';

/**
 * The processes of this machine that were started under our home, by what they are.
 *
 * Every process of a story inherits UI_TESTS_HOME; forked ones show the environment of the
 * process they were forked from, which has it too.
 */
export function processesHere(): string[] {
  const home = process.env.UI_TESTS_HOME as string;
  return fs
    .readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .filter(pid => readProc(pid, 'environ').includes(`IPYTHONDIR=${home}`))
    .map(pid => readProc(pid, 'cmdline').split('\0').join(' ').trim())
    .filter(command => command !== '');
}

/**
 * Those that are neither the Jupyter server nor a kernel: clusters and what belongs to them.
 */
export function clusterProcesses(): string[] {
  return processesHere().filter(
    command => !/jupyter-lab|ipykernel_launcher|jlpm|node|sh -c/.test(command)
  );
}

function readProc(pid: string, file: string): string {
  try {
    return fs.readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return ''; // It ended meanwhile.
  }
}
