/**
 * Galata's configuration, with a Jupyter server, a home and a port of our own.
 */
const fs = require('fs');
const os = require('os');
const path = require('path');
const { execFileSync } = require('child_process');
const baseConfig = require('@jupyterlab/galata/lib/playwright-config');

// Playwright loads this file in each of its processes: the first one decides.
if (!process.env.UI_TESTS_HOME) {
  process.env.UI_TESTS_HOME = fs.mkdtempSync(path.join(os.tmpdir(), 'pf-ui-'));
  process.env.UI_TESTS_PORT = freePort();
  fs.mkdirSync(path.join(process.env.UI_TESTS_HOME, 'root'));
}
const home = process.env.UI_TESTS_HOME;
const port = process.env.UI_TESTS_PORT;

function freePort() {
  const script = `const s = require('net').createServer();
    s.listen(0, '127.0.0.1', () => { console.log(s.address().port); s.close(); });`;
  return execFileSync(process.execPath, ['-e', script]).toString().trim();
}

const launchOptions = {
  args: [
    '--disable-gpu',
    '--disable-quic',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--no-first-run',
    '--no-proxy-server',
    ...(process.getuid && process.getuid() === 0 ? ['--no-sandbox'] : [])
  ]
};
if (process.env.CHROMIUM_PATH) {
  launchOptions.executablePath = process.env.CHROMIUM_PATH;
}

module.exports = {
  ...baseConfig,
  testDir: process.env.UI_TESTS_DIR || './tests',
  outputDir: 'test-results',
  timeout: 120000,
  // Of all stories together: scripts/test ends what still runs after that.
  globalTimeout: 25 * 60000,
  expect: { timeout: 30000 },
  retries: 0,
  workers: 1,
  reporter: [['list'], ['html', { open: 'never' }]],
  use: {
    ...baseConfig.use,
    baseURL: `http://127.0.0.1:${port}`,
    video: 'off',
    trace: 'retain-on-failure',
    viewport: { width: 1440, height: 900 },
    launchOptions
  },
  webServer: {
    command: 'jlpm start',
    url: `http://127.0.0.1:${port}/lab`,
    timeout: 120000,
    reuseExistingServer: false,
    stdout: 'ignore',
    stderr: process.env.UI_TESTS_VERBOSE ? 'pipe' : 'ignore',
    gracefulShutdown: { signal: 'SIGTERM', timeout: 20000 },
    env: {
      ...process.env,
      JUPYTERLAB_GALATA_ROOT_DIR: path.join(home, 'root'),
      IPYTHONDIR: path.join(home, 'ipython'),
      JUPYTER_CONFIG_DIR: path.join(home, 'config'),
      JUPYTER_DATA_DIR: path.join(home, 'data'),
      JUPYTER_RUNTIME_DIR: path.join(home, 'runtime'),
      PARFLOW_RUNTIME_DIR: path.join(home, 'pf'),
      // A supervisor normally waits a minute for more work before it ends itself.
      PARFLOW_LINGER_SECONDS: '2'
    }
  }
};
